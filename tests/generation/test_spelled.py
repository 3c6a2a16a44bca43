"""Names of tags, spelled by a model that can say nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.candidates import Candidates
from tagwright.errors import ConfigError
from tagwright.generation.base import Notes, furnish
from tagwright.generation.propose import Propose
from tagwright.generation.spelled import Spelled, read_spelled
from tagwright.llm.base import Usage
from tagwright.llm.budget import Budget, BudgetedLLM, Estimating
from tagwright.llm.cached import CachedLLM
from tagwright.llm.logged import LoggedLLM
from tagwright.llm.prompts import load
from tagwright.llm.scripted import Scripted
from tagwright.recall.finder import Finder
from tagwright.recall.labels import Labels
from tagwright.store.calls import CallLog
from tagwright.store.sqlite import SqliteStore
from tagwright.testing import vocabulary
from tagwright.text.tokens import Analyzer
from tagwright.types import Document

VOCABULARY = vocabulary()
BEES, RAIL, SOIL = range(3)
DOCUMENTS_TWO = [Document("a", "Wind over loess.", "Dust"), Document("b", "Bees in town.")]


def spelling_stage(llm: Any) -> Propose:
    analyzer = Analyzer(("en",))
    shared = {
        "name": "proposed", "llm": llm, "vocabulary": VOCABULARY, "template": load("propose"), "notes": Notes(),
        "finder": Finder(analyzer, Labels(analyzer)),
    }  # fmt: skip
    return furnish(Propose(constrained=True), shared)


def table(*tags: int) -> Candidates:
    return Candidates.from_pairs(
        len(tags), np.arange(len(tags)), np.array(tags), {"confidence": np.full(len(tags), 0.5)}
    )


def column(found: Candidates) -> dict[tuple[int, int], float]:
    values = found.column("proposed").tolist()
    return dict(zip(zip(found.documents.tolist(), found.tags.tolist(), strict=True), values, strict=True))


@dataclass
class Speller:
    """A model in this process, as far as it is needed here: says the same names of the trie each time."""

    says: list[tuple[int, float]]
    fingerprint: str = "speller"
    tries: list[list[str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def complete(self, prompts, **_):
        raise AssertionError("it is only asked to spell")

    def trie(self, names):
        self.tries.append(list(names))
        return tuple(names)

    def constrained(self, prompt, trie, most):
        self.asked.append(prompt.about)
        if prompt.about == "b":
            raise RuntimeError("out of memory")
        return self.says[:most]


def test_spelled_names_need_no_mapping_and_are_cached_capped_and_logged_like_answers(tmp_path):
    speller = Speller([(0, float(np.log(0.5))), (1, float(np.log(0.25)))])
    budget, log = Budget(), CallLog(tmp_path / "store.llm.sqlite")
    logged = LoggedLLM(speller, log, budget.cost_of)
    llm = CachedLLM(BudgetedLLM(logged, budget), SqliteStore(tmp_path / "store.sqlite"))
    proposed = spelling_stage(llm)
    candidates = table(SOIL, SOIL)
    for _ in range(2):
        found = proposed.score(DOCUMENTS_TWO, candidates, np.ones(candidates.n_pairs, dtype=bool))
        assert column(found)[0, BEES] == pytest.approx(0.5) and column(found)[0, RAIL] == pytest.approx(0.25)
        assert np.isnan(column(found)[1, SOIL]) and "out of memory" in proposed.notes.of("b")
    assert len(speller.tries) == 1 and "Steam navigation" not in speller.tries[0]
    assert speller.asked == ["a", "b", "b"], "the first answer is remembered, failures are not"
    assert budget.spent_.calls == 3 and [call.document for call in log.recent(9)] == ["b", "b", "a"]
    pair = int(np.flatnonzero(found.tags == BEES)[0])
    assert proposed.explain(found, pair)[0].text == "Beekeeping"


def test_a_dry_run_counts_what_spelling_would_take_and_spells_nothing(tmp_path):
    speller, candidates = Speller([]), table(SOIL, SOIL)
    dry = Estimating(speller)
    proposed = spelling_stage(CachedLLM(dry, SqliteStore(tmp_path / "store.sqlite")))
    proposed.score(DOCUMENTS_TWO, candidates, np.ones(candidates.n_pairs, dtype=bool))
    assert dry.most_.calls == 2 and speller.asked == []


def test_a_model_that_cannot_spell_is_refused_with_the_next_step():
    candidates = table(SOIL)
    with pytest.raises(ConfigError, match="constrained") as caught:
        spelling_stage(BudgetedLLM(Scripted(lambda *_: ""), Budget())).score(
            DOCUMENTS_TWO[:1], candidates, np.ones(candidates.n_pairs, dtype=bool)
        )
    assert "local" in caught.value.hint


@given(
    st.text(max_size=60)
    | st.lists(st.tuples(st.integers(-9, 9), st.floats(), st.text())).map(lambda s: json.dumps({"tags": s}))
)
def test_a_spelled_answer_that_is_damaged_gives_no_other_tags(text):
    found = read_spelled(text, Spelled(Speller([]), VOCABULARY, 3)) or []
    assert all(VOCABULARY.active[tag] and 0 < value <= 1 for tag, value in found)


def test_the_usage_of_spelling_is_told():
    answer = Spelled(Speller([(0, -0.1)]), VOCABULARY, 3).complete([load("propose").prompt("a", PROMPT)])[0]
    assert answer.usage.calls == Usage(1).calls and answer.usage.prompt_tokens > 50


PROMPT = {"document": "x", "knowledge": "", "number": "3", "language": "English"}
