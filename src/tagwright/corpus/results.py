"""The writer behind ``tag -o OUT``: what was computed survives any crash, and the bytes do not tell of it.

Rows grow in ``OUT.partial``, a block at a time; ``OUT.partial.json`` says whose rows they are. When all are there they
become OUT in one step, and ``OUT.manifest.json`` says what made it. The order of the steps is what makes every point
between them safe: see `Results.finish`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any, Self

import tagwright.corpus.disk as disk
from tagwright.corpus.base import Corpus
from tagwright.corpus.export import ending_of, export
from tagwright.corpus.result import Result, parse_line
from tagwright.errors import OutputError
from tagwright.types import Document

FORMAT = 1
NEW, CONTINUED, FINISHED = "new", "continued", "finished"


@dataclass
class Results:
    """Rows on their way to ``path``; made by `Results.open`.

    ``state`` is "new", "continued" (``ids`` are those of the rows that are there, a whole number of blocks) or
    "finished" (nothing is left to do; ``rows`` of them are in the file). Closing before `finish` keeps the rows.
    """

    path: Path
    identity: Mapping[str, Any]
    block: int
    state: str = NEW
    ids: list[str] = field(default_factory=list)
    rows: int = 0
    _file: FileIO | None = None

    @classmethod
    def open(
        cls, path: str | Path, identity: Mapping[str, Any], *, block: int = 256, overwrite: bool = False
    ) -> Results:
        """Results that go to ``path`` (.jsonl, .jsonl.gz or .parquet), new or continued.

        ``identity`` (plain values) says what the rows depend on: model, options, input. An unfinished file of the same
        identity is continued, a finished one left; anything else that is there raises `OutputError`, unless
        ``overwrite``: then it stays until `finish` replaces it. A block is what one crash can cost.
        """
        results = cls(Path(path), json.loads(json.dumps(identity)), block)
        with disk.explained(results.path):
            results._begin(overwrite)
        return results

    def remaining(self, corpus: Corpus) -> Iterator[list[Document]]:
        """The corpus in batches of ``block`` documents, without those whose rows are there.

        Raises `OutputError` where the rows that are there are not those of the corpus's first documents.
        """
        done = 0
        for batch in corpus.batches(self.block):
            there = self.ids[done : done + len(batch)]
            if there and there != [document.id for document in batch]:
                raise self._refused(f"rows {done + 1:,} to {done + len(there):,} are of other documents than the input")
            done += len(there)
            if not there:
                yield batch
        if done < len(self.ids):
            raise self._refused(f"it has {len(self.ids):,} rows, but the input only {done:,} documents")

    def write(self, results: Sequence[Result]) -> None:
        """The next block of rows, on the disk when this returns; only the last one may be shorter."""
        assert self._file is not None, "finished or closed results take no more rows"
        assert self.rows % self.block == 0 and len(results) <= self.block, f"a block has {self.block} rows"
        with disk.explained(self.path):
            disk.write(self._file, b"".join(result.line() for result in results))
            disk.sync(self._file)
        self.rows += len(results)

    def finish(self) -> None:
        """Turns the rows into the file, at once and for good.

        The manifest is written before the file appears: a crash in between leaves the rows in OUT.partial, which are
        continued; whoever sees a manifest that fits the file's checksum sees a finished file.
        """
        assert self._file is not None, "results are finished once"
        if self.path.exists() and not self._is_ours(replacing=True):
            raise self._refused("there is another file by now")
        with disk.explained(self.path):
            ending = ending_of(self.path)
            whole = self._partial
            if ending != ".jsonl":
                whole = self._beside(".partial.tmp")
                export(self._partial, whole, ending)
            disk.write_json(self._manifest, {**self._described(), "rows": self.rows, **_checksum(whole)})
            disk.replace(whole, self.path)
            self._clean()
        self.close()
        self.state = FINISHED

    def close(self) -> None:
        """Lets go of the file; the rows stay for a later run."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, overwrite: bool) -> None:
        if not self.path.parent.is_dir():
            raise OutputError("its folder does not exist", path=str(self.path), hint=f"make {self.path.parent} first")
        if self.path.is_dir():
            raise OutputError("this is a folder", path=str(self.path), hint="name a file in it")
        ending_of(self.path)
        self._file = disk.open_alone(self._partial)
        try:
            self._look(self.path.exists(), overwrite)
        except BaseException as error:
            if isinstance(error, OutputError) and self._size() == 0:
                disk.remove(self._partial)
            self.close()
            raise
        if self.state == FINISHED:
            self.close()

    def _look(self, exists: bool, overwrite: bool) -> None:
        """Finds out what is there: a finished file, rows of an earlier run, neither, or something that is not ours."""
        if exists and not overwrite and self._is_finished():
            self.state = FINISHED
            if self._size() == 0 or self._is_ours():
                self._clean()
        elif not self._continue(exists):
            self._start(exists, overwrite)

    def _is_finished(self) -> bool:
        """Whether the file is what a run of the same identity made, or else rows that may replace it are under way."""
        manifest = disk.read_json(self._manifest) or {}
        intact = _checksum(self.path).items() <= manifest.items()
        if intact and self._same(manifest):
            self.rows = manifest["rows"]
            return True
        if self._is_ours(replacing=True):
            return False
        if intact:
            raise self._refused(f"it holds the results of another run ({self._difference(manifest)})")
        raise self._refused("it was changed after it was written" if manifest else "there is another file")

    def _continue(self, exists: bool) -> bool:
        """Takes over the rows of an earlier run of this identity, cut to whole blocks; false where there are none."""
        assert self._file is not None
        if self._size() == 0 or not self._is_ours(replacing=exists):
            return False
        size = 0
        ids: list[str] = []
        for end, document_id in _sound_lines(self._partial):
            ids.append(document_id)
            if len(ids) % self.block == 0:
                size = end
        self.ids = ids[: len(ids) - len(ids) % self.block]
        self.rows = len(self.ids)
        self.state = CONTINUED if self.ids else NEW
        disk.truncate(self._file, size)
        return True

    def _start(self, exists: bool, overwrite: bool) -> None:
        assert self._file is not None
        if self._size() and not overwrite:
            of = self._difference(disk.read_json(self._owner) or {})
            raise self._refused(f"{self._partial.name} holds the unfinished results of another run ({of})")
        # First the rows go, then their owner changes: never are there rows of one run under the name of another.
        disk.truncate(self._file, 0)
        disk.write_json(self._owner, {**self._described(), "replaces": exists})

    def _is_ours(self, *, replacing: bool = False) -> bool:
        """Whether the rows in OUT.partial are of this identity, and begun with leave to replace a file if need be."""
        owner = disk.read_json(self._owner)
        return owner is not None and self._same(owner) and (not replacing or bool(owner.get("replaces")))

    def _same(self, described: Mapping[str, Any]) -> bool:
        return described.get("format") == FORMAT and described.get("identity") == self.identity

    def _difference(self, described: Mapping[str, Any]) -> str:
        old = described.get("identity")
        if not isinstance(old, Mapping):
            return "which one is not known"
        changed = [key for key in {**old, **self.identity} if old.get(key) != self.identity.get(key)]
        words = [f"{key}: {_short(old.get(key))}, now {_short(self.identity.get(key))}" for key in changed]
        return "; ".join(words) or "in another format"

    def _described(self) -> dict[str, Any]:
        return {"format": FORMAT, "identity": self.identity}

    def _refused(self, message: str) -> OutputError:
        return OutputError(message, path=str(self.path), hint="name another file, or allow this one to be overwritten")

    def _size(self) -> int:
        return self._partial.stat().st_size

    def _clean(self) -> None:
        disk.remove(self._partial)
        disk.remove(self._owner)

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    @property
    def _partial(self) -> Path:
        return self._beside(".partial")

    @property
    def _owner(self) -> Path:
        return self._beside(".partial.json")

    @property
    def _manifest(self) -> Path:
        return self._beside(".manifest.json")


def _sound_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(byte at which it ends, document id) of each line up to the first one that was not written whole."""
    end = 0
    with path.open("rb") as lines:
        for line in lines:
            end += len(line)
            try:
                row = parse_line(line)
            except ValueError:
                return
            if not line.endswith(b"\n"):
                return
            yield end, row["id"]


def _checksum(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _short(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 40 else shown[:37] + "…"
