"""How quick every page is, and every part of one that is fetched while somebody works: one after the other, over HTTP.

python benchmarks/pages.py --project FOLDER [--waiting 2000] [--rounds 40]

A copy of the trained project is served. Its documents to be reviewed are those of tibkat-en's dev part, again and
again, and some of those are measured, so that the quality page has something to show. No language model is asked.
First what is read and decided, then what follows when tags are added: the first text after that costs more, and so
does the first page. Milliseconds of the clock and, for machines that have other things to do, of the CPU time that
all threads of the server took meanwhile; ``slow`` is what takes more than 100 of both at the 95th percentile.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from common import SHARED, arguments, machine, served, table, tagwright

BAR = 100.0
LETTERS = 1500  # of a text that somebody tries
STEP = 500
PART = {"hx-request": "true"}
AT, API = "/p/library", "/api/v1/projects/library"
Act = Callable[[], httpx.Response]


def main() -> None:
    options = arguments(
        __doc__ or "", project={"type": Path, "required": True}, waiting={"type": int, "default": 2000},
        rounds={"type": int, "default": 40}, measured={"type": int, "default": 500},
    )  # fmt: skip
    project = _copied(options.project, options.work, options.measured)
    texts = list(islice(_documents(), options.waiting))
    with served(project) as (address, process), httpx.Client(base_url=address, timeout=60) as client:
        seconds = _fill(client, texts)
        state = client.get(API).raise_for_status().json()
        print(f"{machine()}; {state['tags']:,} tags, {state['documents']:,} documents learned from, ", end="")
        print(f"{len(texts):,} waiting; suggested for all of them after {seconds:.0f} s\n")
        one = Somebody(client, texts)
        for acts in (_reading(one), _adding(one)):
            _show(_measured(acts, process, options.rounds))
        print(f"\nmemory of the server: {_memory(process):,.0f} MB")


def _copied(project: Path, work: Path, measured: int) -> Path:
    folder = work / "pages" / "library"
    shutil.rmtree(folder.parent, ignore_errors=True)
    shutil.copytree(project, folder)
    gold = folder.parent / "gold.jsonl"
    with gold.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in list(_lines())[-measured:])
    tagwright("eval", gold, "-p", folder)
    return folder


def _lines() -> Iterator[str]:
    with gzip.open(SHARED / "data/tibkat-en/dev.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from (line.rstrip("\n") for line in file)


def _documents() -> Iterator[dict[str, str]]:
    """Documents without end: once all have come, they come again under other ids."""
    rows = [json.loads(line) for line in _lines()]
    for turn, row in ((turn, row) for turn in count() for row in rows):
        title, text = row.get("title") or "", row.get("text") or row.get("title") or ""
        yield {"id": f"{row['id']}-{turn}", "title": title, "text": text}


def _fill(client: httpx.Client, texts: list[dict[str, str]]) -> float:
    """Seconds until something is suggested for every document that waits."""
    began = time.perf_counter()
    for start in range(0, len(texts), STEP):
        body = {"documents": texts[start : start + STEP]}
        client.post(f"{API}/documents", json=body).raise_for_status()
    while True:
        listed = client.get(f"{API}/queue").raise_for_status().json()
        if listed["total"] >= len(texts) and not listed["unknown"]:
            break
        time.sleep(2)
    return time.perf_counter() - began


def _measured(acts: dict[str, Act], process: int, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """{what: (milliseconds of the clock, milliseconds of CPU time) of each round}."""
    found = defaultdict[str, list[tuple[float, float]]](list)
    for number in range(-2, rounds):  # two rounds to get warm
        for kind, act in acts.items():
            began, busy = time.perf_counter(), _busy(process)
            answer = act()
            took = 1000 * (time.perf_counter() - began)
            assert answer.status_code < 300, f"{kind}: {answer.status_code} {answer.text[:300]}"
            if number >= 0:
                found[kind].append((took, _busy(process) - busy))
    return found


class Somebody:
    """Who works with the pages: what is asked for and sent is drawn by chance, the same each time."""

    def __init__(self, client: httpx.Client, texts: list[dict[str, str]]) -> None:
        self.client, self.texts, self.chance, self.numbers = client, texts, random.Random(3), count()
        waiting = client.get(f"{API}/queue/tags").raise_for_status().json()["tags"]
        self.tags = [(one["tag"], one["name"]) for one in waiting]

    def get(self, address: str, *, part: bool = False, **asked: Any) -> Act:
        """Asks for a page, or a part of one."""

        def act() -> httpx.Response:
            said = {name: value() if callable(value) else value for name, value in asked.items()}
            return self.client.get(address, params=said, headers=PART if part else {})

        return act

    def send(self, address: str, body: Callable[[], dict[str, Any]]) -> Act:
        """Changes something."""
        return lambda: self.client.post(f"{API}/{address}", json=body())

    def write(self, text: Callable[[], str]) -> Act:
        """Tries a text."""
        return lambda: self.client.post(f"{AT}/try", data={"text": text(), "title": "", "k": "10"}, headers=PART)

    def document(self) -> str:
        """A document that waits, or did."""
        return self.chance.choice(self.texts)["id"]

    def tag(self) -> str:
        """A tag that is proposed for some."""
        return str(self.chance.choice(self.tags)[0])

    def typed(self) -> str:
        """The beginning of a tag's name."""
        return str(self.chance.choice(self.tags)[1])[: self.chance.randint(1, 12)]

    def text(self) -> str:
        """A text of some length."""
        return " ".join(one["text"] for one in self.chance.sample(self.texts, 8))[:LETTERS]

    def decided(self, verdict: str, many: int = 1) -> dict[str, Any]:
        """The same said of a tag of one document, or of many."""
        tag, chosen = self.tag(), self.chance.sample(self.texts, many)
        said = [{"document": one["id"], "tag": tag, "verdict": verdict, "id": self.new("d")} for one in chosen]
        return {"decisions": said}

    def state(self, state: str) -> dict[str, Any]:
        """Somebody is done with a document, or not."""
        return {"reviews": [{"document": self.document(), "state": state, "id": self.new("r")}]}

    def new(self, kind: str) -> str:
        """A name that nothing has."""
        return f"{kind}:{next(self.numbers)}"


def _reading(one: Somebody) -> dict[str, Act]:
    """What somebody does, by name, without changing tags."""
    return {
        "try: the screen": one.get(f"{AT}/try"),
        "try: 1,500 letters, with reasons": one.write(one.text),
        "review: the screen": one.get(f"{AT}/review"),
        "review: a document": one.get(f"{AT}/review", id=one.document),
        "review: the next": one.get(f"{AT}/review/next", part=True),
        "review: find a tag": one.get(f"{AT}/review/find", part=True, query=one.typed),
        "review: a tag's place": one.get(f"{AT}/review/place", part=True, tag=one.tag),
        "review: accept": one.send("decisions", lambda: one.decided("accept")),
        "review: the next, after a decision": one.get(f"{AT}/review/next", part=True),
        "review: reject": one.send("decisions", lambda: one.decided("reject")),
        "review: done": one.send("reviews", lambda: one.state("done")),
        "review: open again": one.send("reviews", lambda: one.state("open")),
        "queue: the screen": one.get(f"{AT}/queue"),
        "queue: by title": one.get(f"{AT}/queue", text="soil"),
        "queue: by likelihood": one.get(f"{AT}/queue", order="right"),
        "queue: tags": one.get(f"{AT}/queue/tags"),
        "queue: the grid of a tag": one.get(f"{AT}/queue/tag", tag=one.tag),
        "queue: reject twenty": one.send("decisions", lambda: one.decided("reject", many=20)),
        "vocabulary: the screen": one.get(f"{AT}/vocabulary"),
        "vocabulary: opened at a tag": one.get(f"{AT}/vocabulary", id=one.tag),
        "vocabulary: a letter": one.get(f"{AT}/vocabulary/below", part=True, low=10_000, high=18_000),
        "vocabulary: a list": one.get(f"{AT}/vocabulary/below", part=True, low=10_000, high=10_100),
        "vocabulary: found": one.get(f"{AT}/vocabulary/found", part=True, q=one.typed),
        "vocabulary: a card": one.get(f"{AT}/vocabulary/card", part=True, id=one.tag),
        "vocabulary: how a tag is used": one.get(f"{AT}/vocabulary/use", part=True, id=one.tag),
        "quality: the screen": one.get(f"{AT}/quality"),
        "quality: tags": one.get(f"{AT}/quality/tags"),
        "quality: a tag": one.get(f"{AT}/quality/tag", id=one.tag),
        "quality: documents": one.get(f"{AT}/quality/documents"),
        "quality: a document": one.get(f"{AT}/quality/document", row=3),
        "in German": one.get(f"{AT}/vocabulary", lang="de"),
    }


def _adding(one: Somebody) -> dict[str, Act]:
    """What somebody does who adds tags."""
    return {
        "vocabulary: add a tag": one.send(
            "vocabulary/tags", lambda: {"id": one.new("t"), "name": f"Quarterly gardens {one.new('n')}"}
        ),
        "vocabulary: found, after that": one.get(f"{AT}/vocabulary/found", part=True, q="quarterly g"),
        "vocabulary: the screen, after that": one.get(f"{AT}/vocabulary"),
        "try: after that": one.write(lambda: f"Quarterly gardens in towns. {one.text()}"),
        "vocabulary: add a synonym": one.send(
            "vocabulary/synonyms", lambda: {"tag": one.tag(), "synonym": f"made up {one.new('s')}"}
        ),
        "try: after that, too": one.write(lambda: f"Gardens in towns. {one.text()}"),
        "vocabulary: a card, after that": one.get(f"{AT}/vocabulary/card", part=True, id=one.tag),
    }


def _show(found: dict[str, list[tuple[float, float]]]) -> None:
    rows = []
    for kind, times in found.items():
        (middle, high), (busy, most) = (np.percentile(column, [50, 95]) for column in zip(*times, strict=True))
        slow = "slow" if min(high, most) > BAR else ""
        rows.append([kind, f"{middle:.0f}", f"{high:.0f}", f"{busy:.0f}", f"{most:.0f}", slow])
    table(rows, ["what", "p50", "p95", "CPU p50", "CPU p95", ""])
    print()


def _busy(process: int) -> float:
    """Milliseconds of CPU time that all threads of a process have taken."""
    found = 0.0
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError):  # a thread that has ended meanwhile
            found += int((task / "schedstat").read_text().split()[0]) / 1e6
    return found


def _memory(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
