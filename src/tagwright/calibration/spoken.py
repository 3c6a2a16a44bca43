"""A probability as people say it: so many times in so many."""

from __future__ import annotations

# Between these a share is told in tenths; beyond them "10 in 10" and "0 in 10" would promise too much.
_FEW, _MOST = 0.05, 0.95


def spoken(share: float) -> tuple[int, int]:
    """(times, of) for a share from 0 to 1: 0.83 -> (8, 10), 0.97 -> (97, 100), 0.02 -> (1, 50), 0 -> (0, 100)."""
    if share >= _MOST:
        return (100 if share == 1 else min(99, round(100 * share))), 100
    if share < _FEW:
        return (1, round(1 / share)) if share >= 1e-3 else (0, 100) if share == 0 else (1, 1000)
    return max(1, round(10 * share)), 10
