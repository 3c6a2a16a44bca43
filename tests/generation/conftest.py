"""Small tables and scripted models for the stages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.generation.base import Notes, Stage, furnish
from tagwright.llm import prompts
from tagwright.llm.base import Prompt
from tagwright.llm.scripted import Scripted
from tagwright.testing import vocabulary
from tagwright.types import Document

NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)
HEADING = re.compile(r"^Subject heading: (.+)$", re.MULTILINE)
DOCUMENTS = [Document("a", "Bees and trains.", "A"), Document("b", "Loess.", "B"), Document("c", "Nothing.", "C")]


def listed(prompt: Prompt) -> dict[str, int]:
    """{name: number} of the candidates in a prompt of the stage select."""
    return {name: int(number) for number, name in NUMBERED.findall(prompt.user)}


def heading(prompt: Prompt) -> str:
    """The tag that a prompt of the stage judge asks about."""
    found = HEADING.search(prompt.user)
    assert found is not None, prompt.user
    return found[1]


def knows(gold: Mapping[str, set[str]], certainty: float = 0.99) -> Callable[..., Any]:
    """The script of a model that knows which tag names are right for each document id."""

    def answer(prompt: Prompt, choices: Sequence[str], schema: Mapping[str, Any] | None) -> Any:
        right = gold.get(prompt.about, set())
        if choices:
            share = certainty if heading(prompt) in right else 1 - certainty
            return {"Yes": share, "No": 1 - share}
        if prompt.template.startswith("select"):
            return json.dumps({"tags": [number for name, number in listed(prompt).items() if name in right]})
        return json.dumps({"terms": sorted(right)})

    return answer


@pytest.fixture
def table() -> Candidates:
    """Three documents: four candidates, two, none; ``confidence`` falls with the tag's position."""
    tags = np.array([0, 1, 2, 3, 0, 2], dtype=np.int32)
    confidence = np.array([0.9, 0.6, 0.4, 0.1, 0.5, 0.2], dtype=np.float32)
    return Candidates(np.array([0, 4, 6, 6]), tags, {"confidence": confidence, "fused": confidence})


@pytest.fixture
def make() -> Callable[..., Stage]:
    """A stage with all that it is given, asking a script."""

    def made(stage: Stage, script: Callable[..., Any], **shared: Any) -> Stage:
        given = {
            "name": stage.uses, "llm": Scripted(script), "vocabulary": vocabulary(), "notes": Notes(),
            "template": prompts.load(stage.uses), **shared,
        }  # fmt: skip
        return furnish(stage, given)

    return made
