from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.errors import ConfigError
from tagwright.evaluation.evaluate import compare, evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.names import ANNIF, METRICS, metric
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.report import MAIN, Report
from tagwright.vocabulary.hierarchy import ancestors

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evaluation.md"


def full_report(case, **options) -> Report:
    table = Candidates.from_pairs(
        len(case.wanted),
        case.judged.documents[case.judged.rows],
        case.judged.tags,
        {"names": case.judged.confidences, "graph": np.where(case.judged.tags % 2, 1.0, np.nan)},
    )
    table = table.with_columns({"confidence": table.column("names")})
    return evaluate(
        case.ranked,
        case.gold,
        cut=0.4,
        train_counts=np.arange(case.n_tags),
        n_train=500,
        candidates=table,
        channels={"names": ["names"], "graph": ["graph"]},
        closure=ancestors([[]] * case.n_tags),
        given=table.column("confidence") >= 0.4,
        **options,
    )


def test_every_metric_has_a_name_a_definition_and_a_line_in_the_docs(case) -> None:
    report = full_report(case)
    named = {metric(name).name for name in report.metrics}
    assert named == {m.name for m in METRICS}
    page = PAGE.read_text(encoding="utf-8")
    for m in METRICS:
        assert f"| `{m.name}` | {m.definition.replace('|', chr(92) + '|')} | {m.reference} |" in page
    for theirs, ours in ANNIF.items():
        assert f"| {theirs} | `{ours}` |" in page


def test_what_is_shown_is_the_main_metrics_and_the_channels(case) -> None:
    report = full_report(case)
    shown = [row.name for row in report.rows()]
    assert shown == [*MAIN, "R[names]", "R[graph]", "R[all]"]
    assert {row.name for row in report.rows(everything=True)} == set(report.metrics)
    by_name = {row.name: row for row in report.rows()}
    assert by_name["nDCG@10"].annif == "NDCG@10"
    assert by_name["nDCG@10"].value == report.metrics["nDCG@10"]
    assert by_name["nDCG@10"].definition.startswith("binary gain")


def test_annifs_names_stand_beside_ours(case) -> None:
    report = full_report(case)
    assert set(report.annif) == set(ANNIF)
    assert report.annif["Precision@1"] == report.metrics["P@1(annif)"]


def test_what_was_not_given_is_not_reported(case) -> None:
    metrics = evaluate(case.ranked, case.gold, cut=0.4).metrics
    assert not [name for name in metrics if name.startswith(("PSP", "h", "R[", "R@10[", "ECE["))]


def test_a_report_is_json(case) -> None:
    report = full_report(case)
    plain = json.loads(report.to_json())
    assert plain["documents"] + plain["left_out"] == len(case.wanted)
    assert plain["metrics"]["microF1"] == report.metrics["microF1"]
    assert plain["cut"] == 0.4
    assert len(plain["reliability"]) == 10


def test_the_documents_of_one_group_can_be_reported_alone(case) -> None:
    groups = ["de" if number % 3 else "en" for number in range(len(case.wanted))]
    found = full_report(case).by(groups)
    rows = [number for number, group in enumerate(groups) if group == "en"]
    alone = evaluate(
        Ranked.from_results([case.suggested[row] for row in rows], case.positions),
        Gold.from_ids([case.wanted[row] for row in rows], case.positions),
        cut=0.4,
    )
    assert set(found) == {"de", "en"}
    for name in ("nDCG@10", "microF1", "F1@5", "Acc@3"):
        assert found["en"][name] == pytest.approx(alone.metrics[name])
    with pytest.raises(ConfigError, match="1 groups were given for 60 documents"):
        full_report(case).by(["de"])


def test_two_reports_are_compared_document_by_document(case) -> None:
    report = full_report(case)
    worse = Ranked(case.ranked.offsets, np.roll(case.ranked.tags, 1), case.ranked.confidences)
    found = compare(report, evaluate(worse, case.gold, cut=0.4), seed=1)
    assert found["nDCG@10"].is_significant
    assert found["nDCG@10"].low > 0
    assert found["nDCG@10"].a == report.metrics["nDCG@10"]
    assert "PSP@5" not in found
    assert not compare(report, report)["microF1"].is_significant


def test_reports_about_different_documents_are_not_compared(case) -> None:
    report = evaluate(case.ranked, case.gold, cut=0.4, ids=[f"d{n}" for n in range(len(case.wanted))])
    other_ids = evaluate(case.ranked, case.gold, cut=0.4, ids=[f"e{n}" for n in range(len(case.wanted))])
    gold = Gold.from_ids([["t1"], *case.wanted[1:]], case.positions)
    for other in (other_ids, evaluate(case.ranked, gold, cut=0.4)):
        with pytest.raises(ConfigError, match="not about the same documents"):
            compare(report, other)
