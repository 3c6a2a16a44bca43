"""What an encoder is taught with: parts by id, each document once an epoch, never a right tag as a wrong one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.training.lessons import Lessons, Parts, Teacher
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

VOCABULARY = Vocabulary.from_tags([
    *(Tag(f"t:{n}", f"name {n}") for n in range(9)), Tag("t:9", "name 9", descriptions={"": "About the ninth."})
])  # fmt: skip


def lessons(n: int = 23, seed: int = 0) -> Lessons:
    random = np.random.default_rng(seed)
    documents, gold, wrong = [], [], []
    for number in range(n):
        right = np.sort(random.choice(10, random.integers(1, 4), replace=False)).astype(np.int32)
        documents.append(Document(f"d{number}", f"text {number}", f"title {number}"))
        gold.append(right)
        wrong.append(np.setdiff1d(random.permutation(10)[: random.integers(0, 6)], right).astype(np.int32))
    return Lessons(documents, gold, wrong, VOCABULARY)


def test_parts_are_cut_by_id_alone_and_nothing_is_lost() -> None:
    documents = [Document(f"d{n}", "text", tags=("t:1",)) for n in range(2000)]
    parts = Parts.of(documents, held_out=0.2, dev=0.05, seed=0)
    every = [*parts.taught, *parts.dev, *parts.held_out]
    assert sorted(one.id for one in every) == sorted(one.id for one in documents)
    assert 320 < len(parts.held_out) < 480 and 60 < len(parts.dev) < 140
    changed = [replace(one, tags=("t:2",), text="other") for one in documents if one.id != "d7"]
    again = Parts.of(changed, held_out=0.2, dev=0.05, seed=0)
    for mine, theirs in ((parts.taught, again.taught), (parts.dev, again.dev), (parts.held_out, again.held_out)):
        assert [one.id for one in mine if one.id != "d7"] == [one.id for one in theirs]
    other = Parts.of(documents, held_out=0.2, dev=0.05, seed=1)
    assert {one.id for one in other.held_out} != {one.id for one in parts.held_out}


def test_the_dev_part_has_an_upper_limit_and_may_be_left_out() -> None:
    documents = [Document(f"d{n}", "text") for n in range(3000)]
    assert len(Parts.of(documents, held_out=0.0, dev=0.5, seed=0).dev) == 400
    parts = Parts.of(documents, held_out=0.0, dev=0.0, seed=0)
    assert parts.taught == documents and not parts.dev and not parts.held_out


@given(st.integers(1, 9), st.integers(0, 4), st.booleans(), st.integers(0, 3))
def test_a_step_knows_all_that_is_right_and_nothing_right_is_a_wrong_tag(size, wrong, paired, seed) -> None:
    of = lessons()
    teacher = Teacher(of, batch=size, wrong=wrong, titles=0.0, paired=paired, seed=seed)
    by_text = {f"{one.title}. {one.text}": row for row, one in enumerate(of.documents)}
    place = {f"name {n}": n for n in range(9)} | {"name 9": 9, "name 9. About the ninth.": 9}
    for step in range(teacher.steps):
        lesson = teacher.lesson(step)
        tags = [place[text] for text in lesson.tags]
        gold = [set(of.gold[by_text[text]].tolist()) for text in lesson.documents]
        assert len(set(tags)) == len(tags) and len(set(lesson.documents)) == size
        assert lesson.batch.right.tolist() == [[tag in own for tag in tags] for own in gold]
        assert all(own <= set(tags) for own in gold)
        pairs = list(zip(lesson.batch.rows, lesson.batch.right_tags, lesson.batch.wrong_tags, strict=True))
        assert all(lesson.batch.right[row, near] and not lesson.batch.right[row, far] for row, near, far in pairs)
        if len(tags) > max(map(len, gold)):
            assert {(row, tags[near]) for row, near, _ in pairs} == {(n, t) for n, own in enumerate(gold) for t in own}


@pytest.mark.parametrize("paired", [False, True])
def test_every_document_comes_once_an_epoch_in_an_order_of_its_own(paired: bool) -> None:
    teacher = Teacher(lessons(24), batch=6, wrong=2, titles=0.0, paired=paired)
    epochs = [[text for step in range(4) for text in teacher.lesson(4 * n + step).documents] for n in range(2)]
    assert all(len(set(epoch)) == 24 for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_a_step_depends_on_its_number_alone() -> None:
    one, other = (Teacher(lessons(), batch=5, wrong=2, titles=0.5) for _ in range(2))
    forwards = [one.lesson(step) for step in range(8)]
    backwards = [other.lesson(step) for step in reversed(range(8))][::-1]
    for mine, theirs in zip(forwards, backwards, strict=True):
        assert (mine.documents, mine.tags) == (theirs.documents, theirs.tags)
        assert all(np.array_equal(getattr(mine.batch, f), getattr(theirs.batch, f)) for f in vars(mine.batch))


def test_paired_documents_mostly_have_a_tag_in_common() -> None:
    def shared(paired: bool) -> float:
        teacher = Teacher(lessons(200), batch=2, wrong=0, titles=0.0, paired=paired)
        return float(np.mean([teacher.lesson(step).batch.right.all(axis=0).any() for step in range(teacher.steps)]))

    assert shared(True) > 0.9 > 0.6 > shared(False)


def test_titles_are_read_alone_and_tags_by_name_as_often_as_by_all_that_is_known() -> None:
    teacher = Teacher(lessons(500), batch=10, wrong=2, titles=0.25)
    read = [text for step in range(50) for text in teacher.lesson(step).documents]
    assert 0.15 < np.mean([". " not in text for text in read]) < 0.35
    ninth = [text for step in range(50) for text in teacher.lesson(step).tags if text.startswith("name 9")]
    assert 0.25 < np.mean([text == "name 9" for text in ninth]) < 0.75
