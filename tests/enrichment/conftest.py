"""A library of six tags, a language model that writes about them, and the writing of samples, carried out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tagwright.enrichment.sampled as sampled
from tagwright.enrichment.author import TEMPLATE, Author
from tagwright.enrichment.options import Enrichment
from tagwright.enrichment.samples import Known, Report, Writing
from tagwright.enrichment.tail import Plan
from tagwright.enrichment.verify import Verdict
from tagwright.generation.base import Notes, furnish
from tagwright.generation.judge import Judge
from tagwright.llm import prompts
from tagwright.llm.base import Prompt
from tagwright.llm.scripted import Scripted
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

TAGS = (
    Tag("t:a", "Apples", {"en": "Apples"}, descriptions={"en": "Fruit of the apple tree."}),
    Tag("t:b", "Bees", {"en": "Bees"}, descriptions={"en": "Insects that make honey."}),
    Tag("t:c", "Canals", {"en": "Canals"}),
    Tag("t:d", "Dunes", {"en": "Dunes"}, descriptions={"en": "Hills of sand."}),
    Tag("t:e", "Elms", {"en": "Elms"}),
    Tag("t:x", "Old", {"en": "Old"}, descriptions={"en": "Gone."}, deprecated=True),
)
VOCABULARY = Vocabulary.from_tags(TAGS, language="en")
WORDS = (
    "harbour winter letters of the old keeper and his garden with maps roads bridges songs water stone clocks lamps "
    "windows markets horses paper salt copper ropes sails barley linen"
).split()
Answer = Callable[..., Any]


def document(number: int, *tags: str, text: str = "") -> Document:
    chance = np.random.default_rng(number)
    words = text or f"The report on {' '.join(chance.choice(WORDS, 30))}."
    return Document(f"d{number}", words, f"Report {number}", "en", tags)


def library(**often: int) -> list[Document]:
    """So many documents of each tag: ``library(a=3)``."""
    named = [f"t:{letter}" for letter, number in often.items() for _ in range(number)]
    return [document(number, tag) for number, tag in enumerate(named)]


def text_for(prompt: Prompt) -> str:
    """An English text of its own for each question, that says the first heading."""
    heading = re.search(r"^- ([^:\n]+)", prompt.user, re.MULTILINE)
    assert heading is not None
    chance = np.random.default_rng(int(prompt.about.removeprefix("pseudo:"), 16))
    return f"This is the story of {heading[1]} and of {' '.join(chance.choice(WORDS, 25))}."


def writes(prompt: Prompt, choices: Sequence[str], schema: Any) -> Any:
    """A model that writes useful texts, and judges what says its heading to be about it."""
    if choices:
        heading = prompt.user.rpartition("Subject heading: ")[2].strip()
        share = 0.9 if heading in prompt.user.partition("</document>")[0] else 0.1
        return {"Yes": share, "No": 1 - share}
    return json.dumps({"title": f"On {prompt.about}", "text": text_for(prompt)})


class Agrees:
    """Says yes to everything, or to nothing."""

    def __init__(self, answer: bool = True) -> None:
        self.answer, self.asked = answer, 0

    def verify(self, documents: Sequence[Document], tags: Sequence[int]) -> list[Verdict]:
        self.asked += len(documents)
        return [Verdict(self.answer, "said so")] * len(documents)


@pytest.fixture
def judge() -> Callable[[Answer], Judge]:
    def made(script: Answer) -> Judge:
        shared = {
            "llm": Scripted(script),
            "vocabulary": VOCABULARY,
            "notes": Notes(),
            "template": prompts.load("judge"),
        }
        stage = furnish(Judge(name="judged"), shared)
        assert isinstance(stage, Judge)
        return stage

    return made


@pytest.fixture
def write() -> Callable[..., tuple[list[sampled.PseudoSample], Report]]:
    """Carries out a plan with a script; gives what was kept, and the report."""

    def carried_out(
        wanted: Plan, script: Answer = writes, verifier: Any = None, *, there: Sequence[sampled.PseudoSample] = (),
        llm: Any = None, measured: Sequence[Document] = (),
    ) -> tuple[list[sampled.PseudoSample], Report]:  # fmt: skip
        options = Enrichment()
        author = Author(llm or Scripted(script), VOCABULARY, prompts.load(TEMPLATE), options)
        known, saved = Known(options.near), [list(there)]
        known.measure(measured)
        writing = Writing(
            wanted, author, verifier or Agrees(), known, lambda kept: saved.append(list(kept)), "2026-01-02"
        )
        report = writing.run(there, lambda *_: None)
        return saved[-1], report

    return carried_out


@pytest.fixture(scope="session")
def world() -> SimpleNamespace:
    """``vocabulary`` of six tags, ``document(number, *tags)``, ``library(a=3)``; ``writes``, a model's script."""
    return SimpleNamespace(vocabulary=VOCABULARY, document=document, library=library, writes=writes)
