"""How quick the vocabulary's search is at 250,000 tags, in the process and over HTTP.

python benchmarks/searching.py [--tags 250000] [--names 200]

The names are those of `many-names`. That list has no synonyms and no notations, so every third tag is given one more
name (that of another tag with its words turned round) and every fifth a notation. Asked for are random tags: their
names letter by letter as somebody types, whole, by synonym, by notation, and with one typo. Milliseconds of each kind,
of the clock and, at the 95th percentile, of this process's CPU time (over HTTP that is the client's); ``found``: the
share of whole names, synonyms, notations and typos whose tag is among the first ten.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path

import httpx
import numpy as np
from common import SHARED, arguments, machine, served, table, tagwright

from tagwright.types import Tag
from tagwright.vocabulary import Search, Vocabulary, open_vocabulary

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LIMIT = 10
Asked = tuple[str, str, int]  # kind, query, position of the tag that is meant


def main() -> None:
    options = arguments(
        __doc__ or "", tags={"type": int, "default": 250_000}, names={"type": int, "default": 200},
        http={"type": int, "default": 1},
    )  # fmt: skip
    source = _furnished(options.work, options.tags)
    vocabulary = open_vocabulary(source)
    began = time.perf_counter()
    search = Search(vocabulary)
    made = time.perf_counter() - began
    more = vocabulary.extended([Tag("new:1", "Quarterly rain gardens")])
    began = time.perf_counter()
    extended = Search.following(more, search)
    followed = time.perf_counter() - began
    print(f"{machine()}; {len(vocabulary):,} tags, {len(vocabulary.labels):,} names")
    print(f"made in {made:.2f} s; after one more tag in {1000 * followed:.0f} ms\n")
    asked = list(_asked(vocabulary, options.names))
    _measure("in the process", asked, lambda query: [hit.position for hit in search.find(query, limit=LIMIT)])
    _measure("… after one more tag", asked, lambda query: [hit.position for hit in extended.find(query, limit=LIMIT)])
    if options.http:
        _over_http(options.work / "searching", source, asked, vocabulary)


def _furnished(work: Path, n: int) -> Path:
    """The vocabulary with synonyms and notations, the same ones every time."""
    source = work / f"searching-{n}.jsonl"
    with gzip.open(SHARED / "data/many-names/vocab.jsonl.gz", "rt", encoding="utf-8") as file:
        tags = [json.loads(line) for line in islice(file, n)]
    with source.open("w", encoding="utf-8") as out:
        for place, tag in enumerate(tags):
            if place % 3 == 0:
                tag["synonyms"] = [" ".join(reversed(tags[(place * 7919 + 1) % len(tags)]["name"].split()))]
            if place % 5 == 0:
                tag["notation"] = f"{LETTERS[place % 26].upper()}{place // 100}.{place % 100:02d}"
            out.write(json.dumps(tag, ensure_ascii=False) + "\n")
    return source


def _asked(vocabulary: Vocabulary, n: int) -> Iterator[Asked]:
    chance = random.Random(7)
    for place in chance.sample(range(len(vocabulary)), n):
        name = vocabulary.name(place)
        for end in range(1, len(name) + 1):
            yield "letter by letter", name[:end], place
        yield "whole name", name, place
        yield "one typo", _typo(name, chance), place
    for place in chance.sample(range(0, len(vocabulary), 3), n):
        yield "synonym", next(iter(vocabulary.tag(place).synonyms.values()))[0], place
    for place in chance.sample(range(0, len(vocabulary), 5), n):
        yield "notation", vocabulary.notations[place], place


def _typo(text: str, chance: random.Random) -> str:
    """One letter wrong, missing, too many, or two exchanged."""
    place, letter = chance.randrange(len(text)), chance.choice(LETTERS)
    before, behind = text[:place], text[place:]
    swapped = before + behind[1:2] + behind[:1] + behind[2:]
    return chance.choice([before + behind[1:], before + letter + behind, before + letter + behind[1:], swapped])


def _measure(title: str, asked: Collection[Asked], find: Callable[[str], list[int] | None]) -> None:
    seconds: dict[str, list[float]] = defaultdict(list)
    found: dict[str, list[bool]] = defaultdict(list)
    used: dict[str, list[float]] = defaultdict(list)
    for kind, query, meant in asked:
        began, busy = time.perf_counter(), time.process_time()
        hits = find(query)
        used[kind].append(time.process_time() - busy)
        seconds[kind].append(time.perf_counter() - began)
        found[kind].append(hits is not None and meant in hits)
    for kinds in (seconds, used):
        kinds["all"] = [one for kind in list(kinds) for one in kinds[kind]]
    rows = []
    for kind, times in seconds.items():
        at = [f"{1000 * value:.1f}" for value in (*np.percentile(times, [50, 95, 99]), np.percentile(used[kind], 95))]
        share = f"{np.mean(found[kind]):.2f}" if any(found[kind]) and kind != "letter by letter" else ""
        rows.append([kind, len(times), *at, share])
    print()
    table(rows, [title, "n", "p50", "p95", "p99", "CPU p95", "found"])


def _over_http(work: Path, source: Path, asked: Collection[Asked], vocabulary: Vocabulary) -> None:
    """The service's own answer, and the part of the page that is drawn while somebody types."""
    project = work / "names"
    shutil.rmtree(project, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    tagwright("init", project, "--vocab", source)
    with served(project) as (address, _), httpx.Client(base_url=address) as client:

        def api(query: str) -> list[int]:
            answer = client.get("/api/v1/projects/names/vocabulary/search", params={"query": query, "limit": LIMIT})
            return [vocabulary.find(hit["id"]) for hit in answer.raise_for_status().json()["hits"]]

        def part(query: str) -> None:
            asked = {"q": query}
            client.get("/p/names/vocabulary/found", params=asked, headers={"hx-request": "true"}).raise_for_status()

        _measure("over HTTP, JSON", asked, api)
        _measure("over HTTP, part of the page", asked, part)


if __name__ == "__main__":
    main()
