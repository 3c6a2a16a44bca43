"""A job in shards: the bytes do not tell who did it, how often it was cut off, or who died of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import tagwright.scale.job as job
from tagwright.corpus import Memory, read_results
from tagwright.errors import ConfigError, JobError, OutputError
from tagwright.project import Project
from tagwright.project.tagging import Options
from tagwright.scale.job import Executor, Wanted
from tagwright.scale.process import process_shard
from tagwright.types import Document


def files(folder):
    """All that a job leaves for others: parts and manifest."""
    return {path.name: path.read_bytes() for path in [*(folder / "parts").iterdir(), folder / "manifest.json"]}


def cut_off_after(shards):
    """The power goes when so many shards are done."""

    def tell(standing):
        if standing.shards_done == shards:
            raise KeyboardInterrupt

    return tell


@pytest.fixture
def project(trained_folder):
    return Project.open(trained_folder)


@pytest.fixture(scope="module")
def plain(trained_folder, corpus, tmp_path_factory):
    """What the same documents become in one file, without shards."""
    out = tmp_path_factory.mktemp("plain") / "out.jsonl"
    Project.open(trained_folder).tag(corpus, out)
    return out.read_bytes()


def test_the_bytes_do_not_depend_on_the_number_of_workers_and_are_those_without_shards(
    project, corpus, plain, wanted, here, tmp_path
):
    found = []
    for workers in (1, 2, 4):
        crew = here(workers=workers)
        report = job.begin(project, corpus, tmp_path / f"{workers}", wanted)
        assert (report.state, report.standing.done, len(crew.given)) == ("finished", 150, 5)
        found.append(files(tmp_path / f"{workers}"))
    assert found[0] == found[1] == found[2]
    assert b"".join(found[0][name] for name in sorted(found[0]) if name != "manifest.json") == plain
    said = json.loads(found[0]["manifest.json"])
    assert (said["rows"], [part["rows"] for part in said["parts"]]) == (150, [32, 32, 32, 32, 22])
    assert list((tmp_path / "1" / "input").iterdir()) == []


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_the_parts_can_become_one_file_in_the_order_of_the_documents(
    project, corpus, plain, wanted, here, tmp_path, ending
):
    here(workers=3)
    out = tmp_path / f"out{ending}"
    job.begin(project, corpus, out, wanted)
    assert [row.id for row in read_results(out)] == [document.id for document in corpus]
    assert ending != ".jsonl" or out.read_bytes() == plain
    out.unlink()
    assert job.begin(project, corpus, out, wanted).state == "finished already"
    assert out.exists()


def test_the_same_again_goes_on_where_it_was_cut_off(project, corpus, wanted, here, tmp_path):
    here(workers=2)
    job.begin(project, corpus, tmp_path / "whole", wanted)
    for cut in (1, 4, 5):
        crew, folder = here(workers=2), tmp_path / f"cut{cut}"
        with pytest.raises(KeyboardInterrupt):
            job.begin(project, corpus, folder, wanted, cut_off_after(cut))
        assert not (folder / "manifest.json").exists()
        done = len(crew.given)
        report = job.begin(project, corpus, folder, wanted)
        assert report.resumed == min(32 * cut, 150)
        assert len(crew.given) - done <= 5 - cut
        assert len(crew.given) <= 5 + crew.workers
        assert files(folder) == files(tmp_path / "whole")


def test_a_shard_whose_worker_died_is_given_to_another_one(project, corpus, wanted, here, tmp_path):
    here(workers=2)
    job.begin(project, corpus, tmp_path / "whole", wanted)
    crew = here(workers=2, dies=lambda shard, times: shard.startswith(("000002", "000005")) and times <= 2)
    report = job.begin(project, corpus, tmp_path / "out", wanted)
    assert (report.state, report.again, report.set_aside, len(crew.given)) == ("finished", 4, (), 9)
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_a_shard_of_which_three_workers_died_is_set_aside_and_named_and_can_be_tried_anew(
    project, corpus, plain, wanted, here, tmp_path
):
    out = tmp_path / "out.jsonl"
    here(workers=2, dies=lambda shard, times: shard.startswith("000003"))
    report = job.begin(project, corpus, out, wanted)
    assert [name[:6] for name in report.set_aside] == ["000003"]
    rows = list(read_results(out))
    assert [row.id for row in rows] == [document.id for document in corpus]
    failed = [row for row in rows if row.error]
    assert [row.id for row in failed] == [f"n{n}" for n in range(64, 96)]
    assert "3 workers died of shard 000003" in failed[0].error and "killed" in failed[0].error
    assert job.begin(project, corpus, out, wanted).set_aside == report.set_aside
    here(workers=1)
    assert job.resume(out).set_aside == ()
    assert out.read_bytes() == plain


def test_a_document_that_fails_is_a_row_with_its_error_and_stops_no_other(
    project, corpus, wanted, here, tmp_path, monkeypatch
):
    crew = here()
    begin = crew.begin

    def stumbling(order):
        begin(order)
        recall = crew._worker._tagger.assembly.recall

        def stumble(documents, **options):
            if any(document.id == "n70" for document in documents):
                raise ValueError("too odd")
            return recall(documents, **options)

        monkeypatch.setattr(crew._worker._tagger.assembly, "recall", stumble)

    crew.begin = stumbling
    report = job.begin(project, corpus, tmp_path / "out.jsonl", wanted)
    assert (report.state, report.standing.failed) == ("finished", 1)
    errors = {row.id: row.error for row in read_results(tmp_path / "out.jsonl") if row.error}
    assert errors == {"n70": "ValueError: too odd"}


def test_a_cancelled_job_finishes_what_is_under_way_and_goes_on_when_it_is_resumed(
    project, corpus, plain, wanted, here, tmp_path
):
    crew, out = here(workers=1), tmp_path / "out.jsonl"
    report = job.begin(project, corpus, out, wanted, lambda at: at.shards_done == 2 and job.cancel(out))
    assert (report.state, report.standing.done, report.standing.state) == ("cancelled", 64, "cancelled")
    assert not out.exists()
    assert (job.resume(out).state, len(crew.given)) == ("finished", 5)
    assert out.read_bytes() == plain
    assert job.cancel(out).state == "done"


def test_a_part_that_somebody_removed_is_made_again(project, corpus, wanted, here, tmp_path):
    crew, folder = here(), tmp_path / "out"
    job.begin(project, corpus, folder, wanted)
    before = files(folder)
    next((folder / "parts").iterdir()).unlink()
    assert (job.begin(project, corpus, folder, wanted).state, len(crew.given)) == ("finished", 6)
    assert files(folder) == before


def test_another_input_project_or_option_is_refused_unless_the_job_may_be_overwritten(
    trained, corpus, wanted, here, tmp_path
):
    crew, folder, project = here(), tmp_path / "out", Project.open(trained)
    job.begin(project, corpus, folder, wanted)
    documents = list(corpus)
    for other, what in (
        (documents[:-1], "differs in shard 5"),
        (documents[:32], "has fewer"),
        ([*documents, *(replace(one, id=f"{one.id}+") for one in documents[:11])], "differs in shard 5"),
    ):
        with pytest.raises(OutputError, match=what):
            job.begin(project, Memory(other), folder, wanted)
    with pytest.raises(OutputError, match="k differ"):
        job.begin(project, corpus, folder, replace(wanted, options=Options(3, 0.0, 1)))
    project.add_documents([Document("new", "bees", tags=("t:x",))])
    with pytest.raises(OutputError, match="model differ"):
        job.begin(project, corpus, folder, wanted)
    assert job.begin(project, corpus, folder, replace(wanted, overwrite=True)).state == "finished"
    assert len(crew.given) == 10


def test_a_project_that_changes_while_a_job_goes_on_ends_it_in_words(trained, corpus, wanted, here, tmp_path):
    crew, project = here(), Project.open(trained)
    with pytest.raises(KeyboardInterrupt):
        job.begin(project, corpus, tmp_path / "out", wanted, cut_off_after(1))
    project.add_documents([Document("new", "bees", tags=("t:x",))])
    with pytest.raises(JobError, match="has changed since the job was begun"):
        job.resume(tmp_path / "out")
    assert len(crew.given) == 1


def test_what_is_not_a_jobs_is_never_written_into(project, corpus, wanted, here, tmp_path):
    here()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "novel.txt").write_text("It was a dark night")
    (tmp_path / "out.jsonl").write_text("It was a dark night")
    for place, what in (("mine", "other things"), ("out.jsonl", "another file"), ("no/where", "does not exist")):
        with pytest.raises(OutputError, match=what):
            job.begin(project, corpus, tmp_path / place, wanted)
    with pytest.raises(JobError, match="no job"):
        job.resume(tmp_path / "mine")


def test_no_documents_are_a_job_that_is_done(project, wanted, here, tmp_path):
    here()
    report = job.begin(project, Memory([]), tmp_path / "out.jsonl", wanted)
    assert (report.state, report.standing.documents) == ("finished", 0)
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_a_shard_can_be_done_by_anybody_and_again(project, corpus, wanted, here, tmp_path):
    here()
    with pytest.raises(KeyboardInterrupt):
        job.begin(project, corpus, tmp_path / "out", wanted, cut_off_after(1))
    ledger, row = job.found(tmp_path / "out")
    order = job.Order.from_json(row.orders)
    first = next(ledger.shards())
    again = process_shard(first.name, order)
    assert (again.sha256, again.rows, again.size) == (first.sha256, first.rows, first.size)


def test_options_that_make_no_sense_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="a shard of 0"):
        Wanted(Options(10, 0.0, 1), size=0)
    with pytest.raises(ConfigError, match="no executor 'locla'"):
        Executor("locla").crew()
    with pytest.raises(ConfigError, match="has no option 'address'"):
        Executor("local", 1, "auto").crew()
