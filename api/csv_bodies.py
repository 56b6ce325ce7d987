"""CSV instead of a batch of JSON: the body goes the way of a file and is answered like a batch."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Coroutine
from typing import Any

import pandas as pd
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from api import intake
from api.routers.uploads import problem_rows
from api.schemas import BatchResult, RowError
from api.social import read_mention
from forecast.errors import InputError
from store.chain import Chain, receive
from store.imports.kinds import importer
from store.settings import Settings

CSV = "text/csv"
BODY = {
    "requestBody": {
        "content": {
            CSV: {"schema": {"type": "string", "description": "The same rows as a table with a header."}}
        }
    }
}


MENTION = ("id", "source", "created_at", "text")


class CsvBodies(APIRoute):
    """A route whose POST takes `text/csv` too. Its path names what the rows are: /v1/volumes, /v1/signals, /v1/mentions."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        by_json = super().get_route_handler()

        async def by_content(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if request.method != "POST" or kind != CSV:
                return await by_json(request)
            body = await request.body()
            noun = self.path.rsplit("/", 1)[-1]
            result = await run_in_threadpool(_take, request.app, noun, body)
            return JSONResponse(result.model_dump(mode="json"), 207 if result.errors else 200)

        return by_content


def _take(app: FastAPI, noun: str, body: bytes) -> BatchResult:
    """Store a body in a transaction of its own. What it holds was known at its receipt."""
    now: dt.datetime = app.state.clock()
    settings: Settings = app.state.settings
    with app.state.sessions() as session:
        if noun == "mentions":
            rows = _records(body)
            tz = settings.company.timezone
            good, errors = intake.sift(rows, lambda row: read_mention(row, tz, now))
            chain: Chain = app.state.chain
            stored = receive(session, chain, good, now=now).changed
            result = BatchResult(received=len(rows), accepted=len(good), stored=stored, errors=errors)
        else:
            found = importer(noun)(
                session, settings, body, now=pd.Timestamp(now), name="POST", mode="receipt"
            )
            errors = [
                RowError(
                    row=one.row, field=one.column, detail=f"{one.value!r} {one.detail}.", remedy=one.remedy
                )
                for one in problem_rows(found.refused)
            ]
            left = len({one.row for one in errors})
            result = BatchResult(
                received=found.rows + left, accepted=found.rows, stored=found.changed, errors=errors
            )
        session.commit()
    return result


def _records(body: bytes) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""), restkey="", restval="")
        rows = [{name: cell for name, cell in row.items() if name and cell} for row in reader]
    except (UnicodeDecodeError, csv.Error):
        raise InputError(
            "The body is no CSV.", remedy="Send it in UTF-8, with a header.", field="body"
        ) from None
    missing = [name for name in MENTION if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"The body has no column {missing[0]!r}.",
            remedy=f"Send a header with {', '.join(MENTION)}.",
            field=missing[0],
        )
    return rows
