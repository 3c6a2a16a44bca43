"""The ledger of a job, and the purse that its workers pay from."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright.errors import JobError
from tagwright.llm.base import Prompt, Usage
from tagwright.llm.budget import OVER, Budget, BudgetedLLM, SharedBudget
from tagwright.llm.scripted import Scripted
from tagwright.scale.ledger import DONE, POISONED, RUNNING, TRIES, WAITING, Ledger
from tagwright.scale.order import Done
from tagwright.scale.purse import LedgerPurse
from tagwright.scale.standing import STOPPED, Standing


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.sqlite", clock=lambda: 100.0)


def test_shards_come_in_their_order_and_are_counted_by_state(ledger):
    shards = [ledger.add(f"{n}", 10 + n) for n in range(1, 4)]
    assert [shard.number for shard in ledger.shards()] == [1, 2, 3]
    first = ledger.given(shards[0], "a")
    assert ledger.next().name == "2"
    ledger.done(first, Done(11, 2, 500, "aa", calls=3, cost=0.5))
    ledger.given(shards[1], "b")
    totals = ledger.totals(began=50.0)
    assert (totals[DONE], totals[RUNNING], totals[WAITING]) == (1, 1, 1)
    assert (totals["documents done"], totals["since"], totals["failed"], totals["cost"]) == (11, 11, 2, 0.5)
    assert ledger.totals(began=101.0)["since"] == 0
    assert [shard.name for shard in ledger.shards(RUNNING)] == ["2"]


def test_a_shard_is_set_aside_when_its_third_worker_has_died_and_can_be_tried_anew(ledger):
    shard = ledger.add("1", 10)
    for number in range(1, TRIES + 1):
        shard = ledger.lost(ledger.given(shard, f"worker {number}"), "killed")
        assert (shard.tries, shard.state) == (number, POISONED if number == TRIES else WAITING)
    assert ledger.next() is None
    assert ledger.again(shard).tries == 0
    assert ledger.next().name == "1"


def test_a_worker_that_was_stopped_costs_its_shard_no_try(ledger):
    shard = ledger.left(ledger.given(ledger.add("1", 10), "a"))
    assert (shard.state, shard.tries) == (WAITING, 0)


def test_a_job_is_run_by_one_process_at_a_time(ledger):
    ledger.put(state=RUNNING, began=90.0)
    assert Standing.of(ledger).state == STOPPED
    with ledger.alone():
        assert ledger.is_run()
        with pytest.raises(JobError, match="another process"):
            ledger.alone()
    assert not ledger.is_run()


def test_the_standing_tells_rate_and_remaining_time(ledger):
    ledger.put(state=RUNNING, began=90.0, complete=True)
    for n in range(4):
        ledger.add(f"{n}", 20)
    ledger.done(next(ledger.shards()), Done(20, 0, 1, "aa"))
    at = Standing.of(ledger, clock=lambda: 100.0, alive=True)
    assert (at.done, at.documents, at.rate, at.left) == (20, 80, 2.0, 30.0)
    assert Standing.of(Ledger(ledger.path.with_name("none.sqlite"))) is None


def budgets(ledger, workers, **caps):
    return [SharedBudget(**caps, purse=LedgerPurse(ledger.database, Budget(**caps), f"w{n}")) for n in range(workers)]


def test_a_cap_holds_for_all_workers_together(ledger):
    scripts = [Scripted(lambda prompt, choices, schema: "fine") for _ in range(4)]
    asked = [Prompt(f"question {number}") for number in range(20)]
    models = [BudgetedLLM(*pair) for pair in zip(scripts, budgets(ledger, 4, calls=30), strict=True)]
    answers = []
    threads = [threading.Thread(target=lambda one=one: answers.extend(one.complete(asked))) for one in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(script.asked) for script in scripts) == 30
    assert sorted({one.error for one in answers}) == ["", OVER]
    assert LedgerPurse(ledger.database, Budget()).spent().calls == 30


def test_what_a_dead_worker_held_counts_as_spent_and_what_it_says_later_changes_nothing(ledger):
    one, other = budgets(ledger, 2, calls=10)
    assert one.hold(Usage(4)) and other.hold(Usage(6))
    assert not other.hold(Usage(1))
    assert LedgerPurse(ledger.database, Budget()).forfeit("w0") == Usage(4)
    one.settle(Usage(4), Usage(1))
    other.settle(Usage(6), Usage(2))
    assert LedgerPurse(ledger.database, Budget()).spent() == Usage(6)
    assert other.hold(Usage(4)) and not other.hold(Usage(1))


def test_a_cap_on_one_document_gives_the_common_purse_back_what_it_refuses(ledger):
    (budget,) = budgets(ledger, 1, calls=10, document_calls=1)
    assert budget.hold(Usage(1), "a") and not budget.hold(Usage(1), "a")
    budget.settle(Usage(1), Usage(1), "a")
    assert LedgerPurse(ledger.database, Budget()).forfeit() == Usage()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 4)), max_size=40))
def test_whatever_is_held_and_settled_in_whatever_order_never_exceeds_the_cap(tmp_path_factory, steps):
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    workers = budgets(ledger, 3, calls=12)
    held: dict[int, list[int]] = {0: [], 1: [], 2: []}
    spent = 0
    for worker, most, taken in steps:
        if workers[worker].hold(Usage(most)):
            held[worker].append(most)
        elif held[worker]:
            most = held[worker].pop()
            workers[worker].settle(Usage(most), Usage(min(taken, most)))
            spent += min(taken, most)
        assert spent + sum(map(sum, held.values())) <= 12
    assert LedgerPurse(ledger.database, Budget()).spent().calls == spent
