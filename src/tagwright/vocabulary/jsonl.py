"""Tags as JSON lines: one object a tag."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tagwright.errors import ConfigError
from tagwright.types import Tag
from tagwright.vocabulary.problems import Problems
from tagwright.vocabulary.source import Source


def read_jsonl(source: Source, problems: Problems, columns: Mapping[str, str]) -> Iterator[tuple[str, Tag]]:
    """("file:line", tag) of each line; lines and fields that cannot be read are counted and left out.

    ``{"id", "name", "names": {language: name}, "synonyms": [...] or {language: [...]}, "hidden": likewise,
    "description": text or {language: text}, "notation", "broader": [ids], "narrower", "related", "deprecated",
    "replaced_by"}``; all but the id may be missing, other keys are passed over. ``columns`` maps these keys to those
    of the file.
    """
    for key in columns.keys() - _FIELDS.keys():
        raise ConfigError(f"a tag has no part {key!r}", hint=f"parts are: {', '.join(_FIELDS)}")
    fields = {columns.get(key, key): field for key, field in _FIELDS.items()}
    for number, raw in source.lines():
        if not raw.strip():
            continue
        place = f"{source.name}:{number}"
        try:
            row = json.loads(raw.decode())
        except (ValueError, RecursionError) as error:
            problems.add("broken-line", place, detail=str(error) or "nested too deeply")
            continue
        if isinstance(row, dict):
            yield place, _tag(row, fields, place, problems)
        else:
            problems.add("broken-line", place, detail=f"a JSON {type(row).__name__}, not an object")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if value is None:
        return ""
    raise TypeError


def _flag(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return bool(value)
    raise TypeError


def _list(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(text for text in map(_text, values) if text)


def _by_language(value: Any) -> dict[str, str]:
    texts = value if isinstance(value, dict) else {"": value}
    return {language: text for language, raw in texts.items() if (text := _text(raw))}


def _lists_by_language(value: Any) -> dict[str, tuple[str, ...]]:
    lists = value if isinstance(value, dict) else {"": value}
    return {language: texts for language, raw in lists.items() if (texts := _list(raw))}


# Key of a line -> field of a tag, and how to read it (TypeError for a value of another type).
_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "id": ("id", _text),
    "name": ("name", _text),
    "names": ("names", _by_language),
    "synonyms": ("synonyms", _lists_by_language),
    "hidden": ("hidden", _lists_by_language),
    "description": ("descriptions", _by_language),
    "notation": ("notation", _text),
    "broader": ("broader", _list),
    "narrower": ("narrower", _list),
    "related": ("related", _list),
    "deprecated": ("deprecated", _flag),
    "replaced_by": ("replaced_by", _list),
}


def _tag(
    row: dict[str, Any], fields: Mapping[str, tuple[str, Callable[[Any], Any]]], place: str, problems: Problems
) -> Tag:
    parts: dict[str, Any] = {"id": "", "name": ""}
    for key, value in row.items():
        if key not in fields:
            continue
        part, read = fields[key]
        try:
            parts[part] = read(value)
        except TypeError:
            problems.add("bad-field", place, str(parts["id"]), f"{key!r} is a JSON {type(value).__name__}")
    return Tag(**parts)
