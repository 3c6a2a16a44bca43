"""A broader tag beside a narrower one of it: kept, marked or dropped."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tagwright.corpus import Memory
from tagwright.errors import ConfigError
from tagwright.project import Project
from tagwright.tagger import Tagger
from tagwright.vocabulary.hierarchy import closure_of


@pytest.fixture
def generous(monkeypatch):
    """Every document is given all its candidates, so that broader and narrower tags meet."""
    monkeypatch.setattr(Tagger, "given", lambda self, table: np.ones(table.n_pairs, dtype=np.bool_))


def asked(folder, how, documents, k=30):
    project = Project.open(folder, overrides=[f'hierarchy.redundant="{how}"'])
    return project, project.suggest(documents, k=k)


def test_marked_are_exactly_the_tags_with_a_narrower_one_beside_them(trained_folder, others, generous):
    project, found = asked(trained_folder, "mark", others, k=300)
    closure = closure_of(project.vocabulary).toarray()
    marked = 0
    for suggestions in found:
        positions = project.vocabulary.positions([one.tag for one in suggestions])
        for one, position in zip(suggestions, positions, strict=True):
            narrower = [other for other in positions if other != position and closure[other, position]]
            assert one.redundant == bool(narrower), one.name
            marked += one.redundant
    assert marked > 0


def test_dropped_are_the_marked_ones_and_kept_is_everything(trained_folder, others, generous):
    _, marked = asked(trained_folder, "mark", others, k=300)
    _, dropped = asked(trained_folder, "drop", others, k=300)
    _, kept = asked(trained_folder, "keep", others, k=300)
    for one, two, three in zip(marked, dropped, kept, strict=True):
        assert [s.tag for s in two] == [s.tag for s in one if not s.redundant]
        assert [s.tag for s in three] == [s.tag for s in one] and not any(s.redundant for s in three)


def test_the_mark_stands_in_the_file_and_the_model_need_not_be_trained_again(
    trained_folder, others, tmp_path, generous
):
    project = Project.open(trained_folder, overrides=['hierarchy.redundant="mark"'])
    project.tag(Memory(others), tmp_path / "out.jsonl", k=300)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").open(encoding="utf-8")]
    marks = {s.get("redundant") for row in rows for s in row["suggestions"]}
    assert marks == {None, True}


def test_what_is_not_given_makes_nothing_redundant(trained_folder, others, monkeypatch):
    monkeypatch.setattr(Tagger, "given", lambda self, table: np.zeros(table.n_pairs, dtype=np.bool_))
    _, found = asked(trained_folder, "mark", others, k=300)
    assert not any(one.redundant for suggestions in found for one in suggestions)


def test_an_unknown_word_for_it_is_refused(trained_folder):
    with pytest.raises(ConfigError, match="known are: keep, mark, drop"):
        Project.open(trained_folder, overrides=['hierarchy.redundant="delete"']).suggest("bees")
