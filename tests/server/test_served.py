"""One project for many threads: answers do not depend on who asks beside, and too much is refused in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagwright.project import Project
from tagwright.server.batches import Batches
from tagwright.server.refusals import Busy, Stopping, TooLate
from tagwright.server.turns import Turns
from tagwright.types import Document, Tag


def test_forty_threads_get_what_the_project_alone_would_have_said(served, trained_folder, others):
    expected = Project.open(trained_folder).suggest(others, k=7, why=True)
    with ThreadPoolExecutor(40) as pool:
        found = list(pool.map(lambda one: served.suggest([one], k=7, why=True)[0], others))
    assert found == expected


def test_suggestions_say_of_which_state_they_are(served, others):
    first = served.answer(others[:1], k=3)[0]
    assert first.state.trained and first.state.calibrated and first.state.documents == 90
    with served.using() as project:
        project.add_tags([Tag("x:new", "Moon gardening", names={"en": "Moon gardening"})])
    second = served.answer([Document("d", "All about moon gardening.")], k=3)[0]
    assert "x:new" in [one.tag for one in second.suggestions]
    assert second.state.fingerprint != first.state.fingerprint
    assert "x:new" in served.vocabulary() and served.search().find("moon gard")[0].id == "x:new"


def test_what_another_process_adds_is_seen_by_vocabulary_and_search(served, trained):
    assert "x:new" not in served.vocabulary()
    Project.open(trained).add_tags([Tag("x:new", "Moon gardening", names={"en": "Moon gardening"})])
    assert "x:new" in served.vocabulary()


def test_nothing_is_asked_for_no_suggestions(served, others):
    assert served.suggest(others[:2], k=0) == [[], []]
    assert served.suggest([], k=5) == []


class Slow:
    """Answers with the questions themselves, once it is let go; remembers the batches."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.batches: list[list[int]] = []

    def __call__(self, questions: Sequence[int], kind: object) -> list[int]:
        self.batches.append(list(questions))
        assert self.go.wait(10)
        if 13 in questions:
            raise ValueError("unlucky")
        return list(questions)


def waiting(batches: Batches[int, object, int], number: int) -> None:
    end = time.monotonic() + 5
    while len(batches) != number:
        assert time.monotonic() < end, f"{len(batches)} wait, not {number}"
        time.sleep(0.002)


def test_what_waits_of_one_kind_is_answered_together_up_to_a_batch():
    slow = Slow()
    batches = Batches(slow, room=9, most=3)
    with ThreadPoolExecutor(9) as pool:
        jobs = []
        for number, kind in enumerate(["a", "a", "b", "a", "a", "b"]):
            jobs.append(pool.submit(batches.ask, [number], kind, seconds=10))
            waiting(batches, max(0, number))
            end = time.monotonic() + 5
            while not slow.batches:
                assert time.monotonic() < end
        slow.go.set()
        assert [job.result() for job in jobs] == [[n] for n in range(6)]
    assert slow.batches == [[0], [1, 3, 4], [2, 5]]
    batches.close()


def test_a_full_queue_refuses_at_once_and_says_when_to_come_again():
    slow = Slow()
    batches = Batches(slow, room=1, most=3)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(batches.ask, [1], "", seconds=10)
        while not slow.batches:
            time.sleep(0.002)
        second = pool.submit(batches.ask, [2], "", seconds=10)
        waiting(batches, 1)
        with pytest.raises(Busy, match="1 others wait") as refused:
            batches.ask([3], "", seconds=10)
        assert 1 <= refused.value.retry_after <= 30
        slow.go.set()
        assert first.result() == [1] and second.result() == [2]
    batches.close()


def test_who_has_waited_too_long_is_told_and_not_answered_any_more():
    slow = Slow()
    batches = Batches(slow, room=5, most=3)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(batches.ask, [1], "", seconds=10)
        while not slow.batches:
            time.sleep(0.002)
        with pytest.raises(TooLate, match=r"no answer within 0\.05 seconds"):
            batches.ask([2], "", seconds=0.05)
        slow.go.set()
        assert first.result() == [1]
    assert batches.ask([3], "", seconds=5) == [3]
    assert slow.batches == [[1], [3]]
    batches.close()


def test_only_the_guilty_one_of_a_batch_is_told_of_the_fault():
    slow = Slow()
    batches = Batches(slow, room=9, most=9)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(batches.ask, [0], "", seconds=10)]
        while not slow.batches:
            time.sleep(0.002)
        jobs += [pool.submit(batches.ask, [number], "", seconds=10) for number in (12, 13, 14)]
        waiting(batches, 3)
        slow.go.set()
        assert [jobs[0].result(), jobs[1].result(), jobs[3].result()] == [[0], [12], [14]]
        with pytest.raises(ValueError, match="unlucky"):
            jobs[2].result()
    batches.close()


def test_closing_answers_what_waits_and_refuses_what_comes():
    slow = Slow()
    batches = Batches(slow, room=9, most=9)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(batches.ask, [number], number, seconds=10) for number in (1, 2)]
        while not slow.batches:
            time.sleep(0.002)
        waiting(batches, 1)
        slow.go.set()
        batches.close()
        assert [job.result() for job in jobs] == [[1], [2]]
    with pytest.raises(Stopping):
        batches.ask([3], "", seconds=1)


def test_turns_come_in_the_order_of_asking_and_not_for_ever():
    turns, order = Turns(), []

    def take(number: int) -> None:
        with turns.taken(10):
            order.append(number)

    with turns.taken(1):
        threads = []
        for number in range(5):
            threads.append(threading.Thread(target=take, args=[number]))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
        with pytest.raises(TooLate, match="the project was busy"), turns.taken(0.05):
            pass
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]
    with turns.taken(0):
        pass


def test_who_asks_for_a_word_does_not_wait_for_somebody_with_a_book(served, others):
    served.warm()
    book = Document("book", "soil erosion and bees " * 50_000)
    expected = served.suggest(others[:1], k=3)
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(served.suggest, [book], k=3)
        while served._slow is None:
            time.sleep(0.001)
        began = time.monotonic()
        assert served.suggest(others[:1], k=3) == expected
        assert not long.done() or time.monotonic() - began < 0.5
        assert len(long.result()[0]) == 3
    with served.using() as project:
        assert project.suggest(book, k=3) == [long.result()[0]]
