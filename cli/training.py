"""`forecall sentiment train` and `forecall topics train`: fit on one's own labelled posts. Touch no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import console
from cli.console import AsJson
from cli.posts import read_texts

if TYPE_CHECKING:
    from forecast.social.training import Trained

sentiment_group = typer.Typer(no_args_is_help=True, help="How a post feels: a scorer trained on your posts.")
topics_group = typer.Typer(no_args_is_help=True, help="What a post is about: a model trained on your posts.")


def register(app: typer.Typer) -> None:
    """Add both groups to the application."""
    app.add_typer(sentiment_group, name="sentiment", rich_help_panel="Posts")
    app.add_typer(topics_group, name="topics", rich_help_panel="Posts")


@sentiment_group.command("train")
def train_sentiment(
    file: Annotated[
        Path,
        typer.Argument(help="CSV or JSONL with `text`, `label` and maybe `language`.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="Where to write the model.")] = Path("sentiment-model.npz"),
    as_json: AsJson = False,
) -> None:
    """Fit a scorer on labelled posts (negative, neutral, positive), and say how good it is on posts it did not see."""
    from forecast.social.sentiment import LexiconScorer
    from forecast.social.training import train_scorer
    from store.chain import Chain

    rows, given = _labelled(file, "label")
    config = console.settings()
    _writable(out)
    with console.progress("Training", quiet=as_json) as step:
        found = train_scorer(
            [_text(row) for row in rows],
            [row.get("label") for row in rows],
            languages=Chain(config).languages,
            scorer=LexiconScorer(config.social.languages),
            given=given,
            step=step,
        )
    _write(found, out)
    _report(found, out, "the lexicon alone", as_json)
    if not as_json:
        typer.echo(f"Use it with social.sentiment: {{scorer: trained, model: {out}}}")


@topics_group.command("train")
def train_topics(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV or JSONL with `text`, `topic` (several parted by `;`, none if empty) and maybe `language`.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where to write the model.")] = Path("topic-model.npz"),
    as_json: AsJson = False,
) -> None:
    """Fit a topic model on labelled posts, and say how good it is on posts it did not see."""
    from forecast.social.topics import company_topics
    from forecast.social.training import train_topics as train
    from store.chain import Chain

    rows, given = _labelled(file, "topic")
    config = console.settings()
    _writable(out)
    keywords = company_topics(config.social.sector, config.social.topics)
    with console.progress("Training", quiet=as_json) as step:
        found = train(
            [_text(row) for row in rows],
            [_topics(row.get("topic")) for row in rows],
            languages=Chain(config).languages,
            keywords=keywords,
            given=given,
            step=step,
        )
    _write(found, out)
    strange = sorted({*found.model.classes, *found.few} - set(keywords.names))
    told = f"These topics are not among the configured ones: {', '.join(strange)}. Is one misspelt?"
    console.warn([*_few(found.few), *([told] if strange else [])])
    _report(found, out, "the keywords alone", as_json)
    if not as_json:
        typer.echo(f"Use it with social.topic_model: {out}")


def _labelled(file: Path, column: str) -> tuple[list[dict[str, Any]], list[str | None] | None]:
    """A file -> its rows and the languages they name, if any; InputError where the column is missing."""
    from forecast.errors import InputError

    rows, _ = read_texts(file)
    if not any(column in row for row in rows):
        raise InputError(
            f"{file.name} has no column {column!r}; it has {', '.join(map(str, rows[0]))[:200]}.",
            remedy=f"Name the column with the labels `{column}`.",
            field=column,
        )
    if not any(row.get("language") for row in rows):
        return rows, None
    return rows, [str(row.get("language") or "").strip().lower() or None for row in rows]


def _text(row: Mapping[str, Any]) -> str:
    return str(row.get("text") or "")


def _topics(value: object) -> list[str]:
    """`a; b`, or a list of a JSONL file -> topics."""
    parts: Sequence[object] = value if isinstance(value, list) else str(value or "").split(";")
    return [name for part in parts if (name := " ".join(str(part).split()))]


def _writable(out: Path) -> None:
    """InputError before the work where the model could not be written after it."""
    from forecast.errors import InputError

    if out.is_dir() or not out.parent.is_dir():
        raise InputError(
            f"The model cannot be written to {out}.",
            remedy="Name a file in a folder that exists.",
            field="out",
        )


def _write(found: Trained, out: Path) -> None:
    from forecast.social.model_file import save

    save(found.model, out)


def _few(few: Mapping[str, int]) -> list[str]:
    from forecast.social.training import LEAST_POSTS

    return [
        f"{topic} has {n:,} posts: it is left to the keywords (a model needs {LEAST_POSTS} with it and "
        f"{LEAST_POSTS} without)."
        for topic, n in few.items()
    ]


def _report(found: Trained, out: Path, other: str, as_json: bool) -> None:
    """How good the model is: a line, then a row per label with what its posts were told to be."""
    from forecast.social.linear_model import FOLDS

    rows = found.rows()
    if as_json:
        console.print_json(
            {
                "model": str(out),
                "version": found.model.version,
                "posts": len(found.truth),
                "copies": found.copies,
                "unlabelled": found.unlabelled,
                "folds": FOLDS,
                "strength": found.fitted.strength,
                "macro_f1": found.macro_f1,
                "macro_f1_before": found.macro_f1_before,
                "accuracy": found.accuracy,
                "labels": rows,
                "left_to_keywords": dict(found.few),
            }
        )
        return
    left = {"copies of others": found.copies, "without text or label": found.unlabelled}
    console.warn([f"{n:,} posts were left out: {why}." for why, n in left.items() if n])
    typer.echo(
        f"{len(found.truth):,} posts, {FOLDS} folds, each told by a model of the other four: macro-F1 "
        f"{found.macro_f1:.3f} ({other}: {found.macro_f1_before:.3f}), accuracy {found.accuracy:.3f}."
    )
    console.show(rows, list(rows[0]), empty="")
    typer.echo(f"Wrote {out}, version {found.model.version}.")
