"""Whom an event is about: the queues that its names mean, and near misses where they mean none."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from forecast.scenario_events import Close, Driver, Event, Overflow, Posts
from store.drivers import load_drivers
from store.queues import Queue, require_queues
from store.signals import load_signal_catalogue


def touched(
    session: Session, event: Event, queues: Mapping[str, Queue], asked: Collection[str]
) -> tuple[str, ...]:
    """The queues an event changes, by name; asked: what the question is restricted to, all where that is empty.

    NotFound with the nearest names for what nobody knows; InputError for an event that says too much or nothing.
    """
    require_queues(session, list(asked))
    if not queues:
        raise NotFound(
            "There are no queues yet.", remedy="Import volumes first: `forecall import volumes FILE`."
        )
    if isinstance(event, Overflow):
        require_queues(session, [event.queue])
        return (event.queue,)
    if isinstance(event, Close):
        require_queues(session, list(event.moves))
    said = {name: value for name in ("queue", "channel", "topic") if (value := getattr(event, name, None))}
    if isinstance(event, Posts):
        _require_topic(session, said.pop("topic"))
    if isinstance(event, Driver) and event.worth is None:
        _require_driver(session, event.driver)
    names = _meant(session, said, queues)
    allowed = [name for name in names if not asked or name in asked or "queue" in said]
    if not allowed:
        raise InputError(
            f"The {event.kind} event touches none of the queues asked for.",
            remedy=f"It is about {', '.join(names[:5])}.",
            field="queues",
        )
    if isinstance(event, Close) and not said:
        raise InputError("Nobody knows what closes.", remedy="Give a queue or a channel.", field="queue")
    if isinstance(event, Driver):
        return tuple(_of_driver(session, event, allowed))
    return tuple(_listening(event, allowed, queues) if isinstance(event, Posts) else allowed)


def _listening(event: Posts, names: list[str], queues: Mapping[str, Queue]) -> list[str]:
    """Of these queues those that posts on a reason may move: its own, else those of all reasons; as they are if named."""
    if event.queue is not None:
        return names
    own = [name for name in names if queues[name].topic == event.topic]
    return own or [name for name in names if queues[name].topic == "all"] or names


def _meant(session: Session, said: Mapping[str, str], queues: Mapping[str, Queue]) -> list[str]:
    """The queues of that name, channel and topic."""
    if "queue" in said:
        require_queues(session, [said["queue"]])
        return [said["queue"]]
    names = list(queues)
    for field in ("channel", "topic"):
        if field in said:
            known = sorted({getattr(queue, field) for queue in queues.values()})
            if said[field] not in known:
                raise _unknown(field, said[field], known)
            names = [name for name in names if getattr(queues[name], field) == said[field]]
    if not names:
        raise InputError(
            "No queue has this channel and this topic together.", remedy="Give one of them.", field="topic"
        )
    return names


def _of_driver(session: Session, event: Driver, names: list[str]) -> list[str]:
    """Of these queues those that a driver is about: where it has amounts of its own for some queues only, these."""
    held = load_drivers(session)
    own = set(held.loc[held["driver"] == event.driver, "queue"])
    if not own or "" in own or event.queue is not None:
        return names
    return [name for name in names if name in own] or names


def _require_driver(session: Session, name: str) -> None:
    known = sorted(set(load_drivers(session)["driver"]))
    if name not in known:
        raise _unknown("driver", name, known, else_="give its `worth` in contacts and how long it lasts")


def _require_topic(session: Session, topic: str) -> None:
    known = sorted(set(load_signal_catalogue(session)["topic"]))
    if topic not in known:
        raise _unknown("topic", topic, known)


def _unknown(field: str, name: str, known: list[str], *, else_: str = "") -> NotFound:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:5]
    remedy = f"Did you mean {', '.join(near)}?" if near else f"No {field} is known yet."
    return NotFound(
        f"There is no {field} {name!r}.", remedy=f"{remedy} Or {else_}." if else_ else remedy, field=field
    )
