"""What decisions do to suggestions: at once, in every process, and not a bit more once they are taken back."""

from __future__ import annotations

import itertools
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

import tagwright.recall.pseudo as pseudo
from tagwright.errors import ProjectError
from tagwright.feedback import ACCEPT, REJECT, Chosen, Decision, Feedback, Provenance
from tagwright.project import Project
from tagwright.project.knowing import knowledge
from tagwright.project.opened import Opened
from tagwright.store.checks import Check
from tagwright.types import Document, Tag

from .conftest import plain

NEW = Document(
    "n", "Kites over the mole: how the harbour club builds box kites from spruce, silk and glue.", "Box kites"
)
ASKED = Document("q", "A box kite of spruce and silk, flown from the mole.", "Kites and silk")


def door(project: Project) -> Feedback:
    return Feedback(project.store, project.settings.feedback())


def confidence(project: Project, tag: str) -> float:
    found = {one.tag: one.confidence for one in project.suggest(ASKED, k=50)[0]}
    return found.get(tag, 0.0)


def score(project: Project, tag: str) -> float:
    """What the channel of similar documents gives."""
    table = project.candidates([ASKED])
    (row,) = np.flatnonzero(table.tags == project.vocabulary.position(tag))
    return float(table.column("graph.score")[row])


@pytest.fixture
def rare(project: Project) -> str:
    """A tag that nothing in the asked text hints at."""
    found = {one.tag for one in project.suggest(ASKED, k=100)[0]}
    return next(tag for tag in project.vocabulary.ids if tag not in found)


def test_a_confirmed_document_is_learned_by_the_next_request_in_every_process(project, rare):
    other = Project.open(project.folder)
    assert confidence(other, rare) == 0.0
    door(project).submit([Decision("n", rare, ACCEPT, "Anna")], project.vocabulary, [NEW])
    assert confidence(project, rare) == confidence(other, rare) > 0.0
    assert confidence(Project.open(project.folder), rare) == confidence(project, rare)
    (found,) = [one for one in project.suggest(ASKED, k=50, why=True)[0] if one.tag == rare]
    assert "n" in {evidence.document for evidence in found.evidence}


def test_what_only_a_machine_accepted_moves_suggestions_less(project, rare, tmp_path):
    copy = Project.open(shutil.copytree(project.folder, tmp_path / "copy"))
    for one, machine in ((project, False), (copy, True)):
        door(one).submit([Decision("n", rare, ACCEPT, "x", machine=machine)], one.vocabulary, [NEW])
    assert 0.0 < score(copy, rare) < score(project, rare)
    shelf = copy.tagger.assembly.shelves["words"]
    assert shelf.edges().data[-1] == pytest.approx(0.3)
    position = copy.vocabulary.position(rare)
    assert shelf.counts()[position] == project.tagger.assembly.shelves["words"].counts()[position] - 1


def test_after_all_decisions_are_taken_back_suggestions_are_the_same_bytes(project, others):
    before = plain(project.suggest(others, k=30))
    feedback = door(project)
    for document, tag in itertools.product(others[:10], project.vocabulary.ids[:3]):
        asked = replace(document, id=f"new-{document.id}")
        feedback.submit([Decision(asked.id, tag, ACCEPT, "Anna")], project.vocabulary, [asked])
    kept = list(project.store.documents())[:10]
    feedback.submit([Decision(one.id, one.tags[0], REJECT, "Ben") for one in kept], project.vocabulary)
    feedback.submit([Decision(kept[0].id, "x:new", ACCEPT, "r", machine=True)], _with(project, "x:new"))
    assert plain(project.suggest(others, k=30)) != before
    feedback.revert(Chosen(since=0.0))
    project.revert([row.seq for row in project.store.read(0) if row.kind == "add_tag"])
    assert plain(project.suggest(others, k=30)) == before
    assert plain(Project.open(project.folder).suggest(others, k=30)) == before


def _with(project: Project, id: str):
    project.add_tags([Tag(id, "Never heard of", names={"en": "Never heard of"})])
    return project.vocabulary


def test_a_synonym_of_a_reviewer_is_matched_and_a_new_tag_works_in_the_next_request(project):
    tag = project.vocabulary.tag(0)
    project.add_tags([replace(tag, synonyms={**tag.synonyms, "en": (*tag.synonyms.get("en", ()), "zeppelin mooring")})])
    asked = Document("z", "The zeppelin mooring above the quay, and the hovercraft hangar beside it.")
    found = project.suggest(asked, k=20, why=True)[0]
    assert any(e.text.lower() == "zeppelin mooring" for one in found if one.tag == tag.id for e in one.evidence)
    vocabulary = _with(project, "x:hover")
    door(project).submit([Decision("h", "x:hover", ACCEPT, "Anna")], vocabulary, [replace(asked, id="h")])
    assert "x:hover" in {one.tag for one in project.suggest(asked, k=50)[0]}


def test_a_rejected_tag_is_a_counterexample_for_a_language_model(project):
    right, wrong = project.vocabulary.ids[:2]
    decisions = [Decision("n", right, ACCEPT, "Anna"), Decision("n", wrong, REJECT, "Anna")]
    door(project).submit(decisions, project.vocabulary, [NEW])
    samples = knowledge(Opened(project.folder), project.tagger).samples
    assert samples is not None
    found = {one.document.id: (one.right, one.wrong) for one in samples.similar([ASKED], 3, twin=1.0)[0]}
    assert found["n"] == ((right,), (wrong,))


def test_a_twin_is_no_example_for_a_language_model(project, rare):
    door(project).submit([Decision("n", rare, ACCEPT, "r", machine=True)], project.vocabulary, [NEW])
    samples = knowledge(Opened(project.folder), project.tagger).samples
    assert samples is not None
    assert not any(pseudo.is_pseudo(one.document) for one in samples.similar([ASKED], 5, twin=1.0)[0])


def test_training_folds_decisions_in_and_learns_a_machines_tags_with_their_weight(project, rare):
    door(project).submit([Decision("n", rare, ACCEPT, "r", machine=True)], project.vocabulary, [NEW])
    report = project.train()
    assert report.documents == 90
    shelf = project.tagger.assembly.shelves["words"]
    assert "n#machine" in shelf.base.ids
    assert confidence(project, rare) > 0.0
    door(project).submit([Decision("n", rare, ACCEPT, "Anna")], project.vocabulary)
    assert project.train().documents == 91
    assert "n#machine" not in project.tagger.assembly.shelves["words"].base.ids


def test_a_twin_is_left_out_together_with_its_document():
    one = Document("a", "Text.", tags=("t",))
    twin = pseudo.marked(replace(one, id="a#machine", tags=("u",)), 0.3, of="a")
    lonely = pseudo.marked(replace(one, id="b#machine", tags=("u",)), 0.3, of="b")
    (first, second) = pseudo.twins([one, twin, lonely, pseudo.marked(one, 0.5)], {"a"})
    assert pseudo.usable([first, second], {"a"}) == [first, second]
    assert pseudo.usable([first, second], {"other"}) == [second]


def test_held_decisions_are_not_used_but_new_tags_are_until_the_hold_is_lifted(project, rare, others):
    before = plain(project.suggest([*others, ASKED], k=30))
    door(project).submit([Decision("n", rare, ACCEPT, "Anna")], project.vocabulary, [NEW])
    after = plain(project.suggest([*others, ASKED], k=30))
    assert after != before
    project.store.checks.record(Check(0, 2, 40, 0.5, 0.4, -0.05, held=True))
    assert plain(project.suggest([*others, ASKED], k=30)) == before
    assert confidence(Project.open(project.folder), rare) == 0.0
    assert "made suggestions worse" in " ".join(finding.what for finding in project.doctor())
    with pytest.raises(ProjectError, match="held back"):
        project.train()
    assert "x:t" in _with(project, "x:t")
    project.revert([project.store.last()])
    door(project).trust()
    assert plain(project.suggest([*others, ASKED], k=30)) == after
    assert project.store.checks.good() == project.store.last()


def test_to_go_back_is_to_be_as_before_the_worst_of_it(project, rare, others):
    door(project).submit([Decision("n", rare, ACCEPT, "Anna")], project.vocabulary, [NEW])
    good, before = project.store.last(), plain(project.suggest([*others, ASKED], k=30))
    kept = list(project.store.documents())[:5]
    door(project).submit([Decision(one.id, rare, ACCEPT, "Eve") for one in kept], project.vocabulary)
    project.add_documents([replace(kept[0], tags=(rare,)), replace(NEW, id="m", tags=(rare,))])
    project.remove_documents([kept[1].id])
    door(project).wait([Document("waiting", "It stays.")])
    project.store.checks.record(Check(good, project.store.last(), 40, 0.5, 0.4, -0.05, held=True))
    back = door(project).back(person="Anna")
    assert [one.person for one in back] == ["Anna"] * 5
    assert project.store.checks.held() is None
    assert plain(project.suggest([*others, ASKED], k=30)) == before
    assert [project.store.current(one.id) for one in kept] == kept
    assert project.store.current("m") is None
    assert project.store.current("waiting") is not None
    assert project.store.check() == []


def test_the_same_state_comes_out_however_the_rows_are_read(project, others):
    feedback, reader, chance = door(project), Project.open(project.folder), random.Random(5)
    kept = list(project.store.documents())[:6]
    for step in range(60):
        document, tag = chance.choice([*others[:8], *kept]), chance.choice(project.vocabulary.ids[:12])
        one = Decision(document.id, tag, chance.choice([ACCEPT, REJECT]), "x", machine=chance.random() < 0.3)
        feedback.submit([one], project.vocabulary, [document])
        if chance.random() < 0.3:
            feedback.revert(Chosen(numbers=[chance.randint(1, step + 1)]))
        if chance.random() < 0.7:
            reader.suggest(ASKED)
        if step == 30:
            _with(project, "x:late")
    asked = others[20:]
    whole, fresh = reader.candidates(asked), Project.open(project.folder).candidates(asked)
    assert np.array_equal(whole.tags, fresh.tags)
    for name in whole.columns:
        assert np.array_equal(whole.column(name), fresh.column(name), equal_nan=True), name
    feedback.revert(Chosen(since=0.0))
    assert project.store.check() == []


def test_what_was_shown_is_kept_with_what_it_was_made_by(project, others):
    made = Provenance.of(project)
    shown = [made.shown(one.id, found) for one, found in zip(others[:2], project.suggest(others[:2]), strict=True)]
    numbers = project.store.suggested.add(shown)
    assert project.store.suggested.add(shown) == numbers
    door(project).submit([Decision("n", project.vocabulary.ids[0], ACCEPT)], project.vocabulary, [NEW])
    again = Provenance.of(project)
    assert (again.model, again.settings, again.row) == (made.model, made.settings, 2)
    project.store.suggested.add([again.shown(others[0].id, project.suggest(others[:1])[0])])
    (newest, oldest) = project.store.suggested.of(others[0].id)
    assert oldest.shown == shown[0].shown
    assert newest.row == 2
    assert (oldest.vocabulary, oldest.model) == (project.vocabulary.fingerprint, project.manifest.fingerprint)
