"""``map`` by the tasks of a Ray cluster, and trainings that are done by them."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

import tagwright.cluster as cluster_of
from tagwright.cluster import Tasks, crew, encoding
from tagwright.corpus import open_corpus
from tagwright.demo.library import train_path, vocabulary_path
from tagwright.encoders.cached import Cached
from tagwright.encoders.lsa import Lsa
from tagwright.encoders.spread import Spread
from tagwright.errors import ConfigError, InputError, JobError, MissingExtraError
from tagwright.executor import Forks, Serial, Threads
from tagwright.pipeline.settings import Fitting, TaggerSettings
from tagwright.tagger import Tagger
from tagwright.testing import Told
from tagwright.vocabulary import open_vocabulary

heavy = pytest.mark.heavy
MODES = {
    "folds": {"few_folds": 3, "nested": 90, "calibrated_on": 50},
    "hold-out": {"hold_out_above": 50, "hold_out": 60, "few_folds": 3},
}


@pytest.fixture(scope="module")
def three(cluster):
    """The cluster with three nodes of one core each."""
    made, nodes = cluster
    while len(nodes) < 3:
        nodes.append(made.add_node(num_cpus=1))
    made.wait_for_nodes()
    return cluster


def test_who_works_is_said_by_the_settings() -> None:
    assert crew("local", 1, "") == Serial() and crew("ray", 3, "host:1") == Tasks(3, "host:1")
    assert sys.platform != "linux" or crew("local", 2, "") == Forks(2)
    with encoding("local", 1, "") as nobody, encoding("local", 2, "") as two:
        assert nobody is None and two == Threads(2)
    with pytest.raises(ConfigError, match=r"fitting\.executor"):
        Fitting(executor="slurm")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match="ray"):
        list(Tasks(2).map(abs, [1]))


@heavy
def test_results_come_in_the_order_of_the_parts_from_a_connection_that_stays(three) -> None:
    def slow_first(part: int) -> tuple[int, int]:
        time.sleep(0.5 if part == 0 else 0)
        return part * part, os.getpid()

    found = list(Tasks(3).map(slow_first, iter(range(9))))
    assert [square for square, _ in found] == [n * n for n in range(9)]
    assert os.getpid() not in {own for _, own in found} and cluster_of.library().is_initialized()


@heavy
def test_what_a_part_raises_is_raised_at_its_place(three) -> None:
    def refuse(part: int) -> int:
        if part == 2:
            raise InputError("no such page", hint="look again")
        time.sleep(0.5 if part == 1 else 0)  # the failing part is done before the one before it
        return 1 // (3 - part)

    results = Tasks(2).map(refuse, range(5))
    assert [next(results), next(results)] == [0, 0]
    with pytest.raises(InputError, match="no such page") as caught:
        next(results)
    assert caught.value.hint == "look again"
    with pytest.raises(ZeroDivisionError):
        list(Tasks(2).map(refuse, [3]))


@heavy
def test_a_part_whose_process_is_killed_is_done_again_and_one_that_always_dies_is_told_of(three, tmp_path) -> None:
    def dies_once(part: int) -> int:
        mark = tmp_path / str(part)
        if part % 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return part

    assert list(Tasks(3).map(dies_once, range(6))) == list(range(6))
    with pytest.raises(JobError, match="lost on the cluster"):
        list(Tasks(1).map(lambda part: os.kill(os.getpid(), signal.SIGKILL), [1]))


@heavy
def test_what_cannot_be_sent_is_refused_in_words(three) -> None:
    import threading

    held = threading.Lock()
    with pytest.raises(ConfigError, match="cannot be sent"):
        list(Tasks(2).map(lambda part: held, [1]))


@heavy
def test_texts_are_encoded_on_the_nodes_to_the_very_same_vectors(three) -> None:
    texts = [f"text {n}" for n in range(200)]
    encoder = Cached(Told({text: (n, 1, 0) for n, text in enumerate(texts)}), _Forgetful())
    with encoding("ray", 3, "") as crew:
        assert Spread(encoder, crew).encode(texts).tobytes() == encoder.encode(texts).tobytes()


@heavy
@pytest.mark.parametrize("mode", MODES)
def test_a_training_on_three_nodes_learns_the_bytes_that_one_process_learns(three, tmp_path: Path, mode: str) -> None:
    vocabulary, documents = open_vocabulary(vocabulary_path()), list(open_corpus([train_path()]))[:120]
    for executor in ("local", "ray"):
        fitting = Fitting(least=20, workers=3 if executor == "ray" else 1, executor=executor, **MODES[mode])
        settings = TaggerSettings(fusion={"kind": "ranker", "trees": 8}, fitting=fitting)
        Tagger(settings, Lsa(width=16), vocabulary).fit(documents).save(tmp_path / executor)
    assert files(tmp_path / "local") == files(tmp_path / "ray")


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}


class _Forgetful:
    """A cache that keeps nothing."""

    def get_many(self, keys):
        return {}

    def put_many(self, values):
        pass
