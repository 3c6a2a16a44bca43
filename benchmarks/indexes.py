"""What each kind of index costs and finds: 384 numbers a row, 5,000 Gaussian centres + 0.8 noise, length 1, one thread.

    python benchmarks/indexes.py [--rows 10000 100000] [--kinds exact usearch ivf milvus] [--width 384]
    python benchmarks/indexes.py --project FOLDER --documents CORPUS       (the project's tags, and texts that ask)

A process a kind, so that memory is its own: what it has resident after building, above the rows it was given.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
from common import arguments, machine, table

KINDS = {
    "exact float32": ("exact", {}),
    "exact float16": ("exact", {"rows": "float16"}),
    "exact int8": ("exact", {"rows": "int8"}),
    "usearch": ("usearch", {"least": 0}),
    "ivf": ("ivf", {"least": 0}),
    "milvus": ("milvus", {"least": 0}),
}
CENTRES, NOISE, QUERIES, TUNING, K = 5000, 0.8, 200, 400, 20
CHANGED = 1000
_ROWS, _ASKED = "index-rows.npy", "index-asked.npy"


def main() -> None:
    options = arguments(
        __doc__ or "",
        rows={"type": int, "nargs": "+", "default": [10_000, 100_000]}, width={"type": int, "default": 384},
        kinds={"nargs": "+", "default": [kind for kind in KINDS if kind != "milvus"], "choices": list(KINDS)},
        one={"default": ""}, project={"type": Path, "default": None}, documents={"type": Path, "default": None},
    )  # fmt: skip
    if options.one:
        print(json.dumps(measured(options.one, options.rows[0], options.width, options.work)))
        return
    for name in (_ROWS, _ASKED):
        (options.work / name).unlink(missing_ok=True)
    if options.project:
        options.rows = [taken(options.project, options.documents, options.work)]
    print(f"{machine()}\n", flush=True)
    columns = ["build", "tune", "looks", "resident", "file", "single", "batch", "add", "remove", "open", "recall"]
    said = [
        "build, CPU s", "tune, CPU s", "looks at", "resident MB", "file MB", "one query, CPU ms", "of 200, CPU ms",
        "add a row, CPU ms", "remove 1,000, CPU ms", "open and ask, CPU ms", "recall@20",
    ]  # fmt: skip
    rows = []
    for number in options.rows:
        for kind in options.kinds:
            command = [sys.executable, __file__, "--one", kind, "--rows", str(number), "--width", str(options.width)]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            found = json.loads(
                subprocess.check_output([*command, "--work", str(options.work)], env=environment).splitlines()[-1]
            )
            rows.append([f"{number:,}", kind, *(f"{found[name]:.3g}" for name in columns[:-1]), found["recall"]])
            print("  ".join(map(str, rows[-1])), file=sys.stderr, flush=True)
    table(rows, ["rows", "kind", *said])


def measured(kind: str, number: int, width: int, work: Path) -> dict[str, float]:
    """What one kind takes and finds at one size."""
    import tagwright.registry as registry

    name, settings = KINDS[kind]
    rows = work / _ROWS
    if rows.exists():
        vectors, asked = np.load(rows).astype(np.float32), np.load(work / _ASKED)
        width = vectors.shape[1]
    else:
        vectors, asked = clustered(number, width, 0), clustered(QUERIES + TUNING, width, 1)
    queries, tuning = asked[:QUERIES], asked[QUERIES:]
    right = nearest(vectors, queries)
    before, found = resident(), {}
    index = registry.build("index", name, settings)
    found["build"] = seconds(lambda: index.build(vectors))
    found["tune"] = seconds(lambda: index.tune(tuning))
    found["looks"] = getattr(index, "tuned_", 0)
    found["resident"] = resident() - before
    index.search(queries[:2], K)
    found["single"] = 1000 * seconds(lambda: [index.search(query[None], K) for query in queries]) / QUERIES
    found["batch"] = 1000 * seconds(lambda: index.search(queries, K)) / QUERIES
    near = index.search(queries, K).positions
    found["recall"] = float(np.mean([len(set(a) & set(b)) for a, b in zip(near, right, strict=True)])) / K
    folder = work / "index"
    shutil.rmtree(folder, ignore_errors=True)
    index.save(folder)
    found["file"] = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20
    opened = registry.build("index", name, settings)
    found["open"] = 1000 * seconds(lambda: opened.load(folder).search(queries[:1], K))
    fresh = clustered(CHANGED, width, 2)
    found["add"] = 1000 * seconds(lambda: [opened.add(row[None]) for row in fresh]) / CHANGED
    chosen = np.arange(0, number, max(1, number // CHANGED))[:CHANGED]
    found["remove"] = 1000 * seconds(lambda: opened.remove(chosen))
    shutil.rmtree(folder, ignore_errors=True)
    return found


def taken(project: Path, documents: Path, work: Path) -> int:
    """Writes the vectors of a project's tags, and of texts that it has not seen; how many tags there are.

    `QUERIES` texts are those that ask; the index is tuned by the others.
    """
    from tagwright import Project
    from tagwright.corpus import open_corpus

    points = Project.open(project).tagger.assembly.tag_points
    texts = list(islice(open_corpus([documents]), QUERIES + TUNING))
    np.save(work / _ASKED, points.meaning.documents(texts))
    np.save(work / _ROWS, points.vectors.astype(np.float16))
    return len(points.tags)


def clustered(number: int, width: int, seed: int) -> np.ndarray:
    """Rows around the same centres for every seed."""
    centres = np.random.default_rng(99).standard_normal((CENTRES, width), dtype=np.float32)
    random = np.random.default_rng(seed)
    rows = np.empty((number, width), dtype=np.float32)
    for low in range(0, number, 50_000):
        part = rows[low : low + 50_000]
        part[:] = centres[random.integers(0, CENTRES, len(part))]
        part += np.float32(NOISE) * random.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return rows


def nearest(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The positions of the nearest rows, by plain products."""
    best = np.zeros((len(queries), 0), dtype=np.int64)
    near = np.zeros((len(queries), 0), dtype=np.float32)
    for low in range(0, len(vectors), 50_000):
        product = queries @ vectors[low : low + 50_000].T
        near = np.concatenate([near, product], axis=1)
        best = np.concatenate([best, np.broadcast_to(np.arange(low, low + product.shape[1]), product.shape)], axis=1)
        kept = np.argpartition(-near, min(K, near.shape[1]) - 1, axis=1)[:, :K]
        near, best = np.take_along_axis(near, kept, axis=1), np.take_along_axis(best, kept, axis=1)
    return best


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process and those that it started."""

    def now() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    started = now()
    work()
    return now() - started


def resident() -> float:
    """Megabytes of this process that lie in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
