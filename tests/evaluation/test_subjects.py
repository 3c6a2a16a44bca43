"""The official aggregation of LLMs4Subjects: a fixture computed on paper, and the definition as loops."""

from __future__ import annotations

import numpy as np
import pytest

from tagwright.errors import ConfigError
from tagwright.evaluation import metrics as m
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.subjects import KS, subjects

POSITIONS = {name: number for number, name in enumerate("abcdefghijklmnopqrstuvwxyz")}


def judged(suggested: list[str], wanted: list[str]) -> Judged:
    """Tags are letters, best first."""
    rows = [[(tag, 1 - place / 100) for place, tag in enumerate(row)] for row in suggested]
    return Judged.judge(Ranked.from_results(rows, POSITIONS), Gold.from_ids(wanted, POSITIONS))


def test_the_fixture_computed_on_paper() -> None:
    # Book en: two records. 1: a and c of a c x among five: P 2/5, R 2/3 = 0.6667. 2: none of z: P 0, R 0; at 10 it is
    # found: P 1/10, R 1. Article de: one record with 1 of 7 gold tags: P 1/5, R 1/7 = 0.1429. One without gold.
    found = subjects(
        judged(["abcde", "abcdefz", "ab", "hijkl"], ["acx", "z", "", "hstuvwx"]),
        ["Book", "Book", "Book", "Article"],
        ["en", "en", "en", "de"],
    )
    assert [(cell.type, cell.language, cell.documents) for cell in found.cells] == [
        ("Article", "de", 1), ("Book", "en", 2),
    ]  # fmt: skip
    article, book = (cell.scores for cell in found.cells)
    assert [book["P@5"], book["R@5"], book["F1@5"]] == pytest.approx([0.2, 0.33335, 0.25], abs=1e-12)
    # 2 * 0.2 * 0.33335 / 0.53335 = 0.25000468…
    assert [book["P@10"], book["R@10"], book["F1@10"]] == pytest.approx([0.15, 0.83335, 0.2542], abs=1e-12)
    assert [article["P@5"], article["R@5"], article["F1@5"]] == pytest.approx([0.2, 0.1429, 0.1667], abs=1e-12)
    assert [found.mean[name] for name in ("P@5", "R@5", "F1@5")] == pytest.approx([0.2, 0.238125, 0.20835], abs=1e-12)
    pooled = [0.6 / 3, 0.8096 / 3, 0.2297]
    assert [found.pooled[name] for name in ("P@5", "R@5", "F1@5")] == pytest.approx(pooled, abs=1e-12)
    # per record, not rounded: 2*2/(5+3), 0, 2*1/(5+7)
    assert found.records["F1@5"] == pytest.approx((4 / 8 + 0 + 2 / 12) / 3, abs=1e-12)
    assert [(cell.type, cell.documents) for cell in found.types] == [("Article", 1), ("Book", 2)]
    assert [(cell.language, cell.documents) for cell in found.languages] == [("de", 1), ("en", 2)]
    assert found.languages[1].scores == book


@pytest.mark.parametrize("seed", range(2))
def test_it_is_the_definition_as_loops(make_case, seed: int) -> None:
    case = make_case(seed, documents=90)
    chance = np.random.default_rng(seed)
    types = chance.choice(["Article", "Book", "Thesis"], 90, p=[0.2, 0.7, 0.1]).tolist()
    languages = chance.choice(["de", "en"], 90).tolist()
    found = subjects(case.judged, types, languages, depth=50)
    cells: dict[tuple[str, str], list[int]] = {}
    for row, wanted in enumerate(case.wanted):
        if wanted:
            cells.setdefault((types[row], languages[row]), []).append(row)
    for k in KS:
        official = []
        for cell in found.cells:
            rows = cells[cell.type, cell.language]
            p = r = 0.0
            for row in rows:
                gold, given = set(case.wanted[row]), [tag for tag, _ in case.suggested[row]][:k]
                p += round(len(gold & set(given)) / k, 4)
                r += round(len(gold & set(given)) / len(gold), 4)
            p, r = p / len(rows), r / len(rows)
            official.append((p, r, round(2 * (p * r) / (p + r), 4) if p + r else 0))
            ours = [cell.scores[f"{name}@{k}"] for name in ("P", "R", "F1")]
            assert ours == pytest.approx(official[-1], abs=1e-12)
        means = np.mean(official, axis=0)
        assert [found.mean[f"{name}@{k}"] for name in ("P", "R", "F1")] == pytest.approx(means, abs=1e-12)
    assert found.records["F1@5"] == m.f1(case.judged, 5).value
    assert found.mean["F1@5"] != pytest.approx(found.pooled["F1@5"], abs=1e-4)
    assert found.mean["F1@5"] != pytest.approx(found.records["F1@5"], abs=1e-4)


def test_documents_that_state_no_type_or_language_are_counted_and_refused() -> None:
    one = judged(["a", "b", "c"], ["a", "b", ""])
    with pytest.raises(ConfigError, match="1 of 2 documents state no record type"):
        subjects(one, ["Book", "", ""], ["en", "en", ""])
    with pytest.raises(ConfigError, match="2 of 2 documents state no language"):
        subjects(one, ["Book", "Book", ""], ["", "", ""])
    assert subjects(one, ["Book", "Book", ""], ["en", "en", ""]).cells[0].documents == 2


def test_too_few_candidates_and_no_gold_are_refused() -> None:
    with pytest.raises(ConfigError, match="only 20 were asked for"):
        subjects(judged(["a"], ["a"]), ["Book"], ["en"], depth=20)
    with pytest.raises(ConfigError, match="no document has tags"):
        subjects(judged(["a"], [""]), ["Book"], ["en"])
    with pytest.raises(ConfigError, match="2 types and 1 languages were given for 1 documents"):
        subjects(judged(["a"], ["a"]), ["Book", "Book"], ["en"])


def test_it_is_plain_values() -> None:
    plain = subjects(judged(["a"], ["a"]), ["Book"], ["en"]).as_dict()
    assert plain["cells"][0]["type"] == "Book"
    assert plain["mean of cells"]["P@5"] == 0.2
    assert plain["records"]["R@50"] == 1
