"""Colours of the charts, for the light and the dark theme; those of everything else are in assets/style.css."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Names by meaning. Text and lines keep a contrast of 4.5 and 3 to the surface they stand on."""

    ink: str
    muted: str
    grid: str
    divider: str
    surface: str
    offered: str
    expected: str
    band: str
    busy: str
    last_week: str
    negative: str
    other: str
    usual: str
    now: str
    bar: str
    floor: str
    school: str
    driver: str
    adjusted: str
    locked: str
    draft: str
    imported: str


LIGHT = Palette(
    ink="#1b2733",
    muted="#5a6876",
    grid="#edf0f3",
    divider="#d5dbe1",
    surface="#ffffff",
    offered="#1b2733",
    expected="#1f6fb2",
    band="rgba(31, 111, 178, 0.17)",
    busy="#1f6fb2",
    last_week="#aab4be",
    negative="#c8553d",
    other="#b9c6d1",
    usual="#5a6876",
    now="#b3261e",
    bar="#8a96a3",
    floor="#c2a14d",
    school="#7fb8a4",
    driver="#8a6fc0",
    adjusted="#d9822b",
    locked="#7a3e9d",
    draft="#17806d",
    imported="#b3560f",
)
DARK = Palette(
    ink="#e6ebf0",
    muted="#a3b0bc",
    grid="#26313b",
    divider="#3a4753",
    surface="#17202a",
    offered="#e6ebf0",
    expected="#62b0ee",
    band="rgba(98, 176, 238, 0.22)",
    busy="#62b0ee",
    last_week="#5f6d7a",
    negative="#e8836c",
    other="#4d5d6b",
    usual="#a3b0bc",
    now="#ff8a80",
    bar="#8a96a3",
    floor="#d3b565",
    school="#6fa892",
    driver="#a48bdc",
    adjusted="#f0a04b",
    locked="#c79be6",
    draft="#5fd0b8",
    imported="#f2a766",
)


def palette(theme: str | None) -> Palette:
    """`dark` or anything else."""
    return DARK if theme == "dark" else LIGHT
