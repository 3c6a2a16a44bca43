"""What a language model is asked for a pseudo-sample, and how its answer is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tagwright.enrichment.answers as answers
import tagwright.text.language as language
from tagwright.enrichment.asking import own_words
from tagwright.enrichment.checks import cleaned, repeats, unfit
from tagwright.enrichment.options import Enrichment
from tagwright.enrichment.tail import Slot
from tagwright.generation.orders import without_orders
from tagwright.llm.base import LLM, Prompt
from tagwright.llm.prompts import Template, plain, visible
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

TEMPLATE = "enrich_sample"
SCHEMA: Mapping[str, Any] = {
    "type": "object", "properties": {"title": {"type": "string"}, "text": {"type": "string"}},
    "required": ["title", "text"], "additionalProperties": False,
}  # fmt: skip
# A model gives the likeliest answer: asked the same again it writes the same again. So it is asked for another side.
SIDES = (
    "Take one question of the subject and what was found.",
    "Take a method or a tool of the subject.",
    "Take a case, a place or an object that the subject is studied on.",
    "Take how the subject came to be, and how it has changed.",
    "Take a difficulty of the subject and how it is met.",
    "Take the subject as a beginner meets it.",
    "Take the subject beside a neighbouring one.",
    "Take what the subject is used for.",
)
_TOKENS_A_WORD, _AROUND = 2, 64
_NAME, _DESCRIPTION, _TITLE, _TAGS = 120, 300, 200, 12
_READ = 40_000
_FEWEST, _LEAST_TEXT = 20, 10


@dataclass(frozen=True)
class Author:
    """Asks ``llm`` for documents, a slot each (SEP-MLDC Eq. 3 and table 8: the example, its labels with their meaning,
    the length, one aspect).
    """  # noqa: D205

    llm: LLM
    vocabulary: Vocabulary
    template: Template
    options: Enrichment

    @property
    def most_tokens(self) -> int:
        """What an answer may take."""
        return self.options.words * _TOKENS_A_WORD + _AROUND

    def prompts(self, slots: Sequence[Slot]) -> list[Prompt]:
        """The question of each slot."""
        return [self._prompt(slot) for slot in slots]

    def write(self, slots: Sequence[Slot]) -> list[tuple[Document | None, str]]:
        """(the document, "") or (``None``, why there is none) for each slot."""
        answers = self.llm.complete(self.prompts(slots), schema=SCHEMA, most_tokens=self.most_tokens)
        found: list[tuple[Document | None, str]] = []
        for slot, answer in zip(slots, answers, strict=True):
            if answer.error:
                found.append((None, f"there was no answer: {answer.error}"))
            else:
                found.append(self._read(slot, answer.text))
        return found

    def length(self, slot: Slot) -> int:
        """So many words are asked for: as many as the demonstration has."""
        if slot.demonstration is None:
            return self.options.words
        return min(max(len(slot.demonstration.text.split()), _FEWEST), self.options.words)

    def spoken(self, slot: Slot) -> str:
        """The code of the language to write in; "" = not known."""
        shown = slot.demonstration
        return (shown.language if shown is not None else "") or self.vocabulary.language

    def _prompt(self, slot: Slot) -> Prompt:
        spoken = language.in_words(self.spoken(slot))
        values = {
            "example": self._example(slot), "headings": self._headings(slot), "side": SIDES[slot.number % len(SIDES)],
            "words": str(self.length(slot)), "language": spoken or "the language of these headings",
        }  # fmt: skip
        return self.template.prompt(slot.id, values)

    def _example(self, slot: Slot) -> str:
        shown = slot.demonstration
        if shown is None:
            return ""
        title, text = _data(shown.title, _TITLE), _data(shown.text, self.options.characters)
        return f"A document of this library:\n<document>\n{title}\n{text}\n</document>"

    def _headings(self, slot: Slot) -> str:
        lines = []
        for id in slot.tags[:_TAGS]:
            position = self.vocabulary.position(id)
            meaning = _data(self.vocabulary.description(position), _DESCRIPTION)
            lines.append(f"- {_data(self.vocabulary.name(position), _NAME)}{': ' if meaning else ''}{meaning}")
        return "\n".join(lines)

    def _read(self, slot: Slot, answer: str) -> tuple[Document | None, str]:
        title, text = _parts(answer)
        if not isinstance(text, str) or not isinstance(title, str):
            return None, "the answer is not of the form that was asked for"
        # Some more than was asked for is no fault; what goes on and on is cut off by the most tokens anyway.
        title, text = cleaned(title, _TITLE), answers.said_once(cleaned(text, _READ))
        # A small model likes to give back the headings and what they mean, or the question.
        if repeats(text, [*self._headings(slot).splitlines(), *own_words(self.template), *SIDES]):
            return None, "it repeats the question"
        if len(text.split()) < _LEAST_TEXT:
            return None, "the text is too short"
        spoken = self.spoken(slot)
        reason = unfit(f"{title}. {text}", self.vocabulary.name(self.vocabulary.position(slot.tag)), spoken)
        written = Document(slot.id, text, title, spoken or None, slot.tags)
        return (None, reason) if reason else (written, "")


def _data(text: str, most: int) -> str:
    """A text as data: one line, without what could be an order or close the place where it stands."""
    return plain(without_orders(visible(text[: 4 * most]))[0], most)


def _parts(answer: str) -> tuple[Any, Any]:
    """(title, text): of an answer that was cut off the text has its whole sentences."""
    said = answers.whole_object(answer)
    if said is not None:
        return said.get("title"), said.get("text")
    text = answers.cut_off(answer, "text")
    return answers.cut_off(answer, "title"), None if text is None else answers.whole_sentences(text)
