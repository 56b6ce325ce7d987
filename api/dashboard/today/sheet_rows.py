"""What stands on the day-start sheet, as rows of plain text in one language: page and mail are made of the same."""

from __future__ import annotations

from dataclasses import dataclass

from api.dashboard.words import Words, local
from forecast.alert_sentence import sentence
from forecast.buckets import from_ns
from forecast.day_start import DayStart, Foretold, Named, QueueDay, TeamDay
from forecast.outlook import Reason
from forecast.outlook_words import Language, line, topic, why
from forecast.overriding import AHT, PERCENT, TOTAL, Override

MOST = 8  # lines of a list
MOST_QUEUES = 30  # one A4 holds no more
LONGEST = 160  # characters of a reason


@dataclass(frozen=True)
class Part:
    """A heading with rows below it. head: of a table, () for a list, whose rows have one cell; note: below them."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...] = ()
    note: str = ""
    warning: bool = False


def below(found: DayStart, words: Words) -> list[str]:
    """The line under the heading: what the sheet knows."""
    said = []
    if found.until is not None:
        moment = words.moment(local(from_ns(found.until), found.tz))
        said.append(words("today_sheet_until", moment=moment))
    if found.late:
        said.append(words("today_sheet_late", queues=", ".join(line(one) for one in found.late[:MOST])))
    if found.made is not None:
        said.append(f"{words('made_on')} {words.moment(local(found.made, found.tz))}")
    return [*said, words("times_in", zone=found.tz)]


def parts(found: DayStart, words: Words) -> list[Part]:
    """In the order of reading; what there is nothing of is left out, but for the queues."""
    made = [
        _warnings(found, words),
        _queues(found, words),
        _teams(found, words),
        _special(found, words),
        _reasons(found, words),
        _adjusted(found, words),
    ]
    return [one for one in made if one is not None]


def _queues(found: DayStart, words: Words) -> Part:
    head = ("queue", "expected", "busy", "safe", "today_peak_hour")
    rows = [_queue(one, words) for one in found.queues if one.open]
    closed = [line(one.name) for one in found.queues if one.foretold and not one.open]
    unknown = [line(one.name) for one in found.queues if not one.foretold]
    notes = []
    if len(rows) > MOST_QUEUES:
        notes.append(words("today_sheet_more", n=words.number(len(rows) - MOST_QUEUES)))
    if closed:
        notes.append(words("today_sheet_closed", queues=", ".join(closed[:MOST])))
    if unknown:
        notes.append(words("today_sheet_unknown", queues=", ".join(unknown[:MOST])))
    notes.append(words("today_sheet_band"))
    named = tuple(words(key) for key in head)
    return Part(words("today_sheet_contacts"), tuple(rows[:MOST_QUEUES]), named, " ".join(notes))


def _queue(one: QueueDay, words: Words) -> tuple[str, ...]:
    peak = ""
    if one.peak_start is not None and one.peak_stop is not None:
        begin, stop = (local(from_ns(at), one.tz) for at in (one.peak_start, one.peak_stop))
        peak = f"{begin:%H:%M}–{stop:%H:%M} ({words.number(one.peak)})"
    return (line(one.name), *(words.number(value) for value in (one.expected, one.busy, one.safe)), peak)


def _teams(found: DayStart, words: Words) -> Part | None:
    if not found.teams:
        return None
    head = ("today_sheet_team", "today_sheet_at", "today_col_needed_net", "today_col_needed_gross",
            "today_col_planned_net", "today_col_planned_gross")  # fmt: skip
    planned = any(one.planned_net == one.planned_net for one in found.teams)
    wide = len(head) if planned else len(head) - 2
    rows = tuple(_team(one, words)[:wide] for one in found.teams[:MOST_QUEUES])
    note = "" if planned else words("today_sheet_no_plan")
    return Part(words("today_sheet_agents"), rows, tuple(words(key) for key in head[:wide]), note)


def _team(one: TeamDay, words: Words) -> tuple[str, ...]:
    values = (one.net, one.gross, one.planned_net, one.planned_gross)
    at = local(from_ns(one.at), one.tz)
    return (line(one.name), f"{at:%H:%M}", *(words.number(value, 1) for value in values))


def _special(found: DayStart, words: Words) -> Part | None:
    rows = [_named(one, words) for one in found.special]
    rows += [
        words("today_sheet_campaign", name=_named(one, words), n=words.number(one.value))
        for one in found.campaigns
    ]
    return Part(words("today_sheet_special"), tuple((row,) for row in rows[:MOST])) if rows else None


def _named(one: Named, words: Words) -> str:
    return f"{line(one.name)} ({line(one.queue)})" if one.queue else line(one.name)


def _warnings(found: DayStart, words: Words) -> Part | None:
    rows = tuple((_warning(one, found, words),) for one in found.warnings[:MOST])
    return Part(words("today_sheet_warnings"), rows, warning=True) if rows else None


def _warning(one: Foretold, found: DayStart, words: Words) -> str:
    surge = one.alert.surge
    told = sentence(surge, tz=one.tz, channel=one.channel, now=found.at, language=words.language)
    left = ", ".join(words("alert_measure", name=each.name, n=each.minutes) for each in one.left)
    said = words("alert_in_time", measures=left) if left else words("alert_too_late")
    owner = f" {words('alert_owner', owner=one.owner)}." if one.owner else ""
    return line(f"{surge.series}: {told}. {said}{'' if said.endswith('.') else '.'}{owner}")


def _reasons(found: DayStart, words: Words) -> Part | None:
    if found.outlook is None or not found.outlook.reasons:
        return None
    rows = tuple((_reason(one, found.outlook.tz, words),) for one in found.outlook.reasons[:6])
    return Part(words("today_sheet_reasons"), rows)


def _reason(one: Reason, tz: str, words: Words) -> str:
    spoken: Language = "nl" if words.language == "nl" else "en"
    size = words(
        "today_sheet_size",
        n=words.number(one.expected),
        low=words.number(one.low),
        high=words.number(one.high),
    )
    return line(f"{topic(one.topic, spoken)}: {size}; {why(one, tz, spoken)}")


def _adjusted(found: DayStart, words: Words) -> Part | None:
    rows = tuple((adjustment(one, found.tz, words),) for one in found.adjusted[:MOST])
    return Part(words("today_sheet_adjusted"), rows) if rows else None


def adjustment(one: Override, tz: str, words: Words) -> str:
    """`phone_outage, 10:00–12:00: +10 % contacts. Reason: letter to Utrecht (Anna)`."""
    begin, stop = (local(from_ns(at), tz) for at in (one.start, one.end))
    same = (stop - begin).total_seconds() < 86_400 and begin.date() == stop.date()
    when = f"{begin:%H:%M}–{stop:%H:%M}" if same else f"{words.moment(begin)} – {words.moment(stop)}"
    scope = one.queue or (
        words(f"channel_{one.channel}") if words.has(f"channel_{one.channel}") else one.channel
    )
    scope = scope or words("today_all_queues")
    unit = words("today_sheet_seconds" if one.measure == AHT else "today_sheet_unit")
    if one.kind == PERCENT:
        size = f"{words.percent(one.value / 100, 0, sign=True)} {unit}"
    else:
        size = f"{words.number(one.value, sign=one.kind != TOTAL)} {unit}"
    about = f", {one.topic}" if one.topic else ""
    reason = one.reason if len(one.reason) <= LONGEST else one.reason[: LONGEST - 1] + "…"
    said = words("today_sheet_reason", reason=reason, author=one.author)
    return line(f"{scope}{about}, {when}: {size}. {said}")
