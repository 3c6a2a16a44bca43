"""Which documents token vectors are made from, and which are left to measure them with."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import pytest

import tagwright.project.encoders as encoders
from tagwright import testing
from tagwright.encoders.seen import Seen
from tagwright.errors import OutputError
from tagwright.project import Project
from tagwright.recall.spaces import text_of
from tagwright.training.lessons import Parts


@pytest.fixture
def opened(trained_folder):
    with Project.open(trained_folder) as project:
        yield project


@pytest.fixture
def spared(opened, documents) -> set[str]:
    said = opened.teaching.wanted()
    return {one.id for one in Parts.of(documents, held_out=said.held_out, dev=said.dev, seed=said.seed).held_out}


def test_token_vectors_are_made_from_names_and_from_documents_that_teaching_does_not_hold_out(
    opened, documents, spared, monkeypatch
):
    @contextmanager
    def exported(model):
        yield Path(model)

    given = []
    monkeypatch.setattr(encoders, "_exported", exported)
    monkeypatch.setattr(encoders, "Onnx", lambda folder: testing.Told({}))
    monkeypatch.setattr(encoders, "distil", lambda place, out, groups, **options: given.append((place, groups)))
    encoders.distil_encoder(opened, "model", Path("nowhere/out"))
    [(place, (texts, names))] = given
    assert place == Path("model") and 0 < len(spared) < len(documents)
    assert sorted(texts) == sorted(text_of(one) for one in documents if one.id not in spared)
    assert len(names) == opened.vocabulary.n_active


def test_nothing_is_asked_of_the_encoder_where_the_folder_is_taken(opened, tmp_path):
    with pytest.raises(OutputError, match="exists"):
        encoders.distil_encoder(opened, "no model at all", tmp_path)


class Told:
    """An encoder that was taught with documents."""

    def __init__(self, *taught: str) -> None:
        self.seen = Seen.from_ids(taught)


def test_encoders_are_measured_with_what_is_held_out_else_with_what_they_have_not_seen_else_with_all(
    opened, documents, spared
):
    def drawn(*told: Told) -> set[str]:
        return {one.id for one in encoders._drawn(opened, documents, told)}

    everything, some = {one.id for one in documents}, min(spared)
    assert drawn(Told()) == spared
    assert drawn(Told(some), Told(documents[0].id)) == spared - {some, documents[0].id}
    assert drawn(Told(*spared)) == everything - spared
    assert drawn(Told(*spared), Told(*(everything - spared))) == everything
