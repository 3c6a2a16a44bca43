"""Reports written, read back exactly, and held against each other."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tagwright.errors import FormatError, InputError
from tagwright.evaluation.evaluate import compare, evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.report import Report
from tagwright.evaluation.runs import differing, read_report


@pytest.fixture
def report(case) -> Report:
    ids = [f"d{number}" for number in range(len(case.wanted))]
    counts = np.arange(case.n_tags) * 5
    return evaluate(case.ranked, case.gold, cut=0.3, train_counts=counts, n_train=300, ids=ids)


def test_a_report_is_read_back_exactly(report, tmp_path) -> None:
    path = tmp_path / "run.json"
    path.write_text(report.to_json(), encoding="utf-8")
    again = read_report(path)
    assert again.to_json() == report.to_json()
    assert again.metrics == pytest.approx(report.metrics, abs=0, nan_ok=True)
    for name, ratio in report.ratios.items():
        assert np.array_equal(again.ratios[name].top, ratio.top), name
        assert np.array_equal(again.ratios[name].bottom, ratio.bottom), name
    assert (again.ids, again.gold, again.cut, again.left_out) == (report.ids, report.gold, report.cut, report.left_out)
    assert np.array_equal(again.documents, report.documents)
    assert again.annif == report.annif


def test_what_stands_beside_the_metrics_is_read_back_too(report, tmp_path) -> None:
    path = tmp_path / "run.json"
    path.write_text(replace(report, beside={"baselines": {"names": {"P@1": 0.5}}}).to_json(), encoding="utf-8")
    assert read_report(path).beside == {"baselines": {"names": {"P@1": 0.5}}}


def test_a_comparison_of_what_was_read_back_is_the_comparison(case, report, tmp_path) -> None:
    worse = evaluate(
        Ranked(case.ranked.offsets, np.roll(case.ranked.tags, 3), case.ranked.confidences), case.gold, cut=0.3,
        ids=[f"d{number}" for number in range(len(case.wanted))],
    )  # fmt: skip
    read = []
    for name, one in {"a": report, "b": worse}.items():
        (tmp_path / name).write_text(one.to_json(), encoding="utf-8")
        read.append(read_report(tmp_path / name))
    assert compare(*read, seed=3) == compare(report, worse, seed=3)


def test_a_file_of_six_thousand_documents_stays_below_ten_megabytes(make_case) -> None:
    case = make_case(0, documents=600)
    counts = np.arange(case.n_tags) * 5
    ids = [f"document-{number:06d}" for number in range(600)]
    written = evaluate(case.ranked, case.gold, cut=0.3, train_counts=counts, n_train=300, ids=ids).to_json()
    assert len(written.encode()) * 10 < 10_000_000


def test_the_documents_that_differ_most_come_first() -> None:
    positions = {"a": 0, "b": 1}
    gold = Gold.from_ids([["a"], None, ["a", "b"], ["b"]], positions)
    ids = ["one", "without gold", "two", "three"]
    ours = Ranked.from_results([[("a", 0.9)], [("a", 0.9)], [("a", 0.9), ("b", 0.8)], [("b", 0.7)]], positions)
    theirs = Ranked.from_results([[("b", 0.9)], [], [("a", 0.9)], [("b", 0.7)]], positions)
    reports = [evaluate(ranked, gold, cut=0.5, ids=ids) for ranked in (ours, theirs)]
    found = differing(*reports, "microF1")
    assert [(d.id, d.a, d.b) for d in found] == [("one", 1.0, 0.0), ("two", 1.0, pytest.approx(2 / 3))]
    assert [d.id for d in differing(*reports, "nDCG@10", most=1)] == ["one"]
    nameless = [evaluate(ranked, gold, cut=0.5) for ranked in (ours, theirs)]
    assert [d.id for d in differing(*nameless, "microF1")] == ["row 0", "row 2"]


def test_one_document_is_no_evidence_of_a_difference() -> None:
    gold = Gold.from_ids([["a"]], {"a": 0})
    right, wrong = ([[("a", 0.9)]], [[("b", 0.9)]])
    reports = [evaluate(Ranked.from_results(rows, {"a": 0}), gold, cut=0.5) for rows in (right, wrong)]
    found = compare(*reports)["P@1"]
    assert (found.difference, found.is_significant) == (1.0, False)
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '"text"', '{"metrics": {}, "gold": ""}', "[" * 100_000])
def test_a_file_that_is_no_report_is_refused_by_name(content, tmp_path) -> None:
    path = tmp_path / "run.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"run\.json"):
        read_report(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_report(tmp_path / "absent.json")


def test_a_report_with_totals_only_says_so(report, tmp_path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps(report.as_dict()), encoding="utf-8")
    with pytest.raises(InputError, match="totals only"):
        read_report(path)


def test_a_damaged_and_a_newer_report_are_refused(report, tmp_path) -> None:
    path = tmp_path / "run.json"
    found = json.loads(report.to_json())
    for key, value in {"rows": [1], "ids": ["x"], "ratios": {"P@1": [[1, 2], 1]}}.items():
        path.write_text(json.dumps({**found, "per_document": {**found["per_document"], key: value}}))
        with pytest.raises(InputError, match="damaged"):
            read_report(path)
    path.write_text(json.dumps({**found, "per_document": {**found["per_document"], "format": 99}}))
    with pytest.raises(FormatError, match="99"):
        read_report(path)
