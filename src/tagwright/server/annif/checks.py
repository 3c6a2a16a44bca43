"""What is wrong with a request, in the words of JSON Schema's validators, which clients of Annif have come to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tagwright.server.problems import Problem

Schema = Mapping[str, Any]
_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str}
# A complaint quotes what was sent; a whole book is no quotation.
_LONGEST = 200


def check(value: Any, schema: Schema, more: str = "") -> None:
    """Raises `Problem` 400 for the first thing in ``value`` that the schema does not allow.

    Of JSON Schema it knows ``type`` (object, array, string), ``required``, ``properties``, ``additionalProperties``,
    ``items`` and the limits on length. ``more`` is what is said of too long a list, in the place of all its items.
    """
    for complaint, path in _complaints(value, schema, ()):
        said = more if more and path and complaint.endswith("is too long") else complaint
        place = f" - '{'.'.join(path)}'" if path else ""
        raise Problem(400, f"{said}{place}")


def _complaints(value: Any, schema: Schema, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]):
        yield f"{_quoted(value)} is not of type '{kind}'", path
    elif isinstance(value, dict):
        yield from _of_object(value, schema, path)
    else:
        yield from _of_length(value, schema, path)


def _of_length(value: str | list[Any], schema: Schema, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    kind = schema["type"]
    least, most = ("minLength", "maxLength") if kind == "string" else ("minItems", "maxItems")
    if len(value) < schema.get(least, 0):
        yield f"{_quoted(value)} {'is too short' if value else 'should be non-empty'}", path
    elif len(value) > schema.get(most, len(value)):
        yield f"{_quoted(value)} is too long", path
    elif kind == "array":
        for place, item in enumerate(value):
            yield from _complaints(item, schema["items"], (*path, str(place)))


def _of_object(value: dict[str, Any], schema: Schema, path: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"'{name}' is a required property", path
    known = schema.get("properties", {})
    for name, inner in value.items():
        allowed = known.get(name, schema.get("additionalProperties"))
        if allowed:
            yield from _complaints(inner, allowed, (*path, name[:_LONGEST]))


def _quoted(value: Any) -> str:
    """The value as Python writes it, if that is short; of what is long, its beginning."""
    if isinstance(value, str):
        value = value[: _LONGEST + 1]
    elif isinstance(value, dict | list) and _size(value) > _LONGEST:
        return "a dictionary" if isinstance(value, dict) else "a list"
    elif isinstance(value, int) and abs(value) >= 10**18:
        return "a number"
    said = repr(value)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _size(value: Any, most: int = _LONGEST) -> int:
    """About how long a value is when it is written; counting ends at ``most``, or a hostile nesting would not."""
    waiting, size = [value], 0
    while waiting and size <= most:
        one = waiting.pop()
        size += len(one) if isinstance(one, str | dict | list) else 1
        if isinstance(one, dict):
            waiting += [*one, *one.values()][: most + 1]
        elif isinstance(one, list):
            waiting += one[: most + 1]
        elif isinstance(one, int) and abs(one) >= 10**18:
            return most + 1
    return size if not waiting else most + 1
