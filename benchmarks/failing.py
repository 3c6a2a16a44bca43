"""A big batch on a Ray cluster of which parts are killed while one answer in ten of the model's server fails.

python benchmarks/failing.py --project FOLDER [--documents 2000] [--shards 100] [--calls 3000]

The server is a stand-in that speaks chat completions: of every ten requests one fails (500, 429, half an answer), the
others select the first candidates. The cap ends before the documents do. Then each document is looked at: has it a
row, once; had the model its say, or does the row name why not; how many requests the server saw, against the cap.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import threading
from collections import Counter
from pathlib import Path

from batch import made, on_three_nodes, rows_of, trained
from common import arguments, machine, table

from tagwright.testing.chatserver import ChatServer, chat

USAGE = {"prompt_tokens": 700, "completion_tokens": 12}


def main() -> None:
    options = arguments(
        __doc__ or "", project={"type": Path, "default": None}, documents={"type": int, "default": 2000},
        shards={"type": int, "default": 100}, calls={"type": int, "default": 3000},
        kills={"nargs": 3, "type": int, "default": [3, 10, 5]},
    )  # fmt: skip
    print(f"{machine()}\n")
    stand_in = StandIn()
    project = options.work / "failing-project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(options.project or trained(options.work), project)
    with (project / "tagwright.toml").open("a") as file:
        file.write(f'\n[llm]\nkind = "http"\nurl = "{stand_in.url}"\nmodel = "stand-in"\nwait = 0.05\n')
    corpus = made(options.work, options.documents)
    words = ["tag", corpus, "-p", project, "--shard", options.documents // options.shards, "--llm"]
    words += ["--max-calls", options.calls, "--json"]
    out = options.work / "failing-out"
    survived = on_three_nodes(out, [str(word) for word in words], *options.kills)
    table([["nodes, workers, driver killed", ", ".join(map(str, survived.killed))],
           ["times the same command was given", survived.runs], ["shards begun again", survived.again],
           *_told(out, options.documents), ["cap on calls, workers", f"{options.calls}, 3"],
           ["requests that the server saw", sum(stand_in.seen.values())],
           ["of them failed", stand_in.seen["failed"]]], ["what", "number"])  # fmt: skip


def _told(out: Path, documents: int) -> list[list[object]]:
    rows = rows_of(out)
    asked = [row for row in rows if not row.get("note") and not row.get("error")]
    notes = Counter(re.sub(r"\d[\d,.]*", "N", row.get("note") or row.get("error") or "") for row in rows)
    del notes[""]
    return [
        ["documents, lost, doubled", f"{documents}, {documents - len({row['id'] for row in rows})}, "
                                     f"{len(rows) - len({row['id'] for row in rows})}"],
        ["the model had its say", len(asked)],
        *([f"why not: {why}", number] for why, number in notes.most_common()),
    ]  # fmt: skip


class StandIn:
    """Counts what it has ``seen``, and fails one time in ten."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._lock, self._chance = threading.Lock(), random.Random(10)
        self.url = ChatServer(self._plan).url

    def _plan(self, body: dict[str, object], number: int) -> object:
        with self._lock:
            failed = self._chance.random() < 0.1
            self.seen["failed" if failed else "answered"] += 1
            return self._chance.choice(FAULTS) if failed else _answer(body)


FAULTS = ((500, "", {}), (429, "", {}), (200, '{"choices": [{"mess', {}))


def _answer(body: dict[str, object]) -> dict[str, object]:
    """To a question with a list the first two of it, to one about a single tag yes."""
    asked = str(body["messages"])
    said = "Yes" if "or No" in asked or "or Yes" in asked else json.dumps({"tags": [1, 2], "terms": ["Railways"]})
    return {**chat(said), "usage": USAGE}


if __name__ == "__main__":
    main()
