"""A channel that has nothing to say is left out, once for all folds, and changes nothing about the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tagwright.corpus.split import fold_of
from tagwright.encoders.lsa import Lsa
from tagwright.pipeline.assembly import STATE
from tagwright.pipeline.settings import DEFAULT_CHANNELS, Fitting, TaggerSettings
from tagwright.recall.linear import Linear
from tagwright.tagger import Tagger
from tagwright.testing.tables import same
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

FOLDS = 3
Library = tuple[list[Document], Vocabulary]
TWO = Vocabulary.from_tags([Tag("sea", "Sea"), Tag("wood", "Wood")])
SAID = {"sea": "ships harbour gulls tide sails anchor", "wood": "oaks timber moss roots bark leaves"}


def two_tags(n: int) -> list[Document]:
    """Half about the sea, half about woods, three words each and some that stand in both."""
    chance, made = np.random.default_rng(0), []
    for number in range(n):
        tag = list(SAID)[number % 2]
        words = [*chance.choice(SAID[tag].split(), 3), *chance.choice(["old", "wide", "cold", "new"], 2)]
        made.append(Document(f"d{number}", " ".join(words), tags=(tag,)))
    return made


def trained(documents: list[Document], **linear: int) -> Tagger:
    channels = {"centroids": DEFAULT_CHANNELS["centroids"], "linear": linear}
    fitting = Fitting(least=20, folds=FOLDS, few_folds=FOLDS, nested=60)
    settings = TaggerSettings(channels=channels, fusion={"kind": "ranker", "trees": 5}, fitting=fitting)
    return Tagger(settings, Lsa(width=4), TWO).fit(documents)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def both(quick: Callable[..., Tagger], library: Library) -> tuple[Tagger, Tagger]:
    """Trained on many tags with few documents each: with all default channels, and without those that keep silent."""
    whole = quick(few_folds=FOLDS, nested=50)
    fewer = {name: options for name, options in DEFAULT_CHANNELS.items() if name != "linear"}
    settings = TaggerSettings(channels=fewer, fusion=whole.settings.fusion, fitting=whole.settings.fitting)
    other = Tagger(settings, Lsa(width=16), library[1])
    return whole.fit(library[0]), other.fit(library[0])


def test_what_is_learned_beside_a_silent_channel_is_the_same_to_the_byte(
    both: tuple[Tagger, Tagger], library: Library, tmp_path: Path
) -> None:
    for name, tagger in zip(("whole", "fewer"), both, strict=True):
        tagger.save(tmp_path / name)
    whole, fewer = files(tmp_path / "whole"), files(tmp_path / "fewer")
    assert json.loads(whole.pop(STATE)) == {"format": 1, "silent": ["linear"]}
    assert json.loads(fewer.pop(STATE)) == {"format": 1, "silent": []}
    assert whole == fewer and len(whole) > 30
    assert same(*(tagger.candidates(library[0][:20], sources=True) for tagger in both))


def test_silence_is_decided_on_all_documents_and_not_by_a_fold() -> None:
    documents = two_tags(90)
    kept = [len(documents) - sum(fold_of(one.id, FOLDS) == fold for one in documents) for fold in range(FOLDS)]
    assert all(Linear(least=45).silent(documents[:n], TWO) for n in kept), "each fold by itself would keep silent"
    table = trained(documents, least=45).fitted.table
    assert np.isfinite(table.column("linear.score")).all(), "they do not"
    silent = trained(documents, least=46).fitted.table
    assert not [name for name in silent.columns if name.startswith("linear")]
    # The other way round: together too many, a fold by itself few enough.
    assert not any(Linear(most=179, least=1).silent(documents[:n], TWO) for n in kept)
    assert not [name for name in trained(documents, most=179).fitted.table.columns if name.startswith("linear")]


def test_silence_comes_back_from_the_disk(both: tuple[Tagger, Tagger], library: Library, tmp_path: Path) -> None:
    whole, _ = both
    whole.save(tmp_path)
    again = Tagger(whole.settings, Lsa(width=16), library[1]).load(tmp_path)
    assert again.assembly.silent == {"linear"}
    assert same(*(tagger.candidates(library[0][:5]) for tagger in (whole, again)))
    speaking = trained(two_tags(60))
    speaking.save(tmp_path / "speaking")
    again = Tagger(speaking.settings, Lsa(width=4), TWO).load(tmp_path / "speaking")
    assert [one.name for one in again.assembly.speaking] == ["centroids", "linear"]
    assert same(*(tagger.candidates(two_tags(5)) for tagger in (speaking, again)))


def test_a_model_of_a_former_version_is_read_without_the_channels_that_it_did_not_have(
    both: tuple[Tagger, Tagger], library: Library, tmp_path: Path
) -> None:
    _, fewer = both
    fewer.save(tmp_path)
    (tmp_path / STATE).unlink()
    again = Tagger(both[0].settings, Lsa(width=16), library[1]).load(tmp_path)
    assert same(*(tagger.candidates(library[0][:5]) for tagger in (fewer, again)))
    named = trained(two_tags(60))
    named.save(tmp_path / "named")
    (tmp_path / "named" / STATE).unlink()
    again = Tagger(named.settings, Lsa(width=4), TWO).load(tmp_path / "named")
    assert not again.assembly.silent, "who had named the channel then has it"
