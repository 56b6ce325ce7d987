"""What the demo says at its end, in plain words: how good the forecast is, where social counts, what was planted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from forecast.report import Report

ABRIDGED = (
    "Abridged: the comparison uses 3 past dates and two weeks ahead, and Prophet ran on one queue and one date "
    "(`forecall demo --full` does all). The evidence uses the whole history."
)


def summary(report: Report, truth: Path, folder: Path, *, abridged: bool) -> list[str]:
    """Lines for a planner."""
    links = json.loads(truth.read_text("utf-8"))["links"]
    rows = report.as_dict()["evidence"]
    lines = ["", "How good is the forecast? (forecast deviation per half hour)"]
    lines += [f"  {report.sentence(part.series)}" for part in report.parts]
    lines += ["", "Does social help? Found in the data, and what the simulator planted:"]
    for link in links:
        mine = [row for row in rows if row["series"] == link["queue"]]
        lines.append(f"  {link['queue']}: {found(mine)}. {planted(link, mine)}")
    lines += ["", f"Everything is in {folder}/: try `forecall --config {folder / 'config.yaml'} forecast`."]
    return [*lines, ABRIDGED] if abridged else lines


def found(rows: Sequence[dict[str, Any]]) -> str:
    """Evidence of one queue -> what it says."""
    opened = [row for row in rows if row["gate"] == "open"]
    if opened:
        bands = list(dict.fromkeys(row["lead_band"] for row in opened))
        best = max(opened, key=lambda row: float(row["lift"]))
        return (
            f"social counts ({', '.join(bands)} ahead); most by {best['signal']}: "
            f"{100 * best['lift']:.1f} % more accurate {best['lead_band']} ahead"
        )
    if rows and all(row["gate"] == "not enough history" for row in rows):
        return "not enough history yet"
    return "social does not count"


def planted(link: dict[str, Any], rows: Sequence[dict[str, Any]]) -> str:
    """The truth about a queue, beside what was measured of it."""
    measured = _measured(row["leads_by_minutes"] for row in rows if row["signal"] == f"posts:{link['topic']}")
    minutes, opened = link["lag_minutes"], any(row["gate"] == "open" for row in rows)
    if link["regime"] == "leads":
        return f"We planted a head start of {minutes:.0f} minutes; measured: {_ahead(measured)}"
    if link["regime"] == "lags":
        return f"We planted posts that come {-minutes / 60:.0f} hours after the calls; measured: {_ahead(measured)}"
    tie = (
        "no tie"
        if link["regime"] == "unrelated"
        else "only a common cause (letters and invoices, known ahead)"
    )
    alarm = "; a gate that is open here is a false alarm" if opened else ""
    return f"We planted {tie}{alarm}."


def _measured(leads: Iterable[Any]) -> int | None:
    return next((int(lead) for lead in leads if lead is not None), None)


def _ahead(minutes: int | None) -> str:
    if minutes is None:
        return "no clear head start."
    return f"{minutes} minutes." if minutes >= 0 else f"{-minutes} minutes behind."
