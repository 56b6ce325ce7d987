"""Would a client written for one OpenAPI document break on another? Every way in which it would, in words.

What a client sends may only be asked for less strictly, what it reads may only be told more surely (Postel's rule, taken
from the client's side): a route, a parameter or a field of an answer never goes, a new parameter or field of a body is
never required, an enum of a question never loses a value, one of an answer never gains one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What of the old document a client can no longer rely on; [] where nothing."""
    found: list[str] = []
    for path, operations in old["paths"].items():
        for method, before in operations.items():
            after = new["paths"].get(path, {}).get(method)
            where = f"{method.upper()} {path}"
            if after is None:
                found.append(f"{where}: it is gone")
                continue
            if before.get("operationId") != after.get("operationId"):
                found.append(f"{where}: its operation id was {before.get('operationId')}")
            found += _parameters(where, before, after, Both(old, new, sent=True))
            found += _bodies(where, before, after, Both(old, new, sent=True))
            found += _answers(where, before, after, Both(old, new, sent=False))
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Both:
    """The two documents, and whether what is compared is sent by a client or read by it."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]
    sent: bool


def _parameters(where: str, before: Schema, after: Schema, both: Both) -> Iterator[str]:
    was, now = (
        {(one["in"], one["name"]): one for one in side.get("parameters", [])} for side in (before, after)
    )
    for key, one in was.items():
        if key not in now:
            yield f"{where}: the parameter {key[1]} is gone"
        else:
            yield from _schemas(
                f"{where}: {key[1]}", one.get("schema", {}), now[key].get("schema", {}), both, ()
            )
    for key, one in now.items():
        if one.get("required") and not was.get(key, {}).get("required"):
            yield f"{where}: the parameter {key[1]} is required now"


def _bodies(where: str, before: Schema, after: Schema, both: Both) -> Iterator[str]:
    was, now = (side.get("requestBody", {}) for side in (before, after))
    if now.get("required") and not was.get("required"):
        yield f"{where}: a body is required now"
    for kind, one in was.get("content", {}).items():
        held = now.get("content", {}).get(kind)
        if held is None:
            yield f"{where}: it takes no {kind} any more"
        else:
            yield from _schemas(f"{where}: body", one.get("schema", {}), held.get("schema", {}), both, ())


def _answers(where: str, before: Schema, after: Schema, both: Both) -> Iterator[str]:
    for status, one in before.get("responses", {}).items():
        held = after.get("responses", {}).get(status)
        if held is None:
            if status.startswith("2"):
                yield f"{where}: it does not answer {status} any more"
            continue
        for kind, was in one.get("content", {}).items():
            now = held.get("content", {}).get(kind)
            if now is None:
                yield f"{where}: its answer {status} is no {kind} any more"
            else:
                yield from _schemas(
                    f"{where}: {status}", was.get("schema", {}), now.get("schema", {}), both, ()
                )


def _schemas(where: str, old: Schema, new: Schema, both: Both, seen: tuple[str, ...]) -> Iterator[str]:
    name = old.get("$ref", "")
    if name and name in seen:
        return
    seen = (*seen, name) if name else seen
    was, now = _resolved(old, both.old), _resolved(new, both.new)
    before, after = _kinds(was, both.old), _kinds(now, both.new)
    lost = (before - after) if both.sent else (after - before)
    if before and after and lost and not (both.sent and "number" in after and lost == {"integer"}):
        yield f"{where}: {'takes no' if both.sent else 'may now be'} {', '.join(sorted(lost))}"
    yield from _values(where, was, now, both)
    yield from _fields(where, was, now, both, seen)
    if "items" in was and "items" in now:
        yield from _schemas(f"{where}[]", was["items"], now["items"], both, seen)


def _values(where: str, was: Schema, now: Schema, both: Both) -> Iterator[str]:
    before, after = (set(map(str, side.get("enum", []))) for side in (was, now))
    lost = (before - after if after else set()) if both.sent else (after - before if before else set())
    if both.sent and after and not before and "const" not in was:
        yield f"{where}: only some values are taken now"
    if lost:
        yield f"{where}: {'no longer takes' if both.sent else 'may now be'} {', '.join(sorted(lost))}"


def _fields(where: str, was: Schema, now: Schema, both: Both, seen: tuple[str, ...]) -> Iterator[str]:
    before, after = was.get("properties", {}), now.get("properties", {})
    if not before and not after:
        return
    for name, one in before.items():
        if name not in after:
            yield f"{where}.{name}: it is gone"
        else:
            yield from _schemas(f"{where}.{name}", one, after[name], both, seen)
    needed, need = set(was.get("required", [])), set(now.get("required", []))
    if both.sent:
        yield from (f"{where}.{name}: it is required now" for name in sorted(need - needed))
    else:
        yield from (f"{where}.{name}: it may be missing now" for name in sorted((needed - need) & set(after)))


def _resolved(schema: Schema, document: Schema) -> Schema:
    """Without a reference, and without the alternatives of a union but for the one that is an object or array."""
    if "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _resolved(found, document)
    for union in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(union, []):
            resolved = _resolved(one, document)
            if resolved.get("type") in ("object", "array") or "enum" in resolved:
                return {**schema, **resolved}
    return schema


def _kinds(schema: Schema, document: Schema) -> set[str]:
    """The JSON types it allows; empty where it says nothing."""
    if "$ref" in schema:
        return _kinds(_resolved(schema, document), document)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return set().union(*(_kinds(one, document) for one in schema[union]))
    kind = schema.get("type")
    return set(kind) if isinstance(kind, list) else {kind} if kind else set()
