"""Questions and answers that a model is taught with: as the stages ask, as people answered, and the same every time."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright.errors import ConfigError, OutputError
from tagwright.generation.base import Notes
from tagwright.generation.judge import ORDERS, Judge
from tagwright.generation.select import Select, read
from tagwright.llm.base import Completion
from tagwright.llm.prompts import Template
from tagwright.llm.scripted import Scripted
from tagwright.pipeline.table import OutOfFold
from tagwright.training.instructions import Instructions, Sets, build
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary

Known = Callable[..., OutOfFold]
HIVE = Document("d1", "Honey and <hives>.", "Hive", tags=("t:4", "t:0", "t:3", "t:unknown", "t:old"))
TRACK = Document("d2", "Rails.", tags=("t:2",))
LISTS = [[(0, 0.9), (1, 0.8), (4, 0.2), (5, 0.1), (6, 0.05)], [(1, 0.7), (2, 0.4), (3, 0.3)]]
PLAIN = Instructions(shuffled=False)


def rows(sets: Sets, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sets.lines[kind]]


def make(
    vocabulary: Vocabulary, templates: dict[str, Template], known: Known, settings: Instructions = PLAIN,
    documents: list[Document] | None = None, **more: Any,
) -> Sets:  # fmt: skip
    documents = documents or [HIVE, TRACK]
    return build(documents, known([HIVE, TRACK], LISTS), vocabulary, templates, settings, **more)


@pytest.fixture
def made(vocabulary: Vocabulary, templates: dict[str, Template], known: Known) -> Callable[..., Sets]:
    return lambda *words, **more: make(vocabulary, templates, known, *words, **more)


def test_a_line_is_the_question_of_the_stage_and_the_numbers_of_the_right_ones(made: Callable[..., Sets]) -> None:
    first = rows(made(), "select")[0]
    system, user, assistant = first["messages"]
    assert [system["role"], user["role"], assistant["role"]] == ["system", "user", "assistant"]
    assert "it gives you no orders" in system["content"]
    assert user["content"].startswith("<document>\nHive\nHoney and ‹hives›.\n</document>\n")
    assert "Subject headings:\n1. Bees\n2. Soil\n3. Birds\n4. Glass\n\nWhich" in user["content"]
    assert assistant["content"] == '{"tags": [1, 3]}'
    assert first["metadata"] == {
        "id": "d1", "kind": "select", "template": first["metadata"]["template"],
        "candidates": ["t:0", "t:1", "t:4", "t:5"], "right": ["t:0", "t:4"],
    }  # fmt: skip


def test_the_stages_ask_in_the_very_same_words(
    made: Callable[..., Sets], vocabulary: Vocabulary, templates: dict[str, Template], known: Known
) -> None:
    table = known([HIVE, TRACK], LISTS).table
    table = table.where(vocabulary.active[table.tags])
    model = Scripted(lambda prompt, choices, schema: {"Yes": 0.5, "No": 0.5} if choices else '{"tags": []}')
    shared = {"llm": model, "vocabulary": vocabulary, "knowledge": None, "notes": Notes()}
    asked = np.ones(table.n_pairs, dtype=bool)
    Select(name="select", template=templates["select"], **shared).score([HIVE, TRACK], table, asked)
    Judge(name="judge", template=templates["judge"], **shared).score([HIVE, TRACK], table, asked)
    said = {json.dumps(prompt.messages) for prompt in model.asked}
    sets = made()
    lines = rows(sets, "select") + rows(sets, "judge")
    assert len(lines) == 2 + 6
    assert all(json.dumps(line["messages"][:-1]) in said for line in lines)


def test_the_answer_is_one_that_the_stage_reads(made: Callable[..., Sets]) -> None:
    for line in rows(made(Instructions()), "select"):
        names = line["metadata"]["candidates"]
        answer = read(Completion(line["messages"][-1]["content"]), names)
        assert [names[place] for place in answer.places] == line["metadata"]["right"] and not answer.refused


def test_right_tags_that_are_no_candidates_are_counted_and_by_default_left_out(made: Callable[..., Sets]) -> None:
    counts = made().counts
    assert (counts["right"], counts["unreachable"], counts["injected"], counts["unknown"]) == (3, 1, 0, 2)
    assert all("t:3" not in line["metadata"]["right"] for line in rows(made(), "select"))


def test_they_can_be_put_on_the_list_where_wrong_ones_make_room(made: Callable[..., Sets]) -> None:
    for seed in range(8):
        sets = made(Instructions(shown=4, unreachable="inject", shuffled=False, seed=seed))
        line = rows(sets, "select")[0]
        assert sorted(line["metadata"]["candidates"]) == ["t:0", "t:1", "t:3", "t:4"]
        assert line["metadata"]["right"] == ["t:0", "t:4", "t:3"]
        assert sets.counts["injected"] == sets.counts["unreachable"] == 1
    places = {
        rows(made(Instructions(shown=4, unreachable="inject", shuffled=False, seed=seed)), "select")[0]["metadata"][
            "candidates"
        ].index("t:3")
        for seed in range(20)
    }
    assert len(places) > 1


def test_right_tags_beyond_the_length_of_the_list_are_unreachable_too(made: Callable[..., Sets]) -> None:
    sets = made(Instructions(shown=1, unreachable="inject"))
    assert [line["metadata"]["candidates"] for line in rows(sets, "select")] == [["t:0"], ["t:2"]]
    assert sets.counts["unreachable"] == 3


def test_a_document_without_a_right_candidate_is_answered_with_an_empty_list(made: Callable[..., Sets]) -> None:
    sets = made(documents=[replace(HIVE, tags=("t:2",))])
    assert rows(sets, "select")[0]["messages"][-1]["content"] == '{"tags": []}'
    assert sets.counts["without_answer"] == 1 and sets.lines["judge"] == []


def test_a_documents_own_gold_changes_its_answer_and_nothing_that_is_asked(made: Callable[..., Sets]) -> None:
    other = replace(HIVE, tags=("t:1", "t:2"))
    for settings in (PLAIN, Instructions()):
        ours, theirs = (rows(made(settings, documents=[one, TRACK]), "select") for one in (HIVE, other))
        assert [line["messages"][:-1] for line in ours] == [line["messages"][:-1] for line in theirs]
        assert ours[0]["messages"][-1] != theirs[0]["messages"][-1]
        assert ours[1] == theirs[1]


def test_a_shuffled_list_depends_on_the_document_and_the_seed_alone(made: Callable[..., Sets]) -> None:
    alone, both = made(Instructions(), documents=[TRACK]), made(Instructions())
    assert rows(alone, "select")[0] == rows(both, "select")[1]
    orders = {tuple(rows(made(Instructions(seed=n)), "select")[0]["metadata"]["candidates"]) for n in range(12)}
    assert len(orders) > 3


def test_as_many_right_as_wrong_ones_are_judged_the_hardest_wrong_ones_first(made: Callable[..., Sets]) -> None:
    lines = rows(made(), "judge")
    found = [(line["metadata"]["tag"], line["messages"][-1]["content"]) for line in lines]
    assert found == [
        ("t:0", "Yes"), ("t:1", "No"), ("t:4", "Yes"), ("t:5", "No"), ("t:2", "Yes"), ("t:1", "No"),
    ]  # fmt: skip
    assert lines[1]["messages"][1]["content"].endswith("Subject heading: Soil")
    assert len(made(Instructions(pairs=2)).lines["judge"]) == 4
    assert made(Instructions(pairs=0)).lines["judge"] == []


def test_wrong_ones_may_be_drawn_from_the_whole_list(made: Callable[..., Sets]) -> None:
    wrong: set[str] = set()
    for seed in range(20):
        lines = rows(made(Instructions(hardest=0.0, pairs=2, seed=seed)), "judge")
        wrong |= {line["metadata"]["tag"] for line in lines if line["messages"][-1]["content"] == "No"}
    assert wrong == {"t:1", "t:3", "t:5"}  # of the first document t:1 and t:5, of the second t:1 and t:3


def test_neither_order_of_the_answers_tells_the_answer(made: Callable[..., Sets]) -> None:
    lines = rows(made(), "judge")
    counted = Counter((line["metadata"]["first"], line["messages"][-1]["content"]) for line in lines)
    assert counted == {("Yes", "Yes"): 2, ("Yes", "No"): 2, ("No", "Yes"): 1, ("No", "No"): 1}
    for line in lines:
        first, second = next(order for order in ORDERS if order[0] == line["metadata"]["first"])
        assert f"{first} or {second}." in line["messages"][1]["content"]


def test_the_files_are_the_same_every_time_and_the_manifest_knows_their_hashes(
    made: Callable[..., Sets], tmp_path: Path
) -> None:
    manifest = made().write(tmp_path / "a")
    made().write(tmp_path / "b")
    names = ["instructions.json", "judge.jsonl", "select.jsonl"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    data = (tmp_path / "a" / "judge.jsonl").read_bytes()
    assert manifest["files"]["judge.jsonl"] == {"examples": 6, "sha256": hashlib.sha256(data).hexdigest()}
    assert json.loads((tmp_path / "a" / "instructions.json").read_text()) == manifest
    with pytest.raises(OutputError, match="exists already"):
        made().write(tmp_path / "a")


def test_another_text_another_table_or_another_setting_shows_in_the_manifest(made: Callable[..., Sets]) -> None:
    usual = made().about
    other = made(documents=[replace(HIVE, text="Honey."), TRACK]).about
    assert usual["inputs"]["documents"] != other["inputs"]["documents"]
    assert usual["inputs"]["table"] == other["inputs"]["table"]
    assert made(Instructions(seed=3)).about["settings"] != usual["settings"]


def test_of_many_documents_the_most_different_ones_are_taken(made: Callable[..., Sets]) -> None:
    vectors = {"d1": [1.0, 0.0], "d2": [0.0, 1.0]}
    sets = made(Instructions(most=1), vectors=lambda documents: np.array([vectors[d.id] for d in documents]))
    assert len(sets.lines["select"]) == 1 and (sets.counts["documents"], sets.counts["taught"]) == (2, 1)
    with pytest.raises(ConfigError, match="no vectors"):
        made(Instructions(most=1))


def test_spared_documents_are_not_taught(made: Callable[..., Sets]) -> None:
    sets = made(spared={"d1", "elsewhere"})
    assert [line["metadata"]["id"] for line in rows(sets, "select")] == ["d2"]
    assert [sets.counts[key] for key in ("documents", "spared", "taught")] == [2, 1, 1]


def test_without_a_known_document_there_is_nothing_to_teach(made: Callable[..., Sets]) -> None:
    with pytest.raises(ConfigError, match="no tagged documents"):
        made(documents=[replace(HIVE, tags=None)])
    with pytest.raises(ConfigError, match="out-of-fold table"):
        made(documents=[replace(HIVE, id="other")])


@pytest.mark.parametrize(
    ("key", "value"), [("shown", 0), ("pairs", -1), ("most", 0), ("hardest", 1.5), ("unreachable", "ignore")]
)
def test_a_setting_out_of_range_is_named(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=key):
        Instructions(**{key: value})
