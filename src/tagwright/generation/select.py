"""Selects from the shortlist: one question a document, answered by number."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.generation.base import DOCUMENTS, Stage, blank
from tagwright.llm.base import Completion, Prompt
from tagwright.llm.prompts import Template, plain
from tagwright.types import Document, Evidence

_LIST = re.compile(r'"tags"\s*:\s*\[([^\]]*)(\])?')
_BARE = re.compile(r"[\s\d,.;\[\]]+")
_TOKENS_A_NUMBER = 4
_LONGEST = 200  # characters of a name


@dataclass
class Select(Stage):
    """The candidates that a model chooses when it sees them side by side: Γ(c) of LLM4Tag Eq. 9.

    It sees the document, what is known (`tagwright.generation.knowledge`) and at most ``depth`` names by number, and
    answers by number, at most ``most``, under a JSON schema where the model can be held to one. A number or name that
    is not on the list is refused; the question is then put once more, and what is refused again is dropped. Columns:
    1 for the chosen ones, 0 for the others that it saw; ``<name>.place`` 1 for the first chosen, 1/2 for the second, …
    """

    depth: int = 20
    most: int = 12
    unit: ClassVar[str] = DOCUMENTS
    calls: ClassVar[int] = 1
    parts: ClassVar[tuple[str, ...]] = ("place",)
    uses: ClassVar[str] = "select"

    def score(self, documents: Sequence[Document], candidates: Candidates, asked: NDArray[np.bool_]) -> Candidates:
        """The table with what was chosen."""
        order = candidates.order("confidence", then="fused")
        order = order[asked[order]]
        owners = candidates.documents[order]
        lists = {int(row): order[owners == row] for row in np.unique(owners)}
        columns = blank(candidates, self.columns)
        for row, places in self._chosen(documents, candidates, lists).items():
            pairs = lists[row]
            columns[self.name][pairs] = 0.0
            columns[f"{self.name}.place"][pairs] = 0.0
            columns[self.name][pairs[places]] = 1.0
            columns[f"{self.name}.place"][pairs[places]] = 1 / (1 + np.arange(len(places)))
        return candidates.with_columns(columns)

    def explain(self, candidates: Candidates, pair: int) -> tuple[Evidence, ...]:
        """That it was chosen."""
        value = float(candidates.column(self.name)[pair])
        if not value > 0:
            return ()
        place = round(1 / float(candidates.column(f"{self.name}.place")[pair]))
        return (Evidence(self.name, "language model", f"chose it as number {place}", value=value),)

    def _chosen(
        self, documents: Sequence[Document], candidates: Candidates, lists: Mapping[int, NDArray[np.int64]]
    ) -> dict[int, list[int]]:
        """{document row: places on its list}, the first chosen first; a document without a usable answer is noted."""
        names = {row: [self.vocabulary.name(int(tag)) for tag in candidates.tags[p]] for row, p in lists.items()}
        known = dict.fromkeys(lists, "")
        if self.knowledge is not None:
            about = [documents[row] for row in lists]
            found = self.knowledge.retrieve(about, [candidates.tags[pairs].tolist() for pairs in lists.values()])
            known = {row: one.text for row, one in zip(lists, found, strict=True)}
        first = self._ask(documents, names, known, repair="")
        again = {row: names[row] for row, answer in first.items() if not answer.error and answer.refused}
        self.notes.count("answers with something that is not on the list, asked again", len(again))
        chosen = {row: answer.places for row, answer in first.items() if not answer.error and not answer.refused}
        for row, answer in self._ask(documents, again, known, repair=_REPAIR).items():
            # What was on the list stands in either case; of two answers with something else, the second counts.
            places = answer.places or first[row].places
            if places or not (answer.refused or answer.error):
                chosen[row] = places
            else:
                self.note(documents[row], answer.error or "its answer named nothing on the list")
        for row, answer in first.items():
            if answer.error:
                self.note(documents[row], answer.error)
        return chosen

    def _ask(
        self,
        documents: Sequence[Document],
        names: Mapping[int, Sequence[str]],
        known: Mapping[int, str],
        repair: str,
    ) -> dict[int, Answer]:
        """{document row: the answer}; lists of one length are asked together, for they have one schema."""
        found: dict[int, Answer] = {}
        for length in sorted({len(own) for own in names.values()}):
            rows = [row for row, own in names.items() if len(own) == length]
            prompts = [
                select_prompt(self.template, documents[row], self.shown(documents[row]), names[row], known[row], repair)
                for row in rows
            ]
            most = min(self.most, length)
            answers = self.llm.complete(
                prompts, schema=schema_of(length, most), most_tokens=16 + _TOKENS_A_NUMBER * most
            )
            found |= {row: read(answer, names[row]) for row, answer in zip(rows, answers, strict=True)}
        return found


_REPAIR = "\nYour last answer was not of this form, or had a number that is not on the list: mind both."


@dataclass(frozen=True)
class Answer:
    """What a model chose: ``places`` on the list without repeats, whether something was ``refused``, or an error."""

    places: list[int]
    refused: bool = False
    error: str = ""


def select_prompt(
    template: Template, document: Document, shown: str, names: Sequence[str], knowledge: str, repair: str = ""
) -> Prompt:
    """The question about one document."""
    listed = "\n".join(f"{number}. {plain(name, _LONGEST)}" for number, name in enumerate(names, 1))
    values = {"document": shown, "knowledge": knowledge, "candidates": listed, "repair": repair}
    return template.prompt(document.id, values)


def answer_text(places: Sequence[int]) -> str:
    """The answer that names these places (from 0) of the list, as a model is asked to write it."""
    return json.dumps({"tags": [place + 1 for place in places]})


def schema_of(length: int, most: int) -> dict[str, Any]:
    """The JSON schema of an answer about so many candidates."""
    numbers = {"type": "integer", "enum": list(range(1, length + 1))}
    tags = {"type": "array", "items": numbers, "maxItems": most}
    return {"type": "object", "properties": {"tags": tags}, "required": ["tags"], "additionalProperties": False}


def read(answer: Completion, names: Sequence[str]) -> Answer:
    """What an answer says, whatever it looks like: only places on the list come out."""
    if answer.error:
        return Answer([], error=answer.error)
    said = _items(answer.text)
    if said is None:
        return Answer([], refused=True)
    folded = {plain(name, _LONGEST).casefold(): place for place, name in reversed(list(enumerate(names)))}
    places = [_place(item, folded, len(names)) for item in said]
    kept = list(dict.fromkeys(place for place in places if place is not None))
    return Answer(kept, refused=None in places)


def _items(text: str) -> list[Any] | None:
    """The items of the list in an answer; ``None`` where it holds none."""
    start, end = text.find("{"), text.rfind("}")
    try:
        said = json.loads(text[start : end + 1]) if 0 <= start < end else None
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict) and isinstance(said.get("tags"), list):
        return list(said["tags"])
    if found := _LIST.search(text):
        items = [item.strip().strip('"') for item in found[1].split(",") if item.strip()]
        # Cut off before it ended, the last number may be the beginning of a longer one.
        return items if found[2] else items[:-1]
    if text.strip() and _BARE.fullmatch(text):
        return re.findall(r"\d+", text)
    return None


def _place(item: Any, folded: Mapping[str, int], length: int) -> int | None:
    """The place on the list that an item names by number or by the very name; ``None``: it is not on the list."""
    if isinstance(item, bool) or not isinstance(item, int | str):
        return None
    text = str(item).strip()
    if isinstance(item, str) and (place := folded.get(plain(text, _LONGEST).casefold())) is not None:
        return place
    if text.isascii() and text.isdigit() and len(text) < 6:
        number = int(text)
        return number - 1 if 1 <= number <= length else None
    return None
