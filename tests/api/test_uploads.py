"""/v1/uploads: files in, looked at, taken out and put back; CSV where a batch is JSON."""

from __future__ import annotations

import json
import resource
import threading
from typing import Any

import pytest

from api.limits import FILES, MOST_BYTES
from store.database import sessions
from store.volumes import load_volumes
from tests.api.filled import Filled

HEAD = "queue,interval_start,offered\n"
CALLS = HEAD + "Calls,2026-10-21T09:00,10\nCalls,2026-10-21T10:00,12\n"
Answer = tuple[int, dict[str, Any]]


def send(filled: Filled, text: str | bytes = CALLS, name: str = "calls.csv", **said: Any) -> Answer:
    data = {"interval": "1h", **said}
    answer = filled.client("write").post("/v1/uploads", files={"file": (name, text)}, data=data)
    return answer.status_code, answer.json()


def offered(filled: Filled, queue: str = "Calls") -> list[float]:
    with sessions(filled.engine)() as session:
        return load_volumes(session, queue)["offered"].tolist()


def test_a_file_is_loaded_listed_taken_out_and_put_back(filled: Filled) -> None:
    status, body = send(filled)
    assert (status, body["rows"], body["changed"], body["stored"], body["problems"]) == (200, 2, 2, True, [])
    reads, writes, path = filled.client(), filled.client("write"), f"/v1/uploads/{body['id']}"
    assert [row["name"] for row in reads.get("/v1/uploads").json()["rows"]] == ["calls.csv"]
    held = reads.get(path).json()["holds"]
    assert [(one["name"], one["buckets"], one["in_force"]) for one in held] == [("Calls", 2, 2)]
    assert writes.delete(path).json() == {"id": body["id"], "state": "removed", "changed": 2}
    assert offered(filled) == [] and reads.get(path).json()["holds"][0]["in_force"] == 0
    assert reads.get(path).json()["removed_at"] is not None
    assert writes.post(f"{path}/restore").json() == {"id": body["id"], "state": "active", "changed": 2}
    assert offered(filled) == [10, 12] and reads.get(path).json()["holds"][0]["in_force"] == 2
    assert writes.post(f"{path}/restore").status_code == 422
    assert writes.delete("/v1/uploads/999").status_code == 404


def test_bad_rows_are_named_with_a_remedy_and_the_others_are_taken(filled: Filled) -> None:
    text = CALLS + "Calls,2026-10-21T11:00,many\n"
    status, body = send(filled, text)
    assert (status, body["rows"], body["stored"]) == (207, 2, True)
    assert body["problems"] == [
        {
            "row": 4,
            "column": "offered",
            "value": "many",
            "detail": "is not a number",
            "remedy": "Write a number, such as 12 or 12.5.",
        }
    ]


def test_strict_stores_nothing_when_a_row_is_bad(filled: Filled) -> None:
    status, body = send(filled, CALLS + "Calls,2026-10-21T11:00,many\n", strict=True)
    assert (status, body["stored"], body["id"]) == (207, False, None)
    assert filled.client().get("/v1/uploads").json()["rows"] == []


def test_a_dry_run_shows_what_would_be_loaded_and_stores_nothing(filled: Filled) -> None:
    status, body = send(filled, dry_run=True)
    assert (status, body["stored"], body["id"]) == (200, False, None)
    assert body["preview"]["queues"][0]["queue"] == "Calls"
    assert filled.client().get("/v1/uploads").json()["rows"] == []


def test_the_same_file_again_says_nothing_new(filled: Filled) -> None:
    first = send(filled)[1]
    status, again = send(filled, name="again.csv")
    assert (status, again["changed"], again["id"]) == (200, 0, first["id"])
    assert again["summary"].startswith(f"nothing new: it was loaded as upload {first['id']} on")
    assert len(filled.client().get("/v1/uploads").json()["rows"]) == 1


@pytest.mark.parametrize(
    ("text", "said", "field"),
    [
        ("", {}, "file"),
        ("%PDF-1.7", {}, "file"),
        (HEAD + "Calls,2026-10-21T09:00,x\n", {}, "file"),
        (CALLS, {"kind": "rosters"}, "kind"),
        (CALLS, {"timezone": "Mars"}, "timezone"),
        (CALLS, {"columns": "{"}, "columns"),
        (CALLS, {"columns": "[1]"}, "columns"),
        (CALLS, {"colour": "red"}, "colour"),
        (CALLS, {"kind": "hours", "interval": "1h"}, "interval"),
    ],
)
def test_what_cannot_be_used_is_a_problem_with_its_field(
    filled: Filled, text: str, said: dict[str, str], field: str
) -> None:
    status, body = send(filled, text, **said)
    assert (status, body["field"]) == (422, field) and body["detail"] and body["remedy"]


def test_a_stated_column_is_used(filled: Filled) -> None:
    text = CALLS.replace("offered", "xyzzy")
    status, body = send(filled, text, columns=json.dumps({"offered": "xyzzy"}))
    assert (status, body["rows"]) == (200, 2)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "", "a\x00b.csv", "x" * 300 + ".csv", "..", "C:\\files\\calls.csv"]
)
def test_the_name_of_a_file_is_a_name_and_nothing_else(filled: Filled, name: str) -> None:
    status, body = send(filled, name=name or "x", timezone="Europe/Amsterdam")
    assert status == 200 and "/" not in body["name"] and "\\" not in body["name"]


def test_uploads_come_in_pages(filled: Filled) -> None:
    for number in range(3):
        send(filled, CALLS.replace(",12", f",{20 + number}"), name=f"{number}.csv")
    first = filled.client().get("/v1/uploads", params={"limit": 2}).json()
    rest = filled.client().get("/v1/uploads", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [row["name"] for row in first["rows"] + rest["rows"]] == ["2.csv", "1.csv", "0.csv"]
    assert rest["next_cursor"] is None


def test_a_file_of_60_mb_is_taken_without_holding_it(filled: Filled) -> None:
    """It is refused as no table, at the end: by then all of it came in, and the process did not grow by it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    body = b'{"' + b"x" * (60 * 1024 * 1024)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # the test's own copy is in here

    def chunks() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        for at in range(0, len(body), 1 << 16):
            yield body[at : at + (1 << 16)]
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = filled.client("write").post("/v1/uploads", content=chunks(), headers=headers)
    assert answer.status_code == 422 and "JSON" in answer.json()["detail"]
    assert before <= held <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < held + 200 * 1024


def test_other_routes_keep_their_limit_and_files_have_one_too(filled: Filled) -> None:
    client = filled.client("write")
    assert client.post("/v1/volumes", content=b"x" * (MOST_BYTES + 1)).status_code == 413
    said = {"Content-Length": str(FILES["/v1/uploads"] * 2)}
    answer = client.post("/v1/uploads", content=iter([b"x"]), headers=said)
    assert answer.status_code == 413 and "500 MB" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("noun", "text"),
    [
        (
            "volumes",
            "queue;interval_start;offered\nOutage;24-10-2026 08:00;41,0\nOutage;24-10-2026 08:30;40,5\n",
        ),
        ("signals", "interval_start,signal,value\n2026-10-24T08:00,visits,120\n2026-10-24T08:30,visits,90\n"),
        (
            "mentions",
            "id,source,created_at,text\n1,x,2026-10-24T08:03:11+02:00,geen stroom\n2,x,2026-10-24T08:05:00+02:00,storing\n",
        ),
    ],
)
def test_a_csv_body_is_taken_like_a_batch(filled: Filled, noun: str, text: str) -> None:
    def post(body: str) -> Answer:
        answer = filled.client("write").post(
            f"/v1/{noun}", content=body, headers={"Content-Type": "text/csv; charset=utf-8"}
        )
        return answer.status_code, answer.json()

    assert post(text) == (200, {"received": 2, "accepted": 2, "stored": 2, "errors": []})
    assert post(text)[1]["stored"] == 0


def test_a_bad_row_of_a_csv_body_is_named(filled: Filled) -> None:
    text = "queue,interval_start,offered\nOutage,2026-10-24T08:00,41\nOutage,2026-10-24T08:30,many\n"
    answer = filled.client("write").post("/v1/volumes", content=text, headers={"Content-Type": "text/csv"})
    body = answer.json()
    assert (answer.status_code, body["received"], body["accepted"], body["stored"]) == (207, 2, 1, 1)
    assert (body["errors"][0]["row"], body["errors"][0]["field"]) == (3, "offered") and body["errors"][0][
        "remedy"
    ]
    empty = filled.client("write").post("/v1/volumes", content="", headers={"Content-Type": "text/csv"})
    assert empty.status_code == 422


def test_reading_goes_on_while_a_file_is_loaded(filled: Filled) -> None:
    rows = "".join(
        f"Calls,2026-{1 + day // 28:02d}-{1 + day % 28:02d}T{hour:02d}:00,5\n"
        for day in range(120)
        for hour in range(24)
    )
    seen: list[int] = []
    worker = threading.Thread(target=lambda: seen.append(send(filled, HEAD + rows)[0]))
    worker.start()
    while worker.is_alive():
        assert filled.client().get("/v1/queues").status_code == 200
        worker.join(0.05)
    assert seen == [200]
