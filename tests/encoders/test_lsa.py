"""Vectors learned from the user's own documents and labels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagwright.encoders.base import LearningEncoder
from tagwright.encoders.lsa import Lsa
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.terms import counted
from tagwright.errors import FormatError, NotFittedError, ProjectError
from tagwright.text.tokens import Analyzer
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

NO_TAGS = Vocabulary.from_tags([])


def texts(*said: str, language: str | None = None) -> list[Document]:
    return [Document(str(number), text, language=language) for number, text in enumerate(said)]


def test_it_is_known_as_an_encoder_that_learns() -> None:
    assert isinstance(Lsa(), LearningEncoder) and not isinstance(Onnx("folder"), LearningEncoder)


def test_work_before_fit_is_refused() -> None:
    with pytest.raises(NotFittedError):
        Lsa().encode(["a"])
    with pytest.raises(NotFittedError):
        _ = Lsa().fingerprint


def test_words_that_never_meet_but_keep_the_same_company_are_near() -> None:
    corpus = texts("car engine wheel", "automobile engine wheel", "bee hive honey", "wasp hive honey")
    car, automobile, bee = Lsa(width=2).fit(corpus, NO_TAGS).encode(["car", "automobile", "bee"])
    assert car @ automobile > 0.99
    assert abs(car @ bee) < 0.01


def test_the_cosine_of_two_texts_is_that_of_their_idf_rows_where_no_dimension_is_left_out() -> None:
    # Two documents, two stems; each stem is in one of them, so both have idf ln(3/2) + 1 and the axes are orthogonal.
    encoder = Lsa(width=2).fit(texts("alpha", "beta"), NO_TAGS)
    both, alpha = encoder.encode(["alpha alpha beta", "alpha"])
    weight = 1 + np.log(2)
    assert both @ alpha == pytest.approx(weight / np.hypot(weight, 1), abs=1e-5)


def test_counts_weigh_as_one_plus_their_logarithm() -> None:
    rows = counted(np.array([0, 0, 0, 2]), np.array([1, 0, 1, 2]), (3, 4)).toarray()
    assert rows == pytest.approx(np.array([[1, 1 + np.log(2), 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]))


def test_gold_tags_are_not_looked_at(documents: list[Document], vocabulary: Vocabulary) -> None:
    other = [replace(document, tags=("t:rail",)) for document in documents]
    one, two = (Lsa(width=4).fit(corpus, vocabulary) for corpus in (documents, other))
    assert one.fingerprint == two.fingerprint


def test_what_the_process_read_before_changes_nothing(documents: list[Document], vocabulary: Vocabulary) -> None:
    used = Analyzer()
    used.analyse(texts("honey railways zebra wind soils", "the station of the hive"))
    fresh, worn = Lsa(width=4).fit(documents, vocabulary), Lsa(width=4, analyzer=used).fit(documents, vocabulary)
    assert fresh.fingerprint == worn.fingerprint


def test_another_corpus_width_or_vocabulary_has_another_fingerprint(
    documents: list[Document], vocabulary: Vocabulary
) -> None:
    more = vocabulary.extended([Tag("t:tea", "Honey tea")])
    found = {
        Lsa(width=4).fit(documents, vocabulary).fingerprint,
        Lsa(width=3).fit(documents, vocabulary).fingerprint,
        Lsa(width=4).fit(documents[:3], vocabulary).fingerprint,
        Lsa(width=4).fit(documents, more).fingerprint,
    }
    assert len(found) == 4


def test_a_vocabulary_alone_is_enough(vocabulary: Vocabulary) -> None:
    encoder = Lsa().fit([], vocabulary)
    bees, soil, query = encoder.encode(["Beekeeping", "Soil erosion", "erosion of the soil"])
    assert encoder.encode(["x"]).shape == (1, 256)
    assert query @ soil > 0.99 > query @ bees


def test_nothing_at_all_gives_zeros() -> None:
    assert not Lsa(width=3).fit([], NO_TAGS).encode(["anything"]).any()


def test_synonyms_are_learned_from_like_names(documents: list[Document], vocabulary: Vocabulary) -> None:
    assert Lsa().fit(documents, vocabulary).encode(["apiculture"]).any()


def test_a_name_is_read_with_the_stems_of_every_language() -> None:
    analyzer = Analyzer(languages=("en", "de"))
    german = texts("Die Häuser der Städte und das Haus auf dem Land", "Ein Haus und ein Garten", language="de")
    english = texts("The geometry of houses", "geometries and geometry", language="en")
    encoder = Lsa(width=8, analyzer=analyzer).fit([*german, *english], NO_TAGS)
    plural, singular, geometry = encoder.encode(["Häuser", "Haus", "geometry"])
    assert plural @ singular > 0.99
    assert geometry.any()


def test_function_words_say_nothing_and_shouted_words_are_read(
    documents: list[Document], vocabulary: Vocabulary
) -> None:
    encoder = Lsa(width=4).fit(documents, vocabulary)
    assert not encoder.encode(["the of and THE"]).any()
    assert encoder.encode(["BEES"])[0].tobytes() == encoder.encode(["bees"])[0].tobytes()


def test_acronyms_are_not_the_words_they_look_like() -> None:
    corpus = texts("AIDS is an illness", "aids for hearing", "an illness", "hearing")
    acronym, word = Lsa(width=4).fit(corpus, NO_TAGS).encode(["AIDS", "aids"])
    assert acronym.any() and word.any() and acronym.tobytes() != word.tobytes()


@pytest.mark.parametrize("damage", ["settings", "stems", "vectors", "missing", "pickle"])
def test_files_that_do_not_fit_together_are_refused_by_name(
    damage: str, documents: list[Document], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    Lsa(width=4).fit(documents, vocabulary).save(tmp_path)
    if damage == "settings":
        (tmp_path / "lsa.json").write_text("{}")
    elif damage == "stems":
        with (tmp_path / "stems.txt").open("a") as file:
            file.write("more\n")
    elif damage == "vectors":
        (tmp_path / "vectors.npy").write_bytes(b"no array")
    elif damage == "missing":
        (tmp_path / "stems.txt").unlink()
    else:
        np.save(tmp_path / "vectors.npy", np.array([{}], dtype=object))
    with pytest.raises(ProjectError, match=str(tmp_path)):
        Lsa().load(tmp_path)


def test_a_format_of_a_later_version_is_named(
    documents: list[Document], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    Lsa(width=4).fit(documents, vocabulary).save(tmp_path)
    said = json.loads((tmp_path / "lsa.json").read_text())
    (tmp_path / "lsa.json").write_text(json.dumps({**said, "format": 99}))
    with pytest.raises(FormatError, match="99"):
        Lsa().load(tmp_path)
