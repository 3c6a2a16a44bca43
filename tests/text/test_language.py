"""The language of a text, told by its function words."""

from __future__ import annotations

import pytest

from tagwright.text.language import guess

SENTENCES = {
    "en": "The wind carries the soil of the fields into the sea and it does not come back.",
    "de": "Der Wind trägt den Boden der Felder in das Meer und er kommt nicht wieder.",
    "fr": "Le vent porte la terre des champs dans la mer et elle ne revient pas.",
    "es": "El viento lleva la tierra de los campos al mar y no vuelve con la lluvia.",
    "it": "Il vento porta la terra dei campi nel mare e non torna più con la pioggia.",
    "nl": "De wind draagt het zand van de velden naar de zee en het komt niet terug.",
    "sv": "Vinden för jorden från åkern till havet och den kommer inte tillbaka med regn.",
    "fi": "Tuuli kantaa maan pelloilta mereen, ja se ei palaa kun sataa, mutta ne ovat siellä.",
}


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_a_sentence_is_told_from_all_other_languages(language: str) -> None:
    others = sorted(SENTENCES, key=lambda code: (code == language, code))
    assert guess(SENTENCES[language], others) == language


def test_the_first_language_stands_where_none_leads() -> None:
    assert guess("", ["de", "en"]) == guess("1234 kala", ["de", "en"]) == "de"


def test_with_one_language_or_none_nothing_is_guessed() -> None:
    assert guess(SENTENCES["de"], ["en"]) == "en" and guess(SENTENCES["de"], []) == ""


def test_a_language_without_known_function_words_is_never_preferred() -> None:
    assert guess(SENTENCES["de"], ["xx", "de"]) == "de" and guess("kala", ["xx", "de"]) == "xx"


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert guess(SENTENCES["en"] * 40 + SENTENCES["de"] * 1000, ["de", "en"]) == "en"
