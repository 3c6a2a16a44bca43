"""A file (or standard input) as a stream of bytes or of numbered lines, unpacked where it is gzipped."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tagwright.errors import CorpusError

# The longest line, row, record or text file that is read: a shelf of books fits, a file that is no text at all
# (or a gzip bomb) is stopped before it fills the memory.
LONGEST = 64 << 20
_BUFFER = 1 << 18
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True)
class Source:
    """One file of a corpus.

    ``name`` is its file name (with as many folders before it as tell it from the others): ids of documents without
    an id begin with it, so they do not change when the folder is moved. ``shown`` is what messages call it. ``spool``
    keeps the copy alive of what could be read only once.
    """

    path: Path
    name: str
    shown: str
    spool: Any = None

    @property
    def suffix(self) -> str:
        """The `ending` of its name."""
        return ending(self.path)

    def open(self) -> io.BufferedReader:
        """The file's bytes from the beginning, unpacked; gzip is known by its first bytes, not by the name."""
        stream: io.BufferedReader = io.BufferedReader(io.FileIO(self.path), _BUFFER)
        if stream.peek(2)[:2] != b"\x1f\x8b":
            return stream
        stream.close()
        return io.BufferedReader(gzip.open(self.path), _BUFFER)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """(number from 1, bytes with the line end), blank ones too; of an overlong line only its beginning.

        Only a line feed ends a line, as in an editor. Raises `CorpusError` for UTF-16 and UTF-32.
        """
        with self.open() as stream:
            self._skip_mark(stream)
            number = 0
            while raw := stream.readline(LONGEST + 1):
                number += 1
                yield number, raw
                while len(raw) > LONGEST and not raw.endswith(b"\n"):
                    raw = stream.readline(LONGEST + 1)

    def text(self) -> str:
        """The whole file as one text; raises ValueError as `decoded` does."""
        with self.open() as stream:
            self._skip_mark(stream)
            return decoded(stream.read(LONGEST + 1))

    def _skip_mark(self, stream: io.BufferedReader) -> None:
        start = stream.peek(4)[:4]
        if start.startswith(_WIDE):
            raise CorpusError(
                "this is UTF-16 or UTF-32, not UTF-8",
                path=self.shown,
                hint="convert it: iconv -f UTF-16 -t UTF-8 OLD > NEW",
            )
        if start.startswith(codecs.BOM_UTF8):
            stream.read(len(codecs.BOM_UTF8))


def ending(path: Path) -> str:
    """The ending in small letters without ``.gz``: ".jsonl" for "a.JSONL.gz"; "" where there is none."""
    endings = [part.lower() for part in path.suffixes[-2:]]
    if endings and endings[-1] == ".gz":
        endings.pop()
    return endings[-1] if endings else ""


UNREADABLE = (OSError, EOFError, zlib.error)


def unreadable(error: Exception, path: str, line: int = 0) -> CorpusError:
    """What to raise for one of `UNREADABLE`; ``line`` is the last one that could be read."""
    if isinstance(error, OSError) and error.errno is not None:
        return CorpusError(f"cannot be read ({error.strerror})", path=path, line=line)
    hint = "fetch or pack it again"
    return CorpusError(f"the file ends too early or is damaged ({error})", path=path, line=line, hint=hint)


def decoded(raw: bytes) -> str:
    """The text of these bytes; raises ValueError saying what is wrong: not UTF-8, a NUL byte, too long."""
    if len(raw) > LONGEST:
        raise ValueError(f"longer than {LONGEST >> 20} MiB")
    if (nul := raw.find(b"\0")) >= 0:
        raise ValueError(f"a NUL byte at byte {nul + 1}")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (0x{raw[error.start]:02x} at byte {error.start + 1})") from None


def spooled(stream: BinaryIO, name: str, shown: str) -> Source:
    """A stream that can be read only once (standard input, a pipe) as a file that can be read twice."""
    folder = tempfile.TemporaryDirectory(prefix="tagwright-")
    path = Path(folder.name) / "spool"
    with path.open("wb") as copy:
        shutil.copyfileobj(stream, copy)
    return Source(path, name, shown, folder)


def named(paths: Sequence[Path]) -> list[Source]:
    """A source for each path, in order, named by the fewest last parts of its path that tell it from the others."""
    depths = [1] * len(paths)
    names = [path.name for path in paths]
    while True:
        places: dict[str, set[Path]] = {}
        for path, name in zip(paths, names, strict=True):
            places.setdefault(name, set()).add(path)
        unclear = [i for i, name in enumerate(names) if len(places[name]) > 1 and depths[i] < len(paths[i].parts)]
        if not unclear:
            return [Source(path, _clean(name), _clean(str(path))) for path, name in zip(paths, names, strict=True)]
        for i in unclear:
            depths[i] += 1
            names[i] = "/".join(paths[i].parts[-depths[i] :])


def _clean(name: str) -> str:
    """The name without the halves of characters that Python makes of a file name that is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")
