"""An outlook as a picture: one bar per reason, in SVG that needs nothing but a browser.

Names of reasons and special days come from files and posts of others: the tree escapes them, and signs
that are not shown are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as Xml

from forecast.outlook import Outlook, Reason
from forecast.outlook_words import Language, heading, line, number, percent, text, topic, why

WIDTH, HEAD, ROW, FOOT, EDGE = 960, 96, 62, 44, 28
BAR, BAR_END = 250, 690  # where bars begin and may end
FIGURES = 714
MOST = 12  # reasons with a bar of their own
NAME, WHY, SUBTITLE = 23, 136, 130  # characters that fit
INK, GREY, BLUE, BAND, USUAL, MORE, LESS = (
    "#212529", "#5c636a", "#4c8dc9", "#12395f", "#c2410c", "#b42318", "#1a7f37",
)  # fmt: skip
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def draw(found: Outlook, language: Language = "en") -> str:
    """The picture as the text of an .svg file."""
    shown, rest = found.reasons[:MOST], found.reasons[MOST:]
    height = HEAD + ROW * len(shown) + (ROW // 2 if rest else 0) + FOOT
    size = {"width": str(WIDTH), "height": str(height), "viewBox": f"0 0 {WIDTH} {height}"}
    svg = Xml.Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img", "font-family": FONT}
    )
    title, answer = heading(found, language)
    Xml.SubElement(svg, "title").text = line(title)
    Xml.SubElement(svg, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    _text(svg, EDGE, 40, title, size=22, weight="600")
    _text(svg, EDGE, 66, short(answer, SUBTITLE), size=13, fill=GREY)
    most = max([1.0, *(max(reason.high, reason.usual or 0.0) for reason in shown)])
    for at, reason in enumerate(shown):
        _row(svg, HEAD + ROW * at, reason, (BAR_END - BAR) / most, found.tz, language)
    if rest:
        left = number(sum(reason.expected for reason in rest), language)
        told = f"{text('more', language, n=str(len(rest)))}: {left}"
        _text(svg, EDGE, HEAD + ROW * len(shown) + 20, told, size=13, fill=GREY)
    if shown:
        _text(svg, WIDTH - EDGE, HEAD - 8, text("change", language), size=11, fill=GREY, anchor="end")
        _key(svg, height - 18, language)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(svg, encoding="unicode")


def _row(svg: Xml.Element, top: int, reason: Reason, scale: float, tz: str, language: Language) -> None:
    """A reason: its name, its bar with the band and the usual, its figures, and why."""
    row = Xml.SubElement(svg, "g")
    name = topic(reason.topic, language)
    Xml.SubElement(row, "title").text = line(name)
    _text(row, EDGE, top + 18, short(name, NAME), size=15, weight="600")
    middle = top + 13
    bar = {"x": str(BAR), "y": str(top + 3), "height": "20", "rx": "3", "fill": BLUE}
    Xml.SubElement(row, "rect", {**bar, "width": f"{max(1.0, scale * reason.expected):.1f}"})
    low, high = BAR + scale * reason.low, BAR + scale * reason.high
    _line(row, (low, middle, high, middle), BAND, "1.5")
    for x in (low, high):
        _line(row, (x, middle - 4, x, middle + 4), BAND, "1.5")
    if reason.usual is not None:
        x = BAR + scale * reason.usual
        _line(row, (x, top - 2, x, top + 28), USUAL, "2.5")
    figures = f"{number(reason.low, language)}–{number(reason.high, language)}"
    _text(row, FIGURES, top + 18, number(reason.expected, language), size=15, weight="600")
    _text(row, FIGURES + 62, top + 18, figures, size=12, fill=GREY)
    if reason.change is not None:
        fill = MORE if reason.change >= 0.1 else LESS if reason.change <= -0.1 else GREY
        _text(row, WIDTH - EDGE, top + 18, percent(reason.change), size=14, fill=fill, anchor="end")
    told = [why(reason, tz, language)]
    if reason.talk.day:
        told.append(text("said", language, n=number(reason.talk.day, language)))
    _text(row, EDGE, top + 41, short(" · ".join(told), WHY), size=12, fill=GREY)


def _key(svg: Xml.Element, bottom: int, language: Language) -> None:
    x = EDGE
    for key, colour in (("expected", BLUE), ("key_band", BAND), ("key_usual", USUAL)):
        mark = {"x": str(x), "y": str(bottom - 9), "width": "14", "height": "9", "fill": colour}
        Xml.SubElement(svg, "rect", mark)
        said = text(key, language)
        _text(svg, x + 20, bottom, said, size=12, fill=GREY)
        x += 44 + 7 * len(said)


def _text(
    parent: Xml.Element,
    x: float,
    y: float,
    said: str,
    *,
    size: int,
    fill: str = INK,
    weight: str = "400",
    anchor: str = "start",
) -> None:
    style: Mapping[str, str] = {"font-size": str(size), "fill": fill, "font-weight": weight}
    place = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor}
    Xml.SubElement(parent, "text", {**place, **style}).text = line(said)


def _line(parent: Xml.Element, ends: tuple[float, float, float, float], colour: str, width: str) -> None:
    place = dict(zip(("x1", "y1", "x2", "y2"), (f"{one:.1f}" for one in ends), strict=True))
    Xml.SubElement(parent, "line", {**place, "stroke": colour, "stroke-width": width})


def short(said: str, most: int) -> str:
    """A text cut to so many characters, with dots where something went."""
    return said if len(said) <= most else said[: most - 1].rstrip() + "…"
