"""What came of the contacts that were warned of: written down with the warning, once the contacts of its time are held."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.alerts import Alert, what_came
from forecast.buckets import Grid, floor, from_ns, local_day, to_ns
from forecast.days import OpeningHours
from forecast.vintage import Archive
from store.alerts import load_alerts, save_alert
from store.days import load_hours
from store.queues import Queue, load_queues
from store.volumes import load_volumes

JUDGED = pd.Timedelta(days=14)  # so long contacts may come in late, and a warning be judged


def to_judge(session: Session, now: pd.Timestamp) -> list[Alert]:
    """Warnings that ended and wait for what came, where contacts are held of the last open bucket of their time or later.

    Files hold open buckets alone, so that the last one of the time may never come.
    """
    ended = load_alerts(session, state="ended", since=(now - JUDGED).to_pydatetime())
    waiting = [one for one in ended if one.came is None and one.promise.stop <= to_ns(now)]
    queues = {queue.name: queue for queue in load_queues(session)} if waiting else {}

    def over(alert: Alert) -> bool:
        name = alert.surge.series
        if name not in queues:
            return False
        last = from_ns(_last(session, queues[name], alert.promise.start, alert.promise.stop))
        return len(load_volumes(session, name, last.to_pydatetime())) > 0

    return [one for one in waiting if over(one)]


def _last(session: Session, queue: Queue, start: int, stop: int) -> int:
    """When the last open bucket between start and stop begins (ns); where hours are not given, the last bucket of all."""
    first, last = floor(np.array([start, stop - 1], dtype=np.int64), queue.interval, queue.tz).tolist()
    hours = load_hours(session, queue=queue.name)
    if hours.empty:
        return int(last)
    grid = Grid.days(local_day(start, queue.tz), local_day(stop, queue.tz), queue.interval, queue.tz)
    inside = (grid.ds >= first) & (grid.ds <= last)
    open_ = grid.ds[inside & OpeningHours.from_frame(hours).mask(grid)]
    return int(open_.max(initial=first))


def judge(session: Session, archive: Archive, now: pd.Timestamp) -> None:
    """Write down what came of the contacts that were warned of, as far as it is known."""
    snapshot = archive.at(now)
    for alert in to_judge(session, now):
        if alert.surge.series in archive.series:
            came = what_came(snapshot.history(alert.surge.series), alert.promise)
            if came is not None:
                save_alert(session, replace(alert, came=came))
