"""The pages, in the order of the navigation. A page is a package with `page.py`: what stands there, and its callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from api.dashboard.accuracy import page as accuracy
from api.dashboard.data import page as data
from api.dashboard.desk import Asked, Desk
from api.dashboard.evidence import page as evidence
from api.dashboard.forecast import page as forecast
from api.dashboard.methods import page as methods
from api.dashboard.scenario import page as scenario
from api.dashboard.social import page as social
from api.dashboard.staffing import page as staffing
from api.dashboard.today import page as today
from api.dashboard.week_report import page as week_report
from api.dashboard.words import Words


@dataclass(frozen=True)
class Page:
    """A path of ours. key: of its name in the catalogue of texts.

    show: what stands there before its callbacks have answered; register: its callbacks; listed: in the navigation
    """

    path: str
    key: str
    show: Callable[[Desk, Words, Asked], Any]
    register: Callable[[Desk], None]
    listed: bool = True


PAGES = (
    Page("/", "today_page", today.show, today.register),
    Page("/forecast", "forecast_page", forecast.show, forecast.register),
    Page("/staffing", "staffing_page", staffing.show, staffing.register),
    Page("/scenario", "scenario_page", scenario.show, scenario.register),
    Page("/social", "social_page", social.show, social.register),
    Page("/evidence", "evidence_page", evidence.show, evidence.register),
    Page("/accuracy", "accuracy_page", accuracy.show, accuracy.register),
    Page("/data", "data_page", data.show, data.register),
    Page("/methods", "methods_page", methods.show, methods.register),
    Page("/week-report", "week_report_page", week_report.show, week_report.register, listed=False),
)
PATHS = tuple(page.path for page in PAGES)


def page_at(path: str) -> Page:
    """The page of a path; the first for one that is none of ours."""
    return next((page for page in PAGES if page.path == path), PAGES[0])
