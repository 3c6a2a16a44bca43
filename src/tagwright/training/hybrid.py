"""The loss of LAGAMC (Eq. 1): cross-entropy of the tokens, and how near what is written comes to what it should mean.

L = lambda CE + (1 - lambda) (1 - cos(v_gen, v_target)). Three things the paper leaves open are settled here.

1. A free lambda is degenerate: dL/dlambda = CE - sem drives it to the smaller term. Here it is a sigmoid held between
   `LOWEST` and `HIGHEST` and drawn towards a prior (`Balance`), or fixed.
2. Decoded text has no gradient. v_gen is the vector of *expected embeddings*: at each place the mean of all tokens'
   embeddings, weighted by the model's softmax (`expected`). They are read a description at a time, as they are matched
   later, where the paper reads all that is written as one.
3. The encoder learns, too, and could send everything to one point, where the term is 0: other tags' descriptions are
   pushed away (`apart`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Tensor = Any  # of PyTorch, which is not imported before it is used

LOWEST, HIGHEST = 0.05, 0.95
# How firmly the logit of lambda is drawn to its prior: with a cross-entropy of 10 it ends at 0.13 from a prior of 0.5.
_FIRM = 0.1
# Cosines are multiplied by this before a softmax, as in `tagwright.training.losses`.
_SCALE = 20.0


def semantic(generated: Tensor, targets: Tensor) -> Tensor:
    """(n,) 1 - cosine of rows (n, width): 0 for equal directions, 2 for opposite ones."""
    import torch

    return 1 - torch.nn.functional.cosine_similarity(generated, targets, dim=-1)


def hybrid(cross_entropy: Tensor, meaning: Tensor, balance: Tensor | float) -> Tensor:
    """Eq. 1; at a balance of 1 the cross-entropy itself, bit for bit, at 0 the semantic term."""
    if isinstance(balance, float) and balance in (0.0, 1.0):
        return cross_entropy if balance else meaning
    return balance * cross_entropy + (1 - balance) * meaning


def expected(logits: Tensor, embeddings: Tensor) -> Tensor:
    """(n, width): at each place the mean embedding under the softmax of its logits (n, tokens); differentiable."""
    import torch

    return torch.softmax(logits, dim=-1).to(embeddings.dtype) @ embeddings


def apart(generated: Tensor, targets: Tensor, tags: Sequence[int]) -> Tensor:
    """The mean cross-entropy of telling each description's own target (n, width) from those of other ``tags``.

    Rows need not have length 1. A description of the same tag elsewhere in the batch is no negative: it is masked.
    With one tag alone it is 0.
    """
    import torch

    normal = torch.nn.functional.normalize
    logits = _SCALE * normal(generated, dim=-1) @ normal(targets, dim=-1).T
    numbers = torch.as_tensor(np.asarray(tags), device=logits.device)
    same = numbers[:, None] == numbers[None, :]
    same.fill_diagonal_(False)
    return torch.nn.functional.cross_entropy(
        logits.masked_fill(same, -torch.inf), torch.arange(len(numbers), device=logits.device)
    )


class Balance:
    """Lambda: ``LOWEST + (HIGHEST - LOWEST) sigmoid(logit)``, whose logit begins at, and is drawn to, that of a prior.

    ``prior`` in [0, 1] is moved into the bounds. `parameter` is what an optimiser learns.
    """

    def __init__(self, prior: float, device: str = "cpu") -> None:
        import torch

        share = min(max((prior - LOWEST) / (HIGHEST - LOWEST), 0.01), 0.99)
        self._prior = float(np.log(share / (1 - share)))
        self.parameter = torch.nn.Parameter(torch.full((1,), self._prior, device=device))

    @property
    def value(self) -> Tensor:
        """(1,) tensor strictly between the bounds."""
        import torch

        return LOWEST + (HIGHEST - LOWEST) * torch.sigmoid(self.parameter)

    @property
    def penalty(self) -> Tensor:
        """(1,) tensor, to be added to the loss: how far the logit is from the prior's."""
        return _FIRM * (self.parameter - self._prior) ** 2
