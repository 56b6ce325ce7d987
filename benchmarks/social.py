"""What the way of a post costs and how well it reads: throughput beside py3langid and VADER, quality on labelled posts.

Speed is always a ratio of two programs run in turn in one run, the median of five. The labelled rows, those with a language
as well as those with a mood, are scored at most once a day and set (`social_scores.json` is the log of moods), so that nobody
tunes to them. That was not always kept, which docs/benchmarks/README.md says: on 22 November 2026 language_eval was looked at
about ten times while the language head was built, and the airline rows were scored twice. Both then judge too kindly.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from forecast.social.mention import Mention, parse_mention
from forecast.social.scoring import macro_f1, score_mentions, score_texts
from forecast.social.sentiment import LABELS
from jobs import signals
from jobs.ledger import execute
from store.chain import Chain, receive
from store.database import connect, sessions, upgrade
from store.mentions import save_mentions
from store.settings import Settings
from store.tables import MentionRow

TIMES = 5
KEY = b"bench"
# The best public lexicon of the language on the set, where there is one (design notes of this project, measured there).
LEXICONS = {"umsab_en": 56.0, "umsab_fr": 50.9, "umsab_it": 42.2, "semeval16_nl": 47.4, "airline": 47.3}
# What linear models reach that were trained in the same collection: orientation figures of those notes, which give one range
# for the languages of UMSAB, 52 to 62. Its upper end stands here for each.
LINEAR = {**dict.fromkeys(("umsab_de", "umsab_en", "umsab_es", "umsab_fr", "umsab_it", "umsab_pt"), 62.0),
          "airline": 70.0, "rusentiment": 68.0}  # fmt: skip
LINEAR_SHARE = 0.85
FOLDS = 5


def run(data: Path, out: Path, *, score: bool) -> None:
    """Write social.json and social.md; with `score` also the labelled rows, language and mood, not scored today."""
    held = json.loads((out / "social.json").read_text("utf-8")) if (out / "social.json").is_file() else {}
    language, today = held.get("language", {}), _today()
    if score and language.get("date") != today:
        language = {"date": today, **_language(data / "language_eval.csv")}
    posts = _posts(data / "spotifycares_mentions.jsonl")
    found: dict[str, Any] = {
        "chain": _chain(posts),
        "two processes": _two_processes(posts),
        "ingest": _ingest(posts),
        "signals": _signals(posts),
        "language": language,
    }
    if score:
        _score(data, out / "social_scores.json")
    (out / "social.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write_page(out)


def write_page(out: Path) -> None:
    """social.md anew from what social.json and the log hold, each score beside the bar of the tables above. No text is read."""
    log = _beside_bars(json.loads((out / "social_scores.json").read_text("utf-8")))
    lines = _page(json.loads((out / "social.json").read_text("utf-8")), log)
    (out / "social_scores.json").write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")
    (out / "social.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _today() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"


def _posts(file: Path) -> list[Mention]:
    with file.open(encoding="utf-8") as lines:
        return [parse_mention(json.loads(line), tz="UTC") for line in lines]


def _in_turn(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Each task's median seconds; all of them once per round, the first round only warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(TIMES + 1):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            if turn:
                seconds[name].append(time.perf_counter() - began)
    return {name: median(values) for name, values in seconds.items()}


def _chain(posts: Sequence[Mention]) -> dict[str, float]:
    """Posts per second: the whole chain with hashes, the scoring alone, and the peers on the same texts."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    texts = [post.text for post in posts]
    chain = Chain(Settings())
    tools = {"languages": chain.languages, "scorer": chain.scorer, "topics": chain.topics}
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    tasks: dict[str, Callable[[], object]] = {
        "the whole chain": lambda: score_mentions(posts, key=lambda _: KEY, **tools),
        "texts alone": lambda: score_texts(texts, **tools),
        "py3langid": lambda: [identifier.classify(one) for one in texts],
    }
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        analyser = SentimentIntensityAnalyzer()
        tasks["VADER"] = lambda: [analyser.polarity_scores(one) for one in texts]
    except ImportError:
        print("VADER is not installed; it is left out.")
    return {name: round(len(posts) / seconds, 1) for name, seconds in _in_turn(tasks).items()}


def _worker(posts: Sequence[Mention]) -> float:
    chain = Chain(Settings())
    tools = {"languages": chain.languages, "scorer": chain.scorer, "topics": chain.topics}
    score_mentions(posts[:500], key=lambda _: KEY, **tools)
    began = time.perf_counter()
    for _ in range(3):
        score_mentions(posts, key=lambda _: KEY, **tools)
    return 3 * len(posts) / (time.perf_counter() - began)


def _two_processes(posts: Sequence[Mention]) -> dict[str, float]:
    """Posts per second of one process, and of two at once together."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_worker, [list(posts)] * 2, chunksize=1)  # each loads its tools
        turns = [
            (
                pool.map(_worker, [list(posts)], chunksize=1)[0],
                sum(pool.map(_worker, [list(posts)] * 2, chunksize=1)),
            )
            for _ in range(TIMES)
        ]
    alone, both = (median(values) for values in zip(*turns, strict=True))
    return {"one": round(alone, 1), "two": round(both, 1), "times": round(both / alone, 2)}


def _ingest(posts: Sequence[Mention]) -> dict[str, float]:
    """Rows per second into SQLite: a bare INSERT of the same rows, `save_mentions`, and the whole of `receive`."""
    chain = Chain(Settings())
    tools = {"languages": chain.languages, "scorer": chain.scorer, "topics": chain.topics}
    scored = score_mentions(posts, key=lambda _: KEY, **tools)
    scored = pd.concat([scored.assign(source=f"s{copy}") for copy in range(6)], ignore_index=True)
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/held.db")
        upgrade(engine)
        with sessions(engine)() as session:
            save_mentions(session, scored, received=now)
            session.commit()
            names = [column.name for column in MentionRow.__table__.columns]
            rows = [
                tuple(row)
                for row in session.connection().exec_driver_sql(f"SELECT {', '.join(names)} FROM mentions")
            ]
        engine.dispose()
        bare = f"INSERT INTO mentions ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"

        def fresh(write: Callable[[Session], object]) -> None:
            with sessions(engine)() as session:
                session.execute(text("DELETE FROM mentions"))
                session.commit()
            began = time.perf_counter()
            with sessions(engine)() as session:
                write(session)
                session.commit()
            took.append(time.perf_counter() - began)

        seconds: dict[str, list[float]] = {}
        for turn in range(TIMES + 1):
            for name, write, count in (
                ("bare insert", lambda s: s.connection().exec_driver_sql(bare, rows), len(rows)),
                ("save_mentions", lambda s: save_mentions(s, scored, received=now), len(rows)),
                ("receive", lambda s: receive(s, chain, posts, now=now), len(posts)),
            ):
                took: list[float] = []
                fresh(write)
                if turn:
                    seconds.setdefault(name, []).append(took[0] / count)
        engine.dispose()
    return {name: round(1 / median(values), 1) for name, values in seconds.items()}


def _signals(posts: Sequence[Mention]) -> dict[str, float]:
    """Seconds of a signal update after 500 new posts, with 8,000 and with 80,000 posts held."""
    settings = Settings()
    chain = Chain(settings)
    latest = max(post.created_at for post in posts)
    now = pd.Timestamp(latest) + pd.Timedelta(days=1)
    found = {}
    for copies in (1, 10):
        with tempfile.TemporaryDirectory() as folder:
            engine = connect(f"sqlite:///{folder}/held.db")
            upgrade(engine)
            made = sessions(engine)
            seconds = []
            with made() as session:
                for copy in range(copies):
                    shift = dt.timedelta(days=7 * copy)
                    old = [_moved(post, f"old{copy}", post.created_at - shift) for post in posts]
                    receive(session, chain, old, now=now.to_pydatetime())
                session.commit()
            execute("signals", made, settings, now, job=signals.run)
            for turn in range(TIMES):
                later = now + pd.Timedelta(hours=turn + 1)
                fresh = [_moved(post, f"new{turn}", later - pd.Timedelta(minutes=40)) for post in posts[:500]]
                with made() as session:
                    receive(session, chain, fresh, now=later.to_pydatetime())
                    session.commit()
                began = time.perf_counter()
                execute("signals", made, settings, later, job=signals.run)
                seconds.append(time.perf_counter() - began)
            engine.dispose()
            found[f"{copies * len(posts):,} held"] = round(median(seconds), 3)
    return found


def _moved(post: Mention, source: str, at: dt.datetime) -> Mention:
    return Mention(source, post.id, pd.Timestamp(at).to_pydatetime(), post.text, author=post.author)


def _language(file: Path) -> dict[str, float]:
    rows = _rows(file)
    found = np.array(Chain(Settings()).languages.tag([row["text"] for row in rows]))
    right = found == np.array([row["lang"] for row in rows])
    short = np.array([len(row["text"]) <= 30 for row in rows])
    return {
        "posts": len(rows),
        "right": round(100 * float(right.mean()), 2),
        "short posts": int(short.sum()),
        "right of short": round(100 * float(right[short].mean()), 2),
    }


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def _score(data: Path, log: Path) -> None:
    """Score every set of labelled posts that was not scored today, and write it into the log."""
    held: list[dict[str, Any]] = json.loads(log.read_text("utf-8")) if log.is_file() else []
    today = _today()
    done = {one["set"] for one in held if one["date"] == today}
    rows = [
        (row["set"], row["lang"], row["text"], row["label"]) for row in _rows(data / "sentiment_eval.csv")
    ]
    rows += [("airline", "en", row["text"], row["label"]) for row in _rows(data / "airline_tweets.csv")]
    chain = Chain(Settings())
    for name in dict.fromkeys(row[0] for row in rows):
        if name in done:
            print(f"{name} was scored today already; it is left alone.")
            continue
        mine = [row for row in rows if row[0] == name]
        texts, want = [row[2] for row in mine], np.array([row[3] for row in mine], dtype=object)
        frame = score_texts(texts, languages=chain.languages, scorer=chain.scorer, topics=chain.topics)
        got = frame["label"].to_numpy(dtype=object)
        bar, how = _bar(name, texts, want)
        held.append(
            {
                "date": today, "set": name, "language": mine[0][1], "posts": len(mine), "version": chain.scorer.version,
                "macro_f1": round(100 * macro_f1(want, got), 1), "accuracy": round(100 * float((want == got).mean()), 1),
                "standard_error": round(100 * _standard_error(want, got), 1), "bar": bar, "bar_is": how,
            }
        )  # fmt: skip
        log.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")


def _standard_error(want: np.ndarray[Any, Any], got: np.ndarray[Any, Any], draws: int = 400) -> float:
    """Of macro-F1, by resampling posts."""
    chance = np.random.default_rng(1)
    places = [chance.integers(0, len(want), len(want)) for _ in range(draws)]
    return float(np.std([macro_f1(want[rows], got[rows]) for rows in places]))


def _bar(name: str, texts: Sequence[str], want: np.ndarray[Any, Any]) -> tuple[float, str]:
    """The bar of the tables, else 0.85 of a linear model of ours, trained on other folds of the same set."""
    known = _known_bar(name)
    if known is not None:
        return known
    return round(LINEAR_SHARE * 100 * _linear(texts, want), 1), "0.85 x linear model, other folds"


def _known_bar(name: str) -> tuple[float, str] | None:
    """The greater of the best public lexicon and 0.85 of the linear orientation figure; None where there is neither."""
    bars = []
    if name in LEXICONS:
        bars.append((LEXICONS[name], "best public lexicon"))
    if name in LINEAR:
        bars.append((round(LINEAR_SHARE * LINEAR[name], 1), "0.85 x linear model, orientation"))
    return max(bars, default=None)


def _beside_bars(log: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Logged scores with the bars of the tables; a bar of our own linear model stays where the tables have none."""
    bars = [_known_bar(one["set"]) or (one["bar"], one["bar_is"]) for one in log]
    return [{**one, "bar": bar, "bar_is": how} for one, (bar, how) in zip(log, bars, strict=True)]


def _verdict(log: Sequence[dict[str, Any]]) -> str:
    """The rule of the protocol: the mean reaches the mean of the bars, and no set misses its own by two standard errors."""
    latest = {one["set"]: one for one in log}.values()
    ours, bars = (float(np.mean([one[name] for one in latest])) for name in ("macro_f1", "bar"))
    missed = [
        f"{one['set']} ({one['macro_f1']} against {one['bar']})"
        for one in latest
        if one["macro_f1"] <= one["bar"] - 2 * (one["standard_error"] or 0.0)
    ]
    told = f"below their bar by two standard errors or more: {', '.join(missed) or 'none'}."
    return f"Mean of {len(latest)} sets: {ours:.1f}, mean of their bars: {bars:.1f}; {told}"


def _linear(texts: Sequence[str], want: np.ndarray[Any, Any]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    model = make_pipeline(
        make_union(words, letters), LogisticRegression(max_iter=2000, class_weight="balanced", C=3.0)
    )
    got = cross_val_predict(model, list(texts), want, cv=FOLDS)
    return macro_f1(want, got.astype(object))


def _page(found: dict[str, Any], log: Sequence[dict[str, Any]]) -> list[str]:
    chain, ingest, language = found["chain"], found["ingest"], found["language"]
    lines = ["| posts a second, one core | | of py3langid | of VADER |", "|---|---|---|---|"]
    for name, rate in chain.items():
        beside = [f"{rate / chain[peer]:.2f}" if peer in chain else "" for peer in ("py3langid", "VADER")]
        lines.append(f"| {name} | {rate:,.0f} | {beside[0]} | {beside[1]} |")
    two = found["two processes"]
    lines += ["", f"Two processes: {two['times']} times one ({two['two']:,.0f} posts a second)."]
    lines += ["", "| rows a second into SQLite | | of a bare insert |", "|---|---|---|"]
    lines += [
        f"| {name} | {rate:,.0f} | {rate / ingest['bare insert']:.2f} |" for name, rate in ingest.items()
    ]
    told = ", ".join(f"{seconds} s with {held}" for held, seconds in found["signals"].items())
    lines += ["", f"Signals after 500 new posts: {told}."]
    if language:
        lines += [
            "",
            f"Language among ten and `other`: {language['right']} % of {language['posts']:,} posts, "
            f"{language['right of short']} % of {language['short posts']} of at most 30 characters.",
        ]
    lines += [
        "",
        f"| set | language | scored on | posts | macro-F1, {len(LABELS)} classes | standard error | accuracy | bar | bar is |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in log:
        lines.append(
            f"| {one['set']} | {one['language']} | {one['date']} | {one['posts']:,} | {one['macro_f1']} | {one['standard_error'] or ''} | "
            f"{one['accuracy']} | {one['bar']} | {one['bar_is']} |"
        )
    return [*lines, "", _verdict(log)]
