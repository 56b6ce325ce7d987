"""The week report as files: one A4 and never two, real numbers in Excel, nothing that runs, texts escaped."""

from __future__ import annotations

import base64
import io
import math
import re
import zlib
from dataclasses import replace

import openpyxl
import pytest

from forecast.errors import InputError
from forecast.reports.document import make_document
from forecast.reports.html import html
from forecast.reports.pdf import EDGE, HEIGHT, fitting, height, pdf
from forecast.reports.registry import LAYOUTS, file_name, find
from forecast.reports.sheet import fitted, fonts, width, wrapped
from forecast.reports.tongue import Tongue
from forecast.reports.xlsx import workbook
from forecast.week_report_line import QueueWeek
from forecast.week_report_split import Claim
from tests.unit.test_week_report import MADE, report, week

EN, NL = Tongue("en"), Tongue("nl")


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", content))


def drawing(content: bytes) -> bytes:
    """The largest stream of drawing operators, decompressed."""
    found = []
    for raw in re.findall(rb"stream\r?\n(.*?)endstream", content, flags=re.S):
        try:
            found.append(
                zlib.decompress(
                    base64.a85decode(raw.strip(), adobe=False)
                    if b"~>" not in raw
                    else base64.a85decode(b"<~" + raw.strip(), adobe=True)
                )
            )
        except (ValueError, zlib.error):
            continue
    return max((one for one in found if b" Tf" in one), key=len)  # fmt: skip


def many(count: int) -> list[QueueWeek]:
    claims = tuple(Claim("adjustment", f"reason {at} " * 9, at % 7, 5.0) for at in range(20))
    return [
        week([100 + at] * 7, queue=f"Afdeling {at} met een heel erg lange naam ĀЖΩ", claims=claims, rate=31.5)
        for at in range(count)
    ]


@pytest.mark.parametrize("tongue", [EN, NL], ids=["en", "nl"])
@pytest.mark.parametrize("count", [0, 1, 5, 9, 14, 60])
def test_the_pdf_is_one_a4_with_however_many_queues(count: int, tongue: Tongue) -> None:
    found = report(*many(count))
    assert height(fitting(found, tongue)) <= HEIGHT - 2 * EDGE
    content = pdf(found, tongue)
    assert pages(content) == 1
    box = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", content)
    assert box is not None and [round(float(one)) for one in box.groups()] == [595, 842]


def test_the_pdf_says_of_how_many_queues_its_figures_are_and_stays_one_a4() -> None:
    unplanned = week([50] * 7, [math.nan] * 7, queue="new", basis=("",) * 7)
    found = report(*many(60), unplanned)
    assert {one.of for one in fitting(found, NL).tiles} == {"60 van 61 wachtrijen"}
    assert height(fitting(found, NL)) <= HEIGHT - 2 * EDGE and pages(pdf(found, NL)) == 1


def test_nothing_of_the_pdf_is_drawn_below_the_edge_or_beside_it() -> None:
    content = drawing(pdf(report(*many(60)), NL))
    places = [(float(x), float(y)) for x, y in re.findall(rb"1 0 0 1 ([0-9.-]+) ([0-9.-]+) Tm", content)]
    assert len(places) > 100
    assert min(y for _, y in places) >= EDGE - 1 and max(y for _, y in places) <= HEIGHT - EDGE
    assert min(x for x, _ in places) >= EDGE - 1


def test_the_pdf_names_its_title_language_and_company_and_is_the_same_each_time() -> None:
    found = report(week())
    content = pdf(found, NL)
    assert b"/Lang (nl)" in content and b"/Author (Acme)" in content
    assert b"Weekrapport 2026-W11 Acme" in content
    assert content == pdf(found, NL) != pdf(found, EN)


def test_the_bars_are_drawn_and_not_a_picture() -> None:
    content = pdf(report(week([120, 80, 100, 100, 100, 100, 100])), EN)
    assert b"/Subtype /Image" not in content
    assert drawing(content).count(b" re") >= 5


def test_a_name_too_long_is_cut_with_an_ellipsis_that_fits() -> None:
    plain, _ = fonts()
    cut = fitted("a very long name of a queue", plain, 8, 60)
    assert cut.endswith("…") and width(cut, plain, 8) <= 60
    assert all(width(line, plain, 8) <= 60 for line in wrapped("word " * 20 + "x" * 90, plain, 8, 60))


def test_excel_holds_numbers_that_add_up_as_they_do_on_paper() -> None:
    found = report(week([120] * 7, aht=311, rate=35.0), week([90] * 7, queue="mails", aht=None))
    book = openpyxl.load_workbook(io.BytesIO(workbook(make_document(found, EN), made_at=MADE)))
    assert book.sheetnames == ["Week", "Queues", "Events", "Notes"]
    rows = {str(row[0]): row for row in book["Week"].iter_rows(values_only=True) if row[0]}
    assert rows["Known events"][1] + rows["Unexpected"][1] == rows["Volume"][1] == rows["Gap"][1] == 70
    hours = [rows[name][2] for name in ("Volume", "Handling time", "Gap")]
    assert hours[0] + hours[1] == pytest.approx(hours[2]) and isinstance(hours[2], float)
    gaps = [
        row[3] for row in book["Queues"].iter_rows(values_only=True) if row[0] in ("calls", "mails", "Total")
    ]
    assert gaps[0] + gaps[1] == gaps[2]
    assert book["Week"].page_setup.paperSize == "9" or int(book["Week"].page_setup.paperSize) == 9


def test_excel_has_no_formula_and_names_that_begin_like_one_are_harmless() -> None:
    claims = (Claim("special_day", "=HYPERLINK(1)", 1),)
    found = replace(report(week([130] * 7, queue="+cmd|x", claims=claims)), company="@evil")
    book = openpyxl.load_workbook(io.BytesIO(workbook(make_document(found, NL), made_at=MADE)))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert "'=HYPERLINK(1)" in texts and "'+cmd|x" in texts and any(one.startswith("'@evil") for one in texts)
    assert not any(one.startswith(("=", "@", "\t")) for one in texts)


def test_html_escapes_every_text_and_carries_no_script() -> None:
    bad = "<script>alert(1)</script>"
    found = report(week([130] * 7, queue=bad, claims=(Claim("special_day", bad, 1),)))
    text = html(make_document(replace(found, company=bad), NL))
    assert "<script" not in text and "&lt;script&gt;" in text and '<html lang="nl">' in text
    assert 'role="img" aria-label="Staven' in text


def test_layouts_are_found_by_their_extension() -> None:
    assert list(LAYOUTS) == ["pdf", "xlsx", "html"]
    found = report(week())
    assert file_name(found, find("xlsx")) == "week-report-2026-W11.xlsx"
    assert all(len(one.write(found, EN)) > 1000 for one in LAYOUTS.values())
    with pytest.raises(InputError, match="'doc'"):
        find("doc")
