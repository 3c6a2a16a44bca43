from __future__ import annotations

import pytest

from tagwright.store.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, Job
from tagwright.store.sqlite import SqliteStore


def test_a_job_waits_runs_tells_how_far_it_is_and_ends(store: SqliteStore, clock) -> None:
    made = store.jobs.add("tag", {"k": 5, "names": ["a", None]}, person="anna")
    assert (made.state, made.time, made.number) == (WAITING, 1000.0, 1)
    clock.now = 1001.0
    taken = store.jobs.take()
    assert taken is not None
    assert (taken.id, taken.state, taken.started) == (made.id, RUNNING, 1001.0)
    assert store.jobs.progress(made.id, 3, 10, "tagging")
    assert store.jobs.progress(made.id, 7)
    clock.now = 1002.0
    done = store.jobs.finish(made.id, DONE, "tagged", {"documents": 10})
    assert done == store.jobs.find(made.id)
    assert done is not None
    assert (done.done, done.total, done.said, done.result, done.ended) == (7, 10, "tagged", {"documents": 10}, 1002.0)
    assert done.options == {"k": 5, "names": ["a", None]}
    assert not store.jobs.progress(made.id, 9)


def test_the_first_that_came_is_taken_first_but_one_that_a_dead_process_left_before_it(store: SqliteStore) -> None:
    ids = [store.jobs.add("tag", {}).id for _ in range(3)]
    assert store.jobs.take().id == ids[0]  # type: ignore[union-attr]
    assert store.jobs.take().id == ids[0]  # type: ignore[union-attr]
    store.jobs.finish(ids[0], FAILED, "no space left")
    assert store.jobs.take().id == ids[1]  # type: ignore[union-attr]
    assert [job.id for job in store.jobs.all()] == ids[::-1]
    assert [job.id for job in store.jobs.all(limit=1)] == ids[2:]


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_when_it_looks(store: SqliteStore) -> None:
    first, second = (store.jobs.add("tag", {}).id for _ in range(2))
    store.jobs.take()
    assert store.jobs.cancel(second).state == CANCELLED  # type: ignore[union-attr]
    assert store.jobs.cancel(first).state == RUNNING  # type: ignore[union-attr]
    assert not store.jobs.progress(first, 1)
    store.jobs.finish(first, CANCELLED)
    assert store.jobs.take() is None
    assert store.jobs.cancel("nowhere") is None
    assert store.jobs.cancel(first).state == CANCELLED  # type: ignore[union-attr]


def test_what_failed_or_was_cancelled_can_be_taken_up_again(store: SqliteStore) -> None:
    id = store.jobs.add("tag", {}).id
    store.jobs.cancel(id)
    again = store.jobs.resume(id)
    assert (again.state, again.cancelled, again.ended) == (WAITING, False, 0.0)  # type: ignore[union-attr]
    assert store.jobs.take().id == id  # type: ignore[union-attr]
    store.jobs.finish(id, DONE)
    assert store.jobs.resume(id).state == DONE  # type: ignore[union-attr]
    assert store.jobs.resume("nowhere") is None


def test_a_job_sent_again_is_the_same_job(store: SqliteStore) -> None:
    first = store.jobs.add("tag", {"k": 1}, id="mine")
    assert store.jobs.add("tag", {"k": 2}, id="mine") == first
    assert isinstance(first, Job)
    with pytest.raises(AssertionError):
        store.jobs.finish("mine", WAITING)
    assert store.check() == []
