"""The command as a user runs it, and one small trained project for all tests of this folder."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tagwright.testing.chatserver import ChatServer

# tag id -> (name, synonym, words that its documents use)
TAGS = {
    "g:bees": ("Beekeeping", "Apiculture", "hive honey swarm colony queen pollen"),
    "g:soil": ("Soil erosion", "Soil loss", "wind loess slope topsoil runoff sediment"),
    "g:bread": ("Baking", "Bread making", "dough oven yeast flour crust loaf"),
    "g:trains": ("Railways", "Rail transport", "train track station signal locomotive platform"),
    "g:tax": ("Taxation", "Taxes", "income levy revenue deduction rate treasury"),
    "g:birds": ("Bird migration", "Avian migration", "flock wings nest south winter feathers"),
    "g:glass": ("Glass blowing", "Glassmaking", "furnace molten pipe kiln cooling vase"),
    "g:chess": ("Chess", "Chess game", "opening knight bishop endgame pawn board"),
    "g:water": ("Water supply", "Drinking water", "pipe well reservoir filter pump pressure"),
    "g:maps": ("Cartography", "Map making", "scale projection contour atlas survey compass"),
    "g:tea": ("Tea", "Tea drinking", "leaf cup oolong brewing harvest kettle"),
    "g:law": ("Contract law", "Law of contract", "party clause breach court remedy obligation"),
}


@dataclass(frozen=True)
class Done:
    """What a finished command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Done]


FILLER = "town year people small early report local history guide notes work summer house story common long".split()


def documents(start: int, stop: int) -> list[dict[str, Any]]:
    """Documents of one or two tags each, the same for the same numbers.

    Like real ones they are of many lengths, not all name their tags, and some say a word that belongs to another tag.
    """
    return [document(number) for number in range(start, stop)]


def document(number: int) -> dict[str, Any]:
    chance = random.Random(number)
    tags = chance.sample(list(TAGS), k=chance.choice([1, 1, 2]))
    words = chance.sample(FILLER, k=chance.randint(3, 9))
    for tag in tags:
        name, synonym, about = TAGS[tag]
        words += chance.sample(about.split(), k=chance.randint(1, 5))
        words += [chance.choice([name, synonym])] * chance.randint(0, 1)
    words += TAGS[chance.choice(list(TAGS))][2].split()[:1] * chance.randint(0, 1)
    chance.shuffle(words)
    return {"id": f"d{number}", "title": f"Volume {number}", "text": f"{' '.join(words)}.", "subjects": tags}


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tagwright() -> Command:
    """Runs ``tagwright WORDS…`` in a process of its own, without a terminal."""
    command = str(Path(sys.executable).with_name("tagwright"))

    def run(*words: object, stdin: str | bytes = b"", cwd: Path | None = None, **environment: str) -> Done:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        done = subprocess.run(
            [command, *map(str, words)], input=given, capture_output=True, cwd=cwd, env=env, timeout=120, check=False
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``tags.jsonl``, ``train.jsonl`` (144 documents) and ``test.jsonl`` (12)."""
    folder = tmp_path_factory.mktemp("library")
    tags = [{"id": id, "name": name, "synonyms": [other]} for id, (name, other, _) in TAGS.items()]
    write_lines(folder / "tags.jsonl", tags)
    write_lines(folder / "train.jsonl", documents(0, 144))
    write_lines(folder / "test.jsonl", documents(144, 156))
    return folder


@pytest.fixture(scope="session")
def untrained(tagwright: Command, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a vocabulary and nothing else. Do not write into it."""
    folder = tmp_path_factory.mktemp("untrained") / "project"
    done = tagwright("init", folder, "--vocab", library / "tags.jsonl")
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="session")
def trained(tagwright: Command, library: Path, untrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, trained. Do not write into it."""
    folder = tmp_path_factory.mktemp("trained") / "project"
    shutil.copytree(untrained, folder)
    done = tagwright("train", library / "train.jsonl", "-p", folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def others(tmp_path: Path) -> Callable[[int], Path]:
    """A file of so many documents that training did not see."""
    return lambda n: write_lines(tmp_path / f"{n}-others.jsonl", documents(200, 200 + n))


@pytest.fixture
def project(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained project, to be changed."""
    return Path(shutil.copytree(trained, tmp_path / "project"))


# What a stand-in for a language model answers to a request: the body, or the status of a failure.
Answer = Callable[[dict[str, Any]], dict[str, Any] | int]


@pytest.fixture
def ask(project: Path) -> Iterator[Callable[..., Path]]:
    """A trained project whose settings name a server that answers so: ``ask(answer, "[generation]\\ndocuments = 30")``.

    It runs as long as the test; ``price`` of a million tokens of a question, twice that of an answer.
    """
    running = []

    def make(answer: Answer, more: str = "", *, price: float = 1.0) -> Path:
        server = ChatServer(lambda body, number: _answered(answer(body)))
        running.append(server)
        llm = f'[llm]\nkind = "http"\nurl = "{server.url}"\nmodel = "small"\nwait = 0.0\nat_once = 1\n'
        budget = f"[budget]\nprompt_price = {price}\ncompletion_price = {2 * price}\n"
        with (project / "tagwright.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{llm}\n{budget}\n{more}\n")
        return project

    yield make
    for server in running:
        server.close()


def _answered(said: dict[str, Any] | int) -> Any:
    return (said, "", {}) if isinstance(said, int) else said


class Model:
    """Answers every question in the form that it asks for; ``asked`` counts; ``broken`` answers 500.

    ``fails`` so many of a hundred questions are answered 500, in turn.
    """

    def __init__(self) -> None:
        self.asked, self.broken, self.fails = 0, False, 0

    def answer(self, body: dict) -> dict | int:
        self.asked += 1
        if self.broken or self.asked * 37 % 100 < self.fails:
            return 500
        asked = body["messages"][-1]["content"]
        content = '{"tags": [1], "terms": ["beekeeping", "zymurgy"]}'
        choice: dict = {"message": {"role": "assistant", "content": content}}
        if "Yes or No" in asked or "No or Yes" in asked:
            choice["message"]["content"] = "Yes"
            top = [{"token": "Yes", "logprob": -0.1}, {"token": "No", "logprob": -2.4}]
            choice["logprobs"] = {"content": [{"token": "Yes", "logprob": -0.1, "top_logprobs": top}]}
        return {"choices": [choice], "usage": {"prompt_tokens": 100, "completion_tokens": 5}}


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def asking(ask: Callable[..., Path], model: Model) -> Path:
    """A trained project whose settings name the server."""
    return ask(model.answer, "[generation]\ndocuments = 30")
