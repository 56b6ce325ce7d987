"""`forecall score`: texts in, the same rows out with language, sentiment, label and topics. Touches no database."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson

if TYPE_CHECKING:
    import pandas as pd

ADDED = ("language", "sentiment", "label", "topics")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(rich_help_panel="Posts")(score)


def score(
    file: Annotated[
        Path | None, typer.Argument(help="CSV or JSONL with `text`; else stdin.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write; .jsonl for JSON lines, else CSV.", show_default=False)
    ] = None,
    compare: Annotated[
        bool,
        typer.Option("--eval", help="Compare with the file's own `label` and `lang`, per `set` or language."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Language, sentiment and topics of texts. Rows stay as they are and in their order."""
    from forecast.social.scoring import score_texts
    from store.chain import Chain

    rows, lines = read_texts(file)
    config = console.settings()
    chain = Chain(_languages_of(config, rows) if compare else config)
    scored = score_texts(
        [str(row.get("text") or "") for row in rows],
        languages=chain.languages,
        scorer=chain.scorer,
        topics=chain.topics,
        regions=chain.regions,
    )
    if compare:
        _evaluate(rows, scored, as_json)
        if out is None:
            return
    results = [{**row, **_added(scored, number)} for number, row in enumerate(rows)]
    _write(results, out, json_lines=lines if out is None else out.suffix in (".jsonl", ".ndjson"))
    if out is not None:
        typer.echo(f"Wrote {len(results):,} rows to {out}.", err=True)


def read_texts(file: Path | None) -> tuple[list[dict[str, Any]], bool]:
    """A CSV or JSONL of rows with `text` -> (rows, is it JSONL). Errors name the file and the row."""
    from forecast.errors import EmptyFile, InputError, UnreadableFile

    name = "stdin" if file is None else file.name
    try:
        content = sys.stdin.read() if file is None else file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile(
            f"{name} is not text in UTF-8.", remedy="Save it as CSV or JSONL in UTF-8."
        ) from None
    except OSError as error:
        raise UnreadableFile(
            f"{name} cannot be opened: {error.strerror}.", remedy="Check the path."
        ) from None
    if not content.strip():
        raise EmptyFile(f"{name} is empty.", remedy="Give CSV or JSONL with a column `text`.")
    lines = content.lstrip().startswith("{")
    rows = _json_rows(content, name) if lines else _csv_rows(content, name)
    if not rows:
        raise EmptyFile(f"{name} has no row below its header.", remedy="Give rows with a `text`.")
    if "text" not in rows[0]:
        raise InputError(
            f"{name} has no column 'text'; it has {', '.join(map(str, rows[0]))[:200]}.",
            remedy="Name the column with the texts `text`.",
            field="text",
        )
    return rows, lines


def _json_rows(content: str, name: str) -> list[dict[str, Any]]:
    from forecast.errors import UnreadableFile

    rows = []
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise UnreadableFile(
                f"Row {number} of {name} is no JSON object.", remedy='Write {"text": "..."} per line.'
            )
        rows.append(row)
    return rows


def _csv_rows(content: str, name: str) -> list[dict[str, Any]]:
    from forecast.errors import UnreadableFile

    header = content.split("\n", 1)[0]
    delimiter = max(",;\t|", key=header.count)
    csv.field_size_limit(10_000_000)
    try:
        reader = csv.DictReader(content.splitlines(keepends=True), delimiter=delimiter, restkey="")
        return [{key: value for key, value in row.items() if key} for row in reader]
    except csv.Error as error:
        raise UnreadableFile(f"{name} cannot be read as CSV: {error}.", remedy="Check its quotes.") from None


def _languages_of(config: Any, rows: list[dict[str, Any]]) -> Any:
    """For --eval: tell apart the languages that the file itself names beside those configured."""
    from forecast.social.lexicon import available

    named = {str(row.get("lang") or "") for row in rows} & set(available())
    languages = tuple(dict.fromkeys((*config.social.languages, *sorted(named))))
    return config.model_copy(update={"social": config.social.model_copy(update={"languages": languages})})


def _evaluate(rows: list[dict[str, Any]], scored: pd.DataFrame, as_json: bool) -> None:
    import pandas as pd

    from forecast.social.scoring import evaluate

    names = [name for name in ("label", "lang", "set") if name in rows[0]]
    found = evaluate(pd.DataFrame(rows)[names], scored).to_dict("records")
    table = [{str(key): value for key, value in row.items()} for row in found]
    if as_json:
        console.print_json(table)
    else:
        console.show(
            table, ("set", "n", "macro_f1", "accuracy", "language_accuracy"), empty="Nothing to compare."
        )


def _added(scored: pd.DataFrame, row: int) -> dict[str, Any]:
    values: dict[str, Any] = {name: scored[name].iat[row] for name in ADDED}
    return {**values, "sentiment": round(float(values["sentiment"]), 4), "topics": ";".join(values["topics"])}


def _write(rows: list[dict[str, Any]], out: Path | None, *, json_lines: bool) -> None:
    target = sys.stdout if out is None else out.open("w", encoding="utf-8", newline="")
    try:
        if json_lines:
            target.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            names = list(dict.fromkeys([*rows[0], *ADDED]))
            writer = csv.DictWriter(target, names, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
    finally:
        if out is not None:
            target.close()
