"""Several processes that decide at once, and the death of them."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tagwright.feedback.state import Grower
from tagwright.store.decided import Chosen, Decision
from tagwright.store.sqlite import SqliteStore
from tagwright.types import Document

# Decides about twenty documents over and over, and says so on standard output when a decision is promised to be kept.
REVIEWER = """
import sys
from tagwright.feedback.state import Grower
from tagwright.store.decided import Decision
from tagwright.store.sqlite import SqliteStore
store, name, count, grow = SqliteStore(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Grower(0.3)
for number in range(count):
    verdict, machine = ("accept", "reject")[(number + int(name.split()[-1])) % 2], number % 5 == 4
    one = Decision(f"d{number % 20}", f"t{number % 7}", verdict, name, machine=machine, id=f"{name} {number}")
    store.decisions.record([one], grow)
    print(number, flush=True)
"""
DOCUMENTS = [Document(f"d{number}", f"Text {number}.", tags=("t0",)) for number in range(20)]


def start(file: Path, name: object, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", REVIEWER, str(file), str(name), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def acknowledged_by(process: subprocess.Popen[str], seconds: float) -> int:
    """How many decisions were acknowledged until it was killed, some time after the first one."""
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    rest, errors = process.communicate()
    assert first, errors
    return 1 + rest.count("\n")


def is_whole(store: SqliteStore) -> bool:
    """Whether nothing is damaged, and every document is what the decisions on it make of it."""
    grow = Grower(0.3)
    for document in DOCUMENTS:
        row, twin = grow(document, store.decisions.standing(document.id))
        assert store.current(document.id) == row.document
        assert (store.current(f"{document.id}#machine") is not None) == (twin.kind == "add_document")
    return store.check() == []


def kill_and_count(file: Path, kills: int) -> tuple[int, int, int]:
    """How many decisions were acknowledged, lost, and doubled."""
    chance, acknowledged = random.Random(3), set()
    store = SqliteStore(file)
    store.keep_documents(DOCUMENTS)
    for kill in range(kills):
        done = acknowledged_by(start(file, kill, 10**6), chance.uniform(0, 0.05))
        acknowledged |= {f"{kill} {number}" for number in range(done)}
        # Whoever got no answer sends the same again.
        number = done
        verdict, machine = ("accept", "reject")[number % 2], number % 5 == 4
        again = Decision(f"d{number % 20}", f"t{number % 7}", verdict, "again", machine=machine, id=f"again {kill}")
        store.decisions.record([again, again], Grower(0.3))
        acknowledged.add(again.id)
        assert kill % 10 or is_whole(store)
    assert is_whole(store)
    counts = Counter(one.id for one in store.decisions.find())
    store.close()
    return len(acknowledged), len(acknowledged - set(counts)), sum(count - 1 for count in counts.values())


def test_a_killed_reviewer_loses_nothing_that_was_acknowledged_and_nothing_is_doubled(tmp_path: Path) -> None:
    acknowledged, lost, doubled = kill_and_count(tmp_path / "store.sqlite", 4)
    assert acknowledged >= 8
    assert (lost, doubled) == (0, 0)


@pytest.mark.soak
def test_two_hundred_kills_lose_no_decision_and_double_none(tmp_path: Path) -> None:
    acknowledged, lost, doubled = kill_and_count(tmp_path / "store.sqlite", 200)
    sys.stdout.write(f"\ndecisions: 200 kills, {acknowledged} acknowledged, {lost} lost, {doubled} doubled\n")
    assert acknowledged >= 1000
    assert (lost, doubled) == (0, 0)


def review_at_once(file: Path, reviewers: int, each: int) -> SqliteStore:
    store = SqliteStore(file)
    store.keep_documents(DOCUMENTS)
    processes = [start(file, f"reviewer {name}", each) for name in range(reviewers)]
    for process in processes:
        _, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
    return store


def test_reviewers_at_once_lose_nothing_and_see_whom_they_contradict(tmp_path: Path) -> None:
    store = review_at_once(tmp_path / "store.sqlite", 4, 20)
    found = store.decisions.find()
    assert [one.number for one in found] == list(range(1, 81))
    assert_conflicts_are_those_that_can_be_counted(store)
    assert is_whole(store)
    store.close()


@pytest.mark.soak
def test_eight_reviewers_of_two_hundred_decisions_each(tmp_path: Path) -> None:
    store = review_at_once(tmp_path / "store.sqlite", 8, 200)
    assert len({one.id for one in store.decisions.find()}) == len(store.decisions.find()) == 1600
    assert_conflicts_are_those_that_can_be_counted(store)
    assert is_whole(store)
    store.close()


def assert_conflicts_are_those_that_can_be_counted(store: SqliteStore) -> None:
    """Nobody has seen anything: whoever decides otherwise than somebody before contradicts the last such one."""
    found, expected = store.decisions.find(), {}
    for one in found:
        others = [
            other.number
            for other in found[: one.number - 1]
            if (other.document, other.tag) == (one.document, one.tag) and not other.machine
            and other.person != one.person and other.verdict != one.verdict
        ]  # fmt: skip
        expected[one.number] = max(others, default=0)
    assert {one.number: one.conflict for one in found} == expected
    assert [one.number for one in store.decisions.find(Chosen(conflicts=True))] == [n for n, o in expected.items() if o]
    assert any(expected.values())
