"""The page with pictures where there is little or nothing to show: a clear sentence, and nowhere a NaN."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from tagwright.candidates import Candidates
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.html import page
from tagwright.evaluation.html.colours import DARK, LIGHT
from tagwright.evaluation.saved import SavedCandidates
from tagwright.project.evaluating import report


def few(saved: SavedCandidates, documents: list[int]) -> SavedCandidates:
    gold = Gold.from_lists([saved.gold.tags[saved.gold.offsets[d] : saved.gold.offsets[d + 1]] for d in documents])
    settings = {k: [v[d] for d in documents] if k in ("titles", "languages") else v for k, v in saved.settings.items()}
    ids = tuple(saved.ids[d] for d in documents)
    return replace(saved, candidates=saved.candidates.take(documents), gold=gold, ids=ids, settings=settings)


def no_gold(saved: SavedCandidates) -> SavedCandidates:
    return replace(saved, gold=Gold.from_lists([[]] * len(saved.ids)))


def no_documents(saved: SavedCandidates) -> SavedCandidates:
    return few(saved, [])


def one_document(saved: SavedCandidates) -> SavedCandidates:
    return few(saved, [int(np.argmax(saved.gold.sizes))])


def constant(saved: SavedCandidates) -> SavedCandidates:
    same = np.full(saved.candidates.n_pairs, 0.5, dtype=np.float32)
    return replace(saved, candidates=saved.candidates.with_columns({"confidence": same, "fused": same}))


def undefined(saved: SavedCandidates) -> SavedCandidates:
    same = np.full(saved.candidates.n_pairs, np.nan, dtype=np.float32)
    return replace(saved, candidates=saved.candidates.with_columns({"confidence": same, "fused": same}))


def nothing_suggested(saved: SavedCandidates) -> SavedCandidates:
    n = len(saved.ids)
    return replace(saved, candidates=Candidates.empty(n, ["confidence", "fused"]))


def all_outside(saved: SavedCandidates) -> SavedCandidates:
    return replace(saved, gold=Gold.from_ids([["x", "y"]] * len(saved.ids), {}))


def all_frequent(saved: SavedCandidates) -> SavedCandidates:
    assert saved.train_counts is not None
    return replace(saved, train_counts=saved.train_counts + 20)


def too_high_a_cut(saved: SavedCandidates) -> SavedCandidates:
    return replace(saved, settings={**saved.settings, "cut": 2.0})


def everything_right(saved: SavedCandidates) -> SavedCandidates:
    perfect = replace(saved, gold=Gold.from_lists(np.split(saved.candidates.tags, saved.candidates.offsets[1:-1])))
    return replace(perfect, settings={**saved.settings, "cut": 0.0})


def an_old_file(saved: SavedCandidates) -> SavedCandidates:
    return replace(saved, settings={"cut": 0.4}, train_counts=None)


def of_another_shape(saved: SavedCandidates) -> SavedCandidates:
    wrong = {"titles": ["one"], "languages": 7, "names": ["x"], "about": [1], "reasons": "why"}
    return replace(saved, settings={**saved.settings, **wrong})


@pytest.mark.parametrize(
    ("spoil", "sentences"),
    [
        (no_gold, ["No document has gold tags, so nothing can be measured", "No document has gold tags."]),
        (no_documents, ["0 documents whose tags are known", "No document has gold tags"]),
        (one_document, ["1 document whose tags are known", "There is only one document"]),
        (constant, ["All suggestions have the same confidence (0.50)"]),
        (undefined, ["All suggestions have the same confidence (0.00)", "No suggestion reaches the cut of 0.40"]),
        (nothing_suggested, ["No document has a suggestion", "No suggestion reaches the cut"]),
        (all_outside, ["100.0 %) in 60 documents are not in the vocabulary; they count as missed", "outside the voc"]),
        (all_frequent, ["No suggestion of this band", "No given tag, so no precision: never seen in training"]),
        (too_high_a_cut, ["No suggestion reaches the cut of 2.00", "no document could go through"]),
        (everything_right, ["Every document has all its tags right."]),
        (an_old_file, ["were not saved with the candidates", "It was not saved which", "tag 3", "are no bands"]),
        (of_another_shape, ["The languages of the documents were not", "tag 3"]),
    ],
)
def test_bad_input_gets_a_clear_sentence_and_no_nan(make_saved, spoil, sentences: list[str]) -> None:
    saved = spoil(make_saved())
    text = page(report(saved), saved)
    data = re.search('<script type="application/json" id="data">(.*?)</script>', text)
    assert data is not None
    body = re.sub("<script.*?</script>|<style.*?</style>", "", text, flags=re.DOTALL).replace("\u00a0", " ")
    for sentence in sentences:
        assert sentence in body
    assert not re.search(r"\b(nan|NaN|inf|Infinity|None|null|undefined)\b", body)
    pictures = json.loads(data[1], parse_constant=refuse)["pictures"]
    assert "nan" not in " ".join(picture["csv"].lower() for picture in pictures.values())


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} stands in the data")


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_letters_and_marks_stand_out_from_every_ground(colours: dict[str, str]) -> None:
    for ground in ("ground", "card"):
        for name in ("ink", "soft", "link"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        for name in ("blue", "orange", "green", "grey"):
            assert contrast(colours[name], colours[ground]) >= 3, (name, ground)
