"""Channels whose weights a project's own documents teach: the label-guided classifier and the written descriptions."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagwright.corpus import open_corpus
from tagwright.demo.library import train_path, vocabulary_path
from tagwright.errors import ConfigError, IntegrityError
from tagwright.project import Project
from tagwright.types import Document, Tag

pytestmark = [pytest.mark.heavy, pytest.mark.usefixtures("one_thread")]
pytest.importorskip("torch")
pytest.importorskip("sentence_transformers")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(open_corpus([train_path()]))[:160]


@pytest.fixture(scope="module")
def words(documents: list[Document]) -> list[str]:
    return sorted({word for one in documents for word in re.findall(r"\w+", f"{one.title} {one.text}".lower())})


@pytest.fixture(scope="module")
def settings(make_sentences: Callable[..., Path], words: list[str]) -> list[str]:
    base = str(make_sentences(words))
    teaching = {"base": base, "epochs": 0.5, "batch": 12, "held_out": 0.5, "dev": 0.1, "device": "cpu"}
    labels = {"epochs": 2.0, "batch": 16, "device": "cpu"}
    fitting = ["fitting.few_folds=3", "fitting.least=20", "fusion.trees=8"]
    return [
        *fitting, *(f"teaching.{name}={value!r}" for name, value in teaching.items()),
        *(f"teaching_labelguided.{name}={value!r}" for name, value in labels.items()),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def taught(settings: list[str], documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with an encoder and a label-guided classifier over it. Do not write into it."""
    folder = tmp_path_factory.mktemp("labelguided") / "project"
    Project.create(folder, vocabulary_path()).close()
    with Project.open(folder, overrides=settings) as opened:
        opened.train(documents, teach=["encoder", "labelguided"])
    return folder


def answers(folder: Path, settings: list[str], documents: list[Document]) -> list[list[tuple[str, float]]]:
    with Project.open(folder, overrides=settings) as opened:
        return [[(one.tag, one.confidence) for one in row] for row in opened.suggest(documents[:6])]


def test_a_label_guided_classifier_is_taught_ranked_and_moved_with_its_project(
    taught: Path, settings: list[str], documents: list[Document], tmp_path: Path
) -> None:
    with Project.open(taught, overrides=settings) as opened:
        assert set(opened.manifest.taught) == {"encoder", "labelguided"}
        column = opened.candidates(documents[:4]).column("labelguided.score")
        assert np.isfinite(column).all() and np.ptp(column) > 0
        assert "labelguided" in {one.name for one in opened.tagger.assembly.speaking}
    moved = Path(shutil.copytree(taught, tmp_path / "moved"))
    assert answers(moved, settings, documents) == answers(taught, settings, documents)


def test_ranking_is_learned_from_documents_that_the_classifier_has_not_seen(
    taught: Path, settings: list[str], documents: list[Document]
) -> None:
    with Project.open(taught, overrides=settings) as opened:
        (channel,) = (one for one in opened.tagger.assembly.channels if one.name == "labelguided")
        seen = channel.seen  # type: ignore[attr-defined]
        known = opened.out_of_fold().ids
    assert 40 < len(known) < 120
    assert not np.any(seen.of(known)), "what it was taught with says nothing about how good it is"
    assert np.mean(seen.of([one.id for one in documents])) > 0.3


def test_a_tag_that_comes_later_is_rated_at_once(taught: Path, settings: list[str], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(taught, tmp_path / "grown"))
    with Project.open(folder, overrides=settings) as opened:
        opened.add_tags([Tag("t:new", "Beekeeping on roofs")])
        table = opened.candidates([Document("a", "Beekeeping on roofs")])
        here = table.tags == opened.vocabulary.position("t:new")
    assert here.any() and np.isfinite(table.column("labelguided.score")[here]).all()


def test_a_changed_weight_is_refused_by_name_and_a_training_can_do_without(
    taught: Path, settings: list[str], documents: list[Document], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(taught, tmp_path / "broken"))
    with Project.open(folder, overrides=settings) as opened:
        weights = folder / opened.manifest.taught["labelguided"] / "level.npy"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with Project.open(folder, overrides=settings) as opened, pytest.raises(IntegrityError, match=r"level\.npy"):
        opened.suggest([documents[0]])
    whole = Path(shutil.copytree(taught, tmp_path / "whole"))
    with Project.open(whole, overrides=settings) as opened:
        opened.train(drop=["labelguided"])
        assert set(opened.manifest.taught) == {"encoder"}
        assert "labelguided" not in {one.name for one in opened.tagger.assembly.channels}


def test_a_classifier_needs_an_encoder_that_stays(
    settings: list[str], documents: list[Document], tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    Project.create(folder, vocabulary_path()).close()
    with Project.open(folder, overrides=settings) as opened, pytest.raises(ConfigError, match="stays as it is") as told:
        opened.train(documents, teach=["labelguided"])
    assert "--encoder --labelguided" in (told.value.hint or "")


def test_a_generator_is_taught_and_what_it_writes_finds_tags(
    settings: list[str], words: list[str], documents: list[Document], make_writer: Callable[..., Path], tmp_path: Path
) -> None:
    pytest.importorskip("transformers")
    base = str(make_writer([*words, ".", ",", ";"], seq2seq=True, width=16))
    wanted = {"base": base, "epochs": 0.3, "rank": 0, "most_tokens": 64, "balance": 1.0, "dev": 4, "device": "cpu"}
    more = [*settings, *(f"teaching_described.{name}={value!r}" for name, value in wanted.items())]
    folder = tmp_path / "project"
    Project.create(folder, vocabulary_path()).close()
    more += ["channels.described.threshold=-1.0", "channels.described.most_tokens=8"]
    short = [replace(one, text=one.text[:200]) for one in documents[:120]]
    with Project.open(folder, overrides=more) as opened:
        opened.train(short, teach=["described"])
        assert set(opened.manifest.taught) == {"described"}
        table = opened.candidates(short[:3])
    assert "described.score" in table.columns
