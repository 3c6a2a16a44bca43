"""A file of tags: its bytes, unpacked where it is packed, and its lines."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tagwright.errors import VocabularyError

_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 18
# No tag is described in more; what is longer is not a file of lines.
LONGEST_LINE = 1 << 24
# Real vocabularies are packed 5 to 20 times smaller, N-Triples most; gzip can do 1,000, which fills a memory.
_UNPACKED, _FLOOR = 60, 4 << 20


@dataclass(frozen=True)
class Source:
    """A regular file, packed with gzip or not (its first bytes tell)."""

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_file():
            raise VocabularyError("there is no such file", path=str(self.path))

    @property
    def name(self) -> str:
        """The file's name, as problems quote it."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """The ending that tells the kind, in small letters, without ".gz"."""
        name = self.path.name.lower().removesuffix(".gz")
        return Path(name).suffix

    @property
    def packed(self) -> bool:
        """Whether it is gzipped, as its first bytes tell."""
        with self.path.open("rb") as file:
            return file.read(2) == _GZIP

    @property
    def most_bytes(self) -> int:
        """How many unpacked bytes are read at most."""
        size = self.path.stat().st_size
        return _FLOOR + _UNPACKED * size if self.packed else size

    @contextmanager
    def open(self) -> Iterator[io.BufferedIOBase]:
        """The unpacked bytes; what goes wrong while they are read becomes a `VocabularyError`."""
        try:
            with self.path.open("rb") as file:
                yield io.BufferedReader(_Unpacked(file, self), _BUFFER) if self.packed else file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise VocabularyError(
                f"the packed file is damaged ({error})", path=str(self.path), hint="fetch or pack it again"
            ) from None
        except OSError as error:
            raise VocabularyError(f"cannot be read ({error.strerror or error})", path=str(self.path)) from None

    def head(self, size: int) -> bytes:
        """The first ``size`` unpacked bytes, without a byte order mark."""
        with self.open() as stream:
            return stream.read(size).removeprefix(codecs.BOM_UTF8)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """(number from 1, bytes) of each line; of an overlong one its beginning. Refuses UTF-16."""
        with self.open() as stream:
            number = 0
            while raw := stream.readline(LONGEST_LINE):
                number += 1
                if number == 1:
                    self._check_encoding(raw)
                    raw = raw.removeprefix(codecs.BOM_UTF8)
                yield number, raw
                while len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                    raw = stream.readline(LONGEST_LINE)

    def _check_encoding(self, raw: bytes) -> None:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise VocabularyError(
                "this is UTF-16, not UTF-8", path=str(self.path), hint="convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW"
            )


class _Unpacked(io.RawIOBase):
    """The bytes in a gzip file; raises `VocabularyError` where they are far too many for its size."""

    def __init__(self, file: IO[bytes], source: Source) -> None:
        super().__init__()
        self._stream = gzip.GzipFile(fileobj=file)
        self._source = source
        self._left = source.most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read1(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise VocabularyError(
                f"this file is refused: it unpacks to more than {_UNPACKED} times its size",
                path=str(self._source.path),
                hint="unpack it yourself if you trust it",
            )
        buffer[: len(data)] = data
        return len(data)
