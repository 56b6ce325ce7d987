"""Retention: texts that are older than the settings allow go, what was counted from them stays; old drafts go."""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from jobs.ledger import Outcome, checkpoint
from store.forecasts import prune
from store.mentions import drop_old_text
from store.settings import Settings


def run(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
    """Drop the texts of posts made more than `social.privacy.keep_text_days` ago, and unpublished forecasts but for three."""
    before = now - pd.Timedelta(days=settings.social.privacy.keep_text_days)
    texts = drop_old_text(session, before=before.to_pydatetime())
    checkpoint(session)
    return Outcome({"texts": texts, "drafts": prune(session)})
