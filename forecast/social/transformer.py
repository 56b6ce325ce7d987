"""A sentiment transformer of one's own, from a folder on this machine: ONNX where it has `model.onnx`, else PyTorch.

The folder is as Hugging Face's libraries write it: `config.json` (with `id2label`), `tokenizer.json`, and `model.onnx`
or `model.safetensors`. Nothing is downloaded and nothing in the folder is run as code: weights in pickle are refused.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from forecast.errors import ConfigError
from forecast.social.linear_model import readable
from forecast.social.scorers import signed
from forecast.social.sentiment import Scores

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
_BATCH = 32
_USUAL_LENGTH = 512  # tokens, where the folder says nothing
_ABSURD = 100_000  # tokenizers without a limit write 10^30 as theirs
# Their position embeddings begin behind the padding's: 514 of them serve 512 tokens.
_SHIFTED = {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "longformer", "mpnet", "data2vec-text"}
_PLAIN = {2: (0, 2), 3: (0, 1, 2), 5: (0, 0, 1, 2, 2)}  # moods of LABEL_0, LABEL_1, ... by their number
_NAMES = {
    "neg": 0,
    "neu": 1,
    "mixed": 1,
    "pos": 2,
    "1star": 0,
    "2star": 0,
    "3star": 1,
    "4star": 2,
    "5star": 2,
}


class Engine(Protocol):
    """What computes the logits of encoded texts."""

    def logits(self, ids: Ints, mask: Ints) -> Floats:
        """Token ids[n, length], 1 where a token stands[n, length] -> float[n, label]."""
        ...


class Encoder(Protocol):
    """What cuts a text into tokens."""

    def encode(self, text: str) -> Sequence[int]:
        """text -> token ids, at most as many as the model takes."""
        ...


class TransformerScorer:
    """Scores P(positive) - P(negative), kept on the side of the thresholds where the most probable label lies."""

    name = "transformers"

    def __init__(
        self, engine: Engine, encoder: Encoder, moods: Sequence[int], *, version: str, padding: int = 0
    ) -> None:
        """moods: of each label of the model 0 negative, 1 neutral, 2 positive. padding: the id of the filling token."""
        self._engine, self._encoder, self._padding = engine, encoder, padding
        self._moods = np.eye(3)[list(moods)]
        self._neutral = 1 in moods
        self.version = version

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """texts[n], language[n] (not looked at) -> scores[n] in -1..1; 0 for a text without any token.

        Texts of like length share a batch, so that little is padding; the order of the result is that of the texts.
        """
        encoded = [self._encoder.encode(readable(text)) for text in texts]
        order = sorted((row for row, ids in enumerate(encoded) if ids), key=lambda row: len(encoded[row]))
        scores = np.zeros(len(texts))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            ids = np.full((len(rows), len(encoded[rows[-1]])), self._padding, dtype=np.int64)
            mask = np.zeros_like(ids)
            for place, row in enumerate(rows):
                ids[place, : len(encoded[row])] = encoded[row]
                mask[place, : len(encoded[row])] = 1
            scores[rows] = self._read(self._engine.logits(ids, mask))
        return scores

    def _read(self, logits: Floats) -> Scores:
        """logits[n, label] -> scores[n]. What is no number (an overflow in half precision) says nothing: 0."""
        if logits.ndim != 2 or logits.shape[1] != len(self._moods):
            raise ConfigError(
                f"The model answers in the shape {logits.shape}, and config.json names {len(self._moods)} labels.",
                remedy="Export it for text classification.",
            )
        whole = np.asarray(np.isfinite(logits).all(axis=1))
        safe = np.where(whole[:, None], logits, 0.0).astype(np.float64)
        powers = np.exp(safe - safe.max(axis=1, keepdims=True))
        moods = powers / powers.sum(axis=1, keepdims=True) @ self._moods
        # a model without a neutral label is neutral where it is undecided, so its score is left as it is
        found = signed(moods) if self._neutral else moods[:, 2] - moods[:, 0]
        return np.where(whole, found, 0.0)


def load_transformer(folder: Path, setting: str) -> TransformerScorer:
    """A folder -> its scorer; ConfigError, naming the setting, for what is missing: a file, a library, a label."""
    config = _json(folder / "config.json", setting)
    moods = _moods(config, setting)
    onnx = (folder / "model.onnx").is_file()
    extra = "onnx" if onnx else "transformers"
    encoder = _Tokens(folder, config, extra, setting)
    engine: Engine = _Onnx(folder, setting) if onnx else _Torch(folder, setting)
    padding = config.get("pad_token_id")
    return TransformerScorer(
        engine,
        encoder,
        moods,
        version=_fingerprint(folder),
        padding=padding if isinstance(padding, int) and padding >= 0 else 0,
    )


def _library(name: str, extra: str, setting: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ConfigError(
            f"A sentiment model of this kind needs the library {name}, which is not installed.",
            remedy=f"Install it with pip install 'forecall[{extra}]', or take another scorer.",
            field=setting,
        ) from None


def _broken(folder: Path, setting: str, why: str) -> ConfigError:
    return ConfigError(
        f"The sentiment model {folder} cannot be used: {why}",
        remedy=f"Set {setting} to a folder with config.json, tokenizer.json and model.onnx or model.safetensors.",
        field=setting,
    )


def _json(path: Path, setting: str) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _broken(path.parent, setting, f"{path.name}: {error.strerror or error}.") from None
    except (ValueError, RecursionError):
        raise _broken(path.parent, setting, f"{path.name} is not JSON.") from None
    if not isinstance(content, dict):
        raise _broken(path.parent, setting, f"{path.name} is no table.")
    return content


def _moods(config: Mapping[str, Any], setting: str) -> tuple[int, ...]:
    """`id2label` -> of each label 0 negative, 1 neutral, 2 positive; LABEL_0 ... rise from negative to positive."""
    try:
        labels = [str(name) for _, name in sorted((int(at), name) for at, name in config["id2label"].items())]
    except (KeyError, ValueError, TypeError, AttributeError):
        labels = []
    kind = config.get("problem_type")
    plain = [f"LABEL_{at}" for at in range(len(labels))]
    found: Sequence[int | None] = (
        _PLAIN.get(len(labels), ()) if labels == plain else [_mood(name) for name in labels]
    )
    moods = tuple(mood for mood in found if mood is not None)
    if (
        len(moods) != len(labels)
        or not {0, 2} <= set(moods)
        or kind not in (None, "single_label_classification")
    ):
        raise ConfigError(
            f"The labels of the sentiment model ({', '.join(labels)[:100] or 'none'}; {kind or 'one of them'}) are no "
            "moods that exclude each other.",
            remedy="Name them negative, neutral, positive or 1 star .. 5 stars under id2label in its config.json.",
            field=setting,
        )
    return moods


def _mood(name: str) -> int | None:
    """`POS`, `Very negative`, `4 stars` -> 2, 0, 2; None for what is no mood."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum()).removeprefix("very")
    if plain in ("1", "2", "3", "4", "5"):
        plain += "star"
    return next((mood for start, mood in _NAMES.items() if plain.startswith(start)), None)


def _length(folder: Path, config: Mapping[str, Any], setting: str) -> int:
    """The most tokens the model takes: the least of what its parts say, 512 where none says anything."""
    path = folder / "tokenizer_config.json"
    told = [_json(path, setting).get("model_max_length")] if path.is_file() else []
    places = config.get("max_position_embeddings")
    if isinstance(places, int) and config.get("model_type") in _SHIFTED:
        places -= int(config.get("pad_token_id") or 0) + 1
    limits = [int(one) for one in (*told, places) if isinstance(one, int | float) and 0 < one < _ABSURD]
    return min(limits, default=_USUAL_LENGTH)


class _Tokens:
    """`tokenizer.json`, by the library tokenizers. Text by text: only whole batches would start threads."""

    def __init__(self, folder: Path, config: Mapping[str, Any], extra: str, setting: str) -> None:
        library = _library("tokenizers", extra, setting)
        try:
            self._tokenizer = library.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises nothing more special
            raise _broken(folder, setting, f"tokenizer.json: {error}.") from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=_length(folder, config, setting))

    def encode(self, text: str) -> Sequence[int]:
        """text (without lone surrogates, which the library refuses) -> token ids."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids


class _Onnx:
    """`model.onnx`, by onnxruntime on one thread of the processor."""

    def __init__(self, folder: Path, setting: str) -> None:
        library = _library("onnxruntime", "onnx", setting)
        options = library.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = library.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except (
            Exception
        ) as error:  # each status of the library has a class of its own, derived from Exception
            raise _broken(folder, setting, f"model.onnx: {str(error)[:200]}") from None
        self._types = {
            one.name: np.int32 if one.type == "tensor(int32)" else np.int64
            for one in self._session.get_inputs()
        }
        unknown = set(self._types) - {"input_ids", "attention_mask", "token_type_ids"}
        if unknown or "input_ids" not in self._types:
            raise _broken(
                folder, setting, f"model.onnx asks for {', '.join(sorted(unknown)) or 'no input_ids'}."
            )
        outputs = [one.name for one in self._session.get_outputs()]
        self._output = "logits" if "logits" in outputs else outputs[0]

    def logits(self, ids: Ints, mask: Ints) -> Floats:
        """ids[n, length], mask[n, length] -> float[n, label]."""
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        feed = {name: given[name].astype(kind) for name, kind in self._types.items()}
        return np.asarray(self._session.run([self._output], feed)[0], dtype=np.float64)


class _Torch:
    """`model.safetensors`, by transformers on one thread."""

    def __init__(self, folder: Path, setting: str) -> None:
        # read when its hub library is imported; local_files_only alone has let look-ups through in some versions
        # (huggingface/transformers issue 45545)
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        self._torch = _library("torch", "transformers", setting)
        library = _library("transformers", "transformers", setting)
        self._torch.set_num_threads(1)
        try:
            self._model = library.AutoModelForSequenceClassification.from_pretrained(
                str(folder.resolve()), local_files_only=True, use_safetensors=True, trust_remote_code=False
            ).eval()
        except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
            raise _broken(folder, setting, str(error).split("\n")[0][:200]) from None

    def logits(self, ids: Ints, mask: Ints) -> Floats:
        """ids[n, length], mask[n, length] -> float[n, label]."""
        tensor = self._torch.from_numpy
        with self._torch.inference_mode():
            found = self._model(input_ids=tensor(ids), attention_mask=tensor(mask)).logits
        return np.asarray(found.float().numpy(), dtype=np.float64)


def _fingerprint(folder: Path) -> str:
    """The hash of all that decides a score. A model of 500 MB takes about half a second."""
    content = hashlib.blake2b(digest_size=6)
    wanted = ("config.json", "tokenizer.json", "tokenizer_config.json")
    onnx = (folder / "model.onnx").is_file()
    weights = sorted(folder.glob("model.onnx*" if onnx else "*.safetensors"))
    for path in (*(folder / name for name in wanted), *weights):
        if path.is_file():
            content.update(path.name.encode())
            with path.open("rb") as file:
                content.update(hashlib.file_digest(file, "blake2b").digest())
    return content.hexdigest()
