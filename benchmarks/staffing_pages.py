"""The page of `./dev bench staffing`."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def page(rows: dict[str, list[Row]]) -> str:
    """All figures as one page."""
    lines = ["# Staffing: formulae beside others, and beside a simulation", ""]
    lines += [
        "Made by `./dev bench staffing`. AHT of calls and chats 300 s, of mail 360 s; +- is one standard error.",
        "",
    ]
    for key, section in SECTIONS.items():
        lines += section(rows[key])
    return "\n".join(lines)


def _peer(rows: list[Row]) -> list[str]:
    lines = ["## Erlang C beside pyworkforce, without shrinkage", ""]
    lines += _table(
        ["highest occupancy", "same", "ours more", "ours fewer", "of which theirs is its first guess"],
        [
            [
                f"{r['max_occupancy']:g}",
                *(str(r[key]) for key in ("same", "ours_more", "ours_fewer", "first_step")),
            ]
            for r in rows
        ],
    )
    lines += [
        "Loads 0.3 to 150 erlangs, handling times 120 to 600 s, targets from 30 % in 600 s to 95 % in 10 s. pyworkforce begins to",
        "look at round(load + 1) agents and never below: a load of 20.5 begins at 22 where 21 may do. After shrinkage it rounds",
        "up to whole positions; here net and gross are kept apart, and gross is not rounded.",
        "",
    ]
    return lines


def _lines(rows: list[Row]) -> list[str]:
    lines = ["## Calls and chats, contact by contact", ""]
    lines += _table(
        [
            "load",
            "agents",
            "at once",
            "slowdown",
            "patience",
            "within 20 s: said",
            "simulated",
            "left: said",
            "simulated",
            "ASA s: said",
            "simulated",
        ],
        [
            [
                f"{r['load']:g}",
                str(r["agents"]),
                str(r["at_once"]),
                f"{r['slowdown']:g}",
                "-" if r["patience"] is None else f"{r['patience']:g}",
                f"{r['level_said']:.3f}",
                f"{r['level']:.3f} +- {r['level_error']:.3f}",
                f"{r['lost_said']:.3f}",
                f"{r['lost']:.3f}",
                f"{r['asa_said']:.1f}",
                f"{r['asa']:.1f} +- {r['asa_error']:.1f}",
            ]
            for r in rows
        ],
    )
    lines += [
        "Chats that slow each other are not spread quite evenly, and a little less is done than the model says: here two points at most.",
        "",
    ]
    return lines


def _mails(rows: list[Row]) -> list[str]:
    lines = ["## Mail, 8 to 18 every day, 90 % within so many hours by the clock, level plan", ""]
    lines += _table(
        [
            "a day",
            "hours",
            "highest occupancy",
            "agents",
            "in time: said",
            "simulated",
            "waiting: said",
            "simulated",
        ],
        [
            [
                f"{r['a_day']:g}",
                f"{r['hours']:g}",
                f"{r['occupancy']:g}",
                f"{r['agents']:g}",
                f"{r['said']:.3f}",
                f"{r['share']:.3f} +- {r['error']:.3f}",
                f"{r['waiting_said']:.0f}",
                f"{r['waiting']:.0f}",
            ]
            for r in rows
        ],
    )
    lines += [
        "The model leaves chance out: a few mails wait where it says none, and with agents busy all their time nothing makes up for it.",
        "",
    ]
    return lines


def _blended(rows: list[Row]) -> list[str]:
    lines = ["## One group for calls and mail, calls first", ""]
    lines += _table(
        [
            "calls a day",
            "mails a day",
            "agent hours apart",
            "together",
            "calls within 20 s: said",
            "simulated",
            "mail waiting at 18: said",
            "simulated",
        ],
        [
            [
                str(r["calls"]),
                str(r["mails"]),
                f"{r['hours_apart']:.0f}",
                f"{r['hours']:.0f}",
                f"{r['level_said']:.3f}",
                f"{r['level']:.3f} +- {r['level_error']:.3f}",
                f"{r['waiting_said']:.0f}",
                f"{r['waiting']:.0f} +- {r['waiting_error']:.0f}",
            ]
            for r in rows
        ],
    )
    return lines


def _erlang_for_mail(rows: list[Row]) -> list[str]:
    lines = ["## Erlang for mail: 500 a day, five days", ""]
    lines += _table(
        ["hours promised", "plan", "agent hours", "peak", "in time, simulated"],
        [
            [f"{r['hours']:g}", r["plan"], f"{r['agent_hours']:.0f}", f"{r['peak']:g}", f"{r['share']:.3f}"]
            for r in rows
        ],
    )
    lines += [
        "With four hours nothing can wait long, and all come to the same. With a day, Erlang asks for the peaks of an inbox that",
        "can wait for the valleys. As late as allowed has every mail at the edge of its promise, and chance breaks it: it is the",
        "least that can do, and no plan to go by without more for chance.",
        "",
    ]
    return lines


def _speed(rows: list[Row]) -> list[str]:
    lines = ["## A million cells, 0.1 to 300 erlangs", ""]
    lines += _table(
        ["what", "seconds on this machine", "times one gamma function"],
        [[r["what"], f"{r['seconds']:.2f}", f"{r['ratio']:.1f}"] for r in rows],
    )
    return lines


SECTIONS = {
    "pyworkforce": _peer,
    "line": _lines,
    "mail": _mails,
    "blended": _blended,
    "erlang_for_mail": _erlang_for_mail,
    "speed": _speed,
}


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [
        f"| {' | '.join(heads)} |",
        "|" + "---|" * len(heads),
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]
