"""Every executor keeps the promise: a result a part, in order, and an exception of a part at its place."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from tagwright.errors import ConfigError, JobError, MissingExtraError
from tagwright.executor import Forks, Serial, Threads, processes

forks = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")
KINDS = [Serial(), Threads(3), pytest.param(Forks(3), marks=forks)]


@pytest.mark.parametrize("executor", KINDS, ids=lambda one: type(one).__name__)
def test_results_come_in_the_order_of_the_parts_whoever_is_quicker(executor):
    def slow_at_first(n):
        time.sleep(0.05 if n == 0 else 0.0)
        return n * n

    assert list(executor.map(slow_at_first, range(10))) == [n * n for n in range(10)]
    assert list(executor.map(slow_at_first, [])) == []


@pytest.mark.parametrize("executor", KINDS, ids=lambda one: type(one).__name__)
def test_an_exception_of_a_part_is_raised_with_its_hint(executor):
    def refuse(n):
        raise ConfigError(f"not {n}", hint="another one")

    with pytest.raises(ConfigError, match="not 1") as error:
        list(executor.map(refuse, [1]))
    assert error.value.hint == "another one"


@forks
def test_an_exception_that_cannot_travel_is_told_in_its_words():
    def refuse(n):
        raise MissingExtraError("faiss", "index")

    with pytest.raises(Exception, match="faiss") as error:
        list(Forks(2).map(refuse, [1]))
    assert "tagwright[index]" in error.value.hint


@forks
def test_what_a_process_changes_is_its_own_and_a_killed_one_is_told_of():
    seen = []

    def die(n):
        seen.append(n)
        if n == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return n

    with pytest.raises(JobError, match="signal 9"):
        list(Forks(2).map(die, range(5)))
    assert seen == []


def _children(task):
    with open(f"/proc/self/task/{task}/children") as file:
        return file.read().split()


@forks
def test_processes_are_gone_when_nobody_wants_more_results():
    def pid(n):
        if n:
            time.sleep(60)
        return os.getpid()

    def children():
        return {int(one) for task in os.listdir("/proc/self/task") for one in _children(task)}

    before = children()  # other tests' servers, say
    found = Forks(2).map(pid, range(3))
    next(found)
    made = children() - before
    found.close()
    assert made and not made & children()


def test_one_worker_is_this_process():
    assert processes(1) == Serial()
