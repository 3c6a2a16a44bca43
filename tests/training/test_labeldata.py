"""What a label-guided classifier is taught with: settings, and steps that show a few of many tags."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tagwright.errors import ConfigError
from tagwright.training.labeldata import LabelExamples, LabelTraining, Steps


def steps(n: int = 20, tags: int = 200, used: int = 100, **options: Any) -> Steps:
    """Documents with two of the first tags each, and three likely wrong ones, one of them right."""
    random = np.random.default_rng(0)
    gold = [np.sort(random.choice(used, 2, replace=False)) for _ in range(n)]
    wrong = [np.append(random.choice(tags, 2, replace=False), own[0]) for own in gold]
    given = {"batch": 5, "drawn": 40, "likely": 2, **options}
    return Steps(gold, wrong, np.arange(n), np.arange(tags), **given)


def test_every_document_comes_once_an_epoch_in_an_order_of_its_own() -> None:
    made = steps()
    assert made.an_epoch == 4
    epochs = [np.concatenate([made.step(4 * epoch + place).rows for place in range(4)]) for epoch in range(2)]
    assert all(sorted(rows) == list(range(20)) for rows in epochs) and epochs[0].tolist() != epochs[1].tolist()
    again, other = steps().step(6), steps(seed=1).step(6)
    assert np.array_equal(made.step(6).tags, again.tags) and not np.array_equal(again.rows, other.rows)


def test_a_step_shows_all_right_tags_and_how_many_each_tag_stands_for() -> None:
    made = steps()
    for number in range(8):
        step = made.step(number)
        assert (np.diff(step.tags) > 0).all() and step.right.shape == (5, len(step.tags))
        for row, right in zip(step.rows, step.right, strict=True):
            assert set(step.tags[right]) == set(made._gold[row].tolist())
        assert (step.stands[step.right.any(axis=0)] == 1).all()
        assert step.stands.sum() == pytest.approx(200), "together they stand for all"
        assert np.array_equal(step.own, np.flatnonzero(step.stands == 1))
        assert (step.counts[~step.used] == 0).all() and step.counts[step.used].min() >= 1
        assert step.counts.sum() == pytest.approx(
            step.used[step.own].sum() + len(made._used) - step.used[step.own].sum()
        )


def test_memory_hangs_on_the_batch_and_not_on_the_number_of_tags() -> None:
    few, many = (steps(tags=n, used=min(n, 5000)).step(0) for n in (200, 100_000))
    assert len(many.tags) <= 5 * (2 + 2) + 40 and abs(len(many.tags) - len(few.tags)) < 10


def test_where_there_are_few_tags_all_are_shown() -> None:
    step = steps(tags=30, used=20).step(0)
    assert step.tags.tolist() == list(range(30)) and (step.stands == 1).all()
    assert step.used[:20].any() and not step.used[20:].any()


def test_fewer_documents_than_a_batch_are_one_step() -> None:
    made = steps(n=3)
    assert made.an_epoch == 1 and sorted(made.step(7).rows) == [0, 1, 2]


def test_what_is_left_at_0_becomes_what_suits_the_backbone() -> None:
    frozen, learning = LabelTraining(), LabelTraining(backbone="minilm")
    assert (frozen.batch, frozen.learning_rate, learning.batch, learning.learning_rate) == (256, 1e-3, 64, 5e-5)
    assert LabelTraining(batch=8).batch == 8
    assert (frozen.labels_weight, frozen.documents_weight, frozen.tau, frozen.weighting) == (
        0.01,
        0.01,
        0.1,
        "one_minus",
    )
    form = frozen.form(384)
    assert (form.temperature, form.hidden, form.entrance) == (pytest.approx(384**0.5), 768, 768)
    assert LabelTraining(guided=False, temperature=1.0).form(384).entrance == 384


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"head": "mlp"}, "head is 'mlp'"), ({"loss": "sum"}, "loss is"), ({"weighting": "w"}, "weighting is"),
        ({"labels_weight": -1.0}, "negative"), ({"tau": 0.0}, "tau is"), ({"dropout": 1.0}, "dropout is"),
        ({"batch": -1}, "batch is"), ({"temperature": -1.0}, "temperature is"),
    ],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_named(options: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        LabelTraining(**options)


def written() -> LabelExamples:
    """Twelve documents of two tags; three were written after the first, the second, and none."""
    random = np.random.default_rng(0)
    ids = [*(f"d{n}" for n in range(12)), "after d0", "after d1", "alone"]
    right = [np.array([n % 2]) for n in range(15)]
    none = [np.empty(0, dtype=np.int64)] * 15
    vectors = [random.standard_normal((n, 4)).astype(np.float32) for n in (15, 2)]
    light = {12: (0.5, "d0"), 13: (0.25, "d1"), 14: (0.5, "")}
    return LabelExamples(ids, vectors[0], vectors[1], right, none, "encoder", ["a", "b"], light)


def test_what_was_written_after_a_held_out_document_is_not_learned_from() -> None:
    of, outcomes = written(), set()
    bare = replace(of, ids=of.ids[:12], documents=of.documents[:12], right=of.right[:12], hard=of.hard[:12], written={})
    for seed in range(20):
        learned, held_out = of.split(0.25, seed)
        assert max(held_out) < 12, "nothing is measured on what a model wrote"
        assert [(12 in learned), (13 in learned), (14 in learned)] == [0 not in held_out, 1 not in held_out, True]
        plain = bare.split(0.25, seed)
        assert plain[1].tolist() == held_out.tolist() and plain[0].tolist() == learned[learned < 12].tolist()
        outcomes.add(tuple(learned[learned >= 12].tolist()))
    assert len(outcomes) > 1
    assert bare.hash != of.hash != replace(of, written={**of.written, 14: (0.4, "")}).hash


def test_what_has_a_part_in_it_is_seen_also_by_what_was_written_after_it() -> None:
    of = written()
    silent = of.documents.copy()
    silent[0] = 0  # the encoder knows no word of it
    found = replace(of, documents=silent)
    assert 0 not in found.usable and set(found.seen) == set(of.ids)
    assert of.weights.tolist() == [1.0] * 12 + [0.5, 0.25, 0.5]


def test_steps_show_light_documents_as_often_as_they_weigh() -> None:
    of = written()
    steps = Steps(
        of.right, of.hard, np.arange(15), np.arange(2), batch=13, drawn=2, likely=0, weights=of.weights
    )  # fmt: skip
    assert steps.an_epoch == 1
    for epoch in range(4):
        rows = steps.step(epoch).rows
        assert len(rows) == 13 and set(range(12)) <= set(rows.tolist())
