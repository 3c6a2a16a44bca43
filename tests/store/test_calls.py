"""The log of calls and proposals: complete, bounded, and never in the way."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from tagwright.errors import StoreError
from tagwright.store.calls import Call, CallLog, Proposal, Totals

CALL = Call(
    "judge/1/abc", "d1", "scripted", "Be brief.", "Is it?", {"choices": ["Yes", "No"], "most_tokens": 4}, "Yes",
    {"Yes": 0.75, "No": 0.25}, "logprobs", "", 1, 20, 1, 0.002,
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.llm.sqlite"


def test_a_call_comes_back_whole_with_its_number_and_time(file, clock):
    log = CallLog(file, clock=clock)
    log.append([CALL, replace(CALL, document="d2", time=5.0)])
    assert log.get(1) == replace(CALL, id=1, time=1000.0)
    assert log.recent(9) == [replace(CALL, document="d2", id=2, time=5.0), log.get(1)]
    assert CallLog(file).recent(1) == log.recent(1)


def test_the_newest_calls_come_first_and_those_of_one_document_can_be_asked_for(file):
    log = CallLog(file)
    log.append([replace(CALL, document=f"d{number % 3}") for number in range(10)])
    assert [call.id for call in log.recent(3)] == [10, 9, 8]
    assert [call.id for call in log.recent(3, document="d1")] == [8, 5, 2]
    assert log.recent(3, document="nobody") == log.recent(3, document="\ud800") == []


def test_a_number_that_the_log_does_not_have_is_refused_by_name(file):
    log = CallLog(file)
    for number in (1, 0, -3, 2**70):
        with pytest.raises(StoreError, match=f"no call {number}"):
            log.get(number)


def test_totals_count_everything_that_was_ever_logged(file):
    log = CallLog(file, most=5)
    assert log.totals() == Totals()
    for number in range(4):
        log.append([CALL, replace(CALL, calls=3, error="timeout" if number == 0 else "", cost=0.0)])
    found = log.totals()
    assert (found.asked, found.failed, found.calls, found.prompt_tokens, found.completion_tokens) == (8, 1, 16, 160, 8)
    assert found.cost == pytest.approx(0.008) and found.kept == 5
    assert [call.id for call in log.recent(99)] == [8, 7, 6, 5, 4], "the newest are kept"


def test_a_term_counts_once_a_document_whatever_its_case(file, clock):
    log = CallLog(file, clock=clock)
    for now, document, term in ((10, "a", "Rain gardens"), (20, "b", "rain  gardens"), (30, "a", "RAIN GARDENS")):
        clock.now = float(now)
        log.propose(document, term)
    log.propose("c", "Bioswales")
    assert log.proposals(9) == [
        Proposal("RAIN GARDENS", 2, ("a", "b"), 10.0, 30.0),
        Proposal("Bioswales", 1, ("c",), 30.0, 30.0),
    ]
    assert log.proposals(1) == log.proposals(9)[:1]


def test_proposals_are_bounded_and_name_the_latest_three_documents(file, monkeypatch):
    monkeypatch.setattr("tagwright.store.calls.MOST_PROPOSALS", 6)
    log = CallLog(file)
    for number in range(10):
        log.propose(f"d{number}", "Rain gardens")
    (found,) = log.proposals(9)
    assert (found.documents, found.latest) == (6, ("d9", "d8", "d7"))


def test_nothing_is_made_by_looking(file):
    log = CallLog(file)
    assert (log.recent(5), log.proposals(5), log.totals()) == ([], [], Totals())
    assert not file.exists()


@pytest.mark.parametrize("content", [b"", b"short", b"no database, but long enough to look like one" * 100])
def test_an_unreadable_file_is_set_aside_and_a_new_one_begun(file, content):
    CallLog(file).append([CALL])
    file.write_bytes(content)
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    log = CallLog(file)
    log.append([CALL])
    assert log.lost == 1 and file.with_name(f"{file.name}.damaged").read_bytes() == content
    log.append([CALL])
    assert log.totals().asked == 1
    file.write_bytes(content)
    assert CallLog(file).recent(5) == []


def test_a_log_that_cannot_be_written_stops_nothing_and_counts_what_is_lost(tmp_path):
    nowhere = CallLog(tmp_path / "absent" / "store.llm.sqlite")
    nowhere.append([CALL, CALL])
    nowhere.propose("a", "Rain gardens")
    assert nowhere.lost == 3 and nowhere.recent(5) == []
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    log = CallLog(foreign)
    log.append([CALL])
    assert log.lost == 1
    with pytest.raises(StoreError, match="not one of tagwright's"):
        log.recent(5)


def test_a_writer_that_is_kept_waiting_goes_on_without_the_log(file):
    CallLog(file).append([CALL])
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    log = CallLog(file, busy_seconds=0.05)
    log.append([CALL])
    other.execute("ROLLBACK")
    log.append([CALL])
    assert (log.lost, log.totals().asked) == (1, 2)


def test_texts_that_are_no_unicode_and_values_that_are_damaged_stop_nothing(file):
    log = CallLog(file)
    log.append([replace(CALL, text="half a pair \ud800", document="\udfff", user="NUL \x00 stays")])
    log.propose("\ud800", "half \ud800")
    found = log.get(1)
    assert (found.text, found.document, found.user) == ("half a pair ?", "?", "NUL \x00 stays")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE calls SET options = '{', probabilities = '[1]'")
    assert (log.get(1).options, log.get(1).probabilities) == ({}, {})


def write(path: str, name: str) -> None:
    log = CallLog(Path(path))
    for number in range(20):
        log.append([replace(CALL, document=name)] * 5)
        log.propose(f"{name}{number}", "Rain gardens")
    assert log.lost == 0


def test_several_processes_and_threads_write_and_nothing_is_lost(file):
    processes = [get_context("spawn").Process(target=write, args=(str(file), f"p{n}")) for n in range(2)]
    threads = [threading.Thread(target=write, args=(str(file), f"t{n}")) for n in range(2)]
    for one in [*processes, *threads]:
        one.start()
    for one in [*processes, *threads]:
        one.join(60)
    assert [one.exitcode for one in processes] == [0, 0]
    log = CallLog(file)
    assert log.totals().asked == 400 and log.proposals(1)[0].documents == 80
    assert {len(log.recent(999, document=name)) for name in ("p0", "p1", "t0", "t1")} == {100}
