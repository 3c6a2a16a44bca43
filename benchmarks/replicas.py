"""What several servers on one project share: memory of each after its requests, their pace, what one learns of another.

python benchmarks/replicas.py --project PROJECT
python benchmarks/replicas.py --project PROJECT --replicas 3 --requests 100 --data tibkat-en

PROJECT is a trained project; a copy of it is served. Memory is what Linux counts (/proc): *private* pages are a
process's own and cost as much again for every replica, *shared* ones are mapped from files and lie there once; PSS is
the private ones and a fair part of the shared ones, so the PSS of all replicas add up to what they take together.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import shutil
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
from common import SHARED, arguments, machine, served, table

# A tag that no data set has, and a text that only it fits.
NEW_TAG = {"id": "replicas:1", "name": "Moonshine gardening", "language": "en"}
ABOUT_IT = {"text": "All about moonshine gardening", "k": 20}
CLIENTS = 8


@dataclass(frozen=True)
class Memory:
    """Megabytes of one process: all, its own, its fair part, what is no file's, what it has of the project's files."""

    rss: float
    private: float
    pss: float
    anonymous: float
    mapped: float


def main() -> None:
    options = arguments(
        __doc__ or "", project={"default": ""}, replicas={"type": int, "default": 2},
        requests={"type": int, "default": 100}, data={"default": "tibkat-en"},
    )  # fmt: skip
    texts = _texts(options.data, options.requests * (options.replicas + 1))
    folder = options.work / "replicas" / "library"
    print(f"{machine()}; {options.requests} suggestions of each replica, one after the other\n")
    rows = []
    for number in range(1, options.replicas + 1):
        shutil.rmtree(folder.parent, ignore_errors=True)
        shutil.copytree(options.project, folder)
        (folder / "store.cache.sqlite").unlink(missing_ok=True)
        with ExitStack() as stack:
            running = [stack.enter_context(served(folder)) for _ in range(number)]
            addresses = [address for address, _ in running]
            # Each its own texts: what one has encoded stands in the project's cache, where the next one finds it.
            for place, address in enumerate(addresses, start=1):
                _ask_all(address, texts[place * options.requests : (place + 1) * options.requests])
            found = [memory(process, folder) for _, process in running]
            before = sum(_cpu(process) for _, process in running)
            pace = _pace(addresses, texts[: options.requests])
            cpu = (sum(_cpu(process) for _, process in running) - before) / options.requests
            rows.append(_row(found, pace, cpu))
            if number == 2:
                seen = [_seconds_until_known(*addresses, round) for round in range(10)]
    header = ["replicas", "RSS each", "private each", "of it anonymous", "project's files in memory",
              "PSS, all together", f"requests a second, {CLIENTS} clients", "CPU of a request"]  # fmt: skip
    table(rows, header)
    if options.replicas > 1:
        usual, most = statistics.median(seen), max(seen)
        print(f"\na tag made through one, suggested by the other: {usual:.3f} s, at most {most:.3f} s")


def memory(process: int, project: Path) -> Memory:
    """What a process has in memory now."""
    rollup = _kilobytes(Path(f"/proc/{process}/smaps_rollup").read_text().splitlines())
    maps: dict[str, int] = defaultdict(int)
    name = ""
    for line in Path(f"/proc/{process}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            name = words[5] if len(words) > 5 else ""
        elif words[0] == "Rss:":
            maps[name] += int(words[1])
    mapped = sum(size for path, size in maps.items() if path.startswith(str(project.resolve())))
    private = rollup["Private_Clean"] + rollup["Private_Dirty"]
    return Memory(*(size / 1024 for size in (rollup["Rss"], private, rollup["Pss"], rollup["Anonymous"], mapped)))


def _kilobytes(lines: list[str]) -> dict[str, int]:
    return {words[0].rstrip(":"): int(words[1]) for words in map(str.split, lines) if words[-1] == "kB"}


def _cpu(process: int) -> float:
    """The CPU seconds that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _row(found: list[Memory], pace: float, cpu: float) -> list[str]:
    def mean(sizes: list[float]) -> str:
        return f"{statistics.mean(sizes):.0f} MB"

    return [
        str(len(found)), mean([one.rss for one in found]), mean([one.private for one in found]),
        mean([one.anonymous for one in found]), mean([one.mapped for one in found]),
        f"{sum(one.pss for one in found):.0f} MB", f"{pace:.0f}", f"{cpu * 1000:.0f} ms",
    ]  # fmt: skip


def _texts(data: str, n: int) -> list[dict[str, str]]:
    with gzip.open(SHARED / "data" / data / "dev.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in itertools.islice(file, n)]
    return [{key: row.get(key) or "" for key in ("title", "text")} for row in rows]


def _ask_all(address: str, texts: list[dict[str, str]]) -> None:
    with httpx.Client(base_url=f"{address}/api/v1/projects/library", timeout=120) as client:
        for text in texts:
            client.post("/suggest", json=text).raise_for_status()


def _pace(addresses: list[str], texts: list[dict[str, str]]) -> float:
    """Suggestions a second, when clients ask the replicas in turn."""
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda n: _ask_all(addresses[n % len(addresses)], texts[n::CLIENTS]), range(CLIENTS)))
    return len(texts) / (time.perf_counter() - began)


def _seconds_until_known(one: str, other: str, round: int) -> float:
    """From making a tag through one replica to its being suggested by the other; it is taken back afterwards."""
    with httpx.Client(timeout=60) as client:
        at = "/api/v1/projects/library"
        new = {**NEW_TAG, "id": f"{NEW_TAG['id']}{round}", "name": f"{NEW_TAG['name']} {round}"}
        began = time.perf_counter()
        client.post(f"{one}{at}/vocabulary/tags", json=new).raise_for_status()
        found = client.post(f"{other}{at}/suggest", json={**ABOUT_IT, "text": new["name"]}).raise_for_status().json()
        seconds = time.perf_counter() - began
        if new["id"] not in [tag["tag"] for tag in found["suggestions"]]:
            raise SystemExit("the other replica does not know the new tag")
    return seconds


if __name__ == "__main__":
    main()
