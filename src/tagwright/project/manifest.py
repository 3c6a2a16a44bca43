"""``manifest.json``: which files make up the project now, and the checksum of each. It is written last."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tagwright.errors import FormatError, IntegrityError, ProjectError

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a project consists of.

    ``vocabulary`` and ``model`` are folders within the project; ``files`` {path within the project: SHA-256};
    ``changed`` the positions of tags that are new or changed since the model was trained; ``folded`` the number of
    the growth log's last row that the model knows, ``vocabulary_at`` that of the last one in the vocabulary; ``learned_with`` the settings it was trained with.
    """

    version: str
    vocabulary: str
    model: str
    vocabulary_fingerprint: str
    encoder_fingerprint: str
    documents: int
    folded: int
    calibrated: bool
    learned_with: Mapping[str, Any]
    vocabulary_at: int = 0
    changed: tuple[int, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        """Names the model and the vocabulary: the same files, the same name."""
        said = json.dumps([self.folded, list(self.changed), sorted(self.files.items())])
        return hashlib.sha256(said.encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Puts the manifest in place in one step; everything that it names must be on the disk by now."""
        said = asdict(self)
        said["checksum"] = _checksum(said)
        temporary = folder / f"{FILE}.tmp"
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(said, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / FILE)
        sync_folder(folder)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest of a project folder; raises `ProjectError` where there is none or it is damaged."""
        path = folder / FILE
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            given = said.pop("checksum")
        except FileNotFoundError:
            raise ProjectError(
                f"{folder} is no tagwright project (it has no {FILE})",
                hint="name one with -p DIR, or make one: tagwright init DIR --vocab FILE",
            ) from None
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise IntegrityError(f"{path} is damaged: {error}", hint="restore it from a copy of the project") from error
        if said.get("format") != FORMAT:
            raise FormatError(
                f"{path} has format {said.get('format')!r}, this version reads {FORMAT}",
                hint="make the project anew: tagwright init, then tagwright train",
            )
        if _checksum(said) != given:
            raise IntegrityError(f"{path} is not what was saved", hint="restore it from a copy of the project")
        return cls(**{**said, "changed": tuple(said["changed"])})

    def verify(self, folder: Path, below: str, *, without: str = "") -> None:
        """Raises `IntegrityError` naming the first file under ``below`` that is missing or was changed."""
        for name in self.files:
            if not name.startswith(f"{below}/") or (without and name.startswith(f"{without}/")):
                continue
            self.verify_file(folder, name)

    def verify_file(self, folder: Path, name: str) -> None:
        """Raises `IntegrityError` where this file is missing or was changed."""
        path = folder / name
        try:
            actual = checksum(path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise IntegrityError(f"{path} cannot be read: {reason}", hint=_restore(name)) from error
        if actual != self.files[name]:
            raise IntegrityError(
                f"{path} is not the file that was saved: SHA-256 {actual}, expected {self.files[name]}", hint=_restore(name)
            )


def checksums(folder: Path, below: Iterable[str]) -> dict[str, str]:
    """{path within ``folder``: SHA-256} of all files under these folders, each of them synced to the disk."""
    found: dict[str, str] = {}
    for name in below:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
                found[path.relative_to(folder).as_posix()] = checksum(path)
            else:
                sync_folder(path)
        sync_folder(folder / name)
    return found


def checksum(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    """The entries of a folder are on the disk when this returns (where the system can do that)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def _checksum(said: Mapping[str, Any]) -> str:
    plain = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(json.dumps(json.loads(plain), sort_keys=True).encode()).hexdigest()


def _restore(name: str) -> str:
    if name.startswith("models/"):
        return "train again, or restore the file from a copy of the project"
    return "restore the file from a copy of the project"
