"""What the benchmarks share: run the installed command, count its cost, score with the outside scorer."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
WORK = ROOT / ".cache" / "benchmarks"


@dataclass(frozen=True)
class Run:
    """One finished command: CPU seconds of the process and its children, wall seconds, peak memory in MB, output."""

    cpu: float
    wall: float
    memory: float
    output: str


def tagwright(*arguments: str | Path, threads: int = 1) -> Run:
    """Runs the installed ``tagwright`` with numeric libraries held to ``threads``; raises where it fails."""
    program = Path(sys.executable).with_name("tagwright")
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([program, *map(str, arguments)], stdout=output, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        output.seek(0)
        text = output.read()
    if status != 0:
        raise SystemExit(f"tagwright {' '.join(map(str, arguments))} failed: {text}")
    wall = time.perf_counter() - started
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, text)


def score(predictions: Path, gold: Path, train: Path | None = None) -> dict[str, float]:
    """Every number that the independent scorer prints."""
    command = [sys.executable, SHARED / "tools" / "score.py", predictions, gold, "--json"]
    command += ["--train", train] if train else []
    found: dict[str, float] = json.loads(subprocess.check_output(list(map(str, command))))
    return found


def own_cut(predictions: Path, gold: Path, cut: float) -> dict[str, float]:
    """Micro-F1 and the calibration above one half, of a file of results."""
    import gzip

    def rows(path: Path) -> Sequence[dict[str, object]]:
        opened = gzip.open(path, "rt") if path.suffix == ".gz" else path.open()
        with opened as file:
            return [json.loads(line) for line in file]

    wanted = {row["id"]: set(row["subjects"]) for row in rows(gold) if row["subjects"]}  # type: ignore[call-overload]
    given = right = above = 0
    total, confidence = sum(map(len, wanted.values())), 0.0
    hits = 0
    for row in rows(predictions):
        for suggestion in row["suggestions"] if row["id"] in wanted else ():  # type: ignore[attr-defined]
            hit = suggestion["tag"] in wanted[row["id"]]
            if suggestion["confidence"] >= cut:
                given, right = given + 1, right + hit
            if suggestion["confidence"] >= 0.5:
                above, confidence, hits = above + 1, confidence + suggestion["confidence"], hits + hit
    f1 = 2 * right / (given + total)
    gap = (confidence - hits) / above if above else float("nan")
    return {"micro-F1 at own cut": f1, "n >= 0.5": above, "confidence - right, >= 0.5": gap}


def machine() -> str:
    """The line that stands above every table of RESULTS.md."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = f"{time.strftime('%Y-%m-%d')}, {model}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{said}, commit {commit.stdout.strip() or 'unknown'}"


def table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> None:
    """A Markdown table."""
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row) + " |")


def arguments(description: str, **options: dict[str, object]) -> argparse.Namespace:
    """Options of a benchmark; every one has ``--work``, the folder for projects and outputs."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--work", type=Path, default=WORK, help="where projects and outputs go (ignored by git)")
    for name, settings in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **settings)  # type: ignore[arg-type]
    found = parser.parse_args()
    found.work.mkdir(parents=True, exist_ok=True)
    return found


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
