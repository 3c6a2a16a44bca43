"""Vectors of tokens that stay the same in any sentence: a text is their mean. Fifty times as quick as a model."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import FileIO
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

import tagwright.corpus.disk as disk
from tagwright.encoders.base import Vectors, unit_rows
from tagwright.encoders.folder import SEEN, TOKENIZER, contents, fetched
from tagwright.encoders.onnx import open_tokenizer
from tagwright.encoders.seen import Seen
from tagwright.errors import ConfigError, FormatError, IntegrityError, MissingExtraError, ProjectError
from tagwright.executor import threads as executor_of

FORMAT = 1
CONFIG, TENSORS, MANIFEST = "config.json", "model.safetensors", "static.json"
FILES = (CONFIG, TENSORS, TOKENIZER)
# What the library model2vec calls its folders, and how many tokens it reads where a folder does not say.
_TYPE, _READ = "model2vec", 512
_PART = 256
_AGAIN = "make the folder again: tagwright encoder export MODEL OUT --static"


def is_static(folder: Path) -> bool:
    """Whether the folder says that it holds token vectors."""
    return (disk.read_json(folder / CONFIG) or {}).get("model_type") == _TYPE


@dataclass
class Static:
    """The mean of token vectors: about 3,000 abstracts or 40,000 names a CPU second.

    ``model`` is a folder that ``tagwright encoder export --static`` made, or one of the library model2vec, or the
    name of such a folder on the Hugging Face hub. ``threads`` is the number of texts that are encoded at the same time.

    Order and neighbourhood of words are lost: for where there is no time for more.
    """

    model: str = ""
    threads: int = 1

    @property
    def width(self) -> int:
        """Length of each vector."""
        return self._table.width

    @cached_property
    def fingerprint(self) -> str:
        """Names the contents of the folder, wherever it lies."""
        sums = {name: self._sums.get(name) or _sum(contents(self._folder / name)) for name in FILES}
        return "static-" + _sum(json.dumps([FORMAT, sorted(sums.items())]).encode())[:32]

    @cached_property
    def seen(self) -> Seen:
        """The documents that the model it was made from was taught with; none where it was not taught here."""
        if (self._folder / SEEN).is_file() or SEEN in self._sums:
            contents(self._folder / SEEN, self._sums.get(SEEN, ""))
        return Seen.read(self._folder)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width) float32, rows of length 1; zeros for a text that is blank or has no known token.

        A text is cut at the model's ``max_length`` tokens. Raises `MissingExtraError`, and `IntegrityError` where a
        file of the folder cannot be read, or is not the one that was exported.
        """
        table = self._table
        parts = [texts[start : start + _PART] for start in range(0, len(texts), _PART)]
        empty = np.zeros((0, table.width), dtype=np.float32)
        return np.concatenate([empty, *executor_of(self.threads).map(table.encode, parts)])

    def save(self, folder: Path) -> None:
        """Copies the files into ``folder``, so that what was made with this encoder can be moved and opened."""
        folder.mkdir(parents=True, exist_ok=True)
        if folder.resolve() == self._folder.resolve():
            return
        for name in (*FILES, SEEN, MANIFEST):
            if (self._folder / name).is_file():
                shutil.copyfile(self._folder / name, folder / name)

    def load(self, folder: Path) -> Self:
        """The encoder in ``folder``, whatever ``model`` says; raises `ProjectError`."""
        for name in ("_sums", "_table", "fingerprint", "seen"):
            self.__dict__.pop(name, None)
        if not is_static(folder):
            raise ProjectError(f"{folder / CONFIG} does not describe token vectors", hint=_AGAIN)
        self._folder = folder
        return self

    @cached_property
    def _folder(self) -> Path:
        folder = Path(self.model)
        if not self.model or not folder.is_dir():
            folder = fetched(self.model, *FILES)
        if not is_static(folder):
            raise ConfigError(
                f"{self.model!r} holds no token vectors: its {CONFIG} does not say {_TYPE!r}",
                hint=f"make a folder: tagwright encoder export {self.model} OUT --static",
            )
        return folder

    @cached_property
    def _sums(self) -> Mapping[str, str]:
        """The SHA-256 of each file, where the folder was made here."""
        path = self._folder / MANIFEST
        if not path.exists():
            return {}
        said = disk.read_json(path) or {}
        if said.get("format") != FORMAT:
            raise FormatError(f"{path}: format {said.get('format')!r}, this version reads {FORMAT}", hint=_AGAIN)
        sums = said.get("files")
        if not isinstance(sums, dict) or not set(FILES) <= sums.keys():
            raise ProjectError(f"{path} does not describe an encoder", hint=_AGAIN)
        return sums

    @cached_property
    def _table(self) -> _Table:
        return _Table(self._folder, {name: contents(self._folder / name, self._sums.get(name, "")) for name in FILES})


class Tokens:
    """What a model reads of a text, as numbers of tokens; safe for threads.

    ``tokenizer`` is of the library tokenizers and is changed: from now on it cuts at ``max_length`` (``None``: never).
    """

    def __init__(self, tokenizer: Any, max_length: int | None) -> None:
        known = tokenizer.get_vocab()
        self.n = 1 + max(known.values(), default=-1)
        self.tokenizer, self.max_length = tokenizer, max_length
        self._unknown = _unknown(tokenizer)
        self._characters: int | None = None
        if max_length is not None:
            tokenizer.enable_truncation(max_length)
            # As model2vec does it: what lies behind is hardly ever read, and would be tokenised in vain.
            self._characters = max_length * int(np.median([len(token) for token in known] or [1]))

    def of(self, text: str) -> NDArray[np.int64]:
        """(n_tokens,): the text's tokens in their order, without the frame around it and without unknown ones."""
        read = text.strip()[: self._characters].encode("utf-8", "replace").decode("utf-8")
        ids = np.array(self.tokenizer.encode(read, add_special_tokens=False).ids, dtype=np.int64)
        known: NDArray[np.int64] = ids[ids != self._unknown]
        return known


class _Table:
    """The tokens and their vectors of one folder; safe for threads."""

    def __init__(self, folder: Path, files: Mapping[str, bytes]) -> None:
        most = json.loads(files[CONFIG]).get("max_length", _READ)
        if most is not None and (not isinstance(most, int) or most < 1):
            raise ProjectError(f"{folder / CONFIG}: 'max_length' is {most!r}, which is no number of tokens")
        self._tokens = Tokens(open_tokenizer(folder / TOKENIZER, files[TOKENIZER]), most)
        self._vectors, self._weights, self._rows = _tensors(folder / TENSORS, files[TENSORS], self._tokens.n)
        self.width = int(self._vectors.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width): each text by itself."""
        rows = np.zeros((len(texts), self.width), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            ids = self._tokens.of(text)
            if len(ids):
                row[:] = self._mean(ids)
        return unit_rows(rows)

    def _mean(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        vectors = self._vectors[ids if self._rows is None else self._rows[ids]]
        if self._weights is not None:
            vectors = vectors * self._weights[ids, None]
        mean: NDArray[np.float32] = vectors.mean(axis=0)
        return mean


def write(folder: Path, vectors: NDArray[np.floating], tokens: Tokens, *, source: str, seen: Seen) -> None:
    """Makes the empty ``folder`` an encoder of token vectors (n_tokens, width), which model2vec reads, too.

    They are kept in float16. ``source`` is where they came from; ``seen`` the documents they were taught with.
    """
    config = {
        "model_type": _TYPE, "architectures": ["StaticModel"], "normalize": True, "max_length": tokens.max_length,
        "hidden_dim": vectors.shape[1], "embedding_dtype": "float16",
    }  # fmt: skip
    made = {
        CONFIG: json.dumps(config, indent=1).encode(),
        TENSORS: safetensors().save({"embeddings": np.ascontiguousarray(vectors, dtype=np.float16)}),
        TOKENIZER: tokens.tokenizer.to_str().encode(),
    }
    with disk.explained(folder):
        for name, content in made.items():
            with FileIO(folder / name, "w") as file:
                disk.write(file, content)
                disk.sync(file)
        if len(seen.hashes):
            seen.write(folder)
        sums = {path.name: _sum(path.read_bytes()) for path in sorted(folder.iterdir())}
        disk.write_json(folder / MANIFEST, {"format": FORMAT, "source": source, "files": sums})


def safetensors() -> Any:
    """The functions that read and write the files of vectors; raises `MissingExtraError`."""
    try:
        import safetensors.numpy
    except ImportError as error:
        raise MissingExtraError("safetensors", "encoder") from error
    return safetensors.numpy


def _tensors(
    path: Path, content: bytes, n_tokens: int
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, NDArray[np.int64] | None]:
    """(rows, width) vectors, the weight of each token, the row of each token; the latter two may be absent."""
    read = safetensors().load
    try:
        found = read(content)
        vectors = found["embeddings"].astype(np.float32)
        weights = found["weights"].astype(np.float32) if "weights" in found else None
        rows = found["mapping"].astype(np.int64) if "mapping" in found else None
    except Exception as error:  # the library's own, and what strange contents bring about
        raise IntegrityError(f"{path} cannot be read as token vectors: {error}", hint=_AGAIN) from error
    named = np.arange(n_tokens) if rows is None else rows
    right = (
        vectors.ndim == 2 and vectors.size and len(named) >= n_tokens and named.min() >= 0
        and named.max() < len(vectors) and (weights is None or weights.shape[0] >= n_tokens)
    )  # fmt: skip
    if not right:
        raise IntegrityError(f"{path} has no vector for each of {n_tokens:,} tokens", hint=_AGAIN)
    if not np.isfinite(vectors).all() or not (weights is None or np.isfinite(weights).all()):
        raise IntegrityError(f"{path} holds what is no number", hint=_AGAIN)
    return vectors, weights, rows


def _unknown(tokenizer: Any) -> int:
    """The number of the token that stands for all that is not known; -1 where there is none."""
    model = json.loads(tokenizer.to_str())["model"]
    number = model.get("unk_id") if "unk_id" in model else tokenizer.token_to_id(model.get("unk_token") or "")
    return -1 if number is None else int(number)


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
