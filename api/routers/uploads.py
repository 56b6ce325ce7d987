"""/v1/uploads: files in; each is a layer that can be looked at, taken out and put back."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, Form, Query, Response

from api import paging
from api.auditing import Noted
from api.deps import Config, Db, Now
from api.openapi import READ, READ_NAMED, WRITE, responses
from api.schemas import Page
from api.upload_schemas import (
    RowProblem,
    ShareOut,
    Turned,
    UploadDetail,
    UploadForm,
    UploadOut,
    UploadQuery,
    UploadResult,
)
from forecast.contacts.problem import Problem
from forecast.contacts.reading import AUTO, Reading
from forecast.errors import InputError
from store.imports.imported import Imported
from store.imports.kinds import Importer, importer
from store.plain import plain
from store.uploads import Upload, load_shares, load_upload, page_uploads, remove_upload, restore_upload

router = APIRouter(tags=["uploads"])
READING = ("timezone", "date_order", "interval", "layout", "queue", "channel", "sheet", "decimal")
REMEDIES = (
    ("is not a number", "Write a number, such as 12 or 12.5."),
    ("is empty", "Fill it in."),
    ("is negative", "Write 0 or more."),
    ("time", "Write it as 2024-01-31T09:30."),
    ("calendar", "Write it as 2024-01-31."),
    (
        "start of an interval",
        "Round it down to the start of its interval, or say which `interval` the file has.",
    ),
    ("cells where", "Give each row as many cells as the header has."),
    ("another length", "Load those rows as a file of their own."),
)


@router.post("/v1/uploads", responses={207: {"model": UploadResult}, **WRITE})
def post_upload(
    session: Db,
    config: Config,
    now: Now,
    response: Response,
    note: Noted,
    form: Annotated[UploadForm, Form(media_type="multipart/form-data")],
) -> UploadResult:
    """Load a file. Good rows are taken and bad ones reported; the same file twice changes nothing."""
    work = importer(form.kind)
    options = _options(form, work)
    with tempfile.TemporaryDirectory(prefix="forecall-upload-") as folder:
        path = Path(folder) / _file_name(form.file.filename)
        with path.open("wb") as file:
            shutil.copyfileobj(form.file.file, file, 1 << 20)
        found = work(session, config, path, now=pd.Timestamp(now), name=form.name, **options)
    stored = not form.dry_run and not (form.strict and found.problems)
    if not stored:
        session.rollback()
    elif found.changed:
        said = {"kind": found.kind, "name": found.name, "rows": found.rows}
        note("upload.load", f"upload {found.upload_id or found.name}", said)
    response.status_code = 207 if found.problems else 200
    return _result(found, stored)


@router.get("/v1/uploads", responses=READ)
def get_uploads(session: Db, query: Annotated[UploadQuery, Query()]) -> Page[UploadOut]:
    """Every file that was loaded, the latest first; those taken out too."""
    place = paging.read(query, query.cursor, (int,))
    before = None if place is None else int(place.after[0])
    rows = page_uploads(session, kind=query.kind, before=before, limit=query.limit + 1)
    page, more = paging.take(rows, query.limit)
    cursor = paging.write(query, paging.Place((page[-1].id,))) if more else None
    return Page(rows=[UploadOut(**_facts(one)) for one in page], next_cursor=cursor)


@router.get("/v1/uploads/{id}", responses=READ_NAMED)
def get_upload(session: Db, id: int) -> UploadDetail:
    """One file: what it holds, and how much of it is in force now."""
    upload = load_upload(session, _sane(id))
    holds = [ShareOut(**vars(one)) for one in load_shares(session, upload)]
    return UploadDetail(**_facts(upload), holds=holds)


@router.delete("/v1/uploads/{id}", responses={**responses(404), **WRITE})
def delete_upload(session: Db, now: Now, note: Noted, id: int) -> Turned:
    """Take a file out: what lay beneath it comes back, known from now on."""
    changed = remove_upload(session, _sane(id), now=now)
    note("upload.remove", f"upload {id}", {"changed": changed})
    return Turned(id=id, state="removed", changed=changed)


@router.post("/v1/uploads/{id}/restore", responses={**responses(404), **WRITE})
def post_restore(session: Db, now: Now, note: Noted, id: int) -> Turned:
    """Put a file back that was taken out: its values come back to their old place, known from now on."""
    changed = restore_upload(session, _sane(id), now=now)
    note("upload.restore", f"upload {id}", {"changed": changed})
    return Turned(id=id, state="active", changed=changed)


def problem_rows(problems: tuple[Problem, ...]) -> list[RowProblem]:
    """Rows left out, with what to do about each."""
    return [
        RowProblem(
            row=one.row,
            column=one.column,
            value=one.value[:200],
            detail=one.reason,
            remedy=_remedy(one.reason),
        )
        for one in problems
    ]


def _remedy(reason: str) -> str:
    return next(
        (remedy for words, remedy in REMEDIES if words in reason), "Mend the cell and load the file again."
    )


def _options(form: UploadForm, work: Importer) -> dict[str, Any]:
    """What the importer of the kind takes of what was said; InputError for what it does not take."""
    takes = inspect.signature(work).parameters
    said: dict[str, Any] = {name: getattr(form, name) for name in (*READING, "mode", "missing")}
    said = {name: value for name, value in said.items() if value is not None}
    columns = _columns(form.columns)
    if "reading" in takes:
        told = {name: said.pop(name) for name in READING if name in said}
        reading = Reading(**told, columns=columns)
        said["reading"] = None if reading == AUTO else reading
    elif columns:
        said["columns"] = columns
    if "look" in takes:
        said["look"] = form.dry_run
    for name in said:
        if name not in takes:
            raise InputError(
                f"A file of {form.kind} takes no {'as' if name == 'mode' else name!r}.",
                remedy="Leave it out.",
                field=name,
            )
    return said


def _columns(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    remedy = 'Write {"offered": "Aanbod"}.'
    try:
        columns = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("The columns are no JSON.", remedy=remedy, field="columns") from None
    if not isinstance(columns, dict) or not all(isinstance(one, str) for one in columns.values()):
        raise InputError("The columns are no names for names.", remedy=remedy, field="columns")
    return columns


def _file_name(given: str | None) -> str:
    """A name for the copy on the disk, as messages show it: of the last part, without signs that mean something to a system."""
    plain_name = re.sub(r"[^\w .()-]", "_", (given or "").replace("\\", "/").rsplit("/", 1)[-1])[-100:].strip(
        ". "
    )
    return plain_name or "upload"


def _sane(id: int) -> int:
    if not 0 < id < 2**53:
        raise InputError(f"{id} is no number of an upload.", remedy="GET /v1/uploads has them.", field="id")
    return id


def _facts(upload: Upload) -> dict[str, Any]:
    return {name: getattr(upload, name) for name in UploadOut.model_fields}


def _result(found: Imported, stored: bool) -> UploadResult:
    repeated = found.changed == 0 and found.summary.startswith("nothing new")
    return UploadResult(
        id=found.upload_id if stored or repeated else None,
        kind=found.kind,
        name=found.name,
        summary=found.summary,
        rows=found.rows,
        changed=found.changed,
        stored=stored,
        problems=problem_rows(found.refused),
        warnings=list(found.warnings),
        preview=None if found.preview is None else plain(found.preview),
    )
