"""The file of a trained text model: arrays and a JSON header in one .npz, nothing that could run (never pickle)."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from forecast.errors import ConfigError
from forecast.social.linear_model import KINDS, Block, LinearModel

FORMAT = "forecall text model 1"
_ARRAYS = ("weights", "bias", "thresholds", "rarity_words", "rarity_characters")
# What reading anything else as such a file ends in; RuntimeError: an encrypted archive, or JSON nested too deep.
_FOREIGN = (ValueError, KeyError, TypeError, AttributeError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile,
            zlib.error)  # fmt: skip
_MAKERS = {"sentiment": "forecall sentiment train", "topics": "forecall topics train"}


def sealed(model: LinearModel) -> LinearModel:
    """The same model as its file will hold it, with the hash of its content as `version`."""
    exact = replace(model, weights=model.weights.astype(np.float32).astype(np.float64))
    return replace(exact, version=_fingerprint(_header(exact), _arrays(exact)))


def save(model: LinearModel, path: Path) -> None:
    """Write the model; a file that is there is replaced only by a whole one."""
    header = np.frombuffer(_header(model), dtype=np.uint8)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, header=header, **_arrays(model))
    partial.replace(path)


def load(path: Path, kind: str, field: str) -> LinearModel:
    """A file -> its model of this kind (`sentiment` or `topics`); ConfigError names the setting `field`."""
    maker = _MAKERS[kind]
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as parts:
            header = parts["header"].tobytes()
            arrays = {name: np.asarray(parts[name]) for name in _ARRAYS}
        told = json.loads(header)
        model = _model(told, arrays) if told["format"] == FORMAT else None
    except OSError as error:
        raise ConfigError(
            f"The model {path} cannot be opened: {error.strerror or error}.",
            remedy=f"Make it with {maker}, or correct the setting {field}.",
            field=field,
        ) from None
    except _FOREIGN:
        model = None
    if model is None or not _sound(model):
        raise ConfigError(
            f"{path} is no model that Forecall made.",
            remedy=f"Set {field} to a file of {maker}.",
            field=field,
        )
    if model.kind != kind:
        raise ConfigError(
            f"{path} is a model for {model.kind}.", remedy=f"Set {field} to a file of {maker}.", field=field
        )
    return replace(model, version=_fingerprint(header, arrays))


def _header(model: LinearModel) -> bytes:
    facts = {
        "format": FORMAT,
        "kind": model.kind,
        "classes": model.classes,
        "extras": model.extras,
        "exclusive": model.exclusive,
        "grams": [list(block.vocabulary) for block in model.blocks],
    }
    return json.dumps(facts).encode("ascii")


def _arrays(model: LinearModel) -> dict[str, Any]:
    first, second = model.blocks
    return {
        "weights": model.weights.astype(np.float32),
        "bias": model.bias,
        "thresholds": model.thresholds,
        "rarity_words": first.rarity,
        "rarity_characters": second.rarity,
    }


def _model(told: Mapping[str, Any], arrays: Mapping[str, Any]) -> LinearModel:
    grams = [[str(gram) for gram in kind] for kind in told["grams"]]
    rarities = (arrays["rarity_words"], arrays["rarity_characters"])
    blocks = [
        Block({gram: column for column, gram in enumerate(kind)}, np.asarray(rarity, dtype=np.float64))
        for kind, rarity in zip(grams, rarities, strict=True)
    ]
    return LinearModel(
        kind=str(told["kind"]),
        classes=tuple(map(str, told["classes"])),
        extras=tuple(map(str, told["extras"])),
        blocks=tuple(blocks),
        weights=np.asarray(arrays["weights"], dtype=np.float64),
        bias=np.asarray(arrays["bias"], dtype=np.float64),
        exclusive=bool(told["exclusive"]),
        thresholds=np.asarray(arrays["thresholds"], dtype=np.float64),
    )


def _sound(model: LinearModel) -> bool:
    """Whether all parts fit each other and all numbers are numbers."""
    sizes = [len(block.vocabulary) for block in model.blocks]
    features, classes = sum(sizes) + len(model.extras), len(model.classes)
    arrays = (model.weights, model.bias, model.thresholds, *(block.rarity for block in model.blocks))
    return (
        len(sizes) == len(KINDS)
        and classes > 0
        and model.weights.shape == (classes, features)
        and model.bias.shape == model.thresholds.shape == (classes,)
        and all(block.rarity.shape == (size,) for block, size in zip(model.blocks, sizes, strict=True))
        and all(bool(np.isfinite(array).all()) for array in arrays)
    )


def _fingerprint(header: bytes, arrays: Mapping[str, Any]) -> str:
    """Of what the file says, not of its bytes: those hold the hour it was packed."""
    content = hashlib.blake2b(header, digest_size=6)
    for name in _ARRAYS:
        content.update(np.ascontiguousarray(arrays[name]).tobytes())
    return content.hexdigest()
