"""A transformer of one's own: read from a folder, on this machine, by the names of its labels."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forecast.errors import ConfigError
from forecast.social.scorers import SETTING, make_scorer
from forecast.social.sentiment import Scorer, label
from forecast.social.transformer import Floats, Ints, TransformerScorer, load_transformer

onnx = pytest.importorskip("onnx", reason="the dev set's onnx makes the tiny models of these tests")
tokenizers = pytest.importorskip("tokenizers", reason="the tiny models need the extra onnx")
pytest.importorskip("onnxruntime", reason="the tiny models need the extra onnx")

TORCH = importlib.util.find_spec("torch") and importlib.util.find_spec("transformers")
WORDS = {"[PAD]": 0, "[UNK]": 1, "bad": 2, "plain": 3, "good": 4}
THREE = {"0": "negative", "1": "neutral", "2": "positive"}
# one row per token: how much it speaks for each of three labels
EMBEDDING = np.array([[0, 0, 0], [0, 1, 0], [6, 0, 0], [0, 6, 0], [0, 0, 6]], dtype=np.float32)


def write_tokenizer(folder: Path) -> None:
    """A tokenizer of five words that pads and cuts on its own, as published ones do."""
    built = tokenizers.Tokenizer(tokenizers.models.WordLevel(WORDS, unk_token="[UNK]"))
    built.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    built.enable_padding(length=64)
    built.enable_truncation(max_length=64)
    built.save(str(folder / "tokenizer.json"))


def tiny(
    folder: Path, labels: dict[str, str] | None = None, *, kind: int = 7, extra_input: str = "", **config: Any
) -> Path:
    """A model: the mean of its tokens' rows, times the identity (or, for another number of labels, their first ones).

    kind: the ONNX type of the inputs, 7 int64 or 6 int32. config: more of config.json.
    """
    folder.mkdir(exist_ok=True)
    labels = THREE if labels is None else labels
    make, numpy_helper = onnx.helper, onnx.numpy_helper
    columns = (
        np.eye(3, len(labels), dtype=np.float32)
        if len(labels) != 2
        else np.array([[1, 0], [0, 0], [0, 1]], dtype=np.float32)
    )
    weights = {
        "table": EMBEDDING,
        "linear": columns,
        "one": np.array([1], dtype=np.int64),
        "last": np.array([2], dtype=np.int64),
    }
    nodes = [
        make.make_node("Gather", ["table", "input_ids"], ["rows"]),
        make.make_node("Cast", ["attention_mask"], ["weight"], to=1),
        make.make_node("Unsqueeze", ["weight", "last"], ["wide"]),
        make.make_node("Mul", ["rows", "wide"], ["kept"]),
        make.make_node("ReduceSum", ["kept", "one"], ["total"], keepdims=0),
        make.make_node("ReduceSum", ["weight", "one"], ["tokens"], keepdims=1),
        make.make_node("Div", ["total", "tokens"], ["mean"]),
        make.make_node("MatMul", ["mean", "linear"], ["logits"]),
        make.make_node("Identity", ["mean"], ["hidden"]),
    ]  # fmt: skip
    names = ["input_ids", "attention_mask", *([extra_input] if extra_input else [])]
    inputs = [make.make_tensor_value_info(name, kind, ["n", "length"]) for name in names]
    outputs = [make.make_tensor_value_info(name, 1, ["n", "k"]) for name in ("hidden", "logits")]
    graph = make.make_graph(nodes, "tiny", inputs, outputs,
                            [numpy_helper.from_array(array, name) for name, array in weights.items()])  # fmt: skip
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    (folder / "config.json").write_text(json.dumps({"id2label": labels, "pad_token_id": 0, **config}))
    write_tokenizer(folder)
    return folder


def scores(scorer: Scorer, *texts: str) -> list[float]:
    return [round(float(one), 3) for one in scorer.score(texts, ["en"] * len(texts))]


def test_a_folder_with_an_onnx_model_scores_posts(tmp_path: Path) -> None:
    own = make_scorer("transformers", tiny(tmp_path), ("en",))
    assert own.name == "transformers" and len(own.version) == 12
    texts = ["good", "bad", "plain", "good bad bad", "good good bad", "what"]
    found = own.score(texts, ["en"] * len(texts))
    assert label(found) == ["positive", "negative", "neutral", "negative", "positive", "neutral"]
    expected = np.exp([6.0, 0, 0]) / np.exp([6.0, 0, 0]).sum()
    assert found[1] == pytest.approx(expected[2] - expected[0])


def test_the_padding_of_a_batch_and_the_order_of_texts_change_no_score(tmp_path: Path) -> None:
    own = load_transformer(tiny(tmp_path), SETTING)
    rng = np.random.default_rng(1)
    texts = [
        " ".join(rng.choice(["good", "bad", "plain", "what"], size)) for size in rng.integers(1, 60, 150)
    ]
    alone = [own.score([text], ["en"])[0] for text in texts]
    assert np.allclose(own.score(texts, ["en"] * 150), alone, atol=1e-6)
    assert len(own.score([], [])) == 0


@pytest.mark.parametrize(
    ("names", "good", "bad"),
    [
        (["NEG", "NEU", "POS"], 1, -1),
        (["LABEL_0", "LABEL_1", "LABEL_2"], 1, -1),
        (["POSITIVE", "mixed", "Very negative"], -1, 1),
        (["Negative", "POSITIVE"], 1, -1),
        (["LABEL_0", "LABEL_1"], 1, -1),
        (["1 star", "2 stars", "5 stars"], 1, -1),
        (["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], 0, -1),
        (["5", "4", "1", "2", "3"], -1, 1),
    ],
)  # fmt: skip
def test_labels_are_understood_by_their_names(tmp_path: Path, names: list[str], good: int, bad: int) -> None:
    own = load_transformer(tiny(tmp_path, {str(at): name for at, name in enumerate(names)}), SETTING)
    told = {"negative": -1, "neutral": 0, "positive": 1}
    assert [told[one] for one in label(own.score(["good", "bad"], ["en"] * 2))] == [good, bad]


@pytest.mark.parametrize(
    ("labels", "more"),
    [
        ({"0": "cat", "1": "dog"}, {}),
        ({"0": "positive", "1": "neutral"}, {}),
        ({}, {}),
        ({f"{at}": f"LABEL_{at}" for at in range(4)}, {}),
        (THREE, {"problem_type": "multi_label_classification"}),
        ({"x": "positive", "1": "negative"}, {}),
    ],
)
def test_labels_that_are_no_moods_are_refused(
    tmp_path: Path, labels: dict[str, str], more: dict[str, str]
) -> None:
    with pytest.raises(ConfigError, match="labels of the sentiment model") as error:
        load_transformer(tiny(tmp_path, labels, **more), SETTING)
    assert error.value.field == SETTING


def test_texts_are_cut_at_the_length_of_the_model(tmp_path: Path) -> None:
    own = load_transformer(tiny(tmp_path, max_position_embeddings=8), SETTING)
    assert scores(own, "bad " * 8 + "good " * 500) == scores(own, "bad " * 8)
    shifted = load_transformer(
        tiny(tmp_path, max_position_embeddings=10, model_type="roberta", pad_token_id=1), SETTING
    )
    assert (
        scores(shifted, "bad " * 8 + "good")
        == scores(shifted, "bad " * 8)
        != scores(shifted, "bad " * 7 + "good")
    )
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 3}')
    least = load_transformer(tmp_path, SETTING)
    assert scores(least, "bad bad bad good good good good") == scores(least, "bad")
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 1e30}')
    assert scores(load_transformer(tmp_path, SETTING), "bad " * 8 + "good") == scores(shifted, "bad " * 8)


def test_a_model_may_ask_for_token_types_and_for_short_integers(tmp_path: Path) -> None:
    plain = scores(load_transformer(tiny(tmp_path / "a"), SETTING), "good bad good")
    types = load_transformer(tiny(tmp_path / "b", extra_input="token_type_ids"), SETTING)
    short = load_transformer(tiny(tmp_path / "c", kind=6), SETTING)
    assert scores(types, "good bad good") == scores(short, "good bad good") == plain


def test_the_version_is_the_content_of_the_folder(tmp_path: Path) -> None:
    first = load_transformer(tiny(tmp_path / "a"), SETTING).version
    assert load_transformer(tiny(tmp_path / "b"), SETTING).version == first
    assert load_transformer(tiny(tmp_path / "c", max_position_embeddings=9), SETTING).version != first


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.onnx"])
def test_a_missing_or_broken_part_is_refused_by_the_name_of_the_setting(tmp_path: Path, missing: str) -> None:
    folder = tiny(tmp_path)
    (folder / missing).write_text("\x00 not this")
    with pytest.raises(ConfigError, match=missing) as error:
        make_scorer("transformers", folder, ("en",))
    assert error.value.field == SETTING
    (folder / missing).unlink()
    with pytest.raises(ConfigError) as error:
        make_scorer("transformers", folder, ("en",))
    assert error.value.field == SETTING


def test_a_model_that_asks_for_something_else_or_answers_otherwise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pixel_values"):
        load_transformer(tiny(tmp_path / "a", extra_input="pixel_values"), SETTING)
    folder = tiny(tmp_path / "b")
    (folder / "config.json").write_text(json.dumps({"id2label": {"0": "negative", "1": "positive"}}))
    with pytest.raises(ConfigError, match="2 labels"):
        load_transformer(folder, SETTING).score(["good"], ["en"])


def test_hostile_texts_are_scored_and_cost_no_more_than_their_first_characters(tmp_path: Path) -> None:
    own = load_transformer(tiny(tmp_path), SETTING)
    texts = [
        "",
        " ",
        "\x00",
        "\ud800",
        "bad \udfff\ud800",
        "a" * 100_000,
        "good " * 20_000,
        "好" * 100_000,
        "😡" * 100_000,
    ]
    start = time.perf_counter()
    found = own.score(texts, ["en"] * len(texts))
    assert time.perf_counter() - start < 20
    assert [*found[:4]] == [0, 0, 0, 0] and label(found[[4, 6]]) == ["negative", "positive"]
    assert np.isfinite(found).all()


class Numbers:
    """An engine and an encoder whose answer is written in the text: `1 2 3` are logits."""

    def encode(self, text: str) -> Sequence[int]:
        return [int(part) for part in text.split()]

    def logits(self, ids: Ints, mask: Ints) -> Floats:
        return np.where(ids == 99, np.nan, ids.astype(np.float64))


def test_an_answer_that_is_no_number_says_nothing() -> None:
    own = TransformerScorer(Numbers(), Numbers(), (0, 1, 2), version="1")
    assert scores(own, "0 0 9", "0 0 99") == [1.0, 0.0]


def test_a_model_without_a_neutral_label_is_neutral_where_it_is_undecided() -> None:
    own = TransformerScorer(Numbers(), Numbers(), (0, 2), version="1")
    assert label(own.score(["3 3", "3 9", "9 3"], ["en"] * 3)) == ["neutral", "positive", "negative"]


@pytest.mark.skipif(
    bool(TORCH), reason="torch and transformers are here: what is said without them cannot be seen"
)
def test_without_torch_a_pytorch_folder_names_the_extra_to_install(tmp_path: Path) -> None:
    folder = tiny(tmp_path)
    (folder / "model.onnx").unlink()
    with pytest.raises(ConfigError, match=r"forecall\[transformers\]") as error:
        make_scorer("transformers", folder, ("en",))
    assert error.value.field == SETTING


@pytest.mark.skipif(
    not TORCH,
    reason="torch and transformers (the extra transformers) are not installed: the PyTorch path is NOT tested",
)
def test_a_pytorch_folder_scores_like_the_model_in_it(tmp_path: Path) -> None:
    import torch  # type: ignore[import-not-found,unused-ignore]
    from transformers import (  # type: ignore[import-not-found,unused-ignore]
        BertConfig,
        BertForSequenceClassification,
    )

    torch.manual_seed(1)
    shape = {
        "vocab_size": 5,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 8,
    }
    config = BertConfig(
        **shape, max_position_embeddings=16, id2label=THREE, label2id={v: int(k) for k, v in THREE.items()}
    )
    model = BertForSequenceClassification(config).eval()
    model.save_pretrained(tmp_path)
    write_tokenizer(tmp_path)
    own = make_scorer("transformers", tmp_path, ("en",))
    with torch.inference_mode():
        said = torch.softmax(model(input_ids=torch.tensor([[4, 2]])).logits, -1)[0]
    found = own.score(["good bad", "good " * 100, "", "\ud800"], ["en"] * 4)
    assert label(found[:1]) == [THREE[str(int(said.argmax()))]]
    assert np.isfinite(found).all()
