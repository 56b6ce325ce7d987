"""What the demo says at its end, in plain words: how good the forecast is, where social counts, what was planted."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.alert_sentence import sentence
from forecast.buckets import to_ns
from forecast.models.head_start import TOGETHER
from forecast.report import Report
from store.alerts import load_alerts
from store.queues import load_queues

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy.orm import Session, sessionmaker

ABRIDGED = (
    "Abridged: the comparison uses 3 past dates and two weeks ahead, and Prophet ran on one queue and one date "
    "(`forecall demo --full` does all). The evidence uses the whole history."
)


def peak_warnings(sessions: sessionmaker[Session], now: pd.Timestamp) -> list[str]:
    """Live peak warnings as sentences that begin with the name of their queue, the largest first. now: aware, UTC."""
    with sessions() as session:
        queues = {queue.name: queue for queue in load_queues(session)}
        live = sorted(load_alerts(session, state="live"), key=lambda alert: -alert.surge.extra)
    said = []
    for alert in live:
        queue = queues[alert.surge.series]
        told = sentence(alert.surge, tz=queue.tz, channel=queue.channel, now=to_ns(now))
        said.append(f"{queue.name}: {told}")
    return said


def summary(
    report: Report, truth: Path, folder: Path, told: Sequence[str] = (), *, abridged: bool
) -> list[str]:
    """Lines for a planner. truth: the simulator's `truth.json`; told: the peak warnings that are live."""
    facts = json.loads(truth.read_text("utf-8"))
    links = [link | {"common": common(link, facts["effects"], truth)} for link in facts["links"]]
    rows = report.as_dict()["evidence"]
    peaks = [f"Peak warning: {one}." for one in told] or ["Peak warning: none is live."]
    lines = ["", *peaks, "", "How good is the forecast? (forecast deviation per half hour)"]
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
    measured = next(
        (
            row
            for row in rows
            if row["signal"] == f"posts:{link['topic']}" and row["leads_by_minutes"] is not None
        ),
        None,
    )
    minutes, opened = link["lag_minutes"], any(row["gate"] == "open" for row in rows)
    if link["regime"] == "leads":
        return f"We planted a head start of {minutes:.0f} minutes; measured: {_ahead(measured)}"
    if link["regime"] == "lags":
        return f"We planted posts that come {-minutes / 60:.0f} hours after the calls; measured: {_ahead(measured)}"
    tie = "no tie" if link["regime"] == "unrelated" else f"only a common cause ({link['common']})"
    alarm = "; a gate that is open here is a false alarm" if opened else ""
    return f"We planted {tie}{alarm}."


def common(link: dict[str, Any], effects: Sequence[dict[str, Any]], truth: Path) -> str:
    """What moves a queue and its posts alike: drivers known ahead, else the hidden ones, named as the simulator does.

    effects: what drivers were planted to do; the hidden ones are columns of a table beside `truth`
    """
    of_queue, of_posts = (
        {row["driver"]: None for row in effects if row["target"] == target}
        for target in (link["queue"], f"posts:{link['topic']}")
    )
    both = [driver for driver in of_queue if driver in of_posts]
    if both:
        return f"{' and '.join(both)}, known ahead"
    hidden = truth.with_name("truth_common.csv")
    if not hidden.is_file():
        return "a driver"
    with hidden.open(encoding="utf-8", newline="") as file:
        names = dict.fromkeys(row["driver"] for row in csv.DictReader(file))
    return f"{' and '.join(names)}, which no file tells of"


def _ahead(row: dict[str, Any] | None) -> str:
    """The head start of a finding with its interval, as `29 minutes, 21 to 36.`."""
    if row is None:
        return "no clear head start."
    if row.get("regime") == TOGETHER:
        return "they come together."
    minutes, lower, upper = row["leads_by_minutes"], row.get("leads_lower"), row.get("leads_upper")
    spread = ""
    if lower is not None and upper is not None:
        low, high = sorted((abs(int(lower)), abs(int(upper))))
        spread = f", {low} to {high}"
    return f"{minutes} minutes{spread}." if minutes >= 0 else f"{-minutes} minutes behind{spread}."
