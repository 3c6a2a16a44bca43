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
from collections.abc import Callable
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path

from common import SHARED, arguments, machine, table, tagwright

from tagwright.scale.ledger import Ledger
from tagwright.scale.order import LEDGER_FILE


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
        nodes, workers, drivers = options.kills
        table(
            kills(options.work, [str(word) for word in words], whole, nodes, workers, drivers),
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


def kills(work: Path, words: list[str], whole: str, nodes: int, workers: int, drivers: int) -> list[list[object]]:
    """A Ray cluster of three nodes on this machine; a node, a worker or the driver is killed so many times."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    held = [cluster.add_node(num_cpus=1) for _ in range(3)]

    def node() -> None:
        cluster.remove_node(held.pop(0), allow_graceful=False)
        held.append(cluster.add_node(num_cpus=1))

    try:
        command = [*words, "--executor", "ray", "--address", cluster.address, "--workers", "3"]
        found = [
            through(work, command, whole, "node", nodes, lambda driver: node()),
            through(work, command, whole, "worker", workers, lambda driver: os.kill(a_hand(), signal.SIGKILL)),
            through(work, command, whole, "driver", drivers, lambda driver: driver.kill()),
        ]
    finally:
        ray.shutdown()
        cluster.shutdown()
    return found


def through(
    work: Path, words: list[str], whole: str, what: str, times: int, kill: Callable[[subprocess.Popen[bytes]], None]
) -> list[object]:
    """One job, in which something is killed every so many shards; the same command is given until it is done."""
    out = work / f"batch-killed-{what}"
    shutil.rmtree(out, ignore_errors=True)
    program = str(Path(sys.executable).with_name("tagwright"))
    command, ledger = [program, *words, "-o", str(out)], Ledger(out / LEDGER_FILE)
    killed, runs, begun = 0, 0, 0
    chance = random.Random(20)
    next_at = chance.uniform(0.02, 0.1)
    while True:
        driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
        runs += 1
        while driver.poll() is None:
            if killed < times and share(ledger) >= next_at:
                begun += int(ledger.totals()["running"]) if what == "driver" else 0
                kill(driver)
                killed += 1
                next_at = share(ledger) + chance.uniform(0.2, 1.0) * (0.9 - share(ledger)) / max(times - killed + 1, 1)
            time.sleep(0.1)
        if driver.returncode == 0:
            break
    begun += sum(shard.tries for shard in ledger.shards())
    ids = [json.loads(line)["id"] for part in sorted((out / "parts").iterdir()) for line in part.open()]
    same = "the same" if bytes_of(out) == whole else "OTHERS"
    row = [what, killed, runs, begun, len(set(ids)), len(ids) - len(set(ids)), same]
    print(row, file=sys.stderr, flush=True)
    return row


def share(ledger: Ledger) -> float:
    """How much of the job is done."""
    job = ledger.job()
    if job is None or not job.complete:
        return 0.0
    totals = ledger.totals()
    return totals["done"] / max(sum(totals[state] for state in ("waiting", "running", "done", "poisoned")), 1)


def a_hand() -> int:
    """The process of a worker on the cluster."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::Hand"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return random.Random(len(found)).choice(found)


if __name__ == "__main__":
    main()
