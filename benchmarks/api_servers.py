"""The two servers of the API's bench: ours, and bare routes on the same library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, Header, Request, Response
from sqlalchemy import text
from starlette.routing import Route

from api.app import create_app
from benchmarks.api import peak_mb
from benchmarks.api_world import END, World
from store.database import connect, sessions
from store.forecasts import COLUMNS, COSTS, PACKED
from store.keys import find_key
from store.settings import Settings

ROWS = text("""
    SELECT name, ds, packed, aht, workload FROM (
        SELECT s.name, f.ds, f.packed, f.aht, f.workload,
               row_number() OVER (PARTITION BY f.series_id, f.ds ORDER BY v.published_at DESC, v.id DESC) AS rank
        FROM forecasts f JOIN forecast_series s ON s.id = f.series_id JOIN forecast_versions v ON v.id = f.version_id
        WHERE f.granularity = 'interval' AND v.state IN ('published', 'locked') AND s.name = :queue AND f.ds >= :start)
    WHERE rank = 1 ORDER BY name, ds
""")


def forecall(world: World) -> FastAPI:
    """The app as it is served, and beside it the peak of its memory."""
    app = create_app(Settings(), sessions(connect(f"sqlite:///{world.path}", wait=30)), clock=lambda: END)

    async def peak(_: Request) -> Response:
        return Response(str(peak_mb()))

    app.router.routes.insert(0, Route("/peak", peak))
    return app


def bare(world: World) -> FastAPI:
    """/minimal: a key, the rows, JSON. /bytes: what was put there. /unchanged: 304."""
    app = FastAPI()
    make = sessions(connect(f"sqlite:///{world.path}", wait=30))
    held = {"body": b""}

    @app.get("/healthz")
    def healthz() -> str:
        return "alive"

    @app.put("/bytes")
    async def put(request: Request) -> Response:
        held["body"] = await request.body()
        return Response()

    @app.get("/bytes")
    async def get() -> Response:
        return Response(held["body"], media_type="application/json")

    @app.get("/unchanged")
    async def unchanged() -> Response:
        return Response(status_code=304)

    @app.get("/minimal")
    def minimal(queue: str, start: str, limit: int, authorization: Annotated[str, Header()]) -> Response:
        moment = int(np.datetime64(start.rstrip("Z"), "us").astype(np.int64))
        with make() as session:
            if find_key(session, authorization.removeprefix("Bearer ")) is None:
                return Response(status_code=401)
            rows = session.execute(ROWS, {"queue": queue, "start": moment}).all()
        return Response(json.dumps({"rows": _encoded(rows[:limit])}), media_type="application/json")

    return app


def _encoded(rows: Sequence[Any]) -> list[dict[str, object]]:
    values = np.frombuffer(b"".join(row[2] for row in rows), dtype=PACKED).reshape(len(rows), len(COLUMNS))
    costs = [
        np.frombuffer(b"".join(row[at] for row in rows), dtype=PACKED).reshape(len(rows), len(COLUMNS))
        for at in (3, 4)
    ]
    starts = np.array([row[1] for row in rows], dtype="datetime64[us]").astype(str).tolist()
    if len(COSTS) != 2:
        raise ValueError("the rows have other costs than the bench writes")
    return [
        {
            **{
                "queue": row[0],
                "channel": "phone",
                "topic": "all",
                "start": at,
                "start_utc": at,
                "mean": one[0],
            },
            "quantiles": dict(zip(COLUMNS[1:], one[1:], strict=True)),
            **{
                "aht_seconds": aht[0],
                "aht_low": aht[3],
                "aht_high": aht[-3],
                "workload_hours": work[0] / 3600,
            },
        }
        for row, at, one, aht, work in zip(
            rows, starts, values.round(4).tolist(), costs[0].tolist(), costs[1].tolist(), strict=True
        )
    ]
