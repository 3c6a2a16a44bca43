"""Documents and tags as plain JSON-like dicts and back; what is empty is left out."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from tagwright.errors import StoreError
from tagwright.types import Document, Tag

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BY_LANGUAGE = ("names", "synonyms", "hidden", "descriptions")
_ID_LISTS = ("broader", "narrower", "related", "replaced_by")


def document_to_plain(document: Document) -> dict[str, Any]:
    """The document's fields that are not empty; ``tags`` also where they are an empty tuple."""
    plain: dict[str, Any] = {"id": document.id, "text": document.text}
    if document.title:
        plain["title"] = document.title
    if document.language is not None:
        plain["language"] = document.language
    if document.tags is not None:
        plain["tags"] = list(document.tags)
    if document.metadata:
        plain["metadata"] = dict(document.metadata)
    return plain


def document_from_plain(plain: Mapping[str, Any]) -> Document:
    """The document that `document_to_plain` was given."""
    fields = dict(plain)
    if "tags" in fields:
        fields["tags"] = tuple(fields["tags"])
    return Document(**fields)


def tag_to_plain(tag: Tag) -> dict[str, Any]:
    """The tag's fields that are not empty."""
    plain: dict[str, Any] = {"id": tag.id, "name": tag.name}
    for field in _BY_LANGUAGE:
        if getattr(tag, field):
            plain[field] = dict(getattr(tag, field))
    for field in _ID_LISTS:
        if getattr(tag, field):
            plain[field] = list(getattr(tag, field))
    if tag.notation:
        plain["notation"] = tag.notation
    if tag.deprecated:
        plain["deprecated"] = True
    return plain


def tag_from_plain(plain: Mapping[str, Any]) -> Tag:
    """The tag that `tag_to_plain` was given."""
    fields = dict(plain)
    for field in _ID_LISTS:
        if field in fields:
            fields[field] = tuple(fields[field])
    for field in ("synonyms", "hidden"):
        if field in fields:
            fields[field] = {language: tuple(names) for language, names in fields[field].items()}
    return Tag(**fields)


def to_json(plain: Any, *, what: str) -> str:
    """Compact JSON; raises `StoreError` naming ``what`` where a value is of a kind that JSON has not."""
    try:
        return _encode(plain)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"{what} cannot be kept: {error}", hint="metadata may hold texts, numbers and lists"
        ) from error


def from_json(text: str) -> Any:
    """The value of a JSON text."""
    return json.loads(text)


def checksum(*fields: str | float | None, what: str = "a row") -> int:
    """CRC-32 of a row's fields: SQLite checks the shape of its pages, not the letters in them.

    Raises `StoreError` naming ``what`` where a text is not valid Unicode (half a surrogate pair).
    """
    joined = "\x1f".join("\x00" if field is None else str(field) for field in fields)
    try:
        return zlib.crc32(joined.encode())
    except UnicodeEncodeError as error:
        raise StoreError(f"{what} holds a character that is not valid Unicode: {error.reason}") from error
