"""From names of files, folders and patterns to one corpus: which kind each file is, and which reader reads it."""

from __future__ import annotations

import glob
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import tagwright.registry as registry
from tagwright.corpus.annif import SIDECARS, sidecar
from tagwright.corpus.base import Corpus
from tagwright.corpus.columns import USUAL
from tagwright.corpus.files import Files
from tagwright.corpus.languages import language_code
from tagwright.corpus.reader import Reader
from tagwright.corpus.source import UNREADABLE, Source, decoded, ending, named, spooled, unreadable
from tagwright.corpus.tags import TagLookup
from tagwright.errors import CorpusError

_KINDS = {
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
    **dict.fromkeys((".csv", ".tsv", ".tab"), "table"),
    ".parquet": "parquet",
    **dict.fromkeys((".mrc", ".marc", ".marcxml", ".xml"), "marc"),
    ".txt": "text",
}
STDIN = "-"


def open_corpus(
    sources: Sequence[str | Path],
    *,
    kind: str | None = None,
    columns: Mapping[str, str] | None = None,
    separator: str | None = None,
    known_tags: Callable[[str], bool] | None = None,
    label_to_id: Callable[[str], str | None] | None = None,
    tag_prefix: Mapping[str, str] | None = None,
    language: str | None = None,
    for_training: bool = False,
    stdin: BinaryIO | None = None,
) -> Corpus:
    """One corpus of all documents in these files, folders and patterns ("-" is standard input), in this order.

    ``kind`` names the reader (see ``registry.names("corpus")``); by default each file's ending or content tells it.
    ``columns`` maps the parts "id", "title", "text", "tags", "language" to the columns or keys of the files, and
    ``separator`` cuts a cell of tags. Tags are looked up with ``known_tags`` and, by their names, ``label_to_id``;
    ``tag_prefix`` rewrites the beginning of ids ({"(DE-588)": "https://d-nb.info/gnd/"}). ``language`` is that of
    documents that state none. ``for_training`` leaves out documents without title and text.
    Raises `CorpusError` where a file is missing or of no known kind, and `ConfigError` for an unknown option.
    """
    given = {"columns": columns, "separator": separator}
    settings = {name: value for name, value in given.items() if value}
    parts: list[tuple[Source, Reader]] = []
    for source in _sources(sources, stdin):
        parts.append((source, registry.build("corpus", kind or _kind(source, bool(columns)), settings)))
    lookup = TagLookup(known_tags, label_to_id, tag_prefix or {})
    return Files(parts, lookup, language=language_code(language), for_training=for_training)


def _sources(names: Sequence[str | Path], stdin: BinaryIO | None) -> Iterator[Source]:
    """Every file once it is found, in order; those with equal names are told apart by their folders."""
    found: list[Path | None] = []
    for name in names:
        found.extend([None] if str(name) == STDIN else _paths(name))
    files = iter(named([path for path in found if path is not None]))
    for path in found:
        if path is None:
            yield spooled(stdin or sys.stdin.buffer, "stdin", "standard input")
            continue
        source = next(files)
        if path.is_file():
            yield source
        else:
            with path.open("rb") as pipe:
                yield spooled(pipe, source.name, source.shown)


def _paths(name: str | Path) -> list[Path]:
    path = Path(name)
    if path.is_dir() and str(name):  # "" is an unset variable, not the current folder
        return _folder(path)
    if path.exists() and not path.is_dir():
        return [path]
    matches = [Path(match) for match in sorted(glob.glob(str(name), recursive=True)) if Path(match).is_file()]
    if not matches:
        raise CorpusError(f"there is no such file or folder: {str(name)!r}", path=str(name))
    return matches


def _folder(folder: Path) -> list[Path]:
    """The files of a folder by name; raises `CorpusError` where it holds none, or texts beside other kinds."""
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise unreadable(error, str(folder)) from error
    texts = [path for path in files if ending(path) == ".txt"]
    subjects = {sidecar(path) for path in texts} if any(path.suffix in SIDECARS for path in files) else set()
    others = [path for path in files if ending(path) in _KINDS and path not in subjects and ending(path) != ".txt"]
    if not texts and not others:
        endings = ", ".join(_KINDS)
        raise CorpusError("no documents in this folder", path=str(folder), hint=f"files are known by {endings} (.gz)")
    if texts and any(ending(path) != ".json" for path in others):
        hint = f"name the files, as in {folder}/*.txt"
        raise CorpusError(f"both texts and {others[0].name} in this folder", path=str(folder), hint=hint)
    return sorted(texts + others)


def _kind(source: Source, has_columns: bool) -> str:
    if source.shown == "standard input":
        return "text"
    if source.suffix == ".tsv" and not has_columns and _is_annif(source):
        return "annif"
    if source.suffix == ".txt" and sidecar(source.path) is not None:
        return "annif"
    if source.suffix == ".json" and _is_one_object(source):
        return "annif"
    return _KINDS.get(source.suffix) or _kind_by_content(source)


def _is_annif(source: Source) -> bool:
    """Whether a TSV has no header but texts and, behind a tab, addresses."""
    lines = _beginning(source)
    header = {cell.strip().casefold() for cell in (lines[0] if lines else "").split("\t")}
    if header & {name for part in USUAL.values() for name in part}:
        return False
    return any(line.partition("\t")[2].lstrip().startswith(("<", "http://", "https://")) for line in lines)


def _is_one_object(source: Source) -> bool:
    """Whether a .json file is one object over several lines: its first line alone is no whole one."""
    first = next((line.strip() for line in _beginning(source) if line.strip()), "")
    return first.startswith("{") and not first.endswith("}")


def _beginning(source: Source) -> list[str]:
    """The first lines as far as they are text."""
    lines = []
    for number, raw in _readable(source):
        lines.append(decoded(raw) if _is_text(raw) else "")
        if number >= 50:
            break
    return lines


def _readable(source: Source) -> Iterable[tuple[int, bytes]]:
    try:
        yield from source.lines()
    except UNREADABLE as error:
        raise unreadable(error, source.shown) from error


def _is_text(raw: bytes) -> bool:
    try:
        decoded(raw)
    except ValueError:
        return False
    return True


def _kind_by_content(source: Source) -> str:
    """The kind of a file whose ending says nothing."""
    try:
        with source.open() as stream:
            start = stream.peek(64)[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    except UNREADABLE as error:
        raise unreadable(error, source.shown) from error
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"{"):
        return "jsonl"
    if start.startswith(b"<") or (start[:5].isdigit() and start[20:22] == b"45"):
        return "marc"
    hint = f"say which it is with kind: {', '.join(registry.names('corpus'))}"
    name = f"the ending {source.suffix!r}" if source.suffix else "a name without an ending"
    raise CorpusError(f"{name} does not tell what kind of file this is", path=source.shown, hint=hint)
