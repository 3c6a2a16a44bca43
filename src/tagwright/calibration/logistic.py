"""Logistic curves: the log-odds of being right as a weighted sum."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.curve import Curve, Floats, Numbers

# So weak that it only holds the weights where all pairs are right, or none is.
_RIDGE = 1e4
# Log-odds beyond this are certainty in float64.
_FAR = 40.0


class Logistic(Curve):
    """A curve whose log-odds are a weighted sum of the features that a kind names.

    The first ``rising`` features rise with ``fused`` and must not lower the odds: one that would is left out.
    """

    rising: ClassVar[int] = 1

    def learn(self, features: Floats, right: NDArray[np.bool_]) -> Numbers:
        """The weights, the last one of 1."""
        used = np.ones(features.shape[1], dtype=np.bool_)
        weights = _weights(features, used, right)
        while (weights[: self.rising] < 0).any():
            used[: self.rising] &= weights[: self.rising] >= 0
            weights = _weights(features, used, right)
        return {"weights": weights.tolist()}

    def probabilities(self, features: Floats) -> Floats:
        """The logistic function of the sum."""
        weights = np.asarray(self.learned_["weights"])
        # Columns are added one by one: a matrix product's last bits depend on how many documents stand beside.
        odds = np.full(len(features), weights[-1])
        for weight, column in zip(weights, features.T, strict=False):
            odds += weight * column
        return np.asarray(1 / (1 + np.exp(-np.clip(odds, -_FAR, _FAR))))


def _weights(features: Floats, used: NDArray[np.bool_], right: NDArray[np.bool_]) -> Floats:
    """(n_features + 1,) float64: of each column, 0 where it is not used, and of 1."""
    from sklearn.linear_model import LogisticRegression

    weights = np.zeros(len(used) + 1)
    if right.all() or not right.any() or not used.any():
        share = (right.sum() + 0.5) / (len(right) + 1)
        weights[-1] = np.log(share / (1 - share))
        return weights
    columns = features[:, used]
    middle, spread = columns.mean(axis=0), columns.std(axis=0) + 1e-12
    fitted = LogisticRegression(C=_RIDGE, max_iter=1000).fit((columns - middle) / spread, right)
    slopes = fitted.coef_[0] / spread
    weights[:-1][used] = slopes
    weights[-1] = fitted.intercept_[0] - slopes @ middle
    return weights
