"""The export to the suite: which layout, days, queues and version; what the file cannot hold, told before it is made; and the file.

choices ─► Order ─► address of the file (`/_dash-export?...`, what GET /v1/exports gives, for who may read)
               └──► a first day of it, written for nobody: what would be left out or refused
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request, Response
from sqlalchemy.orm import Session, sessionmaker

from api.auth import Caller
from api.dashboard.desk import Clock
from api.dashboard.staffing.choice import EPOCH, FIRST, LAST, day_of
from api.errors import of_forecall, problem
from api.routers.exports import answer
from forecast.buckets import day_start, from_ns, local_day, to_ns
from forecast.errors import ForecallError, InputError
from forecast.exports.registry import LAYOUTS
from store.export_span import zone_of
from store.exporting import Wanted, export
from store.queues import load_queues
from store.settings import Settings

PATH = "/_dash-export"
SPANS = {"week": 7, "weeks4": 28, "own": 0}
VERSIONS = ("published", "locked")
MOST_QUEUES = 500
USUAL = "excel"


@dataclass(frozen=True)
class Order:
    """What is to be exported. first, last: local days, the last one included; queues: () for all."""

    layout: str
    first: dt.date
    last: dt.date
    queues: tuple[str, ...]
    version: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def address(self) -> str:
        """Where the file is."""
        pairs = [
            ("layout", self.layout),
            ("first", str(self.first)),
            ("last", str(self.last)),
            ("version", self.version),
        ]
        return f"{PATH}?{urlencode([*pairs, *(('queue', one) for one in self.queues)])}"

    def wanted(self, tz: str) -> Wanted:
        """As the store exports it."""
        begin, end = (
            int(one) for one in day_start([(self.first - EPOCH).days, (self.last - EPOCH).days + 1], tz)
        )
        return Wanted(
            self.layout,
            queues=self.queues,
            start=from_ns(begin).to_pydatetime(),
            end=from_ns(end).to_pydatetime(),
            version=self.version,
        )


def order_of(
    layout: object, span: object, first: object, last: object, queues: object, version: object, today: dt.date
) -> Order:
    """The values of the controls, whatever a browser sends; InputError for own dates that are none, or upside down."""
    monday = today + dt.timedelta(days=7 - today.weekday())
    days = SPANS.get(str(span), 7)
    begin, end = monday, monday + dt.timedelta(days=days - 1)
    if str(span) == "own":
        given = [day_of(str(one)) for one in (first, last)]
        if given[0] is None or given[1] is None:
            raise InputError(
                "Two dates make a span.", remedy="Give the first and the last day.", field="first"
            )
        begin, end = given[0], given[1]
    if end < begin:
        raise InputError(
            "The last day lies before the first.", remedy="Give a last day after the first.", field="last"
        )
    names = tuple(str(one) for one in queues)[:MOST_QUEUES] if isinstance(queues, list | tuple) else ()
    chosen = str(layout) if layout in LAYOUTS else USUAL
    return Order(chosen, begin, end, names, str(version) if version in VERSIONS else "published")


def today_of(moment: dt.datetime, tz: str) -> dt.date:
    """The local day of a moment."""
    return EPOCH + dt.timedelta(days=local_day(to_ns(moment), tz))


def zone(session: Session, settings: Settings, names: Sequence[str]) -> str:
    """The zone in which days of these queues begin, as GET /v1/exports has it."""
    return zone_of([one for one in load_queues(session) if not names or one.name in names], settings)


def checked(session: Session, settings: Settings, order: Order, now: dt.datetime) -> tuple[str, ...]:
    """What there is to know about the file, from a first piece of it: a day of it, or a week where weeks have to be whole.

    ForecallError where the file is refused.
    """
    about = LAYOUTS[order.layout].about
    most = min(about.most_days.values(), default=order.days)
    if order.days > most:
        raise InputError(
            f"{about.suite} takes {most // 7} weeks at most in this file.",
            remedy=f"Ask for it in parts of {most} days.",
            field="last",
        )
    tz = zone(session, settings, order.queues)
    days = order.days if about.whole_weeks else 1
    piece = replace(order, last=order.first + dt.timedelta(days=min(days, 7) - 1))
    wanted = (order if about.whole_weeks and order.days % 7 else piece).wanted(tz)
    return export(session, settings, wanted, io.BytesIO(), now=now).notes


def serve(app: FastAPI, sessions: sessionmaker[Session], clock: Clock, settings: Settings) -> None:
    """The file at `/_dash-export`, as GET /v1/exports gives it, for whoever may see the pages."""

    def get_file(
        request: Request,
        layout: Annotated[str, Query(max_length=60)],
        first: dt.date,
        last: dt.date,
        version: Literal["published", "locked"] = "published",
        queue: Annotated[list[str] | None, Query(max_length=MOST_QUEUES)] = None,
    ) -> Response:
        if not _ours(request):
            return problem(
                403, "A file is asked for from our own pages.", remedy="Programs use GET /v1/exports/LAYOUT."
            )
        try:
            if not FIRST <= first <= LAST or not FIRST <= last <= LAST:
                raise InputError(
                    "No forecast is made for such a year.",
                    remedy=f"Give days from {FIRST} to {LAST}.",
                    field="first",
                )
            if last < first:
                raise InputError("The last day lies before the first.", remedy="Swap them.", field="last")
            order = Order(layout, first, last, tuple(dict.fromkeys(queue or ())), version)
            with sessions() as session:
                wanted = order.wanted(zone(session, settings, order.queues))
                return answer(request, session, settings, clock(), wanted)
        except ForecallError as error:
            return of_forecall(error)

    app.add_api_route(PATH, get_file, methods=["GET"], include_in_schema=False)


def _ours(request: Request) -> bool:
    """Did our page ask? Another site's link to it is refused; a program with a key, or an address typed in, says nothing of it."""
    caller = getattr(request.state, "caller", None)
    if isinstance(caller, Caller) and caller.by == "key":
        return True
    return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")
