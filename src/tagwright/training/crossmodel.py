"""The network of a cross-encoder in PyTorch: a transformer, and a linear layer over what it says of all tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagwright.encoders.export import quantise, tokenizer_of, trace
from tagwright.encoders.folder import MODEL, TOKENIZER
from tagwright.encoders.transformer import Transformer
from tagwright.errors import ConfigError
from tagwright.rerank.cross import Pair, Reader

# New weights that are so small say nothing at first.
_SPREAD = 0.02

Tensor = Any


@dataclass(frozen=True, eq=False)
class CrossModel:
    """A ``transformer`` of width w and a ``head`` (2 w to 1) over the mean of all tokens' vectors and the first one.

    ``reader`` makes tokens of texts, of ``padding`` where a pair is shorter than others; ``typed``: whether the
    transformer tells the tag's tokens from the document's. ``base`` names the weights it began with.
    """

    transformer: Any
    head: Any
    reader: Reader
    tokenizer: Any
    padding: int
    typed: bool
    base: str

    @classmethod
    def over(cls, model: str, *, length: int, seed: int, device: str) -> CrossModel:
        """The model over the transformer of a sentence-transformers model, with a new head.

        It reads ``length`` tokens at most, and no more than the sentence model does. Raises `ConfigError`,
        `MissingExtraError`.
        """
        import torch

        opened = Transformer(model)
        sentences = opened.sentences
        transformer = getattr(sentences[0], "auto_model", None)
        if transformer is None:
            raise ConfigError(f"{model!r} has no transformer that could read a pair", hint="name another base")
        base, tokenizer = opened.fingerprint, tokenizer_of(sentences, model)
        torch.manual_seed(seed)
        head = torch.nn.Linear(2 * transformer.config.hidden_size, 1)
        torch.nn.init.normal_(head.weight, std=_SPREAD)
        torch.nn.init.zeros_(head.bias)
        return cls(
            transformer.to(device), head.to(device),
            Reader(tokenizer, min(length, int(sentences.max_seq_length or length))), tokenizer,
            int(sentences.tokenizer.pad_token_id or 0), getattr(transformer.config, "type_vocab_size", 0) > 1, base,
        )  # fmt: skip

    @property
    def learned(self) -> list[Any]:
        """All parameters."""
        return [one for module in (self.transformer, self.head) for one in module.parameters() if one.requires_grad]

    def train(self, training: bool) -> None:
        """Whether dropout is on."""
        self.transformer.train(training)

    def logits(self, pairs: Sequence[Pair]) -> Tensor:
        """(n_pairs,) float32, in one pass."""
        import torch

        shape = len(pairs), max(len(ids) for ids, _ in pairs)
        ids, types, kept = (np.full(shape, value, dtype=np.int64) for value in (self.padding, 0, 0))
        for row, (own, own_types) in enumerate(pairs):
            ids[row, : len(own)], types[row, : len(own)], kept[row, : len(own)] = own, own_types, 1
        return self._forward(*(torch.from_numpy(values).to(self.head.weight.device) for values in (ids, kept, types)))

    def _forward(self, ids: Tensor, kept: Tensor, types: Tensor | None) -> Tensor:
        import torch

        more = {"token_type_ids": types} if self.typed else {}
        hidden = self.transformer(input_ids=ids, attention_mask=kept, **more).last_hidden_state.float()
        mean = (hidden * kept[..., None]).sum(dim=1) / kept.sum(dim=1, keepdim=True)
        # No linear layer: quantisation leaves a product and a sum as they are.
        return (torch.cat([mean, hidden[:, 0]], dim=1) * self.head.weight).sum(dim=1) + self.head.bias

    def write(self, folder: Path) -> None:
        """Writes tokenizer and graph as `tagwright.rerank.cross` serves them, in int8; the model is on the CPU then."""
        import torch

        model, forward = self, self._forward

        class Graph(torch.nn.Module):  # type: ignore[misc, unused-ignore]
            def __init__(self) -> None:
                super().__init__()
                self.transformer, self.head = model.transformer, model.head

            def forward(self, input_ids: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
                # One pair is never padded, so every token counts.
                return forward(input_ids, torch.ones_like(input_ids), token_type_ids)

        for module in (self.transformer, self.head):
            module.to("cpu")
        pair = self.reader.pair(self.reader.tag("Any tag."), self.reader.document("Any text of a few words will do."))
        names = ("input_ids", "token_type_ids")[: 1 + self.typed]
        given = {name: torch.from_numpy(tokens[None]) for name, tokens in zip(names, pair, strict=False)}
        graph = folder / "float32.onnx"
        trace(Graph(), given, "logit", graph)
        quantise(graph, folder / MODEL, narrow=True)
        graph.unlink()
        self.tokenizer.save(str(folder / TOKENIZER))


def decoupled(wrong: Tensor, right: Tensor) -> Tensor:
    """The decoupled softmax (Gupta et al. 2024, Eq. 5): each right tag against the wrong ones, not against the others.

    (n_wrong,) and (n_right,) logits of one document's group.
    """
    import torch

    return torch.nn.functional.softplus(torch.logsumexp(wrong, dim=0) - right).mean()


def bce(wrong: Tensor, right: Tensor) -> Tensor:
    """The mean binary cross-entropy of the group's logits, (n_wrong,) and (n_right,)."""
    import torch

    softplus = torch.nn.functional.softplus
    return torch.cat([softplus(wrong), softplus(-right)]).mean()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"decoupled": decoupled, "bce": bce}
