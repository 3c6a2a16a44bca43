"""Prompt templates: files with a version, which a project may replace by its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from unicodedata import category

from tagwright.errors import ConfigError
from tagwright.llm.base import Prompt

BUILT_IN = "built in"
# Unicode's tag characters, or zero-width ones and direction marks that stand close to each other.
_CARRIED = re.compile(
    r"[\U000e0000-\U000e007f]{4,}|(?:[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff].{0,2}){8,}", re.DOTALL
)
_HIDDEN = frozenset({"Cf", "Co", "Cs", "Cn"})
_PARTS = re.compile(r"^\[(system|user)\]\s*$", re.MULTILINE)
_SLOT = re.compile(r"\{([a-z_]+)\}")
_VERSION = re.compile(r"\Aversion:\s*(\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Template:
    """The words around what is asked: ``system`` and ``user`` with ``{slots}``; ``origin`` is the file, or built in.

    A value is put into its slot as it is: slots that stand in a value are text like any other.
    """

    name: str
    version: str
    system: str
    user: str
    origin: str = BUILT_IN

    @property
    def fingerprint(self) -> str:
        """Names the template with its version and every letter of it."""
        digest = hashlib.sha256(f"{self.system}\0{self.user}".encode()).hexdigest()[:8]
        return f"{self.name}/{self.version}/{digest}"

    @property
    def slots(self) -> set[str]:
        """The names that values are asked for."""
        return set(_SLOT.findall(self.system + self.user))

    def prompt(self, about: str, values: Mapping[str, str]) -> Prompt:
        """The prompt about one document: a pure function of the template and the values, which fill all slots."""
        filled = [_SLOT.sub(lambda slot: values[slot[1]], part).strip() for part in (self.system, self.user)]
        return Prompt(filled[1], filled[0], self.fingerprint, about)


def load(name: str, folder: Path | None = None) -> Template:
    """The template ``name``: that of ``folder`` (``<name>.txt``) where it has one, else the built-in one.

    Raises `ConfigError` naming the file where it has no version, no user part, or other slots than the built-in one.
    """
    usual = _parsed(name, files("tagwright.llm").joinpath("templates", f"{name}.txt").read_text("utf-8"), BUILT_IN)
    path = None if folder is None else folder / f"{name}.txt"
    if path is None or not path.is_file():
        return usual
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="mend the file, or delete it") from error
    own = _parsed(name, text, str(path))
    for slot in sorted(own.slots ^ usual.slots):
        what = f"has a slot {{{slot}}} that nothing fills" if slot in own.slots else f"has no slot {{{slot}}}"
        raise ConfigError(f"{path} {what}", hint=f"its slots are: {', '.join(sorted(usual.slots))}")
    return own


def names() -> list[str]:
    """The names of all templates."""
    folder = files("tagwright.llm").joinpath("templates")
    return sorted(entry.name.removesuffix(".txt") for entry in folder.iterdir() if entry.name.endswith(".txt"))


def plain(text: str, most: int) -> str:
    """At most ``most`` characters of a text as a model may see it: one line, nothing that a reader would not see.

    Without invisible characters, and without angle brackets around words that could close the place where the text
    stands.
    """
    return " ".join(visible(text[: 4 * most]).replace("<", "‹").replace(">", "›").split())[:most]


def visible(text: str) -> str:
    """The text without characters in which orders can be hidden: zero-width ones, direction marks, Unicode tags.

    Control characters and separators become line breaks.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join("\n" if category(c) in ("Cc", "Zl", "Zp") else c for c in text if category(c) not in _HIDDEN)


def hides(text: str) -> bool:
    """Whether invisible characters stand so close that they carry a text of their own.

    Single ones are usual: between the parts of an emoji, of a Persian word, at the end of a file.
    """
    return not text.isascii() and _CARRIED.search(text) is not None


def _parsed(name: str, text: str, origin: str) -> Template:
    version = _VERSION.search(text)
    if version is None:
        raise ConfigError(f"{origin}: the template {name!r} does not begin with 'version: …'", hint="version: 1")
    pieces = _PARTS.split(text[version.end() :])
    parts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    if not parts.get("user", "").strip():
        raise ConfigError(f"{origin}: the template {name!r} has no [user] part", hint="see the built-in one")
    return Template(name, version[1], parts.get("system", "").strip(), parts["user"].strip(), origin)
