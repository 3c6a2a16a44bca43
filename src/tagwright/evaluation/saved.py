"""Candidates and gold in one file, so that a setting can be judged again without asking the channels."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import Candidates
from tagwright.errors import FormatError, InputError, IntegrityError
from tagwright.evaluation.gold import Gold

FORMAT = 1

_WRONG = "this is no file of saved candidates, or it is damaged"
_AGAIN = "make it again with tagwright eval CORPUS --save-candidates FILE"


@dataclass(frozen=True, eq=False)
class SavedCandidates:
    """A table of candidates with its gold, of the documents ``ids`` (n_documents,) in order.

    ``fingerprint`` is the vocabulary's, which says what the positions mean. ``train_counts`` (n_tags,) int64 and
    ``settings`` (values that JSON has: the cut, the columns of each channel, …) are what `evaluate` needs beside.
    """

    candidates: Candidates
    gold: Gold
    ids: tuple[str, ...]
    fingerprint: str
    train_counts: NDArray[np.int64] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def save_candidates(path: str | Path, saved: SavedCandidates) -> None:
    """The file ``path`` (npz: plain arrays and JSON) holds it from now on; it is written whole or not at all."""
    path = Path(path)
    about = {
        "format": FORMAT,
        "fingerprint": saved.fingerprint,
        "ids": saved.ids,
        "columns": list(saved.candidates.columns),
        "settings": dict(saved.settings),
    }
    arrays: dict[str, Any] = {
        "about": np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), dtype=np.uint8),
        "offsets": saved.candidates.offsets,
        "tags": saved.candidates.tags,
        "gold_offsets": saved.gold.offsets,
        "gold_tags": saved.gold.tags,
        **{f"column{i}": values for i, values in enumerate(saved.candidates.columns.values())},
    }
    if saved.train_counts is not None:
        arrays["train_counts"] = saved.train_counts
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=str(path)) from error
    finally:
        new.unlink(missing_ok=True)


def load_candidates(path: str | Path, *, fingerprint: str | None = None) -> SavedCandidates:
    """What `save_candidates` was given.

    Raises `InputError` where the file is none of these or damaged, `FormatError` where a newer tagwright wrote it,
    and `IntegrityError` where it was made with another vocabulary than the one of ``fingerprint``.
    """
    arrays = _arrays(Path(path))
    try:
        about = json.loads(arrays.pop("about").tobytes())
        if about["format"] > FORMAT:
            raise FormatError(
                f"{path} has format {about['format']}; this tagwright reads formats up to {FORMAT}",
                hint="install the newer tagwright that wrote it",
            )
        saved = _saved(about, arrays)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(_WRONG, path=str(path), hint=_AGAIN) from error
    if fingerprint is not None and saved.fingerprint != fingerprint:
        raise IntegrityError(f"{path} was made with another vocabulary than this project's", hint=_AGAIN)
    return saved


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of the file; zip's checksums are compared on the way."""
    try:
        with zipfile.ZipFile(path) as archive:
            # What we write is not compressed: a small file that claims to hold much is not ours.
            if sum(member.file_size for member in archive.infolist()) > path.stat().st_size:
                raise InputError(_WRONG, path=str(path), hint=_AGAIN)
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", path=str(path)) from error
    except (zipfile.BadZipFile, ValueError, EOFError, KeyError, NotImplementedError, MemoryError) as error:
        raise InputError(_WRONG, path=str(path), hint=_AGAIN) from error


def _saved(about: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> SavedCandidates:
    """The parts put together; raises `ValueError` where they do not fit."""
    n = len(about["ids"])
    columns = {name: _checked(arrays[f"column{i}"], np.float32) for i, name in enumerate(about["columns"])}
    candidates = Candidates(_offsets(arrays["offsets"], n), _checked(arrays["tags"], np.int32), columns)
    gold = Gold(_offsets(arrays["gold_offsets"], n), _checked(arrays["gold_tags"], np.int64))
    pairs = [candidates.tags, *columns.values()]
    if {len(values) for values in pairs} != {candidates.offsets[-1]} or len(gold.tags) != gold.offsets[-1]:
        raise ValueError("arrays of different lengths")
    counts = arrays.get("train_counts")
    return SavedCandidates(
        candidates,
        gold,
        tuple(map(str, about["ids"])),
        str(about["fingerprint"]),
        None if counts is None else _checked(counts, np.int64),
        dict(about["settings"]),
    )


def _offsets(values: NDArray[Any], n_documents: int) -> NDArray[np.int64]:
    offsets = _checked(values, np.int64)
    if len(offsets) != n_documents + 1 or offsets[0] != 0 or (np.diff(offsets) < 0).any():
        raise ValueError("offsets do not rise from 0")
    return offsets


def _checked(values: NDArray[Any], kind: type[np.generic]) -> NDArray[Any]:
    if values.ndim != 1 or values.dtype != kind:
        raise ValueError(f"{values.dtype} {values.shape} is not one row of {kind}")
    return values
