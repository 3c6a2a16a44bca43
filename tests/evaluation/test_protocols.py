"""Metrics of some tags alone: filtered by hand, frozen lists, bands."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tagwright.errors import ConfigError, InputError, OutputError
from tagwright.evaluation import metrics as m
from tagwright.evaluation.evaluate import evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.protocols import (
    Measured,
    among,
    bands,
    everything,
    fingerprint,
    freeze,
    part,
    rare,
    rarest_tags,
)
from tagwright.evaluation.ranked import Ranked


@pytest.fixture
def measured(case) -> Measured:
    return Measured(case.ranked, case.gold, 0.3)


def filtered(case, names: set[str]) -> tuple[Ranked, Gold]:
    suggested = [[(tag, value) for tag, value in row if tag in names] for row in case.suggested]
    return (
        Ranked.from_results(suggested, case.positions),
        Gold.from_ids([[tag for tag in row if tag in names] for row in case.wanted], case.positions),
    )


def test_a_part_is_the_evaluation_of_what_was_filtered_by_hand(case, measured) -> None:
    tags = np.array([1, 2, 5, 9, 30, 35])
    found = part(measured, among(tags), "some", len(tags))
    expected = evaluate(*filtered(case, {f"t{tag}" for tag in tags}), cut=0.3)
    assert found.documents == len(expected.documents)
    for name, value in expected.metrics.items():
        assert found.metrics[name] == pytest.approx(value, abs=1e-12, nan_ok=True), name
    assert found.metrics["macroF1(all)"] == pytest.approx(
        expected.metrics["macroF1(gold)"] * sum(any(f"t{tag}" in row for row in case.wanted) for tag in tags) / 6
    )


def test_the_recall_of_a_scope_looks_at_the_first_of_all_tags(case, measured) -> None:
    tags = {f"t{tag}" for tag in (1, 2, 5, 9)}
    hits = [
        tag in [other for other, _ in row[:10]]
        for row, wanted in zip(case.suggested, case.wanted, strict=True)
        for tag in wanted
        if tag in tags
    ]
    found = part(measured, among(np.array([1, 2, 5, 9])), "some", 4)
    assert found.metrics["R@10[scope]"] == pytest.approx(sum(hits) / len(hits))


def test_everything_is_all_tags_on_the_documents_that_carry_one(case, measured) -> None:
    tags = {f"t{tag}" for tag in (1, 2)}
    carriers = [row for row, wanted in enumerate(case.wanted) if tags & set(wanted)]
    found = everything(measured, "all", case.n_tags, carrying=among(np.array([1, 2])))
    expected = evaluate(
        Ranked.from_results([case.suggested[row] for row in carriers], case.positions),
        Gold.from_ids([case.wanted[row] for row in carriers], case.positions),
        cut=0.3,
    )
    assert found.documents == len(carriers)
    assert found.metrics["nDCG@10"] == pytest.approx(expected.metrics["nDCG@10"])
    assert found.metrics["microF1"] == pytest.approx(expected.metrics["microF1"])


def test_the_bands_are_those_of_the_report_and_carry_the_hash_of_their_counts(case, measured) -> None:
    counts = np.arange(case.n_tags) % 25
    found = bands(measured, counts)
    assert list(found.parts) == ["0", "1-4", "5-19", "20+"]
    assert sum(one.tags for one in found.parts.values()) == case.n_tags
    metrics = evaluate(case.ranked, case.gold, cut=0.3, train_counts=counts, n_train=100).metrics
    for name, one in found.parts.items():
        assert one.metrics["R@10[scope]"] == pytest.approx(metrics[f"R@10[{name}]"])
        assert one.metrics["ECE"] is not None
    counted = fingerprint(counts)
    assert found.as_dict()["counts"] == counted
    assert len(counted) == 64
    counts[0] += 1
    assert fingerprint(counts) != counted


def test_a_band_without_documents_is_undefined_and_not_a_number_nowhere(case, measured) -> None:
    found = bands(measured, np.full(case.n_tags, 7)).as_dict()
    empty = found["parts"]["20+"]
    assert (empty["documents"], empty["tags"], empty["metrics"]["microF1"]) == (0, 0, None)
    assert "NaN" not in json.dumps(found)


def test_the_rarest_tags_are_the_least_frequent_15_percent_of_those_in_training() -> None:
    counts = np.array([0, 9, 1, 1, 5, 7, 8, 2, 6, 3, 4, 0, 1])
    ids = [f"t{number}" for number in range(13)]
    assert rarest_tags(counts, ids).tolist() == [2, 12]  # 15 % of 11 rounded up; t12 comes before t3
    assert rarest_tags(np.array([0, 4]), ids).tolist() == [1]
    with pytest.raises(ConfigError, match="no tag has a training document"):
        rarest_tags(np.zeros(3), ids)


def test_rare_tags_are_measured_on_documents_that_carry_one(case, measured) -> None:
    tags = np.array([3, 4, 29])
    found = rare(measured, tags, 20)
    assert found.parts["rare"].documents == sum(bool({"t3", "t4", "t29"} & set(row)) for row in case.wanted)
    judged = Judged.judge(*filtered(case, {"t3", "t4", "t29"}))
    assert found.parts["rare"].metrics["microF1"] == pytest.approx(m.micro_f1(judged, cut=0.3).value)


def test_a_frozen_list_is_written_once_and_refuses_a_silent_change(tmp_path) -> None:
    path = tmp_path / "rare.json"
    assert freeze(path, ["b", "a"], "hash")
    before = path.read_bytes()
    assert not freeze(path, ["a", "b"], "another hash")
    with pytest.raises(ConfigError, match="1 would come, 1 would go"):
        freeze(path, ["a", "c"], "hash")
    assert path.read_bytes() == before
    assert json.loads(before)["tags"] == ["b", "a"]


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 1, "protocol": "other", "tags": []}', "\x00"])
def test_a_file_that_is_no_list_of_rare_tags_is_refused(content, tmp_path) -> None:
    path = tmp_path / "rare.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="no list of rare tags"):
        freeze(path, ["a"], "hash")
    with pytest.raises(OutputError, match="cannot be written"):
        freeze(tmp_path / "absent" / "rare.json", ["a"], "hash")
