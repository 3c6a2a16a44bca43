"""Documents and tags at run time: learned at once, forgotten without a trace, the same in every process."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagwright.errors import StoreError, UnknownTagError
from tagwright.project import Project
from tagwright.types import Document, Tag

MOSS = Tag("x:moss", "Moss lawns", descriptions={"en": "Lawns of moss instead of grass, for shady places"})
FERN = Tag("x:fern", "Fern houses", synonyms={"en": ("Ferneries",)})
MOSSY = [
    Document(f"moss-{n}", f"green carpets under the trees, soft cushions number {n}", tags=("x:moss",))
    for n in range(3)
]


def first(project, text):
    """The best suggestion's tag, "" where there is none."""
    return next((one.tag for one in project.suggest(text, k=1)[0]), "")


def test_a_tag_added_by_name_and_description_is_suggested_by_the_next_question(trained, untrained):
    for folder in (trained, untrained):
        project, other = Project.open(folder), Project.open(folder)
        assert first(other, "moss lawns") != "x:moss"
        started = time.process_time()
        project.add_tags([MOSS])
        assert first(project, "How to keep moss lawns") == "x:moss"
        assert time.process_time() - started < 10
        assert first(other, "How to keep moss lawns") == first(Project.open(folder), "Of moss lawns") == "x:moss"


def test_a_tag_is_found_by_its_documents_as_soon_as_it_has_some(trained):
    project = Project.open(trained)
    project.add_tags([MOSS])
    text = "green carpets and soft cushions under trees"
    before = dict(found(project, text)).get("x:moss", 0.0)
    project.add_documents(MOSSY)
    assert dict(found(project, text))["x:moss"] > before
    assert found(project, text) == found(Project.open(trained), text)
    reasons = project.suggest(text, why=True, k=300)[0]
    evidence = [e for one in reasons if one.tag == "x:moss" for e in one.evidence]
    assert any(e.document == "moss-0" for e in evidence)


def found(project, text):
    return [(one.tag, one.confidence) for one in project.suggest(text, k=300)[0]]


def test_what_is_added_and_removed_again_leaves_the_answers_exactly_as_they_were(trained, documents, answers):
    project, before = Project.open(trained), answers(trained)
    project.add_documents([*MOSSY, replace(documents[0], text="quite another text of bees", tags=documents[1].tags)])
    project.remove_documents([documents[5].id, "nobody knows it"])
    assert answers(project) == answers(trained) != before
    project.remove_documents([document.id for document in MOSSY])
    project.add_documents([documents[0], documents[5]])
    assert answers(project) == answers(trained) == before


def test_rows_taken_back_leave_the_answers_as_they_were_exactly(trained, documents, answers):
    project, before = Project.open(trained), answers(trained)
    bees = project.vocabulary.tag(3)
    rows = project.add_tags([MOSS, replace(bees, name="Something else", names={"en": "Something else"})])
    rows += project.add_documents(MOSSY)
    rows += project.add_documents([replace(documents[0], text="another text")])
    assert answers(project) != before
    project.revert(rows)
    assert project.vocabulary.tag(3) == bees
    assert "x:moss" not in {tag for suggestions in answers(project) for tag, _ in suggestions}
    for one in (project, Project.open(trained)):
        assert not one.vocabulary.active[one.vocabulary.position("x:moss")]
        assert first(one, "moss lawns") != "x:moss"
    assert answers(project) == answers(trained)


def test_a_row_that_another_has_overruled_cannot_be_taken_back(trained):
    project = Project.open(trained)
    rows = project.add_tags([MOSS])
    project.add_tags([replace(MOSS, name="Lawns of moss", names={})])
    with pytest.raises(StoreError, match="cannot be taken back"):
        project.revert(rows)


def test_a_replaced_tag_goes_by_its_new_name_alone(trained):
    project, other = Project.open(trained), Project.open(trained)
    tag = project.vocabulary.tag(project.vocabulary.named("Beekeeping"))
    assert first(other, "Beekeeping") == tag.id
    project.add_tags([Tag(tag.id, "Zymurgy", names={"en": "Zymurgy"})])
    for one in (project, other, Project.open(trained)):
        assert first(one, "An introduction to zymurgy") == tag.id
        assert one.suggest("zymurgy")[0][0].name == "Zymurgy"
        assert one.vocabulary.named("Beekeeping") < 0


def test_a_removed_tag_is_never_suggested_and_can_be_had_back(trained, answers):
    project, other, before = Project.open(trained), Project.open(trained), answers(trained)
    tag = before[0][0][0]
    rows = project.remove_tags([tag])
    for one in (project, other, Project.open(trained)):
        assert tag not in {id for suggestions in answers(one) for id, _ in suggestions}
    project.revert(rows)
    assert answers(project) == answers(other) == answers(trained)
    assert answers(project)[0][0][0] == tag


def test_a_tag_that_no_vocabulary_takes_is_refused_before_it_is_logged(trained):
    project = Project.open(trained)
    for wrong in (Tag("", "Nameless"), Tag("  ", "Blank")):
        with pytest.raises(UnknownTagError):
            project.add_tags([MOSS, wrong])
    with pytest.raises(UnknownTagError, match="x:none"):
        project.remove_tags(["x:none"])
    assert project.store.last() == 0


def test_training_alone_folds_what_was_added(trained, documents, answers):
    project = Project.open(trained)
    project.add_tags([MOSS])
    project.add_documents(MOSSY)
    project.remove_documents([documents[0].id])
    report = project.train()
    assert (report.documents, report.tags) == (92, 171)
    assert project.manifest.folded == project.store.last() == project.manifest.vocabulary_at
    assert not project.manifest.changed
    assert project.fingerprint == Project.open(trained).fingerprint
    kept = {document.id for document in project.store.documents()}
    assert "moss-0" in kept
    assert documents[0].id not in kept
    assert answers(project) == answers(trained)


def test_training_on_documents_forgets_the_documents_but_not_the_tags_that_were_added(trained, documents):
    project = Project.open(trained)
    project.add_tags([MOSS])
    project.add_documents(MOSSY)
    assert project.train(documents).documents == 90
    assert first(project, "moss lawns") == "x:moss"
    assert {document.id for document in project.store.documents()} == {document.id for document in documents}


def test_the_fingerprint_tells_what_was_added_and_not_how_often_it_was_asked(trained):
    one, other = Project.open(trained), Project.open(trained)
    before = one.fingerprint
    one.suggest("bees")
    assert one.fingerprint == before
    one.add_tags([MOSS])
    assert one.fingerprint == other.fingerprint != before


def test_documents_without_tags_teach_nothing(trained, answers):
    project, before = Project.open(trained), answers(trained)
    project.add_documents([Document("x", "bees", tags=None)])
    assert answers(project) == before


TAGS = [MOSS, FERN, replace(FERN, name="Fern gardens"), replace(MOSS, deprecated=True)]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("tag"), st.sampled_from(TAGS)),
        st.tuples(st.just("add"), st.integers(0, 5), st.sampled_from([("x:moss",), ("x:fern", "x:moss"), (), None])),
        st.tuples(st.just("remove"), st.integers(0, 5)),
        st.tuples(st.just("ask")),
    ),
    max_size=8,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_one_by_one_or_all_at_once_every_process_comes_to_the_same_answers(trained, documents, steps, answers):
    step_by_step = Project.open(trained)
    store = step_by_step.store
    for what, *how in steps:
        if what == "tag":
            step_by_step.add_tags(how)
        elif what == "add":
            number, tags = how
            # The first numbers replace documents of the base, the others are new.
            id = documents[number].id if number < 3 else f"new-{number}"
            step_by_step.add_documents([Document(id, f"ferns and mosses number {number}", tags=tags)])
        elif what == "remove":
            step_by_step.remove_documents([documents[how[0]].id if how[0] < 3 else f"new-{how[0]}"])
        else:
            answers(step_by_step)
    at_once = Project.open(trained)
    assert answers(step_by_step) == answers(at_once)
    assert step_by_step.fingerprint == at_once.fingerprint
    assert store.check() == []
