"""Ours and Annif's ensemble side by side: documents per CPU second and peak memory on the documents of a test part.

python benchmarks/beside_annif.py --annif ANNIF --project FOLDER [FOLDER ...]   (ANNIF: the program, with omikuji)

Both learned from the same documents (all of tibkat-en's train). Every program tags the part once and --times over;
the difference is what the documents cost, the rest what it costs to begin. Rounds take turns, the median is told. No
text comes twice, and ours begins each time with a copy of the project that keeps no vectors of documents.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from annif_server import annif_trained, environment
from common import SHARED, Run, arguments, machine, table, tagwright

Tag = Callable[[Path], Run]


def main() -> None:
    options = arguments(
        __doc__ or "", annif={"type": Path, "required": True}, data={"default": "tibkat-en"}, part={"default": "test"},
        project={"type": Path, "nargs": "+", "required": True}, rounds={"type": int, "default": 3},
        times={"type": int, "default": 4},
    )  # fmt: skip
    data = SHARED / "data" / options.data
    few, many = (_made(data / f"{options.part}.jsonl.gz", options.work, times) for times in (1, options.times))
    n = sum(1 for _ in few.open())
    folder = annif_trained(options.annif.absolute(), data, options.work, 1_000_000)
    crews: dict[str, Tag] = {
        f"{project.name}, {workers} worker{'s' * (workers > 1)}": _ours(project, workers, options.work)
        for project in options.project
        for workers in (1, 2)
    }
    crews["Annif: MLLM and Omikuji"] = _theirs(options.annif.absolute(), folder)
    found: dict[str, list[tuple[Run, Run]]] = {name: [] for name in crews}
    for _ in range(options.rounds):
        for name, tag in crews.items():
            found[name].append((tag(few), tag(many)))
    print(f"{machine()}; {options.data} {options.part}, {n:,} documents, median of {options.rounds} rounds\n")
    header = ["", "to begin, CPU s", "documents per CPU s", "documents per s", "peak MB of one process"]
    table([[name, *_row(runs, n, options.times - 1)] for name, runs in found.items()], header)


def _row(runs: list[tuple[Run, Run]], n: int, more: int) -> list[str]:
    cpu = median((many.cpu - few.cpu) / more for few, many in runs)
    wall = median((many.wall - few.wall) / more for few, many in runs)
    begin = median(few.cpu for few, _ in runs) - cpu
    return [f"{begin:.1f}", f"{n / cpu:.1f}", f"{n / wall:.1f}", f"{max(many.memory for _, many in runs):,.0f}"]


def _made(part: Path, work: Path, times: int) -> Path:
    """The documents without their tags, so many times over, each with an id and a last word of its own."""
    path = work / f"beside-{times}.jsonl"
    with gzip.open(part, "rt") as file:
        rows = [json.loads(line) for line in file]
    with path.open("w") as file:
        for time_ in range(times):
            for row in rows:
                own = {"document_id": f"{row['id']}-{time_}", "text": f"{row['title']} {row['text']} {times}x{time_}"}
                file.write(json.dumps(own) + "\n")
    return path


def _ours(project: Path, workers: int, work: Path) -> Tag:
    out, copy = work / "beside-out.jsonl", work / "beside-project"

    def tag(texts: Path) -> Run:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns("store.cache*"))
        words = ["--column", "id=document_id", "--workers", workers, "-k", 10, "--overwrite"]
        run = tagwright("tag", texts, "-o", out, "-p", copy, *words)
        _answered(texts, out)
        return run

    return tag


def _theirs(annif: Path, folder: Path) -> Tag:
    def tag(texts: Path) -> Run:
        command = [annif, "index", "library", texts, "--force", "--limit", "10"]
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment(folder))
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        if status != 0:
            raise SystemExit("annif index failed")
        _answered(texts, texts.with_suffix(".annif.jsonl"))
        return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, "")

    return tag


def _answered(texts: Path, out: Path) -> None:
    """Every document has to have a row with suggestions, or nothing was measured."""
    asked, rows = (sum(1 for _ in path.open()) for path in (texts, out))
    if asked != rows or ('"score"' not in out.read_text() and '"confidence"' not in out.read_text()):
        raise SystemExit(f"{out}: {rows} rows for {asked} documents")


if __name__ == "__main__":
    main()
