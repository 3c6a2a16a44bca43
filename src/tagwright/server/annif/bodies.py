"""What a request brings: a form or JSON, of any size that the server lets in, and however badly it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from starlette.requests import Request

from tagwright.server.problems import Problem

Number = TypeVar("Number", int, float)

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
IN_FORM, IN_QUERY = "requestBody", "query"
METADATA = "metadata_"
# The keys of a form that count; of the last, all that begin so.
_KEYS = ("text", "limit", "threshold", "language", METADATA)
# So often may they come; a text that nobody encoded may hold any number of other fields, which are passed over.
_MOST_FIELDS = 1_000
# Escapes are decoded in pieces of this size, which takes little memory; an escape is this long.
_PIECE, _ESCAPE = 1 << 20, 3
_PERCENT = ord("%")
_HEX = np.full(256, -1, dtype=np.int16)
_HEX[list(b"0123456789abcdef")] = _HEX[list(b"0123456789ABCDEF")] = np.arange(16)


async def body(request: Request, kind: str) -> bytes:
    """The body of a request of this content type; raises `Problem` 415 for another one and 400 where it is empty."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != kind:
        raise Problem(415, f"Invalid Content-type ({given[:100]}), expected ['{kind}']")
    raw = await request.body()
    if not raw:
        raise Problem(400, "RequestBody is required")
    return raw


def json_value(raw: bytes) -> Any:
    """What the JSON says; raises `Problem` 400 for what is no JSON in UTF-8."""
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Problem(400, f"the body is not UTF-8: byte {error.start} cannot be read") from None
    except RecursionError:
        raise Problem(400, "the body is nested too deeply") from None
    except ValueError as error:  # numbers of thousands of digits, too
        raise Problem(400, str(error)[:200]) from None


def form(raw: bytes) -> dict[str, list[str]]:
    """{key: values} of what counts of a form, as browsers write it and as those do who forget to encode it.

    A stray "%" stays, a byte that is no UTF-8 becomes U+FFFD, a key without "=" has the value "". Raises `Problem` 400
    for more fields than anybody would send.
    """
    fields: dict[str, list[str]] = {}
    for count, (key, value) in enumerate(_fields(b"&" + raw)):
        if count >= _MOST_FIELDS:
            raise Problem(400, f"a form has {_MOST_FIELDS:,} fields at most")
        fields.setdefault(_decoded(key), []).append(_decoded(value))
    return fields


def whole(values: Sequence[str], name: str, where: str = IN_FORM) -> int:
    """The whole number, 0 at least, in a field of a form or query; raises `Problem` 400 for anything else."""
    number = _number(values, int, f"Wrong type, expected 'integer' for {where} parameter '{name}'")
    if number < 0:
        raise Problem(400, f"{max(number, -(10**18))} is less than the minimum of 0 - '{name}'")
    return number


def share(values: Sequence[str], name: str, where: str = IN_FORM) -> float:
    """The number from 0 to 1 in a field; NaN is let through: no score is as high."""
    number = _number(values, float, f"Wrong type, expected 'number' for {where} parameter '{name}'")
    if number < 0:
        raise Problem(400, f"{number} is less than the minimum of 0.0 - '{name}'")
    if number > 1:
        raise Problem(400, f"{number} is greater than the maximum of 1.0 - '{name}'")
    return number


def clean(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can say and no encoding can write."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _number(values: Sequence[str], read: type[Number], otherwise: str) -> Number:
    """The number that a field, given once, holds."""
    try:
        (value,) = values
        return read(value)
    except ValueError:
        raise Problem(400, otherwise) from None


def _fields(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(key, value) of the fields that count; they are searched for, since there may be millions of others."""
    for wanted in (key.encode() for key in _KEYS):
        end = 0
        while (start := raw.find(b"&" + wanted, end)) >= 0:
            end = raw.find(b"&", start + 1) % (len(raw) + 1)  # -1, not found, is the end of all
            key, _, value = raw[start + 1 : end].partition(b"=")
            if key == wanted or wanted.endswith(b"_"):
                yield key, value


def _decoded(value: bytes) -> str:
    plain = value.replace(b"+", b" ")
    if b"%" in plain:
        plain = b"".join(map(_unescaped, _pieces(plain)))
    return plain.decode("utf-8", "replace")


def _unescaped(value: bytes) -> bytes:
    """The bytes that %XX stands for; the standard library's way takes twenty times as long."""
    read = np.frombuffer(value, dtype=np.uint8).copy()
    at = np.flatnonzero(read[: 1 - _ESCAPE] == _PERCENT)
    high, low = _HEX[read[at + 1]], _HEX[read[at + 2]]
    right = (high >= 0) & (low >= 0)
    at = at[right]
    kept = np.ones(len(read), dtype=bool)
    kept[at + 1] = kept[at + 2] = False
    read[at] = (high * 16 + low)[right]
    return read[kept].tobytes()


def _pieces(value: bytes) -> Iterator[bytes]:
    """The value in pieces, none of which ends within an escape."""
    start = 0
    while start < len(value):
        end = start + _PIECE
        escape = value.rfind(b"%", end - _ESCAPE + 1, end)
        yield value[start : (end := escape if escape > start else end)]
        start = end
