"""How many processes work on folds, and which kind of table is made: only the second tells in what is learned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tagwright.errors import ConfigError
from tagwright.pipeline.settings import Fitting
from tagwright.tagger import Tagger
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary

MODES = {
    "folds": {"few_folds": 3, "nested": 90, "calibrated_on": 50},
    "hold-out": {"hold_out_above": 50, "hold_out": 60, "few_folds": 3},
}
Library = tuple[list[Document], Vocabulary]


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


@pytest.mark.parametrize("mode", MODES)
def test_one_and_two_workers_learn_the_same_bytes(
    quick: Callable[..., Tagger], library: Library, tmp_path: Path, mode: str
) -> None:
    for workers in (1, 2):
        quick(**MODES[mode], workers=workers).fit(library[0]).save(tmp_path / f"{workers}")
    assert files(tmp_path / "1") == files(tmp_path / "2")


@pytest.mark.parametrize(("above", "kind"), [(119, "hold-out"), (120, "folds")])
def test_above_so_many_documents_one_part_is_held_out(
    quick: Callable[..., Tagger], library: Library, above: int, kind: str
) -> None:
    stages: list[str] = []
    tagger = quick(hold_out_above=above, hold_out=60, few_folds=2, nested=60)
    tagger.fit(library[0], lambda stage, done, total: stages.append(stage))
    assert {"folds", "hold-out"} & set(stages) == {kind}
    assert tagger.fitted is not None and tagger.fitted.table.n_documents == (60 if kind == "hold-out" else 120)


def test_less_than_one_worker_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"fitting\.workers"):
        Fitting(workers=0)
