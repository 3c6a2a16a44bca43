"""The server under load: mixed requests of fifty clients, ten times too many of them, and Annif beside it.

python benchmarks/load.py
python benchmarks/load.py --data tibkat-en --train 2000 --overload 120
python benchmarks/load.py --annif FOLDER/bin/annif     (Annif in an environment of its own, with omikuji)

What is printed: requests per second, latencies in milliseconds of every kind of request, and how the memory of the
server grew after its first requests. The clients run on the same machine, so they take their share of its cores.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import json
import random
import shutil
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from annif_server import annif_served
from common import SHARED, arguments, machine, served, table, tagwright

# Of a hundred requests; Annif has the first two only.
MIX = {"suggest": 50, "annif": 15, "batch": 5, "explain": 5, "search": 12, "card": 8, "decide": 5}
# The server is warm, and has its memory, after so many.
WARM = 500
# Seconds in which a check of the canary set that the decisions caused is over, and its memory given back.
QUIET = 15
Asked = tuple[str, str, str, dict[str, Any]]  # kind, method, path, what is sent


@dataclass
class Seen:
    """What came of requests: latencies in seconds and statuses by kind."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[str] = field(default_factory=Counter)
    refused: list[float] = field(default_factory=list)
    without_hint: int = 0
    wall: float = 0.0

    def note(self, kind: str, status: int, seconds: float, headers: httpx.Headers) -> None:
        """One request was answered, or refused for now."""
        self.statuses[str(status)] += 1
        if status in (429, 503):
            self.refused.append(seconds)
            self.without_hint += "retry-after" not in headers
        else:
            self.seconds[kind].append(seconds)

    @property
    def all(self) -> list[float]:
        """The latencies of all kinds."""
        return [one for kind in self.seconds.values() for one in kind]


def main() -> None:
    options = arguments(
        __doc__ or "", data={"default": "tibkat-en"}, train={"type": int, "default": 2000},
        requests={"type": int, "default": 2000}, clients={"type": int, "default": 50},
        overload={"type": float, "default": 0.0}, annif={"default": ""},
    )  # fmt: skip
    data, work = SHARED / "data" / options.data, options.work / f"load-{options.data}-{options.train}"
    project, texts, tags = _project(data, work, options.train)
    print(f"{machine()}; {options.train:,} documents learned from, {options.clients} clients at once\n")
    with served(project) as (address, process):
        asyncio.run(_load(address, process, list(itertools.islice(_mixed(texts, tags), WARM)), options.clients))
        before = _memory(process)
        asked = list(itertools.islice(_mixed(texts, tags, seed=1), options.requests))
        seen = asyncio.run(_load(address, process, asked, options.clients))
        time.sleep(QUIET)
        _show("tagwright", seen, before, process)
        if options.overload:
            asyncio.run(_overload(address, texts, options.overload, seen))
    if options.annif:
        with annif_served(Path(options.annif), data, work, options.train) as (address, process):
            asyncio.run(_load(address, process, list(itertools.islice(_of_annif(texts), WARM // 4)), options.clients))
            before = _memory(process)
            asked = list(itertools.islice(_of_annif(texts, seed=1), options.requests))
            _show("Annif", asyncio.run(_load(address, process, asked, options.clients)), before, process)


def _project(data: Path, work: Path, n: int) -> tuple[Path, list[dict[str, str]], list[str]]:
    """A project trained on the first ``n`` documents (kept from run to run), texts to ask for, and known tags."""
    base, folder = work / "trained", work / "library"
    with gzip.open(data / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        lines = list(itertools.islice(file, n))
    if not (base / "manifest.json").exists():
        shutil.rmtree(base, ignore_errors=True)
        work.mkdir(parents=True, exist_ok=True)
        (work / "train.jsonl").write_text("".join(lines), encoding="utf-8")
        tagwright("init", base, "--vocab", data / "vocab.jsonl.gz")
        tagwright("train", work / "train.jsonl", "-p", base)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    with gzip.open(data / "dev.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in itertools.islice(file, 1000)]
    tags = sorted({tag for line in lines for tag in json.loads(line)["subjects"]})
    return folder, [{key: row.get(key) or "" for key in ("id", "title", "text")} for row in rows], tags


def _mixed(texts: list[dict[str, str]], tags: list[str], seed: int = 0) -> Iterator[Asked]:
    """Requests without end, the same ones for the same seed."""
    chance, at = random.Random(seed), "/api/v1/projects/library"
    for number in itertools.count():
        kind = chance.choices(list(MIX), weights=list(MIX.values()))[0]
        one, tag = chance.choice(texts), chance.choice(tags)
        said = {"title": one["title"], "text": one["text"]}
        if kind == "suggest":
            yield kind, "POST", f"{at}/suggest", {"json": {**said, "why": chance.random() < 0.2}}
        elif kind == "annif":
            yield kind, "POST", "/v1/projects/library/suggest", {"data": {"text": f"{one['title']} {one['text']}"}}
        elif kind == "batch":
            many = [{"text": f"{two['title']} {two['text']}"} for two in chance.sample(texts, 8)]
            yield kind, "POST", "/v1/projects/library/suggest-batch", {"json": {"documents": many}}
        elif kind == "explain":
            yield kind, "POST", f"{at}/explain", {"json": {**said, "tag": tag}}
        elif kind == "search":
            words = one["title"].split() or ["soil"]
            yield kind, "GET", f"{at}/vocabulary/search", {"params": {"query": chance.choice(words)[:5]}}
        elif kind == "card":
            yield kind, "GET", f"{at}/vocabulary/tag", {"params": {"id": tag}}
        else:
            made = {"document": f"load-{one['id']}", "tag": tag, "verdict": "accept", "id": f"{seed}-{number}"}
            document = {"id": f"load-{one['id']}", **said}
            yield kind, "POST", f"{at}/decisions", {"json": {"decisions": [made], "documents": [document]}}


def _of_annif(texts: list[dict[str, str]], seed: int = 0) -> Iterator[Asked]:
    """The same share of single texts and batches as `_mixed` has, for a server that knows nothing else."""
    chance = random.Random(seed)
    for _ in itertools.count():
        one = chance.choice(texts)
        if chance.random() < MIX["batch"] / (MIX["suggest"] + MIX["annif"] + MIX["batch"]):
            many = [{"text": f"{two['title']} {two['text']}"} for two in chance.sample(texts, 8)]
            yield "batch", "POST", "/v1/projects/library/suggest-batch", {"json": {"documents": many}}
        else:
            yield "suggest", "POST", "/v1/projects/library/suggest", {"data": {"text": f"{one['title']} {one['text']}"}}


async def _load(address: str, process: int, asked: list[Asked], clients: int) -> Seen:
    """All of these, so many at once: each client asks the next when it has its answer."""
    seen, waiting = Seen(), iter(asked)
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=limits) as client:

        async def one() -> None:
            for kind, method, path, sent in waiting:
                await _ask(client, seen, kind, method, path, sent)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(clients)))
        seen.wall = time.perf_counter() - began
    return seen


async def _ask(client: httpx.AsyncClient, seen: Seen, kind: str, method: str, path: str, sent: dict[str, Any]) -> None:
    began = time.perf_counter()
    try:
        answer = await client.request(method, path, **sent)
    except httpx.TransportError as error:
        seen.statuses[type(error).__name__] += 1
        return
    seen.note(kind, answer.status_code, time.perf_counter() - began, answer.headers)


async def _overload(address: str, texts: list[dict[str, str]], seconds: float, calm: Seen) -> None:
    """Ten times as many a second as were answered, whether they are answered or not; then one by one again."""
    rate, seen, tasks = 10 * len(calm.all) / calm.wall, Seen(), set()
    began, number = time.perf_counter(), 0
    while (now := time.perf_counter() - began) < seconds:
        while number < now * rate:
            task = asyncio.create_task(_plainly(address, seen, texts[number % len(texts)]))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            number += 1
        await asyncio.sleep(0.005)
    ended = time.perf_counter()
    await asyncio.gather(*tasks)
    usual, recovered = _percentile(calm.seconds["suggest"], 95), None
    while recovered is None and time.perf_counter() - ended < 60:
        after = Seen()
        for text in texts[:20]:
            await _plainly(address, after, text)
        if set(after.statuses) == {"200"} and _percentile(after.seconds["suggest"], 95) <= usual:
            recovered = time.perf_counter() - ended
    print(f"\noverload: {rate:.0f} requests per second for {seconds:.0f} s, statuses {dict(seen.statuses)}")
    print(f"refusals without Retry-After: {seen.without_hint}; refused after {_spread(seen.refused)} ms")
    print(f"answered after {_spread(seen.all)} ms; as before", end=" ")
    print("not within a minute" if recovered is None else f"{recovered:.1f} s after the end")


async def _plainly(address: str, seen: Seen, text: dict[str, str]) -> None:
    """One text by a bare connection of its own: a client for comfort could not ask so many."""
    body = json.dumps({key: text[key] for key in ("title", "text")}).encode()
    head = (
        "POST /api/v1/projects/library/suggest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    host, port = address.removeprefix("http://").split(":")
    began = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode() + body)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        await reader.read()
        writer.close()
    except (OSError, EOFError) as error:
        seen.statuses[type(error).__name__] += 1
        return
    headers = httpx.Headers([line.split(": ", 1) for line in lines if line])
    seen.note("suggest", int(status.split()[1]), time.perf_counter() - began, headers)


def _show(name: str, seen: Seen, before: float, process: int) -> None:
    after, highest = _memory(process), _memory(process, "VmHWM")
    rows = [(kind, len(found), *_three(found)) for kind, found in sorted(seen.seconds.items())]
    rows.append(("all", len(seen.all), *_three(seen.all)))
    print(f"{name}: {len(seen.all) / seen.wall:.1f} requests per second, statuses {dict(seen.statuses)}")
    print(f"memory {before:.0f} MB after the first requests, {after:.0f} MB at the end ({after / before - 1:+.1%}), "
          f"{highest:.0f} MB at most\n")  # fmt: skip
    table(rows, ["request", "number", "p50 ms", "p95 ms", "p99 ms"])


def _three(seconds: list[float]) -> list[str]:
    return [f"{_percentile(seconds, share) * 1000:.0f}" for share in (50, 95, 99)]


def _spread(seconds: list[float]) -> str:
    return "p50 {} p95 {} p99 {}".format(*_three(seconds)) if seconds else "–"


def _percentile(seconds: list[float], share: int) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[share - 1] if len(seconds) > 1 else sum(seconds)


def _memory(process: int, what: str = "VmRSS") -> float:
    """Megabytes of a process and its children that are in memory."""
    own = Path(f"/proc/{process}/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in own.splitlines() if line.startswith(what))
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return kilobytes / 1024 + sum(_memory(int(child), what) for child in children)


if __name__ == "__main__":
    main()
