"""Two runs held against each other on the command line."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def runs(tagwright, trained, library, tmp_path_factory):
    """Files of three runs: the project, the same with a shortlist of three, and on other documents."""
    folder = tmp_path_factory.mktemp("runs")
    few = folder / "few.jsonl"
    few.write_text("".join((library / "test.jsonl").open(encoding="utf-8").readlines()[:5]), encoding="utf-8")
    made = [folder / name for name in ("a.json", "b.json", "other.json")]
    for path, corpus, words in zip(
        made, [library / "test.jsonl"] * 2 + [few], [[], ["--set", "shortlist=3"], []], strict=True
    ):
        done = tagwright("eval", corpus, "-o", path, "-p", trained, *words)
        assert done.code == 0, done.err
    return made


def test_each_measure_is_shown_with_its_difference_and_its_interval(tagwright, runs):
    done = tagwright("compare", *runs[:2])
    assert done.code == 0, done.err
    header = next(line for line in done.out.splitlines() if "95 % interval" in line and "measure" in line)
    assert header.split()[:5] == ["measure", "A", "B", "A", "-"]
    assert any(line.startswith("nDCG@10") for line in done.out.splitlines())
    assert "documents that differ most in nDCG@10" in done.out
    assert "nan" not in done.out


def test_the_same_is_had_as_json(tagwright, runs):
    found = tagwright("compare", *runs[:2], "--json").json()
    metrics = json.loads(runs[0].read_text(encoding="utf-8"))["metrics"]
    [one] = found["comparisons"]
    assert found["documents"] == 12
    assert one["metrics"]["nDCG@10"]["a"] == pytest.approx(metrics["nDCG@10"])
    assert one["metrics"]["R@100"]["significant"] == (one["metrics"]["R@100"]["low"] > 0)
    assert set(one["documents"]) == {"nDCG@10", "F1"}
    assert tagwright("compare", *runs[:2], "--json").json() == found
    assert len(tagwright("compare", *runs[:2], runs[0], "--json").json()["comparisons"]) == 2


def test_runs_on_different_documents_are_refused(tagwright, runs):
    done = tagwright("compare", runs[0], runs[2])
    assert (done.code, done.out) == (1, "")
    assert "not about the same documents" in done.err


def test_a_file_that_is_no_run_is_refused_by_name(tagwright, runs, library, tmp_path):
    totals = tmp_path / "totals.json"
    found = json.loads(runs[0].read_text(encoding="utf-8"))
    del found["per_document"]
    totals.write_text(json.dumps(found), encoding="utf-8")
    for path in (totals, library / "test.jsonl", tmp_path / "absent.json"):
        done = tagwright("compare", runs[0], path)
        assert (done.code, path.name in done.err, "Traceback" in done.err) == (1, True, False)
    assert tagwright("compare", runs[0]).code == 2
