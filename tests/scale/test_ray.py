"""A Ray cluster of three nodes on one machine, of which nodes and workers are killed."""

from __future__ import annotations

import os
import signal
import sys

import pytest

import tagwright.scale.job as job
from tagwright.errors import JobError, MissingExtraError
from tagwright.llm.base import Usage
from tagwright.project import Project
from tagwright.scale.order import Order
from tagwright.scale.ray import Ray, TillPurse
from tagwright.testing.processes import hands

heavy = pytest.mark.heavy


@pytest.fixture
def crew(cluster, monkeypatch):
    """Three actors on the cluster."""
    made, nodes = cluster
    while len(nodes) < 3:
        nodes.append(made.add_node(num_cpus=1))
    made.wait_for_nodes()
    crew = Ray(3)
    monkeypatch.setattr(job.Executor, "crew", lambda self: crew)
    return crew


@pytest.fixture(scope="module")
def expected(trained_folder, corpus, tmp_path_factory):
    """What the same documents become without shards."""
    out = tmp_path_factory.mktemp("expected") / "out.jsonl"
    Project.open(trained_folder).tag(corpus, out)
    return out.read_bytes()


def once(shards, work):
    """Does this when so many shards are done."""
    done = []

    def tell(standing):
        if standing.shards_done >= shards and not done:
            done.append(work())

    return tell


@heavy
def test_the_bytes_are_those_without_shards_and_a_killed_worker_changes_none(
    crew, trained_folder, corpus, expected, wanted, tmp_path
):
    out = tmp_path / "out.jsonl"
    kill = once(1, lambda: os.kill(max(hands()), signal.SIGKILL))
    report = job.begin(Project.open(trained_folder), corpus, out, wanted, kill)
    assert (report.state, report.set_aside) == ("finished", ())
    assert report.again <= 1
    assert out.read_bytes() == expected


@heavy
def test_a_killed_node_loses_and_doubles_nothing(crew, cluster, trained_folder, corpus, expected, wanted, tmp_path):
    made, nodes = cluster
    out = tmp_path / "out.jsonl"
    kill = once(1, lambda: made.remove_node(nodes.pop(), allow_graceful=False))
    report = job.begin(Project.open(trained_folder), corpus, out, wanted, kill)
    assert (report.state, report.set_aside) == ("finished", ())
    assert report.again <= 1
    assert out.read_bytes() == expected


@heavy
def test_all_workers_of_a_cluster_pay_from_one_purse(crew, trained_folder, tmp_path):
    order = Order(str(tmp_path), str(trained_folder), "", caps={"calls": 5}, capped=True)
    crew.begin(order)
    try:
        one, other = TillPurse(crew._purse, "one"), TillPurse(crew._purse, "other")
        assert one.hold(Usage(2), Usage(2)) and other.hold(Usage(3), Usage(3))
        assert not one.hold(Usage(1), Usage(1))
        other.settle(Usage(3), Usage(1))
        assert one.hold(Usage(2), Usage(2))
    finally:
        crew.end()


@heavy
def test_a_cluster_that_asks_for_a_token_is_told_of_in_words(monkeypatch, tmp_path):
    ray = pytest.importorskip("ray", reason="the extra 'scale' is not installed")

    def refuse(**options):
        raise ray.exceptions.AuthenticationError("Token authentication is enabled but no token was found")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(JobError, match="no token was found") as error:
        Ray(1, address="host:6379").begin(Order(str(tmp_path), "", ""))
    assert "auth_token" in error.value.hint


def test_without_the_library_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match="ray") as error:
        Ray(1).begin(Order(str(tmp_path), "", ""))
    assert "tagwright[scale]" in error.value.hint
