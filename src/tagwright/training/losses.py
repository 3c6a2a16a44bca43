"""The losses that an encoder is taught with: five of LLMs4Subjects (section 2.2) and the decoupled softmax of DEXML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Tensor = Any  # of PyTorch, which is not imported before it is used

# How much cosines are spread before a softmax; the value of sentence-transformers, for all four losses that have one.
SCALE = 20.0
# Of the triplet's distances, as in sentence-transformers; vectors of length 1 are at most 2 apart, so it is never met.
MARGIN = 5.0


@dataclass(frozen=True)
class Batch:
    """Which documents and tags of a step belong together.

    The step has b documents and m different tags. ``right`` (b, m) bool: all that is known to be right, whoever
    brought the tag along. ``rows``, ``right_tags`` and ``wrong_tags`` (p,) int64: p pairs of a document with a right
    tag, and a wrong tag for each.
    """

    right: NDArray[np.bool_]
    rows: Numbers
    right_tags: Numbers
    wrong_tags: Numbers


Loss = Callable[[Tensor, Tensor, Batch], Tensor]


def ranking(documents: Tensor, tags: Tensor, batch: Batch) -> Tensor:
    """MultipleNegativesRanking (Henderson et al. 2017): each pair's right tag against all wrong tags of the batch.

    Another right tag of the same document is no negative: it is masked, and its gradient is exactly 0. ``documents``
    (b, h) and ``tags`` (m, h) are vectors of length 1. Without masks and with b different tags this is the loss of
    sentence-transformers.
    """
    import torch

    logits = (SCALE * documents @ tags.T)[torch.from_numpy(batch.rows)]
    own = torch.from_numpy(batch.right_tags)
    masked = torch.from_numpy(batch.right[batch.rows].copy())
    masked[torch.arange(len(own)), own] = False
    return torch.nn.functional.cross_entropy(
        logits.masked_fill(masked.to(logits.device), -torch.inf), own.to(logits.device)
    )


def decoupled(documents: Tensor, tags: Tensor, batch: Batch) -> Tensor:
    """The decoupled softmax of DEXML (Gupta et al. 2024, Eq. 5): every right tag of a document against the wrong ones.

    A document's right tags do not compete with each other, and each document counts the same, however many it has.
    """
    import torch

    right = torch.from_numpy(batch.right).to(documents.device)
    logits = SCALE * documents @ tags.T
    wrong = torch.logsumexp(logits.masked_fill(right, -torch.inf), dim=1, keepdim=True)
    each = torch.nn.functional.softplus(wrong - logits).masked_fill(~right, 0.0)
    counts = right.sum(dim=1)
    return (each.sum(dim=1) / counts.clamp(min=1))[counts > 0].mean()


def cosine(documents: Tensor, tags: Tensor, batch: Batch) -> Tensor:
    """CosineSimilarity: the mean squared difference of a right pair's cosine from 1, and of a wrong pair's from 0."""
    import torch

    near, far = _cosines(documents, tags, batch)
    return torch.nn.functional.mse_loss(torch.cat([near, far]), torch.cat([near.new_ones(len(near)), 0 * far.detach()]))


def cosent(documents: Tensor, tags: Tensor, batch: Batch) -> Tensor:
    """CoSENT (Huang et al. 2024): log(1 + sum of exp(wrong - right)) over all wrong and right pairs of the batch."""
    return _ordered(*_cosines(documents, tags, batch))


def angle(documents: Tensor, tags: Tensor, batch: Batch) -> Tensor:
    """AnglE (Li and Li 2024): CoSENT over the difference of angles in complex space, which has a slope everywhere."""
    anchors = documents[_rows(batch.rows)]
    near, far = (_angles(anchors, tags[_rows(columns)]) for columns in (batch.right_tags, batch.wrong_tags))
    return _ordered(near, far)


def triplet(documents: Tensor, tags: Tensor, batch: Batch) -> Tensor:
    """Triplet (Schroff et al. 2015): the right tag nearer than the wrong one by a margin, in Euclidean distance.

    With wrong tags that are drawn at random it collapses (LLMs4Subjects: P@5 0.22 %, untrained 2.43 %).
    """
    import torch

    anchors = documents[_rows(batch.rows)]
    near, far = (
        torch.nn.functional.pairwise_distance(anchors, tags[_rows(columns)])
        for columns in (batch.right_tags, batch.wrong_tags)
    )
    return torch.relu(near - far + MARGIN).mean()


def neighbours(documents: Tensor, batch: Batch) -> Tensor:
    """Documents with a tag in common near each other (FusionSent's second part), for content to content to tag.

    A softmax as in `decoupled`, over the other documents of the batch; 0 where no two have a tag in common. ``right``
    counts what stands in the batch's tags.
    """
    import torch

    shared = batch.right.astype(np.float32) @ batch.right.T.astype(np.float32) > 0
    np.fill_diagonal(shared, False)
    if not shared.any():
        return documents.sum() * 0.0
    alike = torch.from_numpy(shared).to(documents.device)
    itself = torch.eye(len(shared), dtype=torch.bool, device=documents.device)
    logits = SCALE * documents @ documents.T
    wrong = torch.logsumexp(logits.masked_fill(alike | itself, -torch.inf), dim=1, keepdim=True)
    each = torch.nn.functional.softplus(wrong - logits).masked_fill(~alike, 0.0)
    counts = alike.sum(dim=1)
    return (each.sum(dim=1) / counts.clamp(min=1))[counts > 0].mean()


LOSSES: dict[str, Loss] = {
    "ranking": ranking, "decoupled": decoupled, "cosent": cosent, "angle": angle, "cosine": cosine, "triplet": triplet,
}  # fmt: skip


def _cosines(documents: Tensor, tags: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """(p,) of each pair's document with its right and with its wrong tag."""
    import torch

    anchors = documents[_rows(batch.rows)]
    near, far = (
        torch.nn.functional.cosine_similarity(anchors, tags[_rows(columns)])
        for columns in (batch.right_tags, batch.wrong_tags)
    )
    return near, far


def _angles(anchors: Tensor, tags: Tensor) -> Tensor:
    """(p,) the similarity of AnglE: the rows' halves are real and imaginary parts of numbers, which are divided."""
    import torch

    real, imaginary = torch.chunk(anchors, 2, dim=1)
    other_real, other_imaginary = torch.chunk(tags, 2, dim=1)
    size = (other_real**2 + other_imaginary**2).sum(dim=1, keepdim=True)
    ratio = (real**2 + imaginary**2).sum(dim=1, keepdim=True) ** 0.5 / size**0.5
    quotient = torch.cat(
        [
            (real * other_real + imaginary * other_imaginary) / size / ratio,
            (imaginary * other_real - real * other_imaginary) / size / ratio,
        ],
        dim=1,
    )
    return quotient.sum(dim=1).abs()


def _ordered(near: Tensor, far: Tensor) -> Tensor:
    """log(1 + the sum of exp(scale (wrong - right)) over all pairs of a wrong and a right one)."""
    import torch

    differences = SCALE * (far[:, None] - near[None, :])
    return torch.logsumexp(torch.cat([differences.flatten(), near.new_zeros(1)]), dim=0)


def _rows(numbers: Numbers) -> Tensor:
    import torch

    return torch.from_numpy(numbers)
