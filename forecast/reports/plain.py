"""The week report as plain values for JSON, rounded as it is printed: null is not known."""

from __future__ import annotations

from typing import Any

from forecast.reports.sentences import causes, headline, notes
from forecast.reports.tongue import Tongue
from forecast.week_report import Report
from forecast.week_report_line import Line

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def plain(report: Report, tongue: Tongue) -> dict[str, Any]:
    """The whole of it."""
    shown = report.shown()
    return {
        "week": shown.week,
        "monday": shown.monday.isoformat(),
        "company": shown.company,
        "language": tongue.language,
        "made_at": shown.made_at.isoformat(),
        "data_as_of": None if shown.data_as_of is None else shown.data_as_of.isoformat(),
        "timezone": shown.tz,
        "days_over": shown.over,
        "sentence": headline(shown, tongue),
        "week_hours": shown.pay.week_hours,
        "productive": shown.pay.productive,
        "total": line(shown.whole),
        "queues": [line(one) for one in shown.lines],
        "events": [
            {
                "kind": one.kind,
                "name": one.name,
                "queues": list(one.queues),
                "first_day": DAYS[one.first],
                "last_day": DAYS[one.last],
                "contacts": round(one.contacts) + 0.0,
                "told": None if one.claimed is None else round(one.claimed) + 0.0,
            }
            for one in causes(shown.events)
        ],
        "notes": notes(shown, tongue),
    }


def line(one: Line) -> dict[str, Any]:
    """A queue, or the total (whose queue is '')."""
    sides = {name: vars(getattr(one, name)) for name in ("actual", "plan", "last_year", "budget")}
    parts = {name: vars(getattr(one, name)) for name in ("contacts", "hours", "fte", "euros")}
    return {
        "queue": one.queue,
        "channel": one.channel,
        "days": one.days,
        "days_over": one.over,
        "plan_is": one.basis or None,
        **{name: {"contacts": each["contacts"], "aht_seconds": each["aht"], "hours": each["hours"], "fte": each["fte"]} for name, each in sides.items()},
        "gap": {
            unit: {"gap": each["gap"], "volume": each["volume"], "known_events": each["known"],
                   "unexpected": each["unexpected"], "handling_time": each["aht"]}
            for unit, each in parts.items()
        },
        "queues_in": vars(one.reach),
        "chance_contacts": None if one.chance is None else round(one.chance, 1),
        "gap_by_day": {day: None if value != value else round(value, 1) + 0.0 for day, value in zip(DAYS, one.by_day, strict=True)},
    }  # fmt: skip
