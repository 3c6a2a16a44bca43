"""Who writes the descriptions: a model that was taught to, or a file of what one has written before."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import tagwright.corpus.disk as disk
from tagwright.encoders.seen import Seen
from tagwright.encoders.weights import Folder
from tagwright.errors import OutputError, ProjectError
from tagwright.llm.writer import ModelWriter, need_libraries, open_writer

MANIFEST, LINES = "described.json", "written.jsonl"
# Within the folder: the encoder that was taught beside the model, which `said["encoder"]` names.
ENCODER = "encoder"
# The kinds of folders: a model, or what was written beforehand.
MODEL, WRITTEN = "model", "written"
# Texts whose descriptions are remembered: while a tagger is fitted, fold after fold asks for the same ones.
_REMEMBERED = 50_000


class Writer(Protocol):
    """Something that writes descriptions of the tags that a text should get."""

    def write(self, texts: Sequence[str]) -> list[str]:
        """One string a text, in order, `tagwright.llm.writer.SEPARATOR` between descriptions; "" = nothing to say.

        What is written about a text does not depend on what is asked beside it.
        """
        ...


@dataclass(frozen=True)
class Written:
    """What was written about texts beforehand, for a machine without PyTorch: nothing about any other text.

    ``lines``: {SHA-256 of a text: what was written}.
    """

    lines: Mapping[str, str]

    def write(self, texts: Sequence[str]) -> list[str]:
        """What is known of these texts."""
        return [self.lines.get(_hash(text), "") for text in texts]


class Remembering:
    """A writer that does not write about the same text twice, as far as memory goes; safe for threads."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._known = writer, OrderedDict[str, str]()
        self._lock = threading.Lock()

    def write(self, texts: Sequence[str]) -> list[str]:
        """As the writer would."""
        keys = [_hash(text) for text in texts]
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if fresh:
            found |= zip(fresh, self._writer.write(list(fresh.values())), strict=True)
            with self._lock:
                self._known |= {key: found[key] for key in fresh}
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return [found[key] for key in keys]


def writer_of(folder: Folder, *, beams: int = 1, most_tokens: int = 0, batch: int = 8, device: str = "") -> Writer:
    """The writer of a folder; nothing heavy is loaded before it writes. ``most_tokens`` 0 = as it was taught.

    Raises `MissingExtraError` where PyTorch is needed and absent, `IntegrityError` where a file was changed,
    `ProjectError` where the manifest does not describe a writer. Whoever asks for the same gets the same object.
    """
    kind = folder.said.get("kind")
    if kind not in (MODEL, WRITTEN):
        raise ProjectError(f"{folder.path / folder.manifest} does not describe a writer", hint="teach it again")
    if kind == MODEL:
        need_libraries()
    for name in folder.said["files"] if kind == WRITTEN else ():
        folder.content(name)
    return _opened(folder.path.resolve(), folder.fingerprint, beams, most_tokens, batch, device)


def record(
    out: Path, texts: Sequence[str], writer: Writer, seen: Iterable[str] = (), *, words: int | None = None
) -> Folder:
    """The folder ``out`` with what the writer writes about these texts; complete or not there at all.

    It stands for the writer where that cannot run, for these texts alone, which are not in it themselves, and may be
    handed on with the ids of the documents that taught the writer (``seen``). ``words``: so many of a tag's description
    it was taught to write; unknown, descriptions are matched with the tags as the project's encoder sees them. Raises
    `OutputError`.
    """
    if out.exists():
        raise OutputError("exists already", path=str(out), hint="name a folder that does not exist yet")
    made = out.with_name(f".{out.name}.unfinished")
    rows = zip(texts, writer.write(texts), strict=True)
    with disk.explained(out):
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        lines = {_hash(text): written for text, written in rows}
        said = [json.dumps({"text": key, "written": written}, ensure_ascii=False) for key, written in lines.items()]
        (made / LINES).write_text("".join(f"{line}\n" for line in said), encoding="utf-8")
        Seen.from_ids(seen).write(made)
        taught = {} if words is None else {"words": words}
        Folder.write(made, MANIFEST, {"kind": WRITTEN, "texts": len(lines), **taught})
        disk.replace(made, out)
    return Folder.read(out, MANIFEST)


@lru_cache(maxsize=4)
def _opened(path: Path, fingerprint: str, beams: int, most_tokens: int, batch: int, device: str) -> Writer:
    """Opened once for all channels and folds that name the folder: a model takes memory and seconds."""
    folder = Folder.read(path, MANIFEST)
    if folder.said["kind"] == WRITTEN:
        return Written(_lines(folder))
    return Remembering(_Late(folder, beams, most_tokens, batch, device))


class _Late:
    """The model's writer, opened when it is first asked."""

    def __init__(self, folder: Folder, beams: int, most_tokens: int, batch: int, device: str) -> None:
        self._folder, self._options = folder, {"beams": beams, "batch": batch, "device": device}
        self._most, self._lock = most_tokens, threading.Lock()
        self._writer: ModelWriter | None = None

    def write(self, texts: Sequence[str]) -> list[str]:
        """As the model does."""
        with self._lock:
            if self._writer is None:
                self._writer = self._open()
        return self._writer.write(texts)

    def _open(self) -> ModelWriter:
        folder, said = self._folder, self._folder.said
        for name in said["files"]:
            folder.content(name)
        words = {key: str(said.get(key, "")) for key in ("instruction", "cue")}
        length, most = said.get("length"), said.get("most_tokens")
        if not isinstance(length, int) or not isinstance(most, int):
            raise ProjectError(f"{folder.path / MANIFEST} does not describe its model", hint="teach it again")
        options: dict[str, Any] = {**self._options, **words}
        return open_writer(folder.path, length=length, most=self._most or most, **options)


def _lines(folder: Folder) -> dict[str, str]:
    try:
        rows = [json.loads(line) for line in folder.content(LINES).decode("utf-8").splitlines()]
        return {str(row["text"]): str(row["written"]) for row in rows}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProjectError(
            f"{folder.path / LINES} does not say what was written: {error}", hint="make it anew"
        ) from error


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
