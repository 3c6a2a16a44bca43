"""A frozen sentence encoder from a folder of `tagwright.encoders.export`, run by onnxruntime on the CPU."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from tagwright.encoders.base import Vectors, readable
from tagwright.encoders.folder import MANIFEST, MODEL, SEEN, TOKENIZER, Manifest, checked_bytes, find
from tagwright.encoders.seen import Seen
from tagwright.errors import IntegrityError, MissingExtraError
from tagwright.executor import threads as executor_of

# Texts of one task of a thread: half a second of work, so that handing it over costs nothing.
_PART = 32


@dataclass
class Onnx:
    """A sentence encoder in int8: about 45 abstracts or 1,000 names a CPU second (all-MiniLM-L6-v2).

    ``model`` is a folder that ``tagwright encoder export`` made, or the name of such a folder on the Hugging Face
    hub. ``threads`` is the number of texts that are encoded at the same time, each by one thread.

    Each text is encoded alone and unpadded: dynamic int8 takes one scale of activations a call, so that in a batch a
    vector depends on its neighbours (cosine 0.96 at worst), and padding costs more than a batch gains.
    """

    model: str = ""
    threads: int = 1

    @property
    def width(self) -> int:
        """Length of each vector."""
        return self._manifest.width

    @property
    def fingerprint(self) -> str:
        """Names the contents of the folder, wherever it lies."""
        return self._manifest.fingerprint

    @cached_property
    def seen(self) -> Seen:
        """The documents that the encoder was taught with; none where it was not fine-tuned here."""
        if SEEN not in self._manifest.files:
            return Seen()
        checked_bytes(self._folder, SEEN, self._manifest)
        return Seen.read(self._folder)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width) float32, rows of length 1; zeros for a blank text.

        A text is cut at the model's ``max_length`` tokens. Raises `MissingExtraError`, and `IntegrityError` where a
        file of the folder is not the one that was exported.
        """
        if not texts:
            return np.zeros((0, self.width), dtype=np.float32)
        model = self._model
        parts = [texts[start : start + _PART] for start in range(0, len(texts), _PART)]
        return np.concatenate(list(executor_of(self.threads).map(model.encode, parts)))

    def save(self, folder: Path) -> None:
        """Copies the files into ``folder``, so that what was made with this encoder can be moved and opened."""
        folder.mkdir(parents=True, exist_ok=True)
        if folder.resolve() == self._folder.resolve():
            return
        for name in (*self._manifest.served, MANIFEST):
            shutil.copyfile(self._folder / name, folder / name)

    def load(self, folder: Path) -> Self:
        """The encoder in ``folder``, whatever ``model`` says; raises `ProjectError`."""
        for name in ("_manifest", "_model", "seen"):
            self.__dict__.pop(name, None)
        self._folder = folder
        self._manifest = Manifest.read(folder)
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.__dict__.items() if name != "_model"
        }  # opened again from its folder

    @cached_property
    def _folder(self) -> Path:
        return find(self.model)

    @cached_property
    def _manifest(self) -> Manifest:
        return Manifest.read(self._folder)

    @cached_property
    def _model(self) -> _Model:
        return _Model(self._folder, self._manifest)


class _Model:
    """The tokenizer and the session of one folder; safe for threads."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self.tokenizer = open_tokenizer(folder / TOKENIZER, checked_bytes(folder, TOKENIZER, manifest))
        self.tokenizer.enable_truncation(manifest.max_length)
        self.session = open_session(folder / MODEL, checked_bytes(folder, MODEL, manifest))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width): one call a text."""
        rows = np.zeros((len(texts), self.manifest.width), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            readable_text = readable(text, self.manifest.max_length)
            if readable_text:
                ids = np.array([self.tokenizer.encode(readable_text).ids], dtype=np.int64)
                row[:] = self.session.run(None, {"input_ids": ids})[0][0]
        return rows


def open_tokenizer(place: Path, content: bytes) -> Any:
    """The tokenizer in the bytes of the file at ``place``, which neither pads nor cuts yet.

    Raises `MissingExtraError`, and `IntegrityError` where the bytes are none.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtraError("tokenizers", "encoder") from error
    try:
        tokenizer = Tokenizer.from_str(content.decode("utf-8"))
    except Exception as error:  # the library raises bare Exception
        raise IntegrityError(f"{place} cannot be read: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def open_session(place: Path, content: bytes) -> Any:
    """The graph in the bytes of the file at ``place``, ready to run; raises `MissingExtraError`, `IntegrityError`."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "encoder") from error
    options = onnxruntime.SessionOptions()
    # One thread a call, and none that waits by spinning: on busy cores that costs 3 to 20 times the work.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own errors, one class each
        raise IntegrityError(f"{place} cannot be run: {error}") from error
