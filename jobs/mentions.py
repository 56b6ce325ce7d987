"""Mentions into the store: read row by row, scored by the chain (privacy, language, sentiment, topics), saved in batches.

Nothing is stored before `forecast.social.privacy` has stripped it. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import pandas as pd
from sqlalchemy.orm import Session

from forecast.errors import EmptyFile, InputError
from forecast.social.language import Languages
from forecast.social.mention import Mention
from forecast.social.mention_files import Rows, read_mentions
from forecast.social.scoring import score_mentions
from forecast.social.sentiment import LexiconScorer, Scorer
from forecast.social.topics import Topics, starter_topics
from jobs.imports import Imported
from jobs.signals import rewind
from store.mentions import count_mentions, save_mentions
from store.settings import Settings

BATCH = 5_000
NO_KEY = b"authors are not kept"


@dataclass(frozen=True)
class Chain:
    """What posts are scored with."""

    languages: Languages
    scorer: Scorer
    topics: Topics

    @classmethod
    def of(cls, settings: Settings) -> Chain:
        """The languages and word lists that config.yaml names."""
        social = settings.social
        words = starter_topics(social.sector)
        return cls(
            Languages(social.languages), LexiconScorer(list(social.languages)), Topics.from_mapping(words)
        )


def import_mentions(
    session: Session,
    settings: Settings,
    source: Path | str,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    mode: str = "revision",
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """A file of mentions -> scored mentions in the store. Loading it twice changes nothing.

    A mention counts as known when it was made; one that changes what is held (`revision`), or that a job brings of a
    source with a history (`receipt`), is known now. progress: called with the number of rows read so far.
    """
    label = name or Path(source).name
    rows = read_mentions(source, tz=timezone or settings.company.timezone)
    problems: list[str] = []
    chain, read, changed = Chain.of(settings), 0, 0
    earliest: pd.Timestamp | None = None
    warnings = _warnings(settings)
    for batch in _batches(_good(rows, problems)):
        first = pd.Timestamp(min(mention.created_at for mention in batch))
        scored = score(batch, settings, chain)
        written = _save(session, scored, mode=mode, now=now)
        read, changed = read + len(batch), changed + written
        if written:
            earliest = first if earliest is None else min(earliest, first)
        if progress is not None:
            progress(read + len(problems))
    if read == 0:
        raise EmptyFile(
            f"{label} has no usable row. {' '.join(problems[:3])}".strip(),
            remedy="Repair these rows and load it again.",
            field="file",
        )
    if earliest is not None:
        rewind(session, settings, earliest)
    left = (
        f"{len(problems):,} of {read + len(problems):,} rows were left out"
        if problems
        else "no row was left out"
    )
    summary = f"{read:,} posts, {changed:,} of them new or changed; {left}."
    return Imported("mentions", label, summary, read, changed, None, tuple(problems), warnings)


def score(mentions: Sequence[Mention], settings: Settings, chain: Chain) -> pd.DataFrame:
    """mentions[n] -> scored mentions as the store takes them, with what the privacy settings allow."""
    secret = settings.social.author_key
    key = NO_KEY if secret is None else secret.get_secret_value().encode()[:64]
    if secret is None:
        mentions = [replace(mention, author=None) for mention in mentions]
    scored = score_mentions(
        mentions, languages=chain.languages, scorer=chain.scorer, topics=chain.topics, key=key
    )
    scored = scored.assign(
        assumed=scored["known_at"] == scored["created_at"],
        scorer=f"{chain.scorer.name} {chain.scorer.version}",
    )
    return scored.assign(text=None) if settings.social.privacy.level == "none" else scored


def _save(session: Session, scored: pd.DataFrame, *, mode: str, now: pd.Timestamp) -> int:
    """New mentions are known when they were made; those held that say something else now, are known now."""
    late = scored["assumed"] & (scored["known_at"] < now)
    news = scored.assign(known_at=scored["known_at"].mask(late, now), assumed=scored["assumed"] & ~late)
    if mode == "receipt" and count_mentions(session, source=str(scored["source"].iloc[0])):
        return save_mentions(session, news)
    written = save_mentions(session, scored)
    if mode == "correction" or written == len(scored):
        return written
    return written + save_mentions(session, news)


def _good(rows: Rows, problems: list[str]) -> Iterator[Mention]:
    for number, row in rows:
        if isinstance(row, InputError):
            problems.append(f"Row {number}: {row}")
        else:
            yield row


def _batches(mentions: Iterator[Mention]) -> Iterator[list[Mention]]:
    while batch := list(islice(mentions, BATCH)):
        yield batch


def _warnings(settings: Settings) -> tuple[str, ...]:
    if settings.social.author_key is not None:
        return ()
    return ("Authors are not kept: set FORECALL_SOCIAL__AUTHOR_KEY to count them under a hash.",)
