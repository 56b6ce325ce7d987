"""`forecall sentiment train` and `forecall topics train` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.unit.conftest import Run

FILLING = ("the box came", "my house", "on monday", "with the blue one", "our street", "at ten", "for two")
WORDS = {"negative": "glorp", "neutral": "tavik", "positive": "zindle"}


def labelled(column: str, names: dict[str, str], n: int = 60) -> str:
    rng = np.random.default_rng(3)
    rows = [
        f"{rng.choice(FILLING)} {word} {number},{name},en"
        for number in range(n)
        for name, word in names.items()
    ]
    return "\n".join([f"text,{column},language", *rows, ""])


def test_a_scorer_is_trained_reported_and_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text(labelled("label", WORDS) + "no label,,en\n")
    code, out, err = run("sentiment", "train", "posts.csv", "--out", "own.npz")
    assert code == 0 and "180 posts, 5 folds" in out and "macro-F1 1.000 (the lexicon alone: 0.167)" in out
    assert "told negative" in out and "scorer: trained, model: own.npz" in out
    assert "1 posts were left out: without text or label" in err
    (tmp_path / "config.yaml").write_text(
        "social: {languages: [en], sentiment: {scorer: trained, model: own.npz}}\n"
    )
    (tmp_path / "new.csv").write_text("text\nit is glorp here\nzindle for my house\n")
    code, out, _ = run("score", "new.csv")
    assert code == 0 and [line.split(",")[3] for line in out.splitlines()] == [
        "label",
        "negative",
        "positive",
    ]


def test_the_figures_come_as_json_with_the_confusion_of_each_label(run: Run, tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text(labelled("label", WORDS))
    code, out, _ = run("sentiment", "train", "posts.csv", "--json")
    told = json.loads(out)
    assert code == 0 and told["posts"] == 180 and told["model"] == "sentiment-model.npz"
    assert (
        told["labels"][0]["told negative"] + told["labels"][0]["told positive"]
        <= told["labels"][0]["posts"]
        == 60
    )
    assert (tmp_path / "sentiment-model.npz").is_file() and told["macro_f1"] > 0.9


def test_a_topic_model_is_trained_reported_and_used(run: Run, tmp_path: Path) -> None:
    rows = [
        {"text": f"{FILLING[n % 7]} {word} {n}", "topic": topic}
        for n in range(60)
        for topic, word in (
            ("outage", "glorp"),
            ("meter;billing", "tavik"),
            ("", "hello"),
            (["gardn"], "zindle"),
        )
    ]
    rows.append({"text": "only once", "topic": "moving"})
    (tmp_path / "posts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, err = run("topics", "train", "posts.jsonl")
    assert code == 0 and "the keywords alone" in out and "social.topic_model: topic-model.npz" in out
    assert "moving has 1 posts" in err and "not among the configured ones: gardn" in err
    (tmp_path / "config.yaml").write_text("social: {languages: [en], topic_model: topic-model.npz}\n")
    (tmp_path / "new.csv").write_text("text\na tavik in my house\n")
    code, out, _ = run("score", "new.csv")
    assert code == 0 and out.splitlines()[1].endswith("billing;meter")


def test_what_cannot_be_learned_from_is_one_sentence_with_a_remedy(run: Run, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text(labelled("label", WORDS, 20))
    code, _, err = run("sentiment", "train", "few.csv")
    assert code == 1 and "20 of negative, 20 of neutral, 20 of positive" in err and "at least 50" in err
    code, _, err = run("topics", "train", "few.csv")
    assert code == 1 and "no column 'topic'" in err
    (tmp_path / "bad.csv").write_text("text,label\nfine,good\n")
    code, _, err = run("sentiment", "train", "bad.csv")
    assert code == 1 and "Row 1 has the label 'good'" in err and err.count("\n") == 1
    code, _, err = run("sentiment", "train", "few.csv", "--out", "absent/own.npz")
    assert code == 1 and "cannot be written" in err


def test_a_setting_that_names_no_model_is_told_by_its_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("text\nhello\n")
    (tmp_path / "config.yaml").write_text("social: {sentiment: {scorer: trained, model: gone.npz}}\n")
    code, _, err = run("score", "new.csv")
    assert code == 2 and "social.sentiment.model" in err
    (tmp_path / "config.yaml").write_text("social: {topic_model: new.csv}\n")
    code, _, err = run("score", "new.csv")
    assert code == 2 and "social.topic_model" in err
