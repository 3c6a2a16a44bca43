from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tagwright.errors import StoreError
from tagwright.store import claims
from tagwright.store.sqlite import SqliteStore


def test_only_one_owner_has_a_claim_at_a_time(store: SqliteStore) -> None:
    with store.claim("train", "Anna", 60):
        with pytest.raises(StoreError, match="'train' is being done by Anna"):
            store.claim("train", "Ben", 60)
        with pytest.raises(StoreError):
            store.claim("train", "Anna", 60)
        with store.claim("tag", "Ben", 60):
            pass
    with store.claim("train", "Ben", 60):
        pass


def test_a_claim_is_given_back_when_the_work_fails(store: SqliteStore) -> None:
    with pytest.raises(ZeroDivisionError), store.claim("train", "Anna", 60):
        _ = 1 / 0
    store.claim("train", "Ben", 60).release()


def test_the_claim_of_an_owner_on_another_machine_runs_out(
    store: SqliteStore, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "host", lambda: "elsewhere")
    lost = store.claim("train", "Anna", 60)
    monkeypatch.undo()
    clock.now += 59
    with pytest.raises(StoreError, match="end in 1 s"):
        store.claim("train", "Ben", 60)
    lost.renew()
    clock.now += 59
    with pytest.raises(StoreError):
        store.claim("train", "Ben", 60)
    clock.now += 2
    taken = store.claim("train", "Ben", 60)
    with pytest.raises(StoreError, match="Anna lost 'train' to Ben"):
        lost.renew()
    lost.release()
    with pytest.raises(StoreError, match="Ben"):
        store.claim("train", "Carla", 60)
    taken.release()


def test_a_claim_that_ran_out_and_that_nobody_took_can_be_renewed(store: SqliteStore, clock) -> None:
    lease = store.claim("train", "Anna", 60)
    clock.now += 100
    lease.renew()
    with pytest.raises(StoreError):
        store.claim("train", "Ben", 60)
    lease.release()


def test_the_claim_of_a_dead_process_of_this_machine_is_free_at_once(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom tagwright.store.sqlite import SqliteStore\n"
        "SqliteStore(sys.argv[1]).claim('train', 'Anna', 3600)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "store.sqlite")], check=False)
    assert done.returncode == -9
    store = SqliteStore(tmp_path / "store.sqlite")
    store.claim("train", "Ben", 60).release()
    store.close()


def test_a_claim_renews_itself_while_the_work_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_runs", lambda pid: False)
    monkeypatch.setattr(claims, "host", lambda: f"{os.getpid()}")
    store = SqliteStore(tmp_path / "store.sqlite")
    with store.claim("train", "Anna", 0.3) as lease:
        first = expires(store)
        time.sleep(0.5)
        assert expires(store) > first
        lease.renew()
    store.close()


def expires(store: SqliteStore) -> float:
    with store._database.reading() as connection:
        return connection.execute("SELECT expires FROM claims").fetchone()[0]
