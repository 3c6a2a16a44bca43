"""Numbers and texts as they are shown: an undefined number is a dash, a name from outside is made harmless."""

from __future__ import annotations

import math
import re

NONE = "–"
SPACE = "\u00a0"  # keeps a number and its unit on one line
LONGEST = 200  # characters of a name or a title that are shown

# Control characters, what turns the direction of writing (it can hide text), half a surrogate pair, and what is no
# character at all: none of them has a place in a line of text.
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]+"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def clean(text: object, longest: int = LONGEST) -> str:
    """The text as one line of at most ``longest`` characters without what can rewrite or reverse it."""
    line = " ".join(_UNSAFE.sub(" ", str(text)).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def is_language(code: str) -> bool:
    """Whether it has the shape of a language's code, as the attribute ``lang`` wants it."""
    return _LANGUAGE.fullmatch(code) is not None


def percent(value: float, digits: int = 0) -> str:
    """A share as "79 %"; a dash where it is undefined."""
    return f"{100 * value:.{digits}f}{SPACE}%" if math.isfinite(value) else NONE


def points(value: float) -> str:
    """The difference of two shares as "0.6 percentage points"; a dash where it is undefined."""
    return f"{100 * value:.1f} percentage points" if math.isfinite(value) else NONE


def decimal(value: float, digits: int = 3) -> str:
    """A number as "0.794"; a dash where it is undefined."""
    return f"{value:,.{digits}f}" if math.isfinite(value) else NONE


def count(number: float) -> str:
    """A whole number as "1,310"."""
    return f"{int(number):,}" if math.isfinite(number) else NONE


def short(number: float) -> str:
    """A whole number in at most four characters: 940, 1.3k, 21k, 1.2M."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            part = number / size
            return f"{part:.1f}{unit}" if part < 10 else f"{part:.0f}{unit}"
    return str(int(number))


def counted(number: int, one: str, many: str = "") -> str:
    """How many of what: "1 document", "690 documents"."""
    return f"{number:,}{SPACE}{one if number == 1 else many or one + 's'}"
