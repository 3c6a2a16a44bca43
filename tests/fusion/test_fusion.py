"""Columns to one ranking: features and reciprocal ranks by hand, and the promises of every fusion."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright import registry
from tagwright.candidates import Candidates
from tagwright.errors import ConfigError, NotFittedError
from tagwright.fusion import ranker
from tagwright.fusion.features import channel_columns, feature_names, features
from tagwright.fusion.lightgbm import Booster, train
from tagwright.fusion.ranker import Ranker
from tagwright.fusion.ranks import ReciprocalRanks, ranks
from tagwright.testing import check_fusion
from tagwright.testing.stages import table
from tagwright.testing.tables import same

NAN = float("nan")
SMALL = {"ranker": {"trees": 20}, "correlated": {"trees": 20}}


def made(columns: dict[str, Sequence[float]]) -> Candidates:
    """Two documents: tags 0, 1, 2 and tag 5."""
    values = {name: np.array(column) for name, column in columns.items()}
    return Candidates.from_pairs(2, np.array([0, 0, 0, 1]), np.array([0, 1, 2, 5]), values)


COLUMNS = {"a.score": [0.5, 1.0, NAN, 0.2], "a.more": [3, NAN, 1, 0], "b.score": [2.0, 0.0, 4.0, NAN]}


def test_a_rank_is_silent_where_the_channel_does_not_speak_for_the_tag() -> None:
    assert np.array_equal(ranks(made(COLUMNS), "a.score"), [1, 0, NAN, 0], equal_nan=True)
    assert np.array_equal(ranks(made(COLUMNS), "b.score"), [1, NAN, 0, NAN], equal_nan=True)


def test_features_by_hand() -> None:
    candidates = made(COLUMNS)
    columns = channel_columns(candidates)
    found = dict(zip(feature_names(columns), features(candidates, columns).T, strict=True))
    expected = {
        **COLUMNS,
        "a.score/rank": [1, 0, NAN, 0],
        "a.score/of best": [0.5, 1, NAN, 1],
        "a.score/best": [1, 1, 1, 0.2],
        "b.score/rank": [1, NAN, 0, NAN],
        "b.score/of best": [0.5, 0, 1, NAN],
        "b.score/best": [4, 4, 4, 0],
        "agreement": [2, 1, 1, 1],
        "reciprocal ranks": [1 / 31 + 1 / 31, 1 / 30, 1 / 30, 1 / 30],
        "candidates": [3, 3, 3, 1],
    }
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert np.allclose(found[name], values, equal_nan=True), name


def test_features_of_a_channel_that_is_gone_are_silent_and_the_others_stay_in_place() -> None:
    candidates = made(COLUMNS)
    columns = channel_columns(candidates)
    names = feature_names(columns)
    gone = Candidates(candidates.offsets, candidates.tags, {"b.score": candidates.column("b.score")})
    before, after = features(candidates, columns), features(gone, columns)
    for place, name in enumerate(names):
        if name.startswith("b."):
            assert np.array_equal(before[:, place], after[:, place], equal_nan=True), name
        elif name.startswith("a.") and name != "a.score/best":
            assert np.isnan(after[:, place]).all(), name
    turned = Candidates(candidates.offsets, candidates.tags, dict(reversed(candidates.columns.items())))
    assert np.array_equal(features(turned, columns), before, equal_nan=True), "the order in the table does not matter"


def test_columns_of_channels_have_a_point_in_their_name() -> None:
    wide = made({"a.score": [1, 1, 1, 1], "fused": [1, 1, 1, 1], "confidence": [1, 1, 1, 1]})
    assert channel_columns(wide) == ["a.score"]


def test_reciprocal_ranks_by_hand() -> None:
    fused = ReciprocalRanks(constant=20).fuse(made(COLUMNS)).column("fused")
    assert fused == pytest.approx([(1 / 21 + 1 / 21) * 20 / 2, 1 / 20 * 20 / 2, 1 / 20 * 20 / 2, 1 / 20 * 20 / 2])
    best = ReciprocalRanks().fuse(made({"a.score": [3, 2, 1, 1], "b.score": [3, 2, 1, 1]})).column("fused")
    assert best[0] == best[3] == 1.0 and (best <= 1).all()


def test_without_a_channel_nothing_is_ranked() -> None:
    assert ReciprocalRanks().fuse(made({})).column("fused").tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", registry.BUILT_IN["fusion"])
def test_a_registered_fusion_keeps_every_promise(kind: str) -> None:
    check_fusion(partial(registry.build, "fusion", kind, SMALL.get(kind, {})))


class Counting(ReciprocalRanks):
    """Breaks a promise: what it gives depends on the block."""

    def fuse(self, candidates: Candidates) -> Candidates:
        fused = super().fuse(candidates)
        return fused.with_columns({"fused": fused.column("fused") + candidates.n_documents})


def test_the_check_sees_a_fusion_that_looks_at_other_documents() -> None:
    with pytest.raises(AssertionError, match="fused by itself"):
        check_fusion(Counting)


def test_the_ranker_learns_which_channel_knows() -> None:
    candidates, right = table()
    fused = Ranker(trees=40).fit(candidates, right).fuse(candidates).column("fused")
    other, truth = table(seed=9)
    there = Ranker(trees=40).fit(candidates, right).fuse(other)
    assert ((fused > 0) & (fused < 1)).all()
    known = np.nan_to_num(other.column("good.score"), nan=0.0)
    top = there.rank("fused") < 5
    assert truth[top].mean() > truth.mean() * 1.5 and known[top].mean() > known.mean() * 1.4


def test_the_gains_of_a_ranker_name_its_features_and_add_up_to_one() -> None:
    candidates, right = table()
    gains = Ranker(trees=20).fit(candidates, right).gains()
    assert gains["good.score"][0] > 0 and gains["look.score"][0] == 0 < gains["look.score"][1]
    assert np.sum(list(gains.values()), axis=0) == pytest.approx([1, 1])
    assert np.sum(list(Ranker(trees=20, near=0).fit(candidates, right).gains().values()), axis=0).tolist() == [1, 0]


def test_a_ranker_that_has_not_learned_refuses_to_fuse() -> None:
    with pytest.raises(NotFittedError, match="train the project first"):
        Ranker().fuse(made(COLUMNS))


def test_another_seed_makes_another_ranker_and_the_same_seed_the_same() -> None:
    candidates, right = table()
    one, two, three = (Ranker(trees=20, seed=seed).fit(candidates, right).fuse(candidates) for seed in (1, 1, 2))
    assert same(one, two) and not same(one, three)


def test_its_files_are_text(tmp_path: Path) -> None:
    candidates, right = table()
    Ranker(trees=5).fit(candidates, right).save(tmp_path)
    names = ["first.txt", "fusion.json", "second-1.txt", "second-2.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert (tmp_path / "first.txt").read_text(encoding="utf-8").startswith("tree\n")


def test_a_ranker_of_the_first_format_says_what_it_said(tmp_path: Path) -> None:
    """A head for the order, and one look that read its score."""
    candidates, right = table()
    columns = channel_columns(candidates)
    read, binary = features(candidates, columns), {"objective": "binary"}
    order = Booster(train(read, right, binary, trees=5, names=feature_names(columns)))
    wider = np.column_stack([read, order.raw(read).astype(np.float32)])
    probability = Booster(train(wider, right, binary, trees=5, names=[*feature_names(columns), "order"]))
    (tmp_path / "order.txt").write_text(order.text, encoding="utf-8")
    (tmp_path / "probability.txt").write_text(probability.text, encoding="utf-8")
    (tmp_path / "fusion.json").write_text(json.dumps({"format": 1, "kind": "ranker", "columns": columns}), "utf-8")
    former = Ranker().load(tmp_path)
    fused = former.fuse(candidates)
    assert fused.column("fused") == pytest.approx(1 / (1 + np.exp(-probability.raw(wider))))
    assert np.sum(list(former.gains().values()), axis=0).tolist() == pytest.approx([1, 0])
    former.save(tmp_path / "again")
    assert same(fused, Ranker().load(tmp_path / "again").fuse(candidates))


def test_the_second_look_reorders_the_best_and_leaves_the_others() -> None:
    candidates, right = table()
    one, two = (Ranker(trees=20, near=near).fit(candidates, right).fuse(candidates) for near in (0, 3))
    best = one.rank("fused") < 3
    first, second = one.column("fused"), two.column("fused")
    assert np.array_equal(first[~best], second[~best]) and (first[best] != second[best]).mean() > 0.9


@pytest.mark.parametrize(("fewer", "wanted"), [(0, [20] * 5), (1, [40, 40, 40, 30, 30])])
def test_few_documents_are_learned_by_few_trees(monkeypatch: pytest.MonkeyPatch, fewer: int, wanted: list[int]) -> None:
    candidates, right = table()
    few = int((np.diff(candidates.offsets) > 0).sum())
    trees: list[int] = []
    read = ranker.train

    def training(*arguments: Any, **options: Any) -> str:
        trees.append(options["trees"])
        return read(*arguments, **options)

    monkeypatch.setattr(ranker, "train", training)
    Ranker(trees=40, few_trees=20, many=few - fewer, many_trees=30).fit(candidates, right)
    assert trees == wanted


def test_the_second_look_learns_from_what_the_first_says_of_documents_that_it_has_not_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each half of the documents is asked of the trees that the other half taught."""
    candidates, right = table()
    seen: dict[str, set[float]] = {}
    asked: list[tuple[str, set[float]]] = []
    read = ranker.train

    def training(rows: Any, *arguments: Any, **options: Any) -> str:
        text = read(rows, *arguments, **options)
        seen.setdefault(text, set(rows[:, 0].tolist()))
        return text

    class Asked(Booster):
        def raw(self, rows: Any) -> Any:
            asked.append((self.text, set(rows[:, 0].tolist())))
            return super().raw(rows)

    monkeypatch.setattr(ranker, "train", training)
    monkeypatch.setattr(ranker, "Booster", Asked)
    own = np.arange(candidates.n_pairs, dtype=np.float64)  # each row has a number of its own
    Ranker(trees=5).fit(Candidates(candidates.offsets, candidates.tags, {"0.own": own, **candidates.columns}), right)
    assert len(asked) >= 2 and all(rows and not rows & seen[text] for text, rows in asked)


@pytest.mark.parametrize("option", [{"near": -1}, {"bags": 0}])
def test_options_of_a_ranker_that_make_no_sense_are_refused(option: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="cannot be"):
        Ranker(**option)  # type: ignore[arg-type]


def test_lightgbm_is_imported_without_the_libraries_that_it_merely_offers_to() -> None:
    code = (
        "import sys\nimport numpy as np\nfrom tagwright.fusion.lightgbm import train\n"
        "train(np.zeros((9, 2), np.float32), np.arange(9) > 4, {'objective': 'binary'}, trees=1, names=['a', 'b'])\n"
        "print([name for name in ('sklearn', 'pandas', 'pyarrow', 'matplotlib', 'dask') if name in sys.modules])\n"
        "import sklearn.utils\nprint('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "True"], "and they can be imported afterwards"
