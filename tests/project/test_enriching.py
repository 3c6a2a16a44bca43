"""Proposed texts in a project: nothing changes before a person accepts, and then everything knows them at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagwright.demo import library
from tagwright.enrichment.tags import Wanted
from tagwright.errors import ConfigError, StoreError, UnknownTagError
from tagwright.llm.base import Prompt
from tagwright.llm.scripted import Scripted
from tagwright.project import Project
from tagwright.project.enriching import Enriching, read_reference
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary


@pytest.fixture
def project(untrained: Path) -> Iterator[Project]:
    with Project.open(untrained) as opened:
        opened.add_tags([
            Tag("n:zymurgy", "Zymurgy", {"en": "Zymurgy"}), Tag("n:oology", "Oology", {"en": "Oology"}),
        ])  # fmt: skip
        # What the demonstration library itself says elsewhere is out of the way.
        Enriching(opened).propose()
        Enriching(opened).reject()
        yield opened


REFERENCE = Vocabulary.from_tags([
    Tag("n:zymurgy", "Zymurgy", {"en": "Zymurgy"}, {"en": ("Wort fermentation",)},
        descriptions={"en": "The study of fermentation as brewers practise it."}),
    Tag("n:oology", "Oology", {"en": "Oology", "de": "Eierkunde"}, descriptions={"en": "The study of eggs of birds."}),
])  # fmt: skip


def propose(project: Project, **options) -> Enriching:
    enriching = Enriching(project)
    enriching.propose(reference=REFERENCE, reference_name="authority.jsonl", **options)
    return enriching


def suggested(project: Project, text: str) -> list[str]:
    return [one.tag for one in project.suggest(text, k=5)[0]]


def test_what_is_proposed_changes_nothing_and_what_is_accepted_is_suggested_by_at_once(project) -> None:
    before = project.fingerprint
    enriching = propose(project)
    assert project.fingerprint == before and "n:zymurgy" not in suggested(project, "On wort fermentation.")
    waiting = {(one.tag, one.kind) for one in enriching.pending()}
    assert waiting == {("n:zymurgy", "description"), ("n:zymurgy", "synonym"), ("n:oology", "description"),
                       ("n:oology", "name")}  # fmt: skip
    decided = enriching.accept()
    assert decided.taken == {"description": 2, "synonym": 1, "name": 1} and decided.tags == 2
    assert suggested(project, "On wort fermentation.")[0] == "n:zymurgy"
    tag = project.vocabulary.tag(project.vocabulary.position("n:oology"))
    assert tag.names["de"] == "Eierkunde" and tag.description == "The study of eggs of birds."
    kept = enriching.find(["accepted"])
    assert {one.model for one in kept} == {"authority.jsonl"} and all(one.row and one.decided for one in kept)
    assert enriching.pending() == [] and enriching.accept().taken == {}


def test_labels_of_replaced_tags_are_proposed_as_synonyms(untrained: Path) -> None:
    with Project.open(untrained) as opened:
        Enriching(opened).propose()
        waiting = Enriching(opened).pending()
        assert len(waiting) > 5 and {(one.kind, one.source) for one in waiting} == {("synonym", "vocabulary")}
        found = {(one.tag.rpartition("/")[2], one.text) for one in waiting}
        assert ("cooking", "Domestic science") in found


def test_only_the_named_tags_and_sources_are_accepted_or_rejected(project) -> None:
    enriching = propose(project)
    assert enriching.accept(sources=["llm"]).tags == 0
    assert enriching.accept(["n:oology"]).tags == 1
    assert enriching.reject(["n:zymurgy"]).taken == {"synonym": 1, "description": 1}
    assert enriching.pending() == []
    report = enriching.propose(reference=REFERENCE, reference_name="authority.jsonl").report
    assert enriching.pending() == [] and not report.proposed
    with pytest.raises(UnknownTagError):
        enriching.accept(["n:none"])


def test_undo_puts_the_tags_back_and_proposes_the_texts_again(project) -> None:
    enriching = propose(project)
    before = [project.vocabulary.tag(row) for row in range(len(project.vocabulary))]
    enriching.accept(["n:oology"])
    enriching.accept(["n:zymurgy"])
    assert enriching.undo().tags == 1 and {one.tag for one in enriching.pending()} == {"n:zymurgy"}
    assert enriching.undo(["n:oology"]).tags == 1
    assert [project.vocabulary.tag(row) for row in range(len(project.vocabulary))] == before
    assert len(enriching.pending()) == 4
    with pytest.raises(ConfigError, match="no accepted text"):
        enriching.undo()


def test_a_tag_that_a_person_changed_since_is_not_put_back(project) -> None:
    enriching = propose(project)
    enriching.accept(["n:oology"])
    project.add_tags([Tag("n:oology", "Oology", {"en": "Oology"}, descriptions={"en": "My own words."})])
    with pytest.raises(StoreError, match="has replaced"):
        enriching.undo()


def test_what_a_person_wrote_wins_over_everything_that_is_proposed(project) -> None:
    enriching = propose(project)
    project.add_tags([Tag("n:oology", "Oology", {"en": "Oology"}, descriptions={"en": "My own words."})])
    assert enriching.write("n:zymurgy", "  Brewing\n and more. ").taken == {"description": 1}
    assert enriching.accept().passed == 1
    vocabulary = project.vocabulary
    assert vocabulary.description(vocabulary.position("n:oology")) == "My own words."
    assert vocabulary.description(vocabulary.position("n:zymurgy")) == "Brewing and more."
    for text, message in (("", "empty"), ("Other.", "has a description already")):
        with pytest.raises(ConfigError, match=message):
            enriching.write("n:zymurgy", text)


def test_what_a_new_edition_of_the_vocabulary_lost_waits_for_a_person_once_more(project) -> None:
    enriching = propose(project)
    enriching.accept()
    vocabulary = project.vocabulary
    bare = [vocabulary.tag(row) for row in range(len(vocabulary)) if not vocabulary.ids[row].startswith("n:")]
    bare += [Tag("n:zymurgy", "Zymurgy", {"en": "Zymurgy"}), Tag("n:oology", "Oology", {"en": "Oology"})]
    project.update_vocabulary(Vocabulary.from_tags(bare))
    enriching.propose()
    assert len(enriching.pending()) == 4
    enriching.accept()
    assert project.vocabulary.description(project.vocabulary.position("n:oology")) == "The study of eggs of birds."


def test_the_model_is_asked_through_cache_budget_and_log_with_examples_from_training_documents_only(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project.open(trained) as project:
        learned = next(document for document in project.store.documents() if document.tags)
        tag = learned.tags[0]
        dev = [document for document in _dev() if tag in (document.tags or ())]
        there = project.vocabulary.tag(project.vocabulary.position(tag))
        project.add_tags([Tag(tag, there.name, there.names)])
        model = Scripted(
            lambda prompt, *_: json.dumps({"description": f"It is about {prompt.about[-9:]} and the like."})
        )
        monkeypatch.setattr(type(project.llm), "model", model)
        enriching = Enriching(project)
        wanted = Wanted(prompt="lagamc")
        dry = enriching.propose(wanted, llm=True, dry=True)
        assert dry.spent.calls > 0 and model.asked == [] and enriching.find(["proposed"]) == []
        run = enriching.propose(wanted, llm=True)
        prompt = next(prompt for prompt in model.asked if prompt.about == tag)
        assert "enrich_lagamc" in prompt.template and prompt.user.count("\n2. ") <= 1
        assert not any(document.text[:40] in one.user for document in dev for one in model.asked)
        assert run.spent.calls == len(model.asked) == project.llm.log.totals().calls
        again = enriching.propose(wanted, llm=True)
        assert again.spent.calls == 0 and len(model.asked) == run.spent.calls
        capped = enriching.propose(Wanted(prompt="sep", synonyms=1), llm=True, caps={"calls": 2})
        assert capped.spent.calls <= 2


def _dev() -> list[Document]:
    from tagwright.corpus import open_corpus

    return list(open_corpus([library.dev_path()]))


def test_prompts_may_be_replaced_in_the_project_and_do_not_touch_what_was_learned_of_other_answers(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Scripted(lambda *_: '{"description": "Something of this kind and that."}')
    monkeypatch.setattr(type(project.llm), "model", model)
    before = project.llm._identity()
    folder = project.folder / "prompts"
    folder.mkdir(exist_ok=True)
    own = "version: 7\n[user]\n{about} {tag} {context} {language} {number} Tell me.\n"
    (folder / "enrich_sep.txt").write_text(own, encoding="utf-8")
    Enriching(project).propose(llm=True, caps={"calls": 1})
    assert isinstance(model.asked[0], Prompt) and model.asked[0].template.startswith("enrich_sep/7/")
    assert project.llm._identity() == before


def test_a_model_that_cannot_be_had_leaves_the_other_sources_and_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        fingerprint = "missing"

        def complete(self, *_: object, **__: object) -> None:
            raise ConfigError("there is no such file")

    monkeypatch.setattr(type(project.llm), "model", Missing())
    project.add_tags([Tag("n:left", "Dendrology", {"en": "Dendrology"})])
    run = Enriching(project).propose(reference=REFERENCE, reference_name="a", llm=True)
    assert run.report.no_model == "there is no such file" and run.report.left >= 1
    assert sum(run.report.proposed.values()) == 4


def test_a_reference_file_is_read_like_any_vocabulary(tmp_path: Path, project: Project) -> None:
    path = tmp_path / "authority.csv"
    path.write_text("id,name,description\nn:oology,Oology,The study of eggs of birds.\n", encoding="utf-8")
    Enriching(project).propose(reference=read_reference(path, project.vocabulary), reference_name=path.name)
    (found,) = Enriching(project).pending()
    assert (found.tag, found.language, found.source, found.model) == ("n:oology", "en", "reference", "authority.csv")
