"""The layouts of a report file, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forecast.errors import InputError
from forecast.reports.document import make_document
from forecast.reports.tongue import Tongue
from forecast.week_report import Report


@dataclass(frozen=True)
class FileLayout:
    """name, also the extension; media_type; write: what makes the bytes."""

    name: str
    media_type: str
    write: Callable[[Report, Tongue], bytes]


def _pdf(report: Report, tongue: Tongue) -> bytes:
    from forecast.reports.pdf import pdf

    return pdf(report, tongue)


def _xlsx(report: Report, tongue: Tongue) -> bytes:
    from forecast.reports.xlsx import workbook

    return workbook(make_document(report, tongue), made_at=report.made_at)


def _html(report: Report, tongue: Tongue) -> bytes:
    from forecast.reports.html import html

    return html(make_document(report, tongue)).encode()


SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LAYOUTS: Mapping[str, FileLayout] = {
    "pdf": FileLayout("pdf", "application/pdf", _pdf),
    "xlsx": FileLayout("xlsx", SHEETS, _xlsx),
    "html": FileLayout("html", "text/html", _html),
}


def find(name: str) -> FileLayout:
    """A layout by its name; InputError with those there are."""
    if name not in LAYOUTS:
        raise InputError(
            f"There is no report file of the kind {name[:20]!r}.",
            remedy=f"Use {', '.join(LAYOUTS)}.",
            field="layout",
        )
    return LAYOUTS[name]


def file_name(report: Report, layout: FileLayout) -> str:
    """`week-report-2026-W11.pdf`."""
    return f"week-report-{report.week}.{layout.name}"
