"""A big batch in shards: the same bytes for every number of workers, how quickly, and through kills.

python benchmarks/batch.py                                      (20,000 documents in 200 shards, local and Ray)
python benchmarks/batch.py --documents 2000 --shards 20 --crews local:1 local:2 --kills 0 0 0
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from common import SHARED, arguments, machine, table, tagwright

from tagwright.scale.ledger import Ledger
from tagwright.scale.order import LEDGER_FILE
from tagwright.testing.processes import hands


def main() -> None:
    options = arguments(
        __doc__ or "", documents={"type": int, "default": 20_000}, shards={"type": int, "default": 200},
        crews={"nargs": "*", "default": ["local:1", "local:2", "local:4", "ray:1", "ray:2", "ray:4"]},
        kills={"nargs": 3, "type": int, "default": [3, 10, 5]}, project={"type": Path, "default": None},
    )  # fmt: skip
    print(f"{machine()}\n")
    project = options.project or trained(options.work)
    corpus = made(options.work, options.documents)
    size = options.documents // options.shards
    print(f"{options.documents:,} documents in shards of {size}\n")
    words = ["tag", corpus, "-p", project, "--shard", size, "--json"]
    rows, whole = speeds(options.work, [str(word) for word in words], options.crews)
    table(rows, ["crew", "wall s", "documents a second", "CPU s of driver and its children", "peak MB", "bytes"])
    print()
    if any(options.kills):
        table(
            kills(options.work, [str(word) for word in words], whole, *options.kills),
            ["killed", "times", "runs", "shards begun again", "documents", "doubled", "bytes"],
        )


def trained(work: Path) -> Path:
    """The project of tibkat-en, trained once."""
    project, data = work / "batch-project", SHARED / "data" / "tibkat-en"
    if not (project / "manifest.json").exists():
        shutil.rmtree(project, ignore_errors=True)
        tagwright("init", project, "--vocab", data / "vocab.jsonl.gz")
        tagwright("train", data / "train.jsonl.gz", "-p", project)
    return project


def made(work: Path, number: int) -> Path:
    """So many documents: those of tibkat-en over and over, each under an id and a title of its own."""
    path = work / f"batch-{number}.jsonl"
    with gzip.open(SHARED / "data" / "tibkat-en" / "train.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    with path.open("w") as file:
        for place, row in enumerate(islice(cycle(rows), number)):
            title = f"{row.get('title', '')} {place // len(rows) or ''}".strip()
            file.write(json.dumps({"id": f"n{place}", "title": title, "text": row["text"]}) + "\n")
    return path


def speeds(work: Path, words: list[str], crews: list[str]) -> tuple[list[list[object]], str]:
    """A row a crew, and the checksum of the first one's bytes."""
    rows: list[list[object]] = []
    first = ""
    for crew in crews or ["local:1"]:
        kind, workers = crew.split(":")
        out = work / f"batch-out-{kind}-{workers}"
        shutil.rmtree(out, ignore_errors=True)
        run = tagwright(*words, "-o", out, "--executor", kind, "--workers", workers)
        standing = json.loads(run.output)["standing"]
        checksum = bytes_of(out)
        first = first or checksum
        rows.append([
            crew, f"{run.wall:.0f}", f"{standing['rate']:.1f}", f"{run.cpu:.0f}", f"{run.memory:.0f}",
            "the same" if checksum == first else "OTHERS",
        ])  # fmt: skip
        print(rows[-1], file=sys.stderr, flush=True)
    return rows, first


def bytes_of(out: Path) -> str:
    """The checksum of all parts in their order."""
    digest = sha256()
    for part in sorted((out / "parts").iterdir()):
        digest.update(part.read_bytes())
    return digest.hexdigest()


def kills(work: Path, words: list[str], whole: str, *times: int) -> list[list[object]]:
    """A row for nodes, workers and the driver: a job in which this is killed so many times."""
    found = []
    for place, (what, number) in enumerate(zip(("node", "worker", "driver"), times, strict=True)):
        out = work / f"batch-killed-{what}"
        survived = on_three_nodes(out, words, *(number if at == place else 0 for at in range(3)))
        ids = [row["id"] for row in rows_of(out)]
        same = "the same" if bytes_of(out) == whole else "OTHERS"
        found.append([what, number, survived.runs, survived.again, len(set(ids)), len(ids) - len(set(ids)), same])
        print(found[-1], file=sys.stderr, flush=True)
    return found


@dataclass(frozen=True)
class Survived:
    """The nodes, workers and drivers ``killed``, how often the command was given, shards that were begun ``again``."""

    killed: list[int]
    runs: int
    again: int


def on_three_nodes(out: Path, words: list[str], nodes: int, workers: int, drivers: int) -> Survived:
    """One job on a Ray cluster of three nodes on this machine, in which so many of each are killed, in any order.

    Whatever is killed next is killed after some more shards; the same command is given until it ends well.
    """
    shutil.rmtree(out, ignore_errors=True)
    three, chance = ThreeNodes(), random.Random(20)
    left = ["node"] * nodes + ["worker"] * workers + ["driver"] * drivers
    chance.shuffle(left)
    shares = sorted(chance.uniform(0.02, 0.9) for _ in left)
    program = str(Path(sys.executable).with_name("tagwright"))
    command = [program, *words, "-o", str(out), "--executor", "ray", "--address", three.address, "--workers", "3"]
    ledger, runs, again = Ledger(out / LEDGER_FILE), 0, 0
    try:
        while True:
            driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
            runs += 1
            while driver.poll() is None:
                if left and share(ledger) >= shares[-len(left)]:
                    again += int(ledger.totals()["running"]) if left[0] == "driver" else 0
                    if three.kill(left[0], driver):
                        left.pop(0)
                time.sleep(0.1)
            if driver.returncode == 0:
                again += sum(shard.tries for shard in ledger.shards())
                return Survived([three.killed[what] for what in ("node", "worker", "driver")], runs, again)
    finally:
        three.end()


class ThreeNodes:
    """A Ray cluster of this machine: a head that works at nothing, and three nodes of one CPU."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        self._nodes = [self._cluster.add_node(num_cpus=1) for _ in range(3)]
        self.address: str = self._cluster.address
        self.killed: Counter[str] = Counter()

    def kill(self, what: str, driver: subprocess.Popen[bytes]) -> bool:
        """Whether a node (another one joins), a worker or the driver was there to be killed."""
        if what == "node":
            self._cluster.remove_node(self._nodes.pop(0), allow_graceful=False)
            self._nodes.append(self._cluster.add_node(num_cpus=1))
        elif what == "worker":
            if not (found := hands()):
                return False
            os.kill(random.Random(len(found)).choice(found), signal.SIGKILL)
        else:
            driver.kill()
        self.killed[what] += 1
        return True

    def end(self) -> None:
        """Ends all of it."""
        import ray

        ray.shutdown()
        self._cluster.shutdown()


def rows_of(out: Path) -> list[dict[str, Any]]:
    """All rows of a job in their order."""
    return [json.loads(line) for part in sorted((out / "parts").iterdir()) for line in part.open()]


def share(ledger: Ledger) -> float:
    """How much of the job is done."""
    job = ledger.job()
    if job is None or not job.complete:
        return 0.0
    totals = ledger.totals()
    return totals["done"] / max(sum(totals[state] for state in ("waiting", "running", "done", "poisoned")), 1)


if __name__ == "__main__":
    main()
