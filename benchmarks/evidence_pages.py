"""The pages of the evidence bench: evidence.md and its pictures, from evidence.json."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statsmodels.stats.proportion import proportion_confint

POWER, FALSE, CLOSED, COST = 0.85, 0.08, 0.70, 0.002


def write(out: Path, found: Mapping[str, Any]) -> None:
    """evidence.md, evidence-gate.png, evidence-head-start.png."""
    lines = [
        f"Frozen worlds (`benchmarks/evidence_worlds.yaml`), {found['runs']} of each kind, one decision date, one rate"
        " (`level_profile`), seeds no developer looked at. Wilson intervals, 95 %.",
        "",
        *_table(found["kinds"]),
        "",
        "Gains of the oracle and ours, the signal counting as far as the gate let it at the decision (shut: not at all):",
        "",
        *_gains(found["kinds"]),
        "",
        *_ever(found["ever"]),
    ]
    (out / "evidence.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _pictures(out, found["kinds"])


def wilson(count: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share."""
    low, high = proportion_confint(count, n, method="wilson")
    return float(low), float(high)


def _share(count: int, n: int) -> str:
    low, high = wilson(count, n)
    return f"{100 * count / n:.1f} % ({100 * low:.1f}-{100 * high:.1f})"


def _table(kinds: Mapping[str, Any]) -> list[str]:
    lines = [
        "| posts | opened 0-1h | 1-4h | 4-24h | any band | head start within half an hour | regimes |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind, one in kinds.items():
        n = one["runs"]
        opened = [_share(one["opened"].get(band, 0), n) for band in ("0-1h", "1-4h", "4-24h")]
        within = _share(one["within_a_bucket"], n) if "within_a_bucket" in one else ""
        regimes = ", ".join(f"{name} {count}" for name, count in one["regimes"].items())
        name = f"{kind} (placebo)" if one["placebo"] else kind
        lines.append(f"| {name} | {' | '.join(opened)} | {_share(one['any'], n)} | {within} | {regimes} |")
    return lines


def _gains(kinds: Mapping[str, Any]) -> list[str]:
    lines = [
        "| posts | band | oracle's gain | ours | gap closed on incident days | cost on quiet days, WAPE points |",
        "|---|---|---|---|---|---|",
    ]
    for kind, one in kinds.items():
        for band, row in one.get("oracle", {}).items():
            lines.append(
                f"| {kind} | {band} | {100 * row['gain']:.1f} % | {100 * row['ours']:.1f} % | {100 * row['closed']:.0f} % "
                f"| {100 * row['quiet_cost']:+.3f} |"
            )
    return lines


def _ever(ever: Mapping[str, Any]) -> list[str]:
    if not ever:
        return []
    lines = ["| placebo | ever open in 52 weekly decisions, any band |", "|---|---|"]
    return lines + [f"| {kind} | {_share(one['opened'], one['runs'])} |" for kind, one in ever.items()]


def _pictures(out: Path, kinds: Mapping[str, Any]) -> None:
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
    names = list(kinds)
    for place, one in enumerate(kinds.values()):
        count = one["any"] if one["placebo"] else one["opened"].get("0-1h", 0)
        share, (low, high) = count / one["runs"], wilson(count, one["runs"])
        colour = "#b3541e" if one["placebo"] else "#1f5fa8"
        axes.barh(place, share, color=colour, xerr=[[max(share - low, 0)], [max(high - share, 0)]])
    axes.axvline(POWER, color="#1f5fa8", linestyle=":")
    axes.axvline(FALSE, color="#b3541e", linestyle=":")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(
        "share of worlds in which the gate opened (blue: 0-1h; orange, placebos: any band); dotted: the bars"
    )
    figure.savefig(out / "evidence-gate.png", dpi=110)
    plt.close(figure)
    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    told = {kind: one for kind, one in kinds.items() if "minutes" in one}
    for place, one in enumerate(told.values()):
        axes.scatter(
            one["minutes"], [place] * len(one["minutes"]), s=14, alpha=0.15, color="#1f5fa8", marker="|"
        )
        axes.plot([one["ahead"]] * 2, [place - 0.35, place + 0.35], color="#b3541e")
    axes.set_yticks(range(len(told)), list(told))
    axes.invert_yaxis()
    axes.set_xlabel("minutes that posts run ahead: measured in each world (blue), planted (orange)")
    figure.savefig(out / "evidence-head-start.png", dpi=110)
    plt.close(figure)
