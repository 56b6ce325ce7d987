"""The chain over posts: privacy, language, sentiment, topics; and how good it is on posts with known labels.

Nothing after `privacy.strip` sees the text as it came, and nothing that leaves here holds a name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast import buckets
from forecast.errors import ContractError, InputError
from forecast.frames import check
from forecast.social.copies import sketch
from forecast.social.failed_contact import follows_failed_contact
from forecast.social.language import Languages
from forecast.social.mention import Mention
from forecast.social.privacy import hash_author, hash_id, strip
from forecast.social.sentiment import LABELS, Scorer, label
from forecast.social.signals import SCORED
from forecast.social.topic_model import Tagger

KeyOf: TypeAlias = Callable[[dt.datetime], bytes]  # the key of the month a post was made in
KEPT, EPHEMERAL, COUNTS = LEVELS = ("kept", "ephemeral", "counts")  # what may be kept of a post
_EPOCH, _MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)
REGIONS = ("NL",)
BATCH = 5_000  # posts at a time: enough for speed, and flat memory on millions
_SPELLINGS = {
    "neg": "negative",
    "-1": "negative",
    "neu": "neutral",
    "0": "neutral",
    "pos": "positive",
    "1": "positive",
}


def _batches(n: int) -> Iterator[slice]:
    return (slice(start, start + BATCH) for start in range(0, n, BATCH))


def score_texts(
    texts: Sequence[str],
    *,
    languages: Languages,
    scorer: Scorer,
    topics: Tagger,
    given: Sequence[str | None] | None = None,
    regions: tuple[str, ...] = REGIONS,
) -> pd.DataFrame:
    """texts[n] -> frame[language, sentiment, label, topics (tuple)], n rows in the same order.

    `given[n]` are languages known beforehand; one that is configured is taken, any other is found out. `regions`: the
    countries (ISO 3166) whose phone numbers are known without +country.
    """
    parts = [_score([strip(text, regions=regions) for text in texts[rows]], languages, scorer, topics, given and given[rows])
             for rows in _batches(len(texts))]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else _score([], languages, scorer, topics, None)


def _score(
    stripped: Sequence[str],
    languages: Languages,
    scorer: Scorer,
    topics: Tagger,
    given: Sequence[str | None] | None,
) -> pd.DataFrame:
    tags = _languages(stripped, languages, given)
    sentiment = scorer.score(stripped, tags)
    return pd.DataFrame(
        {
            "language": pd.Series(tags, dtype=object),
            "sentiment": sentiment,
            "label": pd.Series(label(sentiment), dtype=object),
            "topics": pd.Series(topics.assign(stripped, tags), dtype=object),
        }
    )


def _languages(texts: Sequence[str], languages: Languages, given: Sequence[str | None] | None) -> list[str]:
    if not given:
        return languages.tag(texts)
    unknown = [row for row, name in enumerate(given) if name not in languages.names]
    found = dict(zip(unknown, languages.tag([texts[row] for row in unknown]), strict=True))
    return [found[row] if row in found else str(name) for row, name in enumerate(given)]


def score_mentions(
    mentions: Sequence[Mention],
    *,
    languages: Languages,
    scorer: Scorer,
    topics: Tagger,
    key: KeyOf,
    level: str = KEPT,
    regions: tuple[str, ...] = REGIONS,
) -> pd.DataFrame:
    """mentions[n] -> scored mentions (`signals.SCORED`), n rows in the same order.

    Texts are stripped; authors and the ids of posts are hashed with the key of the moment the post was made; links to
    posts are dropped (they hold names). `level` says what else may leave: KEPT the stripped text, EPHEMERAL none,
    COUNTS neither text nor author nor reach. A deleted post is scored, because it was seen, but its text does not leave.
    """
    parts = [
        _score_mentions(mentions[rows], languages, scorer, topics, key, level, regions)
        for rows in _batches(len(mentions))
    ]
    if not parts:
        parts = [_score_mentions([], languages, scorer, topics, key, level, regions)]
    return check(pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0], SCORED)


def _score_mentions(
    mentions: Sequence[Mention],
    languages: Languages,
    scorer: Scorer,
    topics: Tagger,
    key: KeyOf,
    level: str,
    regions: tuple[str, ...],
) -> pd.DataFrame:
    texts = [strip(mention.text, regions=regions) for mention in mentions]
    scored = _score(texts, languages, scorer, topics, [mention.language for mention in mentions])
    keys = [key(mention.created_at) for mention in mentions]
    columns: dict[str, object] = {
        name: pd.Series([getattr(mention, name) for mention in mentions], dtype=object)
        for name in ("source", "brand", "direction")
    }
    for name in ("id", "repost_of", "reply_to"):
        hashed = [
            None if (given := getattr(one, name)) is None else hash_id(one.source, given, mine)
            for one, mine in zip(mentions, keys, strict=True)
        ]
        columns[name] = pd.Series(hashed, dtype=object)
    for name in ("created_at", "known_at", "replied_at", "resolved_at", "deleted_at"):
        columns[name] = _moments([getattr(mention, name) for mention in mentions])
    numbers_only = level == COUNTS
    columns["reach"] = np.array(
        [np.nan if m.reach is None or numbers_only else m.reach for m in mentions], dtype=np.float64
    )
    columns["author"] = pd.Series(
        [
            None if one.author is None or numbers_only else hash_author(one.author, mine)
            for one, mine in zip(mentions, keys, strict=True)
        ],
        dtype=object,
    )
    columns["text"] = pd.Series(
        ["" if m.deleted_at else text for m, text in zip(mentions, texts, strict=True)]
        if level == KEPT
        else [None] * len(mentions),
        dtype=object,
    )
    columns["failed_contact"] = np.array(
        follows_failed_contact(texts, scored["language"].tolist()), dtype=bool
    )
    columns["sketch"] = pd.Series(sketch(texts), dtype=object)
    return pd.concat([pd.DataFrame(columns), scored], axis=1)


def _moments(values: Sequence[dt.datetime | None]) -> pd.DatetimeIndex:
    """Aware moments or None [n] -> DatetimeIndex[n] in UTC; many times as fast as pandas does it from objects."""
    missing = np.iinfo(np.int64).min
    ns = [missing if value is None else (value - _EPOCH) // _MICROSECOND * 1000 for value in values]
    return buckets.index(np.array(ns, dtype=np.int64))


def evaluate(truth: pd.DataFrame, scored: pd.DataFrame) -> pd.DataFrame:
    """truth[label?, lang?, set?], scored[language, label] in the same order -> scores[set, n, macro_f1, accuracy, language_accuracy].

    One row per `set`, else per `lang`, else per language found; a last row `all` where there are several. Macro-F1 is
    the mean over those of the three labels that occur. What the truth lacks is NaN.
    """
    if len(truth) != len(scored):
        raise ContractError(
            f"There are {len(truth)} labelled rows and {len(scored)} scored ones.",
            remedy="Score the same file.",
        )
    if "label" not in truth and "lang" not in truth:
        raise ContractError(
            "There is neither a label nor a lang to compare with.",
            remedy="Add a column label or lang.",
            field="label",
        )
    groups = next((truth[name] for name in ("set", "lang") if name in truth), scored["language"])
    keys = groups.astype(str).to_numpy()
    wanted = _labels(truth["label"]) if "label" in truth else None
    names = [*dict.fromkeys(keys)]
    rows = [_row(name, keys == name, truth, scored, wanted) for name in names]
    if len(names) > 1:
        rows.append(_row("all", np.ones(len(keys), dtype=bool), truth, scored, wanted))
    return pd.DataFrame(rows, columns=["set", "n", "macro_f1", "accuracy", "language_accuracy"])


def _labels(column: pd.Series) -> npt.NDArray[np.object_]:
    plain = [str(value).strip().lower().removesuffix(".0") for value in column]
    labels = [_SPELLINGS.get(value, value) for value in plain]
    for row, value in enumerate(labels, start=1):
        if value not in LABELS:
            raise InputError(
                f"Row {row} has the label {value[:20]!r}.",
                remedy="Use negative, neutral or positive.",
                field="label",
            )
    return np.array(labels, dtype=object)


def _row(
    name: str,
    mask: npt.NDArray[np.bool_],
    truth: pd.DataFrame,
    scored: pd.DataFrame,
    wanted: npt.NDArray[np.object_] | None,
) -> Mapping[str, object]:
    macro = accuracy = spoken = float("nan")
    if wanted is not None:
        want, got = wanted[mask], scored["label"].to_numpy(dtype=object)[mask]
        macro, accuracy = macro_f1(want, got), float((want == got).mean())
    if "lang" in truth:
        lang = truth["lang"].astype(str).to_numpy()[mask]
        spoken = float((lang == scored["language"].astype(str).to_numpy()[mask]).mean())
    return {
        "set": name,
        "n": int(mask.sum()),
        "macro_f1": macro,
        "accuracy": accuracy,
        "language_accuracy": spoken,
    }


def macro_f1(want: npt.NDArray[np.object_], got: npt.NDArray[np.object_]) -> float:
    """want[n], got[n] -> mean F1 over the labels that occur in either; NaN for no rows."""
    scores = []
    for name in LABELS:
        hits = int(((want == name) & (got == name)).sum())
        total = int((want == name).sum() + (got == name).sum())
        if total:
            scores.append(2 * hits / total)
    return float(np.mean(scores)) if scores else float("nan")
