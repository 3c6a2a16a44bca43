"""The losses of SEP-MLDC: tags and documents apart as far as they are unlike, and the classification (Eq. 9 to 21)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.training.similarity import document_similarity, identical, label_similarity

# How much a negative k of the anchor i is pushed away, by their similarity W_ik.
WEIGHTINGS = ("one_minus", "literal", "uniform", "soft")

Tensor = Any  # of PyTorch, which is not imported before it is used
Floats = NDArray[np.float32]


def label_loss(tags: Tensor, right: NDArray[np.generic], *, weighting: str = "one_minus", tau: float = 0.1) -> Tensor:
    """L1 (SEP-MLDC, Eq. 9), the mean over all tags: each against itself, all others being negatives.

    ``tags`` e_y (L, d) of length 1: without it L1 has no lower bound, with it the positive term is constant, and what
    is left is repulsion. ``right`` Y (bs, L). ``weighting`` of negatives: the paper prints W ("literal"), which pushes
    those that go together apart and leaves the unlike alone, the contrary of its aim; 1 - W is "one_minus", "uniform"
    pushes all alike; "soft" is "one_minus" with like ones as positives beside, W each. A tag without a negative is
    skipped.
    """
    alike = label_similarity(right)
    positive = np.eye(len(alike), dtype=np.float32) if weighting != "soft" else alike
    others = ~np.eye(len(alike), dtype=np.bool_)
    return _contrast(tags, positive, _pushed(alike, weighting) * others, tau)


def document_loss(
    documents: Tensor, right: NDArray[np.generic], *, weighting: str = "one_minus", tau: float = 0.1
) -> Tensor:
    """L2 (SEP-MLDC, Eq. 14 and 15), the mean over the batch: each against those with the very same tags.

    ``documents`` e_x (bs, d) of length 1, ``right`` Y (bs, L); all with other tags are negatives, weighted as in
    `label_loss`. A document without a partner, or without a negative, adds 0.
    """
    alike = document_similarity(right)
    partners = identical(alike)
    others = ~partners & ~np.eye(len(alike), dtype=np.bool_)
    positive = partners.astype(np.float32) if weighting != "soft" else alike * (partners | others)
    return _contrast(documents, positive, _pushed(alike, weighting) * others, tau)


def classification_loss(logits: Tensor, right: Tensor, counts: Tensor, *, loss: str = "bce") -> Tensor:
    """L_ce, the sum over tags and the mean over documents; ``logits`` and ``right`` (bs, m).

    The paper's Eq. 19 adds up the right tags only: with sigmoids, all of them 1 would be best. "bce" is the whole
    binary cross-entropy of logits; "softmax" is Eq. 19 with probabilities that compete. ``counts`` (m,): for how many
    tags each stands (`tagwright.training.labeldata.Step`); a right one stands for itself, one of 0 is not looked at.
    """
    import torch

    if loss == "softmax":
        parts = logits + torch.log(counts)
        return -(right * (logits - torch.logsumexp(parts, dim=1, keepdim=True))).sum(dim=1).mean()
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, right, reduction="none")
    return (each * counts).sum(dim=1).mean()


def _pushed(alike: Floats, weighting: str) -> Floats:
    if weighting == "uniform":
        return np.ones_like(alike)
    return alike if weighting == "literal" else 1 - alike


def _contrast(points: Tensor, positive: Floats, negative: Floats, tau: float) -> Tensor:
    """The mean over anchors i of the sum over j of P_ij (log sum over k of N_ik exp(p_i p_k / tau) - p_i p_j / tau).

    ``points`` (n, d), ``positive`` P and ``negative`` N (n, n). An anchor without a negative is skipped.
    """
    import torch

    rows = np.flatnonzero((negative > 0).any(axis=1) & (positive > 0).any(axis=1))
    if not len(rows):
        return points.sum() * 0.0
    picked = torch.from_numpy(rows).to(points.device)
    pulled, pushed = (torch.from_numpy(values[rows]).to(points) for values in (positive, negative))
    near = points[picked] @ points.T / tau
    far = torch.logsumexp(near + torch.log(pushed), dim=1, keepdim=True)
    return (pulled * (far - near)).sum() / len(points)
