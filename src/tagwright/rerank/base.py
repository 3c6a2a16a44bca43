"""What every reranker promises, and the folder that its weights lie in."""

from __future__ import annotations

import hashlib
import io
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

import tagwright.corpus.disk as disk
from tagwright.candidates import Candidates, Floats, Ints
from tagwright.encoders.seen import FILE, Seen
from tagwright.errors import ConfigError, FormatError, IntegrityError, ProjectError
from tagwright.fusion.base import FUSED
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.registry import given
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

FORMAT = 1
_AGAIN = "copy the folder again, or teach the model again"


@dataclass(frozen=True)
class Folder:
    """A folder of weights: its ``path``, and what its ``manifest`` (the file's name) says.

    ``said["files"]`` maps the name of every other file to its SHA-256; ``seen.npy`` is among them. Nothing in the
    folder is run.
    """

    path: Path
    manifest: str
    said: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path, manifest: str) -> Folder:
        """The folder, of whose files only the manifest is read yet.

        Raises `ConfigError` where it is not there, `FormatError` and `ProjectError` where the manifest is not one.
        """
        if not path.is_dir():
            raise ConfigError(f"there is no folder {str(path)!r}", hint="name the folder of a model that was taught")
        file = path / manifest
        if not file.is_file():
            raise ConfigError(f"the folder {str(path)!r} has no {manifest}", hint="name a folder that has one")
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ProjectError(f"{file} cannot be read: {error}", hint=_AGAIN) from error
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            found = said.get("format") if isinstance(said, dict) else said
            raise FormatError(f"{file}: format {found!r}, this version reads {FORMAT}", hint="teach the model again")
        if not isinstance(said.get("files"), dict) or FILE not in said["files"]:
            raise ProjectError(f"{file} does not name the files of a model", hint=_AGAIN)
        return cls(path, manifest, said)

    @classmethod
    def write(cls, path: Path, manifest: str, said: Mapping[str, Any]) -> Folder:
        """Writes the manifest of a folder whose other files are there, and waits until all of it is on the disk."""
        files = {file.name: _synced(file) for file in sorted(path.iterdir()) if file.name != manifest}
        told = {"format": FORMAT, **said, "files": files}
        disk.write_json(path / manifest, told)
        return cls(path, manifest, told)

    @cached_property
    def fingerprint(self) -> str:
        """Names the contents: equal for folders that are equal, wherever they lie."""
        told = json.dumps(self.said, sort_keys=True)
        return f"{Path(self.manifest).stem}-{hashlib.sha256(told.encode()).hexdigest()[:32]}"

    @cached_property
    def seen(self) -> Seen:
        """The documents that the weights were taught with; raises `IntegrityError`, `FormatError`."""
        self.content(FILE)
        return Seen.read(self.path)

    def content(self, name: str) -> bytes:
        """The bytes of one file; raises `IntegrityError` where they are not those that the manifest names."""
        path = self.path / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise IntegrityError(f"{path} cannot be read: {error.strerror}", hint=_AGAIN) from error
        if hashlib.sha256(content).hexdigest() != self.said["files"].get(name):
            raise IntegrityError(f"{path} is not the file that was saved: its checksum differs", hint=_AGAIN)
        return content

    def array(self, name: str) -> NDArray[Any]:
        """The array in one ``.npy`` file; raises `IntegrityError`, and `FormatError` where it is no plain array."""
        try:
            found: NDArray[Any] = np.load(io.BytesIO(self.content(name)), allow_pickle=False)
        except ValueError as error:
            raise FormatError(f"{self.path / name} holds no array: {error}", hint=_AGAIN) from error
        return found


@dataclass
class Reranker(ABC):
    """A second look at the best candidates of each document, by weights that were learned beforehand.

    ``model``: the folder of the weights. ``k``: how many candidates of a document it looks at, the best by the column
    ``fused``. The column ``<name>.score`` says what it finds, from 0 (wrong) to 1 (right); NaN = not looked at.
    """

    name: str = field(default="", metadata={"given": True})
    meaning: MeaningSpace = given()
    tag_points: TagPoints = given()
    model: str = ""
    k: int = 50
    manifest: ClassVar[str] = ""
    # What its evidence is called.
    kind: ClassVar[str] = ""
    # Whether it reads the tags' vectors.
    compares_tags: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.k < 1:
            raise ConfigError(f"'rerank.{self.name}.k' is {self.k!r}, but must be 1 at least")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns it writes."""
        return (f"{self.name}.score",)

    @cached_property
    def folder(self) -> Folder:
        """The folder of the weights, read once; raises what `Folder.read` raises."""
        if not self.model:
            hint = f"name the folder of a model that was taught as 'rerank.{self.name}.model'"
            raise ConfigError(f"the reranker {self.name!r} has no model", hint=hint)
        return Folder.read(Path(self.model), self.manifest)

    @property
    def seen(self) -> Seen:
        """The documents that the weights were taught with; what is said of them is too good to learn from."""
        return self.folder.seen

    @property
    def fingerprint(self) -> str:
        """Names the contents of the folder."""
        return self.folder.fingerprint

    def know(self, vocabulary: Vocabulary) -> None:
        """Is told the vocabulary when a tagger is trained."""
        self.vocabulary_ = vocabulary
        if self.compares_tags:
            self.tag_points.fit(vocabulary)

    def load(self, vocabulary: Vocabulary) -> None:
        """Is told the vocabulary of a tagger that was trained before, whose `tag_points` are there."""
        self.vocabulary_ = vocabulary

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Is told which tags are new or changed."""
        self.vocabulary_ = vocabulary
        if self.compares_tags:
            self.tag_points.add_tags(vocabulary, positions)

    @abstractmethod
    def open(self) -> Self:
        """The reranker, its weights read and found whole and fitting; `score` and `explain` do it, too.

        Raises `ConfigError` where the folder is absent or was taught for something else, `IntegrityError` where a file
        was changed, `FormatError` where another version wrote it.
        """

    def score(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The table with this reranker's column; documents are those of the table, row by row."""
        values = np.full(candidates.n_pairs, np.nan, dtype=np.float32)
        looked_at = self.picked(candidates)
        if looked_at.any():
            values[looked_at] = self._scores(documents, candidates.where(looked_at))
        return candidates.with_columns({self.columns[0]: values})

    def picked(self, candidates: Candidates) -> NDArray[np.bool_]:
        """(n_pairs,): the ``k`` best of each document by ``fused``, those without it last, ties to the lower tag."""
        return candidates.rank(FUSED) < self.k

    def explain(self, document: Document, tag: int) -> list[Evidence]:
        """The score of the tag at this vocabulary position, where it speaks for the tag: above 0.5; else []."""
        tags = np.array([tag], dtype=np.int32)
        pair = Candidates.from_pairs(1, np.zeros(1, dtype=np.int64), tags, {})
        value = float(self._scores([document], pair)[0])
        return [Evidence(self.name, self.kind, f"score {value:.2f}", value=value)] if value > 0.5 else []

    @abstractmethod
    def _scores(self, documents: Sequence[Document], picked: Candidates) -> Floats:
        """(n_pairs,) from 0 to 1 of the pairs to look at, one at least; NaN where there is nothing to say."""


def _synced(file: Path) -> str:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return hashlib.file_digest(opened, "sha256").hexdigest()
