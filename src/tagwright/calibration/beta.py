"""Beta calibration: Platt scaling whose two ends may bend differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tagwright.calibration.curve import Floats, logarithms, scores_of
from tagwright.calibration.logistic import Logistic
from tagwright.candidates import Candidates


@dataclass
class Beta(Logistic):
    """Log-odds a·ln(s) - b·ln(1 - s) + c of ``fused`` s in (0, 1), a and b >= 0 (Kull et al. 2017)."""

    rising: ClassVar[int] = 2

    def features(self, candidates: Candidates) -> Floats:
        """(n_pairs, 2): ln(s) and -ln(1 - s)."""
        return np.stack(logarithms(scores_of(candidates)), axis=1)
