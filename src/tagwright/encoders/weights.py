"""A folder of weights that were taught: its manifest, checksums, and which documents it was taught with."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

import tagwright.corpus.disk as disk
from tagwright.encoders.seen import FILE, Seen
from tagwright.errors import ConfigError, FormatError, IntegrityError, ProjectError

FORMAT = 1
_AGAIN = "copy the folder again, or teach the model again"


@dataclass(frozen=True)
class Folder:
    """A folder of weights: its ``path``, and what its ``manifest`` (the file's name) says.

    ``said["files"]`` maps the name of every other file to its SHA-256; ``seen.npy`` is among them. What lies in a
    folder within it is not spoken of. Nothing in the folder is run.
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
        found = [file for file in sorted(path.iterdir()) if file.is_file() and file.name != manifest]
        files = {file.name: _synced(file) for file in found}
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


class Weighed:
    """What answers by weights that were taught beforehand and lie in the folder ``model``, named in the settings.

    A subclass says what it is called (``role``), which section of the settings it stands in, and the manifest's name.
    """

    role: ClassVar[str] = "channel"
    section: ClassVar[str] = "channels"
    manifest: ClassVar[str] = ""
    name: str
    model: str

    @cached_property
    def folder(self) -> Folder:
        """The folder of the weights, read once; raises `ConfigError` where none is named, or as `Folder.read` does."""
        if not self.model:
            hint = f"name the folder of a model that was taught as '{self.section}.{self.name}.model'"
            raise ConfigError(f"the {self.role} {self.name!r} has no model", hint=hint)
        return Folder.read(Path(self.model), self.manifest)

    @property
    def seen(self) -> Seen:
        """The documents that the weights were taught with; what is said of them is too good to learn from."""
        return self.folder.seen

    @property
    def fingerprint(self) -> str:
        """Names the contents of the folder."""
        return self.folder.fingerprint


def _synced(file: Path) -> str:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return hashlib.file_digest(opened, "sha256").hexdigest()
