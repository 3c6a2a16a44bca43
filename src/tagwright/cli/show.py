"""What reaches the screen: tables and notes, made safe for the terminal; JSON; progress where somebody watches."""

from __future__ import annotations

import json
import math
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Report = Callable[[str, int, int | None], None]

# Control characters (they can rewrite a terminal) and those that reverse the direction of writing (they can hide text).
# Half a surrogate pair cannot be encoded at all.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAK = re.compile(r"\s*[\t\n\x85\u2028\u2029]\s*")
# Wide enough for a name and an id side by side; in a file or a pipe nothing is cut to a screen's width.
_FILE_WIDTH = 1000


def clean(text: str, *, keep_lines: bool = False) -> str:
    """The text as one line (or with its lines) in which control characters are written out, as in Python."""
    shown = _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
    return shown if keep_lines else _BREAK.sub(" ", shown)


def plain(value: Any) -> Any:
    """The value as what JSON knows: dataclasses and mappings become objects, sequences lists, paths strings."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value.item() if hasattr(value, "item") else value


def emit(value: Any) -> None:
    """The value on standard output as JSON, for a program to read."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False)
    lines = (_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in text.splitlines())
    sys.stdout.write("\n".join(lines) + "\n")


def say(text: str = "") -> None:
    """One or more lines on standard output."""
    console().print(clean(text, keep_lines=True), soft_wrap=True)


def note(text: str) -> None:
    """A remark beside the result, on standard error."""
    console(stderr=True).print(clean(text, keep_lines=True), soft_wrap=True, style="dim")


def number(value: float, digits: int = 4) -> str:
    """The number for a table; "–" for one that is undefined."""
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[int] = ()) -> None:
    """A table without lines; the columns numbered in ``right`` stand flush right. Cells are text or rich `Text`."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="dim", show_header=any(header), padding=(0, 2, 0, 0))
    for number, name in enumerate(header):
        made.add_column(name, justify="right" if number in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(clean(str(cell), keep_lines=True)) for cell in row))
    screen = console()
    with screen.capture() as drawn:
        screen.print(made)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


def styled(*parts: tuple[str, str]) -> Text:
    """Pieces of (text, style) as one cell of a table, or one line."""
    from rich.text import Text

    return Text.assemble(*((clean(text), style) for text, style in parts))


def line(*parts: tuple[str, str]) -> None:
    """Pieces of (text, style) as one line on standard output."""
    console().print(styled(*parts), soft_wrap=True)


def console(*, stderr: bool = False) -> Console:
    """A console that takes nothing in a text for markup, and that cuts nothing where nobody watches."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _FILE_WIDTH
    return Console(file=stream, highlight=False, markup=False, emoji=False, width=width)


def minutes(seconds: float) -> str:
    """So long, in the words of somebody who waits."""
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def command() -> str:
    """How this command is called again: by its name where the shell finds it, else by its path."""
    return "tagwright" if shutil.which("tagwright") else shlex.quote(sys.argv[0])


@contextmanager
def progress() -> Iterator[Report | None]:
    """A function that shows (stage, done, total) as a bar on standard error; ``None`` where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    shape = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shape, console=console(stderr=True), transient=True) as bars:
        known: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int | None) -> None:
            if stage not in known:
                known[stage] = bars.add_task(clean(stage), total=total)
            bars.update(known[stage], completed=done, total=total)

        yield report
