"""Peak warnings: looks at each queue for a surge that posts foretell, keeps and ends the warnings, and tells them.

    queue ─► Snapshot(now) ─► surges ─► raised, told anew, ended ─► what came, once known ─► messages to the targets

A warning is stored and committed before anybody hears of it. A run that finds nothing new writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pandas as pd
from sqlalchemy.orm import Session

from forecast.alerts import (
    Alert,
    Measure,
    Rules,
    Surge,
    choose,
    follow,
    phrases,
    reopened,
    same_burst,
    worth_raising,
)
from forecast.buckets import from_ns, to_ns
from forecast.social.rising import PAST_DAYS
from forecast.vintage import Archive, Snapshot
from jobs.alert_messages import Message, compose
from jobs.alert_outcomes import judge, to_judge
from jobs.deliveries import NotSent, Wire, send, wire
from jobs.ledger import FAILED, Outcome, checkpoint, explain_failure, moment
from jobs.running import with_running
from store.alert_settings import TargetSettings
from store.alerts import (
    claim,
    delivered,
    load_alerts,
    note_delivered,
    note_failed,
    raise_alert,
    save_alert,
)
from store.events import tell
from store.facts import open_archive
from store.mentions import load_scored
from store.queues import Queue, load_queues
from store.settings import Reason, Settings
from store.signals import load_signals

Look: TypeAlias = Callable[[Snapshot, str], list[Surge]]
DAY, HOUR = pd.Timedelta(days=1), pd.Timedelta(hours=1)
RECENT = 2 * DAY  # a surge may take up a warning that ended since
LEASE = pd.Timedelta(minutes=10)  # longer than all tries of one message take
REFUSED = pd.Timedelta(hours=1)  # what was refused is asked again after so long: somebody may have mended it


def run(
    session: Session,
    settings: Settings,
    now: pd.Timestamp,
    *,
    look: Look | None = None,
    over: Wire | None = None,
) -> Outcome:
    """Look at every queue, then send what is new. look: what finds surges; over: how messages reach the world."""
    done: Counter[str] = Counter(dict.fromkeys(("queues", "raised", "updated", "ended", "sent"), 0))
    problems: list[str] = []
    archive = _archive(session, settings, now)
    if archive is not None:
        _look(session, settings, archive, look or _detector(), now, done, problems)
        judge(session, archive, now)
        checkpoint(session)
    if settings.alerts.targets:
        line = over or wire()
        try:
            done["sent"] = deliver(session, settings, line, now, problems)
        finally:
            if over is None:
                line.client.close()
    nothing = bool(problems) and not done["queues"] and not done["sent"]
    return Outcome(done, tuple(problems), FAILED if nothing else "done")


def _detector() -> Look:
    """What finds surges; loaded when first needed, for it brings the models with it."""
    from forecast.storms import surges

    return surges


def _archive(session: Session, settings: Settings, now: pd.Timestamp) -> Archive | None:
    """What is known; None where neither a post of the last day nor a warning asks for a look."""
    said = load_signals(session, start=now - DAY, end=now)
    live = load_alerts(session, state="live", limit=1)
    if said.empty and not _said_lately(session, now) and not live and not to_judge(session, now):
        return None
    return with_running(session, settings, open_archive(session, settings), now)


def _said_lately(session: Session, now: pd.Timestamp) -> bool:
    """Whether there are posts that no signal has counted yet."""
    return not load_scored(session, start=(now - HOUR).to_pydatetime(), end=now.to_pydatetime()).empty


def _look(
    session: Session,
    settings: Settings,
    archive: Archive,
    look: Look,
    now: pd.Timestamp,
    done: Counter[str],
    problems: list[str],
) -> None:
    rules = Rules(settings.alerts.least_extra, settings.alerts.least_sure)
    snapshot = archive.at(now)
    known = [alert.surge.series for alert in load_alerts(session, state="live")]
    for name in dict.fromkeys([*archive.series, *known]):
        found: list[Surge] | None = []
        try:
            if name in archive.series:
                found = look(snapshot.only(name), name)
                done["queues"] += 1
        except Exception as error:  # one queue, source or file that fails is reported; the others go on
            problems.append(explain_failure(error, name))
            found = None
        done.update(keep(session, name, found, rules, now))
        checkpoint(session)


def keep(
    session: Session, name: str, found: Sequence[Surge] | None, rules: Rules, now: pd.Timestamp
) -> Counter[str]:
    """The warnings of one queue after a look; how many were raised, updated, ended. found: None where it failed.

    Where nobody looked, a warning goes on as it was until its time is over.
    """
    done: Counter[str] = Counter()
    at = to_ns(now)
    best = choose(found or ())
    live = load_alerts(session, state="live", queues=[name])
    for alert in live:
        surge = alert.surge if found is None else _of(alert, found) or best.get(alert.surge.key)
        later = follow(alert, surge, at)
        if later is not alert:
            save_alert(session, later)
            done["updated"] += later.updates - alert.updates
            done["ended"] += not later.live
            if not later.live:
                tell(session, "alert.ended", _told(alert.id, later.shown), now=now.to_pydatetime())
    held = {alert.surge.key for alert in live}
    for key, surge in best.items():
        if key not in held and worth_raising(surge, at, rules):
            done[_raise(session, surge, now)] += 1
    return done


def _of(alert: Alert, found: Sequence[Surge]) -> Surge | None:
    """The surge of the warning's own signal, while it goes on."""
    mine = (one for one in found if one.key == alert.surge.key and one.signal == alert.surge.signal)
    return next((one for one in mine if not one.over), None)


def _raise(session: Session, surge: Surge, now: pd.Timestamp) -> str:
    """Keep a new warning, or take up the one of the same burst that ended too early; what was done, in a word."""
    past = load_alerts(session, state="ended", queues=[surge.series], since=(now - RECENT).to_pydatetime())
    before = next((one for one in past if one.surge.key == surge.key), None)
    if before is not None and same_burst(before, surge):
        save_alert(session, reopened(before, surge, to_ns(now)))
        tell(session, "alert.raised", _told(before.id, surge), now=now.to_pydatetime())
        return "updated"
    made = raise_alert(session, surge, now=now.to_pydatetime())
    if made is not None:
        tell(session, "alert.raised", _told(made, surge), now=now.to_pydatetime())
    return "held" if made is None else "raised"


def _told(alert_id: int, surge: Surge) -> dict[str, object]:
    """What an event tells of a warning: which, of what, when, and where to read the rest."""
    moments = {"start": from_ns(surge.start), "end": from_ns(surge.stop)}
    return {
        "alert_id": alert_id,
        "queue": surge.series,
        "topic": surge.topic,
        **moments,
        "url": f"/v1/alerts/{alert_id}",
    }


def deliver(session: Session, settings: Settings, line: Wire, now: pd.Timestamp, problems: list[str]) -> int:
    """Send what targets were not told yet, the oldest warning first; how many messages went out.

    Of a warning only what holds now is told: who missed the first message gets the last one. That a peak is over hears
    who heard of it.
    """
    alerts = load_alerts(session, since=(now - DAY).to_pydatetime())[::-1]
    told = delivered(session, [alert.id for alert in alerts])
    queues = {queue.name: queue for queue in load_queues(session)}
    posts: list[pd.DataFrame] = []
    sent = 0
    for alert in alerts:
        for target in settings.alerts.targets:
            heard = told.get((alert.id, target.name), [])
            if not _due(alert, target, heard):
                continue
            at = moment(session, now)
            until = (at + LEASE).to_pydatetime()
            if not claim(session, alert.id, target.name, alert.occasion, now=at.to_pydatetime(), until=until):
                continue
            checkpoint(session)  # the claim is seen by all before the message is
            said = _examples(session, settings, alert, now, posts) if target.examples else ()
            message = _message(settings, alert, target, queues.get(alert.surge.series), at, said, not heard)
            sent += _send(session, settings, alert, target, message, line, now, problems)
            checkpoint(session)
    return sent


def _due(alert: Alert, target: TargetSettings, heard: Sequence[str]) -> bool:
    if alert.occasion in heard or not target.wants(alert.surge.series, alert.surge.topic):
        return False
    return alert.live or (target.ended and bool(heard))


def _message(
    settings: Settings,
    alert: Alert,
    target: TargetSettings,
    queue: Queue | None,
    now: pd.Timestamp,
    said: tuple[str, ...],
    first: bool,
) -> Message:
    return compose(
        alert,
        now=to_ns(now),
        tz=settings.company.timezone if queue is None else queue.tz,
        channel="" if queue is None else queue.channel,
        language=target.language,
        measures=tuple(Measure(one.name, one.minutes) for one in settings.alerts.measures),
        reason=settings.reasons.get(alert.surge.topic, Reason()),
        phrases=said,
        first=first,
    )


def _send(
    session: Session,
    settings: Settings,
    alert: Alert,
    target: TargetSettings,
    message: Message,
    line: Wire,
    now: pd.Timestamp,
    problems: list[str],
) -> int:
    """One claimed message; 1 where it went out. What went wrong is noted with it, and told."""
    owner = settings.reasons.get(alert.surge.topic, Reason()).email
    try:
        left = send(target, message, line, owner=owner)
    except Exception as error:  # whatever the way there raises: it is tried again later
        wait = LEASE if not isinstance(error, NotSent) or error.arrived else REFUSED
        if isinstance(error, NotSent) and error.busy and not error.arrived:
            wait = pd.Timedelta(0)
        said = explain_failure(error, target.name)
        again = (moment(session, now) + wait).to_pydatetime()
        note_failed(session, alert.id, target.name, alert.occasion, again=again, problem=said)
        problems.append(said)
        return 0
    at = moment(session, now).to_pydatetime()
    note_delivered(session, alert.id, target.name, alert.occasion, now=at, problem=left)
    problems += [left] if left else []
    return 1


def _examples(
    session: Session, settings: Settings, alert: Alert, now: pd.Timestamp, posts: list[pd.DataFrame]
) -> tuple[str, ...]:
    """Phrases of the burst from kept texts; `posts` holds those of the last weeks once they were loaded."""
    if not posts:
        scored = load_scored(session, start=(now - (PAST_DAYS + 1) * DAY).to_pydatetime())
        posts.append(scored[scored["text"].notna()])
    least = settings.social.privacy.least_shown
    moment_ = now.to_pydatetime()
    return phrases(posts[0], alert.surge, now=moment_, tz=settings.company.timezone, least=least)
