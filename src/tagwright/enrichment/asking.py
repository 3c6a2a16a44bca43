"""What a language model is asked about a tag, and how its answer is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tagwright.enrichment.answers as answers
import tagwright.enrichment.examples as examples
from tagwright.enrichment.checks import cleaned
from tagwright.generation.orders import without_orders
from tagwright.llm.base import Prompt
from tagwright.llm.prompts import Template, plain, visible
from tagwright.types import Document

SEP, LAGAMC, TERMS = "enrich_sep", "enrich_lagamc", "enrich_terms"
MOST_TOKENS = {SEP: 30, LAGAMC: 120}
"""Of a description: SEP-MLDC, appendix A, says 30; those of LAGAMC, table 1, have 13 to 91 on average."""
COLLECTION = "Documents of a library, each with one or more of its subject headings."
_NAME, _CONTEXT, _ABOUT = 120, 300, 400
# A word of some languages takes several tokens of a model that was made for another one; and JSON stands around it.
_TOKENS_A_WORD, _AROUND = 3, 32


@dataclass(frozen=True)
class Subject:
    """A tag as a model is told of it: its ``name``, what is known ``around`` it, and documents that carry it.

    ``initial`` is what an authority or another language says it means, "" = nothing.
    """

    id: str
    name: str
    around: Sequence[tuple[str, str]] = ()
    initial: str = ""
    documents: Sequence[Document] = ()


@dataclass(frozen=True)
class Questions:
    """Makes prompts and reads answers.

    ``style`` is `SEP` (SEP-MLDC, table 7) or `LAGAMC` (section 3.2: an initial description and two examples; a tag
    without examples is asked about as by `SEP`). ``language`` in words, ``about`` the collection. ``synonyms`` at most,
    and ``languages`` {code: in words} of names, are what `terms` asks for.
    """

    templates: Mapping[str, Template]
    style: str = SEP
    language: str = "English"
    about: str = COLLECTION
    synonyms: int = 0
    languages: Mapping[str, str] = field(default_factory=dict)

    def style_of(self, subject: Subject) -> str:
        """Which of the two prompts asks about it."""
        return LAGAMC if self.style == LAGAMC and subject.documents else SEP

    def describe(self, subject: Subject) -> Prompt:
        """The question what a tag means."""
        style = self.style_of(subject)
        shared = {"tag": _shown(subject.name, _NAME), "about": _shown(self.about, _ABOUT), "language": self.language}
        shared["number"] = str(MOST_TOKENS[style])
        if style == SEP:
            return self.templates[SEP].prompt(subject.id, {**shared, "context": _context(subject)})
        lines = [f'{n}. "{examples.shown(document)}"' for n, document in enumerate(subject.documents, start=1)]
        initial = _shown(subject.initial, _CONTEXT) or _lines(subject.around) or _shown(subject.name, _NAME)
        return self.templates[LAGAMC].prompt(
            subject.id, {**shared, "initial": initial, "examples": "<examples>\n" + "\n".join(lines) + "\n</examples>"}
        )

    def frame(self, style: str) -> list[str]:
        """What stands around a tag in each question, all of it first, then its lines: an answer must not repeat it."""
        lines = [*own_words(self.templates[style]), self.about]
        return ["\n".join(lines), *lines]

    def terms(self, subject: Subject) -> Prompt:
        """The question what a tag is called otherwise."""
        names = ", ".join(f"{words} ({code})" for code, words in self.languages.items()) or "none"
        return self.templates[TERMS].prompt(subject.id, {
            "tag": _shown(subject.name, _NAME), "context": _context(subject), "language": self.language,
            "number": str(self.synonyms), "languages": names,
        })  # fmt: skip

    def terms_schema(self) -> dict[str, Any]:
        """What an answer to `terms` is held to."""
        names = {code: {"type": "string"} for code in self.languages}
        parts = {
            "synonyms": {"type": "array", "items": {"type": "string"}, "maxItems": self.synonyms},
            "names": {"type": "object", "properties": names, "required": list(names), "additionalProperties": False},
        }
        return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


DESCRIPTION_SCHEMA: dict[str, Any] = {
    "type": "object", "properties": {"description": {"type": "string"}}, "required": ["description"],
    "additionalProperties": False,
}  # fmt: skip


def room(style: str) -> int:
    """The most tokens that an answer to this question may take."""
    return MOST_TOKENS.get(style, 2 * MOST_TOKENS[SEP]) * _TOKENS_A_WORD + _AROUND


def own_words(template: Template) -> list[str]:
    """What an answer must not repeat: the template's own sentences."""
    return [re.sub(r"\{[a-z_]+\}", " ", line) for line in f"{template.system}\n{template.user}".splitlines()]


def read_description(text: str) -> str:
    """The description of an answer: of its JSON, of JSON that is cut off, else all of it; "" where there is none."""
    said = answers.whole_object(text)
    if said is not None:
        value = said.get("description")
        return cleaned(value) if isinstance(value, str) else ""
    part = answers.cut_off(text, "description")
    if part is not None:
        return cleaned(part)
    bare = answers.bare(text)
    return "" if "{" in bare else cleaned(bare)


def read_terms(text: str) -> tuple[list[str], dict[str, str]]:
    """(synonyms, {language: name}) of an answer; what is of another shape is left out."""
    said = answers.whole_object(text) or {}
    synonyms, names = said.get("synonyms"), said.get("names")
    listed = synonyms if isinstance(synonyms, list) else []
    found = {cleaned(one): None for one in listed if isinstance(one, str)}
    by_code = names if isinstance(names, dict) else {}
    return [one for one in found if one], {
        code: cleaned(name) for code, name in by_code.items() if isinstance(name, str) and name.strip()
    }


def _context(subject: Subject) -> str:
    lines = _lines([*([("meaning", subject.initial)] if subject.initial else []), *subject.around])
    return f"<known>\n{lines}\n</known>" if lines else ""


def _lines(said: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{what}: {_shown(text, _CONTEXT)}" for what, text in said)


def _shown(text: str, most: int) -> str:
    """A text of the vocabulary as data: one line, without what could be an order or close the place where it stands."""
    return plain(without_orders(visible(text[: 4 * most]))[0], most)
