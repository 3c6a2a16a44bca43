"""The zero-shot protocol: nothing that a tagger learned from knows the unseen tags."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tagwright.encoders.lsa import Lsa
from tagwright.encoders.seen import Seen
from tagwright.errors import ConfigError, UnknownTagError
from tagwright.pipeline.settings import Fitting, TaggerSettings
from tagwright.project import Project, unseen
from tagwright.tagger import Tagger


def quiet(stage: str, done: int, total: int | None) -> None:
    pass


@pytest.fixture
def knn(trained_folder) -> Tagger:
    """A tagger that knows tags from its neighbours alone."""
    with Project.open(trained_folder) as project:
        settings = TaggerSettings(
            channels={"graph": {"kind": "graph", "space": "words"}}, fusion={"kind": "ranker", "trees": 5},
            fitting=Fitting(least=20, few_folds=2),
        )  # fmt: skip
        return Tagger(settings, Lsa(width=8), project.vocabulary)


def test_a_tagger_of_neighbours_alone_scores_exactly_nothing(knn, documents, others) -> None:
    chosen = unseen.choose(documents, others, knn.vocabulary)
    found = unseen.zero_shot(knn, documents, others, chosen, k=100, progress=quiet)
    strict, seen = found.parts["unseen"], found.parts["seen"]
    assert strict.documents > 0
    assert knn.calibrated
    shares = ("P@1", "R@10", "nDCG@10", "microF1", "macroF1", "R@10[scope]", "R@50[scope]")
    assert [strict.metrics[name] for name in shares] == [0] * len(shares)
    assert found.parts["generalised"].metrics["R@50[scope]"] == 0
    assert seen.metrics["R@10"] > 0
    assert set(found.about["attested"].values()) == {0}
    assert found.about["training_documents"] + found.about["left_out_documents"] == len(documents)


def test_names_alone_find_tags_that_nobody_has_seen(documents, others, trained_folder) -> None:
    with Project.open(trained_folder) as project:
        tagger = unseen.new_tagger(project)
        chosen = unseen.choose(documents, others, project.vocabulary)
        found = unseen.zero_shot(tagger, documents, others, chosen, k=100, progress=quiet)
    assert found.parts["unseen"].metrics["R@10"] > 0
    assert found.parts["unseen"].tags == len(chosen)


def test_an_encoder_that_was_taught_with_the_tags_documents_is_refused(knn, documents, others) -> None:
    chosen = unseen.choose(documents, others, knn.vocabulary)
    carriers = [one.id for one in documents if not set(chosen).isdisjoint(one.tags)]
    knn.assembly.encoder.seen = Seen.from_ids(carriers[:2])
    with pytest.raises(ConfigError, match="taught with 2 documents of these tags"):
        unseen.zero_shot(knn, documents, others, chosen, k=100, progress=quiet)
    knn.assembly.encoder.seen = Seen.from_ids(one.id for one in documents if one.id not in carriers)
    with pytest.raises(ConfigError, match="taught the encoder, a channel or a reranker"):
        unseen.zero_shot(knn, documents, others, chosen, k=100, progress=quiet)


def test_an_unseen_tag_that_was_seen_is_our_bug(knn, documents) -> None:
    knn.fit(documents)
    tag = next(tag for document in documents for tag in document.tags if tag in knn.vocabulary)
    with pytest.raises(AssertionError, match="has been seen"):
        unseen.attest(knn, documents, knn.vocabulary.positions([tag]))
    with pytest.raises(AssertionError, match="neighbour entries"):
        unseen.attest(knn, [], knn.vocabulary.positions([tag]))
    assert unseen.attest(knn, [], np.empty(0, dtype=np.int32)) == {
        "training documents": 0, "calibration rows": 0, "neighbour entries": 0,
    }  # fmt: skip


def test_the_chosen_tags_are_wanted_and_learned_and_not_too_common(documents, others, knn) -> None:
    chosen = unseen.choose(documents, others, knn.vocabulary)
    assert 1 <= len(chosen) <= unseen.MOST
    for tag in chosen:
        carriers = sum(tag in document.tags for document in documents)
        assert 0 < carriers <= len(documents) / 10
        assert any(tag in document.tags for document in others)
    assert chosen == unseen.choose(documents[::-1], others[::-1], knn.vocabulary)
    with pytest.raises(ConfigError, match="no tag of the evaluated documents"):
        unseen.choose(documents[:1], others, knn.vocabulary)
    with pytest.raises(ConfigError, match="keeps no documents"):
        unseen.choose([], others, knn.vocabulary)


def test_what_cannot_be_done_is_said_before_the_training(knn, documents, others) -> None:
    tag = unseen.choose(documents, others, knn.vocabulary)[0]
    with pytest.raises(UnknownTagError):
        unseen.zero_shot(knn, documents, others, ["nobody's"], k=10, progress=quiet)
    with pytest.raises(ConfigError, match="no evaluated document"):
        unseen.zero_shot(knn, documents, [replace(others[0], tags=())], [tag], k=10, progress=quiet)
    carriers = [document for document in documents if tag in document.tags]
    with pytest.raises(ConfigError, match="nothing left to train on"):
        unseen.zero_shot(knn, carriers, others, [tag], k=10, progress=quiet)


def test_kept_documents_are_those_of_the_training_and_of_the_growth_log(trained, documents, others) -> None:
    with Project.open(trained) as project:
        assert {d.id for d in unseen.kept_documents(project.store)} == {d.id for d in documents}
        added = project.add_documents([others[0], replace(documents[0], text="other words")])
        project.remove_documents([documents[1].id])
        kept = {document.id: document for document in unseen.kept_documents(project.store)}
        assert set(kept) == {d.id for d in documents} - {documents[1].id} | {others[0].id}
        assert kept[documents[0].id].text == "other words"
        project.revert(added)
        kept = {document.id: document for document in unseen.kept_documents(project.store)}
        assert set(kept) == {d.id for d in documents} - {documents[1].id}
        assert kept[documents[0].id].text == documents[0].text
