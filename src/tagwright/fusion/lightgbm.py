"""The one file that speaks LightGBM: train a booster, ask it, keep it as text."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# One thread and a fixed order: the same trees on every run and machine, and no spinning on shared cores.
_FIXED = {
    "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1, "max_bin": 127,
    "feature_pre_filter": False,
}  # fmt: skip

# LightGBM imports these only to offer interfaces to them; that alone would cost a cold start a CPU second.
_NOT_NEEDED = ("sklearn", "pandas", "pyarrow", "dask", "dask.distributed", "matplotlib", "graphviz", "cffi")


@cache
def _library() -> Any:
    absent: dict[str, Any] = {name: None for name in _NOT_NEEDED if name not in sys.modules}
    sys.modules.update(absent)
    try:
        import lightgbm
    finally:
        for name in absent:
            del sys.modules[name]
    return lightgbm


def train(
    features: NDArray[np.float32],
    right: NDArray[np.bool_],
    settings: Mapping[str, Any],
    *,
    trees: int,
    names: Sequence[str],
    groups: NDArray[np.integer] | None = None,
    weights: NDArray[np.floating] | None = None,
) -> str:
    """A booster as LightGBM's own text; ``groups`` are the documents' numbers of rows, in order."""
    library = _library()
    data = library.Dataset(
        features, right.astype(np.float32), group=groups, weight=weights, free_raw_data=True,
        feature_name=[f"f{number}" for number in range(len(names))], params=dict(_FIXED),
    )  # fmt: skip
    text: str = library.train({**_FIXED, **settings}, data, num_boost_round=trees).model_to_string()
    return text


class Booster:
    """A trained booster; ``raw`` scores rows in the order given, each by itself."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._booster = _library().Booster(model_str=text)

    def raw(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n,) float64: the sum of the leaves."""
        if len(features) == 0:
            return np.empty(0)
        scores: NDArray[np.float64] = self._booster.predict(features, raw_score=True, num_threads=1)
        return scores

    def gains(self) -> NDArray[np.float64]:
        """(n_features,) the gain that each feature brought in training."""
        found: NDArray[np.float64] = self._booster.feature_importance("gain")
        return found
