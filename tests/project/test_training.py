"""Training publishes a model that every process finds, or leaves everything as it was."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tagwright.corpus import open_corpus
from tagwright.demo import library
from tagwright.errors import ConfigError, ProjectError, StoreError
from tagwright.project import Project, learning, versions
from tagwright.tagger import Tagger
from tagwright.types import Document, Tag


def test_a_trained_object_and_a_freshly_opened_project_answer_alike(untrained, documents, others, answers):
    project = Project.open(untrained)
    report = project.train(documents)
    assert (report.documents, report.tags, report.calibrated) == (90, 170, True)
    assert report.lines[0].startswith("90 documents · ")
    fresh = Project.open(untrained)
    assert answers(project) == answers(fresh)
    mine, theirs = project.candidates(others), fresh.candidates(others)
    assert mine.tags.tobytes() == theirs.tags.tobytes()
    assert list(mine.columns) == list(theirs.columns)
    assert all(mine.columns[name].tobytes() == theirs.columns[name].tobytes() for name in mine.columns)
    assert project.fingerprint == fresh.fingerprint


def test_the_same_documents_train_the_same_model(trained, documents, answers):
    project = Project.open(trained)
    before, name = answers(project), project.fingerprint
    project.train()
    assert (answers(project), project.fingerprint) == (before, name)
    project.train(documents)
    assert (answers(project), project.fingerprint) == (before, name)


def test_training_alone_without_any_documents_says_what_is_missing(untrained):
    with pytest.raises(ConfigError, match="no documents to learn from") as caught:
        Project.open(untrained).train()
    assert caught.value.hint == "tagwright train CORPUS"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "there are no documents"),
        ([Document("a", "some text")], "none of the 1 documents has tags"),
        ([Document("a", "some text", tags=("t:unknown",))], "none of the 1 tagged documents has a tag of this vocabul"),
        ([Document("a", "some text", tags=())], "none of the 1 tagged documents has a tag of this vocabulary"),
    ],
)
def test_documents_that_teach_nothing_change_nothing(trained, answers, given, said):
    project = Project.open(trained)
    before, kept = answers(project), project.store.n_documents()
    with pytest.raises(ConfigError, match=said):
        project.train(given)
    assert project.store.n_documents() == kept
    assert answers(project) == answers(trained) == before


def test_documents_come_from_a_file_by_id_or_by_name(untrained, tmp_path):
    path = tmp_path / "documents.csv"
    rows = [f"d{n},a text on the keeping of bees,{'Beekeeping' if n % 2 else 'Gardening;no such'}" for n in range(6)]
    path.write_text("\n".join(["id,text,tags", *rows]), encoding="utf-8")
    report = Project.open(untrained).train(path)
    assert (report.documents, report.tags_used) == (6, 2)
    assert report.problems.counts == {"unknown tag": 3}
    assert not report.calibrated
    assert "not calibrated" in report.lines[-1]


def test_a_repeated_id_is_counted_and_the_first_document_is_learned(untrained, documents):
    project = Project.open(untrained)
    report = project.train([*documents, documents[0], documents[3]])
    assert (report.documents, report.problems.counts) == (90, {"duplicate id": 2})


def test_another_process_that_trains_meanwhile_is_named(trained, documents):
    one, other = Project.open(trained), Project.open(trained)
    with one.store.claim("train", "Anna", 60), pytest.raises(StoreError, match="being done by Anna"):
        other.train(documents)


def test_an_object_opened_before_a_training_follows_it(trained, documents, answers):
    early, idle = Project.open(trained), Project.open(trained)
    before = answers(early)
    Project.open(trained).train(documents[:70])
    after = answers(early)
    assert after == answers(idle) == answers(trained) != before
    assert early.manifest.documents == idle.manifest.documents == 70


def test_files_that_vanish_while_they_are_read_are_looked_for_again(trained, documents, answers, monkeypatch):
    slow = Project.open(trained)
    load, other = versions.load_tagger, Project.open(trained)

    def train_first(*given):
        monkeypatch.setattr(versions, "load_tagger", load)
        other.train(documents[:70])
        return load(*given)

    monkeypatch.setattr(versions, "load_tagger", train_first)
    assert answers(slow) == answers(trained)
    assert slow.manifest.documents == 70


def test_files_that_vanish_after_they_were_checked_are_looked_for_again(trained, documents, answers, monkeypatch):
    slow, other = Project.open(trained), Project.open(trained)
    load = Tagger.load

    def vanish(self, folder):
        monkeypatch.setattr(Tagger, "load", load)
        other.train(documents[:70])
        return load(self, folder)

    monkeypatch.setattr(Tagger, "load", vanish)
    assert answers(slow) == answers(trained)


def test_a_tagger_in_use_goes_on_with_its_model_when_another_process_has_trained(trained, documents, others):
    tagger = Project.open(trained).tagger  # loaded, but never asked
    expected = Project.open(trained).tagger.suggest(others, k=20, why=True)
    Project.open(trained).train(documents[:70])
    assert tagger.suggest(others, k=20, why=True) == expected


def test_what_is_added_while_a_training_runs_is_not_lost(trained, documents, answers, monkeypatch):
    project, other = Project.open(trained), Project.open(trained)
    tag = Tag("x:moss", "Moss lawns")
    extra = Document("x:1", "moss lawns in the shade", tags=("x:moss",))
    gather = learning.gather

    def grow_first(*given):
        other.add_tags([tag])
        found = gather(*given)
        other.add_documents([extra])
        return found

    monkeypatch.setattr(learning, "gather", grow_first)
    project.train()
    monkeypatch.undo()
    for one in (project, other, Project.open(trained)):
        assert one.suggest("moss lawns for the north side", k=3)[0][0].tag == "x:moss"
        assert one.tagger.assembly.shelves["words"].counts()[one.vocabulary.position("x:moss")] == 1
    assert "x:1" not in {document.id for document in project.store.documents()}
    assert answers(project) == answers(other) == answers(trained)


def test_a_training_that_fails_leaves_the_old_model_and_no_rest(trained, documents, answers, monkeypatch):
    before = answers(trained)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Tagger, "save", full)
    with pytest.raises(ProjectError, match="No space left on device") as caught:
        Project.open(trained).train(documents[:70])
    assert "as it was" in caught.value.hint
    assert versions.leftovers(trained) == []
    assert answers(trained) == before


def test_an_interruption_just_after_publishing_keeps_the_new_model(trained, documents, answers, monkeypatch):
    write = versions.Manifest.write

    def write_then_stop(*given, **named):
        write(*given, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(versions.Manifest, "write", write_then_stop)
    with pytest.raises(KeyboardInterrupt):
        Project.open(trained).train(documents[:70])
    monkeypatch.undo()
    assert Project.open(trained).manifest.documents == 70
    assert answers(trained)
    assert len(versions.leftovers(trained)) <= 1


def test_overrides_hold_for_one_object(trained, others):
    wide, narrow = Project.open(trained), Project.open(trained, overrides=["shortlist=3"])
    assert max(map(len, narrow.suggest(others, k=10))) == 3
    assert max(map(len, wide.suggest(others, k=10))) == 10
    assert narrow.fingerprint != wide.fingerprint


def test_the_out_of_fold_table_can_be_read_after_training_only(trained, untrained):
    table = Project.open(trained).out_of_fold()
    assert table is not None
    assert table.table.n_documents == len(table.ids) == 90
    assert np.all((table.table.column("confidence") >= 0) & (table.table.column("confidence") <= 1))
    assert Project.open(untrained).out_of_fold() is None


def test_known_tags_may_be_names_and_unknown_ones_count_as_missed(trained, tmp_path):
    path = tmp_path / "gold.csv"
    path.write_text("id,text,tags\n1,beekeeping,Beekeeping\n2,beekeeping,Beekeeping;nobody knows\n", encoding="utf-8")
    report, _ = Project.open(trained).evaluate(path)
    assert report.metrics["R@10"] == pytest.approx(0.75)


def test_evaluation_counts_what_is_in_the_documents(trained):
    report, saved = Project.open(trained).evaluate(library.dev_path(), k=20)
    n = sum(1 for _ in islice(open_corpus([library.dev_path()]), 1000))
    assert saved.candidates.n_documents == n
    assert 0.2 < report.metrics["nDCG@10"] <= 1
