"""A new edition of the vocabulary: positions stay, what was learned stays, what is gone is never suggested."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tagwright.errors import ConfigError, StoreError
from tagwright.project import Project
from tagwright.project.growing import changed_positions
from tagwright.types import Tag
from tagwright.vocabulary import Vocabulary


def edition(vocabulary, *, without=(), renamed=None, added=()):
    tags = [vocabulary.tag(position) for position in range(len(vocabulary))]
    tags = [replace(tag, name=(renamed or {}).get(tag.id, tag.name), names={}) for tag in tags if tag.id not in without]
    return Vocabulary.from_tags([*added, *tags], language=None)


def suggested(answers):
    return {tag for suggestions in answers for tag, _ in suggestions}


def test_kept_tags_keep_their_positions_and_missing_ones_are_never_suggested(trained, answers):
    project, other = Project.open(trained), Project.open(trained)
    before, old = answers(project), project.vocabulary
    gone = before[0][0][0]
    new = edition(old, without=[gone], added=[Tag("x:moss", "Moss lawns")])
    changes = project.update_vocabulary(new)
    assert (changes.added, changes.deprecated) == (("x:moss",), (gone,))
    for one in (project, other, Project.open(trained)):
        assert list(one.vocabulary.ids) == [*old.ids, "x:moss"]
        assert gone not in suggested(answers(one))
        assert one.suggest("moss lawns")[0][0].tag == "x:moss"
        assert one.trained
    assert answers(project) == answers(other) == answers(trained)
    assert project.manifest.changed


def test_a_replaced_name_is_the_one_that_is_found(trained):
    project = Project.open(trained)
    tag = project.vocabulary.ids[project.vocabulary.named("Beekeeping")]
    changes = project.update_vocabulary(edition(project.vocabulary, renamed={tag: "Zymurgy"}))
    assert changes.renamed == ((tag, "Beekeeping", "Zymurgy"),)
    assert project.suggest("zymurgy for beginners")[0][0].tag == tag
    assert Project.open(trained).suggest("zymurgy for beginners")[0][0].name == "Zymurgy"


def test_the_same_edition_again_changes_nothing(trained, answers):
    project = Project.open(trained)
    before = answers(project)
    changes = project.update_vocabulary(project.vocabulary)
    assert (changes.added, changes.deprecated, changes.renamed) == ((), (), ())
    assert project.manifest.changed == ()
    assert answers(project) == answers(trained) == before


def test_a_tag_added_at_run_time_that_the_edition_lacks_is_deprecated(trained, documents):
    project = Project.open(trained)
    base = project.vocabulary
    project.add_tags([Tag("x:moss", "Moss lawns")])
    changes = project.update_vocabulary(base)
    assert changes.deprecated == ("x:moss",)
    assert project.manifest.vocabulary_at == 1
    for one in (project, Project.open(trained)):
        assert "x:moss" not in {suggestion.tag for suggestion in one.suggest("moss lawns", k=300)[0]}
    project.add_tags([Tag("x:moss", "Moss lawns")])
    project.add_documents([replace(documents[0], id="new", tags=("x:moss",))])
    for one in (project, Project.open(trained)):
        assert one.suggest("moss lawns")[0][0].tag == "x:moss"


def test_training_after_an_update_takes_it_in(trained, answers):
    project = Project.open(trained)
    gone = answers(project)[0][0][0]
    project.update_vocabulary(edition(project.vocabulary, without=[gone], added=[Tag("x:moss", "Moss lawns")]))
    report = project.train()
    assert report.tags == 171
    assert project.manifest.changed == ()
    assert gone not in suggested(answers(project))
    assert answers(project) == answers(trained)


def test_an_untrained_project_takes_an_edition_as_if_it_had_been_made_with_it(untrained, answers):
    project = Project.open(untrained)
    project.update_vocabulary(edition(project.vocabulary, added=[Tag("x:moss", "Moss lawns")]))
    assert project.manifest.changed == ()
    assert project.suggest("moss lawns")[0][0].tag == "x:moss"
    assert answers(project) == answers(untrained)


def test_an_update_waits_for_no_training_but_is_refused_while_one_runs(trained):
    project = Project.open(trained)
    with project.store.claim("train", "Anna", 60), pytest.raises(StoreError, match="Anna"):
        Project.open(trained).update_vocabulary(project.vocabulary)


def test_other_settings_are_learned_at_once_where_there_is_nothing_but_names(untrained, answers):
    before = answers(untrained)
    (untrained / "tagwright.toml").write_text("[channels]\nnames = false\ndense = false\n", encoding="utf-8")
    assert answers(untrained) != before
    with pytest.raises(ConfigError, match="no documents"):
        Project.open(untrained).train()


def test_changed_positions_are_those_whose_names_description_or_state_differ():
    tags = [
        Tag("a", "A", synonyms={"en": ("x",)}),
        Tag("b", "B", descriptions={"en": "about b"}),
        Tag("c", "C", broader=("a",)),
        Tag("d", "D"),
        Tag("e", "E", names={"en": "E", "de": "EE"}),
    ]
    old = Vocabulary.from_tags(tags)
    new = [
        replace(tags[0], synonyms={"en": ("y",)}),
        replace(tags[1], descriptions={"en": "of b"}),
        replace(tags[2], broader=("b",), notation="C1"),
        tags[4],
        Tag("f", "F"),
    ]
    updated, _ = old.updated(Vocabulary.from_tags(new))
    assert changed_positions(old, updated) == {0, 1, 3, 5}
    assert changed_positions(old, old) == set()
