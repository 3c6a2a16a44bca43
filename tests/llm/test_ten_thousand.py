"""The stages before a server with every fault: each document has its answer or a reason, and only tags come out."""

from __future__ import annotations

import json
import random
import re

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.generation.asking import ask_all
from tagwright.generation.base import Notes, furnish
from tagwright.generation.judge import Judge
from tagwright.generation.propose import Propose
from tagwright.generation.select import Select
from tagwright.llm import prompts
from tagwright.llm.budget import Budget, BudgetedLLM
from tagwright.llm.http import Http
from tagwright.recall.finder import Finder
from tagwright.recall.labels import Labels
from tagwright.testing import vocabulary
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

WRONG = ('{"tags": [99, -1, "Cookery", 1]}', '{"tags": [2', "no", "", '{"tags": {"a": 1}}', '{"terms": [7, "Ghosts"]}')


def server_plan(chat, tries):
    chance = random.Random(11)

    def plan(body, number):
        asked = body["messages"][-1]["content"]
        key = re.sub(r"Your last answer.*", "", asked)
        tries.append((key, asked))
        kind = chance.random()
        if kind < 0.3:
            return chance.choice([(500, "", {}), (429, "", {}), (200, '{"choices": [{"mess', {}), (200, "[]", {})])
        if kind < 0.5:
            return chat(chance.choice(WRONG))
        if "or Yes" in asked or "or No" in asked:
            return chat("Yes", {"Yes": 0.7, "No": 0.3} if chance.random() < 0.5 else None)
        return chat(json.dumps({"tags": [chance.randint(1, 5)], "terms": ["Beekeeping", "Lighthouse", "Nonsense"]}))

    return plan


def stages_for(llm, notes, known):
    analyzer = Analyzer(("en",))
    shared = {
        "llm": llm, "notes": notes, "vocabulary": known, "finder": Finder(analyzer, Labels(analyzer).fit(known)),
    }  # fmt: skip
    made = [Propose(name="proposed", terms=3), Select(name="selected"), Judge(name="judged", depth=4)]
    return [furnish(stage, {**shared, "template": prompts.load(stage.uses)}) for stage in made]


@pytest.mark.parametrize("documents", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_in_all_answers_there_is_no_tag_outside_the_vocabulary(server, chat, documents):
    tries: list[tuple[str, str]] = []
    server.plan = server_plan(chat, tries)
    notes, known, budget = Notes(), vocabulary(), Budget(calls=documents * 40)
    llm = BudgetedLLM(
        Http(server.url, "small", wait=0.0, sleep=lambda seconds: None, timeout=10.0, may_retry=budget.may_retry),
        budget,
    )
    given = [Document(f"d{n}", f"Text number {n}.") for n in range(documents)]
    tags = np.tile(np.arange(5, dtype=np.int32), documents)
    confidence = np.tile(np.linspace(0.9, 0.1, 5, dtype=np.float32), documents)
    table = Candidates(np.arange(documents + 1) * 5, tags, {"confidence": confidence, "fused": confidence})
    found = ask_all(stages_for(llm, notes, known), given, table, 4)
    assert len(tries) >= documents * 10 and budget.spent_.calls <= budget.calls + 1
    assert set(found.tags.tolist()) <= set(np.flatnonzero(known.active).tolist())
    assert found.n_documents == documents
    for stage in ("selected", "judged"):
        told = ~np.isnan(found.column(stage))
        answered = np.bincount(found.documents[told], minlength=documents) > 0
        assert all(answered[row] or notes.of(document.id) for row, document in enumerate(given))
        assert answered.mean() > 0.5
    # Three tries a question; the stage select puts a question once more where the answer was unusable.
    asked = [question for _, question in tries]
    assert max(asked.count(question) for question in set(asked[:3000])) <= 3
