"""Which documents a set of weights was taught with: what it says of them is too good to learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tagwright.errors import FormatError

FILE = "seen.npy"


def _none() -> NDArray[np.uint64]:
    return np.empty(0, dtype=np.uint64)


@dataclass(frozen=True)
class Seen:
    """Documents by their ids, as ``hashes`` (n,) uint64, ascending: eight bytes a document, and no names."""

    hashes: NDArray[np.uint64] = field(default_factory=_none)

    @classmethod
    def from_ids(cls, ids: Iterable[str]) -> Seen:
        """These documents."""
        return cls(np.unique(_hashes(list(ids))))

    def of(self, ids: Sequence[str]) -> NDArray[np.bool_]:
        """(n,): which of these documents are among them."""
        return np.isin(_hashes(ids), self.hashes, assume_unique=False)

    def write(self, folder: Path) -> None:
        """Writes ``seen.npy`` into the folder."""
        np.save(folder / FILE, self.hashes)

    @classmethod
    def read(cls, folder: Path) -> Seen:
        """What `write` wrote; nothing where the folder has no such file. Raises `FormatError`."""
        path = folder / FILE
        if not path.is_file():
            return cls()
        try:
            hashes = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise FormatError(f"{path} cannot be read: {error}", hint="make the folder again") from error
        if hashes.dtype != np.uint64 or hashes.ndim != 1:
            raise FormatError(f"{path} does not hold documents", hint="make the folder again")
        return cls(hashes)


@runtime_checkable
class Taught(Protocol):
    """Something that was taught with documents."""

    @property
    def seen(self) -> Seen:
        """Those documents."""
        ...


def seen_by(parts: Iterable[object], ids: Sequence[str]) -> NDArray[np.bool_]:
    """(n,): which of these documents any of the parts was taught with."""
    found = np.zeros(len(ids), dtype=np.bool_)
    for part in parts:
        if isinstance(part, Taught):
            found |= part.seen.of(ids)
    return found


def _hashes(ids: Sequence[str]) -> NDArray[np.uint64]:
    digests = b"".join(hashlib.blake2b(id.encode("utf-8", "surrogatepass"), digest_size=8).digest() for id in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
