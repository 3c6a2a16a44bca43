"""A sentence encoder that also reads what is not written yet: probabilities of tokens, through which gradients flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tagwright.encoders.transformer import open_sentences
from tagwright.errors import ConfigError
from tagwright.training.encoder import base_of
from tagwright.training.hybrid import expected

Tensor = Any  # of PyTorch, which is not imported before it is used


class SoftSentences:
    """A sentence-transformers model over the tokens of another model, the writer.

    A token of the writer has the mean embedding of the encoder's tokens that its letters make (`pieces`): so an encoder
    reads the softmax of any writer as `expected` embeddings, through all its own layers. What was really
    written it reads with its own tokenizer; where both cut words alike, both see the same.
    """

    def __init__(self, model: str, pieces: Sequence[str], device: str) -> None:
        import torch

        self.sentences = open_sentences(base_of(model)).to(device)
        self._transformer: Any = getattr(self.sentences[0], "auto_model", None)
        if self._transformer is None:
            raise ConfigError(f"{model!r} has no transformer that could read embeddings", hint="name another encoder")
        self._device, self._tokenizer = device, self.sentences.tokenizer
        framed = self._tokenizer("a")["input_ids"]
        own = self._tokenizer("a", add_special_tokens=False)["input_ids"]
        start = next(at for at in range(len(framed)) if framed[at : at + len(own)] == own)
        self._frame = torch.tensor([*framed[:start], *framed[start + len(own) :]], device=device)
        self._before = start
        self._longest = int(self.sentences.max_seq_length or 512) - len(self._frame)
        self._read_pieces(pieces)

    @property
    def learned(self) -> list[Any]:
        """All parameters."""
        return list(self.sentences.parameters())

    def texts(self, texts: Sequence[str]) -> Tensor:
        """(n, width) of length 1."""
        import torch

        given = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.sentences.max_seq_length, return_tensors="pt"
        ).to(self._device)
        found = self.sentences(dict(given))["sentence_embedding"]
        return torch.nn.functional.normalize(found.float(), dim=-1)

    def soft(self, logits: Sequence[Tensor]) -> Tensor:
        """(n, width) of length 1: each text given by the logits (length, tokens of the writer) of its places."""
        import torch

        cut = [rows[: self._longest] for rows in logits]
        places = expected(torch.cat(cut), self.pieces)
        frame = self._embeddings[self._frame]
        before, after = frame[: self._before], frame[self._before :]
        rows = [torch.cat([before, own, after]) for own in places.split([len(own) for own in cut])]
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows], device=self._device)
        mask = (torch.arange(padded.shape[1], device=self._device) < lengths[:, None]).long()
        hidden = self._transformer(inputs_embeds=padded, attention_mask=mask).last_hidden_state
        features = {"token_embeddings": hidden, "attention_mask": mask}
        for module in list(self.sentences)[1:]:
            features = module(features)
        return torch.nn.functional.normalize(features["sentence_embedding"].float(), dim=-1)

    @property
    def pieces(self) -> Tensor:
        """(n_pieces, width) mean embeddings; 0 where the encoder knows nothing of a piece."""
        import torch

        return torch.nn.functional.embedding_bag(self._tokens, self._embeddings, self._offsets, mode="mean")

    @property
    def _embeddings(self) -> Tensor:
        return self._transformer.get_input_embeddings().weight

    def _read_pieces(self, pieces: Sequence[str]) -> None:
        """Remembers the encoder's tokens of each piece, those left out that it does not know."""
        import torch

        unknown = self._tokenizer.unk_token_id
        lists = self._tokenizer(list(pieces), add_special_tokens=False)["input_ids"]
        lists = [[token for token in own if token != unknown] for own in lists]
        offsets = np.cumsum([0, *(len(own) for own in lists[:-1])])
        self._offsets = torch.from_numpy(offsets).to(self._device)
        self._tokens = torch.tensor([token for own in lists for token in own], device=self._device)
