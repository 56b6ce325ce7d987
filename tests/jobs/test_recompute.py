"""A stored forecast can be made again, to the bit, from its run, its cutoff and what was known then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from jobs import predict
from jobs.ledger import execute
from store.facts import open_archive
from store.forecasts import list_versions, load_forecast
from store.imports.volumes import import_volumes
from store.runs import list_runs
from store.settings import Settings
from tests.jobs.conftest import NOW

QUEUE = "phone_billing"


def test_a_forecast_is_recomputed_from_its_cutoff_after_the_data_changed(
    sessions: sessionmaker[Session], session: Session, settings: Settings, company: dict[str, Path]
) -> None:
    rows = pd.read_csv(company["volumes"])
    mine = rows[rows["queue"] == QUEUE]
    import_volumes(session, settings, mine.to_csv(index=False).encode(), now=NOW)
    session.commit()
    execute("predict", sessions, settings, NOW)
    version = list_versions(session)[0]
    run = next(run for run in list_runs(session) if run.id == version.run_id)
    assert run.config_hash == settings.fingerprint()
    assert run.code_version

    later = mine.assign(offered=mine["offered"] * 2)  # a revision of everything, known an hour later
    import_volumes(session, settings, later.to_csv(index=False).encode(), now=NOW + pd.Timedelta(hours=1))
    session.commit()

    stored = load_forecast(session, series=[QUEUE], version=version.id)
    archive = open_archive(session, settings, [QUEUE])
    again = next(
        iter(predict.rows(predict.look_ahead(archive, settings, QUEUE, pd.Timestamp(version.cutoff))))
    )
    assert np.array_equal(stored["mean"], again.values[:, 0].astype(np.float32))
    now_known = predict.look_ahead(archive, settings, QUEUE, NOW + pd.Timedelta(hours=2))
    assert now_known.paths.mean().sum() > 1.5 * stored["mean"].sum()  # the revision does count from then on
