"""A vocabulary as plain columns, and the folder of text, npy and JSON files that holds them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import FormatError, ProjectError
from tagwright.vocabulary.links import Links
from tagwright.vocabulary.problems import Example, Problem
from tagwright.vocabulary.strings import Strings
from tagwright.vocabulary.texts import Texts

FORMAT = 1
_HEADER = "vocabulary.json"


@dataclass(frozen=True, eq=False)
class Columns:
    """Everything a vocabulary knows about its n tags.

    ``ids`` n strings; ``labels`` names, synonyms and hidden labels; ``notes`` descriptions and notations; ``links``
    between tags; ``dangling`` ids that tags name and the vocabulary lacks (kinds as in `links.RELATIONS`);
    ``deprecated`` (n,) bool; ``languages`` codes, the first one "" (not stated); ``language`` that of the shown
    names; ``problems`` what was mended when the source was read.
    """

    ids: Strings
    labels: Texts
    notes: Texts
    dangling: Texts
    links: Links
    deprecated: NDArray[np.bool_]
    languages: tuple[str, ...]
    language: str
    problems: tuple[Problem, ...] = ()

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the content, problems left out."""
        digest = hashlib.sha256(json.dumps([FORMAT, self.language, self.languages]).encode())
        for name, array in _arrays(self).items():
            digest.update(f"{name} {len(array)} ".encode())
            digest.update(np.ascontiguousarray(array).view(np.uint8).data)
        return digest.hexdigest()


def save(columns: Columns, folder: Path, fingerprint: str) -> None:
    """Writes the columns into ``folder`` (made where absent); readers of the old files are not disturbed."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in _arrays(columns).items():
        _write(folder / name, array)
    header = {
        "format": FORMAT,
        "tags": len(columns.deprecated),
        "bytes": {name: len(array) for name, array in _arrays(columns).items() if name.endswith(".txt")},
        "fingerprint": fingerprint,
        "language": columns.language,
        "languages": columns.languages,
        "problems": [asdict(problem) for problem in columns.problems],
    }
    text = json.dumps(header, ensure_ascii=False, indent=1) + "\n"
    _write(folder / _HEADER, np.frombuffer(text.encode(), dtype=np.uint8))


def load(folder: Path) -> tuple[Columns, str]:
    """The columns that `save` wrote, mapped from their files, and the stored fingerprint.

    Raises `FormatError` for a newer format and `ProjectError` where a file is missing or is not what it should be.
    """
    try:
        header = json.loads((folder / _HEADER).read_text(encoding="utf-8"))
        if header["format"] != FORMAT:
            raise FormatError(
                f"{folder / _HEADER}: format {header['format']}; this version reads {FORMAT}",
                hint="load the vocabulary again from its source: tagwright vocab load FILE",
            )
        columns = _read(folder, header)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{folder}: this is no saved vocabulary ({error})",
            hint="load the vocabulary again from its source: tagwright vocab load FILE",
        ) from error
    return columns, str(header["fingerprint"])


def _read(folder: Path, header: Mapping[str, Any]) -> Columns:
    columns = Columns(
        ids=Strings.open(folder / "ids.txt"),
        labels=_texts(folder, "labels"),
        notes=_texts(folder, "notes"),
        dangling=_texts(folder, "dangling"),
        links=Links(*(_array(folder / f"links.{part}.npy") for part in ("rows", "targets", "kinds"))),
        deprecated=_array(folder / "deprecated.npy"),
        languages=tuple(header["languages"]),
        language=header["language"],
        problems=tuple(_problem(**problem) for problem in header["problems"]),
    )
    n_tags = int(header["tags"])
    tables = (columns.labels, columns.notes, columns.dangling, columns.links)
    sizes = {name: len(array) for name, array in _arrays(columns).items() if name.endswith(".txt")}
    wrong_rows = any(len(table.rows) != n_tags + 1 for table in tables)
    if len(columns.deprecated) != n_tags or wrong_rows or sizes != header["bytes"]:
        raise ValueError("its files do not belong together")
    return columns


def _arrays(columns: Columns) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"ids.txt": columns.ids.text}
    for name in ("labels", "notes", "dangling"):
        table: Texts = getattr(columns, name)
        arrays[f"{name}.txt"] = table.texts.text
        arrays |= {f"{name}.{part}.npy": getattr(table, part) for part in ("rows", "kinds", "languages")}
    arrays |= {f"links.{part}.npy": getattr(columns.links, part) for part in ("rows", "targets", "kinds")}
    return arrays | {"deprecated.npy": columns.deprecated}


def _texts(folder: Path, name: str) -> Texts:
    rows, kinds, languages = (_array(folder / f"{name}.{part}.npy") for part in ("rows", "kinds", "languages"))
    return Texts(rows, Strings.open(folder / f"{name}.txt"), kinds, languages)


def _array(path: Path) -> NDArray[Any]:
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _write(path: Path, array: NDArray[Any]) -> None:
    # A new file takes the old one's place, because the old one may be mapped by this very vocabulary.
    temporary = path.with_name(f"{path.name}.part")
    with temporary.open("wb") as file:
        if path.suffix == ".npy":
            np.save(file, array, allow_pickle=False)
        else:
            file.write(array.data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _problem(code: str, count: int, examples: list[dict[str, str]]) -> Problem:
    return Problem(code, count, tuple(Example(**example) for example in examples))
