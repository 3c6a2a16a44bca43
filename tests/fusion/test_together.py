"""How tags go together: counts and columns by hand, what they add where tags do, and that text is never overruled."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.candidates import Candidates
from tagwright.errors import ConfigError
from tagwright.fusion.correlated import Correlated, _text_first
from tagwright.fusion.ranker import Ranker
from tagwright.fusion.together import Together

# Tags of four documents: 1 and 4 go together twice, 1 and 7 once; 9 was found for the last one, but is wrong.
CARRIED = [(1, 4), (1, 4, 7), (1,), (9,)]
SMALL = {"trees": 30, "least_rows": 20, "near": 0}


def made(rows: list[tuple[int, ...]], **columns: list[float]) -> Candidates:
    documents = np.repeat(np.arange(len(rows)), [len(tags) for tags in rows])
    values = {name.replace("_", "."): np.array(column) for name, column in columns.items()}
    return Candidates.from_pairs(len(rows), documents, np.array([tag for tags in rows for tag in tags]), values)


def counted() -> Together:
    table = made(CARRIED)
    return Together.of(table, table.tags != 9)


def test_right_pairs_are_counted() -> None:
    found = counted()
    assert found.documents == 4
    assert dict(zip(found.tags.tolist(), found.carried.tolist(), strict=True)) == {1: 3, 4: 2, 7: 1}
    pairs = [divmod(pair, 1 << 32) for pair in found.pairs.tolist()]
    assert dict(zip(pairs, found.both.tolist(), strict=True)) == {(1, 4): 2, (1, 7): 1, (4, 7): 1}


def test_columns_by_hand() -> None:
    """Likely are 1 (p = 0.8) and 4 (p = 0.5); about 7, and about 4 itself."""
    table = made([(1, 4, 7, 9)])
    likely = np.array([0.8, 0.5, 0.1, 0.1], dtype=np.float32)
    found = counted().columns(table, likely, most=2, smoothing=1.0)
    of_17, of_47, of_14 = log(2 / (3 / 4 + 1)), log(2 / (2 / 4 + 1)), log(3 / (6 / 4 + 1))
    assert found["together.pmi"][:3] == pytest.approx([0.5 * of_14, 0.8 * of_14, 0.8 * of_17 + 0.5 * of_47])
    # n_14 / (n_4 + 1), n_14 / (n_1 + 1); for 7 the higher one of 1 / (3 + 1) and 1 / (2 + 1), each times p.
    assert found["together.conditional"][:3] == pytest.approx([0.5 * 2 / 3, 0.8 * 2 / 4, max(0.8 / 4, 0.5 / 3)])
    whole = (0.8 * 0.5 * of_14 + 0.8 * of_17 + 0.5 * of_47) / (0.4 + 0.8 + 0.5)
    assert found["together.set"][:3] == pytest.approx([of_14, of_14, whole])
    assert all(np.isnan(column[3]) for column in found.values()), "9 was never right: nothing is known"


def test_a_document_is_told_by_itself_and_nothing_is_said_where_nothing_is_known(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [tuple(np.sort(random.permutation(30)[:9]).tolist()) for _ in range(300)]
    table = made(rows)
    right, likely = random.random(table.n_pairs) < 0.3, random.random(table.n_pairs).astype(np.float32)
    known = Together.of(table, right)
    known.save(tmp_path)
    whole = known.columns(table, likely, most=4, smoothing=1.0)
    again = Together.load(tmp_path).columns(table.slice(257, 260), likely[257 * 9 : 260 * 9], most=4, smoothing=1.0)
    for name, column in again.items():
        assert np.array_equal(column, whole[name][257 * 9 : 260 * 9], equal_nan=True)
    nothing = Together.of(table, np.zeros(table.n_pairs, dtype=np.bool_)).columns(table, likely, most=4, smoothing=1.0)
    assert all(np.isnan(column).all() for column in nothing.values())
    alone = known.columns(made([(3,)]), np.array([0.9], dtype=np.float32), most=4, smoothing=1.0)
    assert alone["together.pmi"].tolist() == [0.0] and np.isnan(alone["together.set"]).all(), "there is no other tag"


def twins(seed: int, documents: int = 400) -> tuple[Candidates, np.ndarray]:
    """Tags 2n and 2n + 1 are right together; a channel knows the first of each two well, and the second hardly."""
    random = np.random.default_rng(seed)
    rows, right, scores = [], [], []
    for _ in range(documents):
        gold = set(random.permutation(12)[:3].tolist())
        rows.append(tuple(range(24)))
        right += [tag // 2 in gold for tag in range(24)]
        scores += [0.9 * (tag // 2 in gold) * (tag % 2 == 0) + 0.4 * random.random() + 0.05 for tag in range(24)]
    return made(rows, text_score=scores), np.array(right)


def average_precision(table: Candidates, right: np.ndarray) -> float:
    """The mean over documents."""
    hits = right[table.order("fused")].reshape(table.n_documents, -1)
    return float(((np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1) * hits).sum(axis=1) / 6).mean())


def test_where_tags_go_together_a_likely_one_brings_the_other() -> None:
    known, (asked, right) = twins(0), twins(1)
    found = {}
    for name, fusion in (("plain", Ranker(**SMALL)), ("most", Correlated(**SMALL, most=9)), ("usual", Correlated())):
        found[name] = average_precision(fusion.fit(*known).fuse(asked), right)
    assert found["plain"] < 0.75, "the second of two cannot be told from the wrong ones"
    assert found["most"] > 0.95 and found["usual"] > found["plain"] + 0.05


def test_the_ranker_may_use_the_columns_and_says_how_much() -> None:
    gains = Correlated(**SMALL).fit(*twins(0)).gains()
    assert sum(gains[name][0] for name in ("together.pmi", "together.conditional", "together.set")) > 0.2


@given(st.integers(0, 1 << 30), st.floats(0, 2))
def test_the_odds_move_by_no_more_than_they_may(seed: int, most: float) -> None:
    fusion, asked = fitted(), twins(seed, 20)[0]
    fusion.most = most
    before, after = (np.log(p / (1 - p)) for p in (first(fusion, asked), fusion.fuse(asked).column("fused")))
    assert np.abs(after - before).max() <= most + 1e-3


@given(st.integers(0, 1 << 30), st.floats(0.05, 0.6))
def test_a_tag_without_textual_evidence_is_not_lifted_above_one_that_has_it(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    asked, _ = twins(seed, 20)
    mute = random.random(asked.n_pairs) < share
    columns = {"text.score": np.where(mute, random.choice([np.nan, 0.0]), asked.column("text.score"))}
    columns["text.more"] = np.ones(asked.n_pairs)  # what is no score is no evidence
    fused = fitted().fuse(asked.with_columns(columns)).column("fused")
    for document in range(asked.n_documents):
        own = asked.documents == document
        assert fused[own & mute].max(initial=0.0) < fused[own & ~mute].min(initial=1.0)


def test_the_best_company_does_not_help_a_tag_without_evidence() -> None:
    """Tag 1 always comes with tag 0, which is as good as certain; of tag 3 the text says next to nothing."""
    asked = made([(0, 1, 3)], text_score=[1.2, np.nan, 0.06])
    fused = fitted().fuse(asked).column("fused")
    assert fused[0] > fused[2] > fused[1]
    heard = fitted().fuse(made([(0, 1, 3)], text_score=[1.2, 0.06, 0.06])).column("fused")
    assert heard[1] > heard[2], "where the text says as little of both, company decides"


def test_tags_that_were_below_are_left_where_they_are() -> None:
    table = made([(0, 1, 2), (5,)], text_score=[0.5, np.nan, 0.2, np.nan])
    first, fused = (np.array(p, dtype=np.float32) for p in ([0.9, 0.1, 0.6, 0.3], [0.8, 0.7, 0.5, 0.4]))
    found = _text_first(table, first, fused)
    assert found == pytest.approx([0.8, 0.1, 0.5, 0.3])


@pytest.mark.parametrize("option", [{"likely": 0}, {"most": -1.0}, {"smoothing": 0.0}])
def test_options_that_make_no_sense_are_refused(option: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="cannot be"):
        Correlated(**option)


_FITTED: list[Correlated] = []


def fitted() -> Correlated:
    """Fitted once, with the usual bound."""
    if not _FITTED:
        _FITTED.append(Correlated(**SMALL).fit(*twins(0)))
    _FITTED[0].most = 1.5
    return _FITTED[0]


def first(fusion: Correlated, asked: Candidates) -> np.ndarray:
    """What the first ranking says."""
    return Ranker.fuse(fusion, asked).column("fused").astype(np.float64)
