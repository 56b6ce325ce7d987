"""Posts, reposts and answers as the rows of a mention file, and the labels that each customer's post should get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from forecast.simulate import posts as people
from forecast.simulate.company import Company
from forecast.simulate.timeline import Timeline

Mention = dict[str, Any]


def rows(company: Company, time: Timeline, posts: pd.DataFrame) -> tuple[list[Mention], pd.DataFrame]:
    """posts -> mention rows of posts, reposts and replies by time, and the labels of what customers wrote."""
    again = people.reposts(company, time, posts)
    answers = people.replies(company, time, posts)
    everything = pd.concat(
        [posts.assign(role="post"), again.assign(role="repost"), answers.assign(role="reply")]
    )
    order = np.argsort(everything["ns"].to_numpy(), kind="stable")
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.arange(len(order))
    ids = np.array([f"{number:07d}" for number in range(len(order))], dtype=object)[numbers]
    everything = everything.assign(id=ids)
    everything["repost_of"] = _refer(everything.get("of"), ids)
    everything["reply_to"] = _refer(everything.get("to"), ids)
    answered = np.full(len(posts), None, dtype=object)
    answered[answers["to"].to_numpy(np.int64)] = iso(answers["ns"].to_numpy(np.int64))
    everything["replied_at"] = np.concatenate(
        [answered, np.full(len(again) + len(answers), None, dtype=object)]
    )
    ordered = everything.iloc[order]
    given = time.stream("language given").random(len(ordered)) < company.posts.language_given
    labels = ordered[ordered["role"] != "reply"]
    return _rows(ordered, given), labels[
        ["id", "language", "topic", "mood", "cause", "incident"]
    ].reset_index(drop=True)


def _refer(rows: pd.Series | None, ids: Any) -> Any:
    """Row numbers of posts, NaN where none -> their ids, None where none."""
    if rows is None:
        return None
    out = np.full(len(rows), None, dtype=object)
    there = rows.notna().to_numpy()
    out[there] = ids[rows.to_numpy(np.float64)[there].astype(np.int64)]
    return out


def _rows(ordered: pd.DataFrame, given: Any) -> list[Mention]:
    columns: Mapping[str, list[Any]] = {
        "id": ordered["id"].tolist(),
        "source": ordered["source"].tolist(),
        "created_at": iso(ordered["ns"].to_numpy(np.int64)),
        "text": ordered["text"].tolist(),
        "author": ordered["author"].tolist(),
        "language": [text if told else None for text, told in zip(ordered["language"], given, strict=True)],
        "url": ("https://posts.example/" + ordered["source"] + "/" + ordered["id"]).tolist(),
        "reach": ordered["reach"].tolist(),
        "repost_of": ordered["repost_of"].tolist(),
        "reply_to": ordered["reply_to"].tolist(),
        "direction": np.where(ordered["role"] == "reply", "out", "in").tolist(),
        "replied_at": ordered["replied_at"].tolist(),
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def iso(ns: Any) -> list[str]:
    """ns[m] -> ISO 8601 in UTC to the second, rounded down."""
    return [f"{text}Z" for text in np.datetime_as_string(ns.astype("datetime64[ns]").astype("datetime64[s]"))]
