"""What a user waits for before anything is learned: help, loading vocabularies, the first suggestion.

python benchmarks/starting.py [--project PROJECT]     (a trained project for the cold suggestion)
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

from common import SHARED, Run, arguments, machine, table, tagwright

RUNS = 5


def main() -> None:
    options = arguments(__doc__ or "", project={"type": Path, "default": None})
    rows = [median("tagwright --help", lambda: tagwright("--help"))]
    for name, path in (
        ("78,741 tags, JSONL (tibkat-en)", SHARED / "data/tibkat-en/vocab.jsonl.gz"),
        ("6,243 tags, Turtle (STW)", SHARED / "data/stw/stw-skos.ttl.gz"),
        ("251,542 tags, JSONL (many-names)", SHARED / "data/many-names/vocab.jsonl.gz"),
    ):
        folder = options.work / "starting"

        def make(path: Path = path, folder: Path = folder) -> Run:
            shutil.rmtree(folder, ignore_errors=True)
            return tagwright("init", folder, "--vocab", path)

        rows.append(median(f"vocab check: {name}", lambda path=path: tagwright("vocab", "check", path)))
        rows.append(median(f"init (with indexes): {name}", make, runs=3))
    if options.project:
        text = "Wind erosion on loess soils and how farmers can prevent it"
        rows.append(median("cold suggest of one text", lambda: tagwright("suggest", text, "-p", options.project)))
    print(f"{machine()}\n")
    table(rows, ["what", "CPU s (median)", "wall s", "peak MB"])


def median(what: str, run: object, runs: int = RUNS) -> tuple[str, str, str, str]:
    """The middle of a few runs."""
    found = [run() for _ in range(runs)]  # type: ignore[operator]
    middle = [statistics.median(getattr(one, part) for one in found) for part in ("cpu", "wall", "memory")]
    return what, f"{middle[0]:.2f}", f"{middle[1]:.2f}", f"{middle[2]:.0f}"


if __name__ == "__main__":
    main()
