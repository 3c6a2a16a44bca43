"""Who says whether a written text is about its tag, and who is believed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.enrichment.options import Enrichment
from tagwright.enrichment.tail import plan
from tagwright.enrichment.verify import ByChannels, ByJudge, trial
from tagwright.llm.base import Prompt
from tagwright.types import Document


def test_a_text_that_the_judge_finds_to_be_about_something_else_is_dropped(world: Any, write: Any, judge: Any) -> None:
    wanted = plan(world.library(b=1), world.vocabulary, Enrichment(per_tag=2), ["t:b"])

    def strays(prompt: Prompt, choices: Sequence[str], schema: Any) -> Any:
        if not choices and "neighbouring" not in prompt.user and "question" in prompt.user:
            return json.dumps(
                {"title": "Sand", "text": "The sand of the coast was carried by the wind for a long time."}
            )
        return world.writes(prompt, choices, schema)

    kept, report = write(wanted, strays, ByJudge(judge(strays), 0.5))
    assert report.refused == {"the judge says that it is not about the tag (Yes below 0.5)": 1}
    assert [one.said.number for one in kept] == [1] and kept[0].said.verified == "judge 0.900"


def test_the_judge_accepts_from_its_threshold_on(world: Any, judge: Any) -> None:
    by = ByJudge(judge(lambda *_: {"Yes": 0.6, "No": 0.4}), 0.6)
    share = float(by.shares([world.document(1)], [1])[0])
    assert replace(by, accept=share).verify([world.document(1)], [1])[0].agrees
    assert (
        not replace(by, accept=np.nextafter(np.float32(share), np.float32(1)))
        .verify([world.document(1)], [1])[0]
        .agrees
    )


def test_a_judge_without_an_answer_has_not_agreed(world: Any, judge: Any) -> None:
    def broken(*_: Any) -> str:
        raise OSError("the line is dead")

    (verdict,) = ByJudge(judge(broken), 0.5).verify([world.document(1)], [1])
    assert not verdict.agrees and "the line is dead" in verdict.why


def test_a_judge_is_tried_on_real_documents_before_it_is_believed(world: Any, judge: Any) -> None:
    names = [("t:a", "Apples"), ("t:b", "Bees"), ("t:c", "Canals")] * 4
    texts = [f"All about {name} and some more words of the year {n}." for n, (_, name) in enumerate(names)]
    documents = [world.document(n, tag, text=texts[n]) for n, (tag, _) in enumerate(names)]
    slots = plan(documents, world.vocabulary, Enrichment(per_tag=4)).slots
    pairs = trial(slots, 20)
    assert len(pairs) == 12 and all(
        right in (d.tags or ()) and wrong not in (d.tags or ()) for d, right, wrong in pairs
    )
    assert len(trial(slots, 5)) == 5 and trial([], 5) == []
    assert ByJudge(judge(world.writes), 0.5).tells(slots, world.vocabulary.position, 20) == 1.0
    assert ByJudge(judge(lambda *_: {"Yes": 0.9, "No": 0.1}), 0.5).tells(slots, world.vocabulary.position, 20) == 0.5
    assert np.isnan(ByJudge(judge(world.writes), 0.5).tells(slots[:1], world.vocabulary.position, 20))


def test_own_channels_agree_where_they_find_the_tag_among_the_best(world: Any) -> None:
    def found(documents: Sequence[Document]) -> Candidates:
        tags, rows = np.tile(np.arange(3, dtype=np.int32), len(documents)), np.repeat(np.arange(len(documents)), 3)
        return Candidates.from_pairs(len(documents), rows, tags, {"fused": np.tile([0.1, 0.9, 0.5], len(documents))})

    by = ByChannels(found, best=2, n_tags=100)
    verdicts = by.verify([world.document(n) for n in range(4)], [1, 2, 0, 4])
    assert [one.agrees for one in verdicts] == [True, True, False, False]
    assert verdicts[1].why == "own channels, place 2" and "best 2" in verdicts[2].why


@pytest.mark.parametrize(
    ("n_tags", "places"), [(1, 1), (2, 1), (5, 2), (6, 3), (12, 3), (60, 3), (61, 4), (90, 5), (199, 10), (70_000, 10)]
)
def test_among_few_tags_a_place_must_be_better_to_say_something(n_tags: int, places: int) -> None:
    def none(documents: Sequence[Document]) -> Candidates:
        raise AssertionError(documents)

    assert ByChannels(none, best=10, n_tags=n_tags).places == places
    assert ByChannels(none, best=2, n_tags=n_tags).places == min(2, places)
