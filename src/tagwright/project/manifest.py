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
Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Manifest:
    """What a project consists of.

    ``vocabulary`` and ``model`` are folders within the project, and ``rule`` where `tagwright tune` made one,
    ``generation`` where `tagwright train --generation` learned what a language model's answers are worth; ``taught``
    {name: folder within the project} what was taught: an ``encoder``, which then stands for the one of the settings,
    and rerankers; ``files``
    {path within the project: SHA-256}; ``changed`` the positions of tags that are new or changed since the model was
    trained; ``folded`` the number of the growth log's last row whose document the model knows, ``vocabulary_at`` that
    of the last one whose tag is in the vocabulary; ``samples`` how many documents of a
    language model its channels learned from; ``learned_with`` the settings that the model was trained with.
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
    rule: str = ""
    generation: str = ""
    taught: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[int, ...] = ()
    samples: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def _parts(self) -> list[tuple[str, str]]:
        rule = [("rule", self.rule)] if self.rule else []
        return [("vocabulary", self.vocabulary), ("model", self.model), *rule, *sorted(self.taught.items())]

    @property
    def fingerprint(self) -> str:
        """Names the model and the vocabulary: the same files, the same name, whichever folders they lie in."""
        sums = [
            (kind, name.removeprefix(folder), checksum)
            for kind, folder in self._parts
            for name, checksum in sorted(self.files.items())
            if name.startswith(f"{folder}/")
        ]
        said = json.dumps([self.encoder_fingerprint, list(self.changed), sums])
        return hashlib.sha256(said.encode()).hexdigest()

    def write(self, folder: Path, *, through: Path) -> None:
        """Puts the manifest in place in one step; everything that it names must be on the disk by now.

        It is written in ``through``, a folder within the project, and renamed: that folder is all a crash leaves.
        """
        said = asdict(self)
        said["checksum"] = _checksum(said)
        temporary = through / FILE
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(said, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / FILE)
        sync_folder(folder)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest of a project folder.

        Raises `ProjectError` where there is none, `IntegrityError` where it is damaged, `FormatError` where another
        version of tagwright has written it.
        """
        path = folder / FILE
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            given = said.pop("checksum")
        except (FileNotFoundError, NotADirectoryError):
            raise ProjectError(
                f"{folder} is no tagwright project (it has no {FILE})",
                hint="name one with -p DIR, or make one: tagwright init DIR --vocab FILE",
            ) from None
        except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            raise IntegrityError(f"{path} is damaged: {error}", hint=_restore(FILE)) from error
        if _checksum(said) != given:
            raise IntegrityError(f"{path} is not what was saved: its checksum differs", hint=_restore(FILE))
        if said.get("format") != FORMAT:
            raise _other_format(path, said.get("format"))
        return cls(**{**said, "changed": tuple(said["changed"])})

    @staticmethod
    def stamp(folder: Path) -> Stamp | None:
        """Tells one manifest of a folder from the next without reading it; ``None`` where there is none."""
        try:
            found = (folder / FILE).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def verify(self, folder: Path, below: str, *, without: str = "") -> None:
        """Raises `IntegrityError` naming the first file under ``below`` that is missing or was changed."""
        for name in self.files:
            if name.startswith(f"{below}/") and not (without and name.startswith(f"{without}/")):
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
                f"{path} is not the file that was saved: SHA-256 {actual}, expected {self.files[name]}",
                hint=_restore(name),
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
        sync_folder((folder / name).parent)
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


def _other_format(path: Path, found: Any) -> FormatError:
    newer = isinstance(found, int) and found > FORMAT
    return FormatError(
        f"{path} has format {found!r}, this version of tagwright reads {FORMAT}",
        hint="install the newer tagwright that wrote it"
        if newer
        else "make the project anew: tagwright init DIR --vocab FILE, then tagwright train CORPUS",
    )


def _restore(name: str) -> str:
    if "/model/" in name:
        return "train again (tagwright train), or restore the file from a copy of the project"
    if name.startswith("encoder/"):
        return "restore the file from a copy of the project, or name another encoder in tagwright.toml and train again"
    return "restore the file from a copy of the project"
