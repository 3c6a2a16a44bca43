"""The main path on the sample library: from nothing, with few documents, with enough; growing; saved and loaded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagwright.encoders.lsa import Lsa
from tagwright.errors import FormatError, NotFittedError
from tagwright.pipeline.settings import Fitting, TaggerSettings
from tagwright.tagger import Tagger
from tagwright.testing import documents, vocabulary
from tagwright.testing.tables import code_in, same
from tagwright.types import Document, Tag

SAMPLE, VOCABULARY = documents(), vocabulary()
ASKED = [
    Document("q1", "Gulls and terns rest on the mudflats; honey bees and railways.", "Birds of the coast"),
    Document("q2", ""),
    *SAMPLE,
]
SETTINGS = TaggerSettings(
    fusion={"kind": "ranker", "trees": 5}, fitting=Fitting(folds=2, few_folds=2, nested=40, least=15)
)


def made(settings: TaggerSettings = SETTINGS) -> Tagger:
    return Tagger(settings, Lsa(width=8), VOCABULARY)


@pytest.fixture(scope="module")
def trained() -> Tagger:
    return made().fit(SAMPLE)


def test_work_before_fit_is_refused() -> None:
    with pytest.raises(NotFittedError, match="call fit first"):
        made().suggest(ASKED)


def test_with_a_vocabulary_alone_names_are_suggested_and_confidence_is_not_calibrated() -> None:
    tagger = made().fit([])
    (found,) = tagger.suggest(ASKED[:1], why=True)
    assert not tagger.calibrated and not any(s.calibrated for s in found)
    assert {s.tag for s in found} >= {"t:birds", "t:rail"} and all(0 <= s.confidence <= 1 for s in found)
    assert found[0].tag == "t:birds" and found[0].evidence[0].text == "Birds of the coast"


def test_with_few_documents_they_help_and_nothing_is_calibrated() -> None:
    tagger = made(replace(SETTINGS, fitting=replace(SETTINGS.fitting, least=60))).fit(SAMPLE)
    assert not tagger.calibrated and tagger.fitted is None
    (found,) = tagger.suggest([Document("q", "The keeper counts his hives and sells wax.")], why=True)
    assert found[0].tag == "t:bees", "no name of the tag stands there, its documents are alike"
    assert any(reason.document for reason in found[0].evidence)


def test_documents_nobody_looked_at_are_no_training() -> None:
    untagged = [replace(document, tags=None) for document in SAMPLE]
    tagger = made().fit(untagged)
    assert not tagger.calibrated and same(tagger.candidates(ASKED), made().fit([]).candidates(ASKED))


def test_with_enough_documents_confidence_is_a_probability(trained: Tagger) -> None:
    assert trained.calibrated and trained.fitted is not None and 0 <= trained.cut <= 1
    suggestions = [s for found in trained.suggest(ASKED) for s in found]
    assert suggestions and all(s.calibrated and 0 < s.confidence < 1 for s in suggestions)


def test_each_suggestion_tells_how_often_ones_like_it_were_right(trained: Tagger, tmp_path: Path) -> None:
    suggestions = [s for found in trained.suggest(ASKED, k=20) for s in found]
    assert trained.cases is not None and any(s.cases is not None for s in suggestions)
    for one in suggestions:
        assert one.seen is not None and one.cases == trained.cases.of(one.confidence, one.seen)
    trained.save(tmp_path)
    (tmp_path / "cases.json").unlink()  # as a version wrote it that did not count
    old = made().load(tmp_path).suggest(ASKED)
    assert [[s.tag for s in found] for found in old] == [[s.tag for s in found] for found in trained.suggest(ASKED)]
    assert all(s.cases is None for found in old for s in found)


def test_suggestions_are_the_candidates_by_falling_confidence_then_fused(trained: Tagger) -> None:
    table = trained.candidates(ASKED)
    for row, found in enumerate(trained.suggest(ASKED, k=4)):
        part = table.slice(row, row + 1)
        order = part.order("confidence", then="fused")[:4]
        assert [s.tag for s in found] == [VOCABULARY.ids[tag] for tag in part.tags[order]]
        assert [s.confidence for s in found] == pytest.approx(part.column("confidence")[order], abs=1e-6)
        assert all(
            s.confidence == round(s.confidence, 6) and s.name == VOCABULARY.name(VOCABULARY.position(s.tag))
            for s in found
        )


def test_a_deprecated_tag_is_never_suggested(trained: Tagger) -> None:
    text = Document("q", "Steam navigation and ships", "Steam navigation", "en")
    assert "t:old" in VOCABULARY and "t:old" not in [s.tag for s in trained.suggest([text], k=99)[0]]


def test_an_empty_text_has_no_suggestion_or_a_weak_one_and_no_error(trained: Tagger) -> None:
    assert all(s.confidence <= 1 for s in trained.suggest([Document("q", "")])[0])
    assert trained.suggest([]) == []


def test_the_same_suggestions_in_every_batch_size(trained: Tagger) -> None:
    many = [replace(document, id=f"{n}-{document.id}") for n in range(4) for document in ASKED]
    whole = trained.suggest(many)
    for size in (1, 7, 64):
        parts = [trained.suggest(many[start : start + size]) for start in range(0, len(many), size)]
        found = [suggestions for part in parts for suggestions in part]
        assert [[s.tag for s in one] for one in found] == [[s.tag for s in one] for one in whole]
        for one, two in zip(found, whole, strict=True):
            assert [s.confidence for s in one] == pytest.approx([s.confidence for s in two], abs=1e-6)


def test_threads_change_no_byte(trained: Tagger) -> None:
    blocks = [[replace(document, id=f"{n}-{document.id}") for document in ASKED] for n in range(6)]
    expected = [trained.suggest(block) for block in blocks]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(trained.suggest, blocks * 2)) == expected * 2


def test_reasons_come_of_different_channels_at_most_three_and_quote_exactly(trained: Tagger) -> None:
    for document, found in zip(ASKED, trained.suggest(ASKED, why=True), strict=True):
        for suggestion in found:
            reasons = suggestion.evidence
            assert len(reasons) <= 3
            for reason in reasons:
                if reason.start is not None:
                    assert getattr(document, reason.field)[reason.start : reason.end] == reason.text
    best = trained.suggest(ASKED[:1], why=True)[0][0]
    assert len({reason.channel for reason in best.evidence}) == len(best.evidence) > 1
    assert trained.suggest(ASKED[:1])[0][0].evidence == ()


def test_sources_tell_which_channel_found_a_tag(trained: Tagger) -> None:
    table = trained.candidates(ASKED[:1], sources=True)
    found = {name for name in table.columns if name.endswith(".found")}
    assert found == {f"{channel}.found" for channel in SETTINGS.channels if channel not in ("adapter", "linear")}
    birds = table.tags.tolist().index(VOCABULARY.position("t:birds"))
    assert table.column("lexical.found")[birds] == 1


def test_a_saved_tagger_answers_alike_wherever_it_is_moved(trained: Tagger, tmp_path: Path) -> None:
    trained.save(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    loaded = made().load(tmp_path / "b")
    assert loaded.suggest(ASKED, why=True) == trained.suggest(ASKED, why=True)
    assert (loaded.calibrated, loaded.cut) == (trained.calibrated, trained.cut)
    assert code_in(tmp_path / "b") == []


def test_a_tagger_without_documents_can_be_saved_too(tmp_path: Path) -> None:
    tagger = made().fit([])
    tagger.save(tmp_path)
    loaded = made().load(tmp_path)
    assert not loaded.calibrated and loaded.suggest(ASKED) == tagger.suggest(ASKED)


def test_a_format_of_another_version_is_refused_with_the_next_step(trained: Tagger, tmp_path: Path) -> None:
    trained.save(tmp_path)
    path = tmp_path / "tagger.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"format": 2', '"format": 99'), encoding="utf-8")
    with pytest.raises(FormatError, match="train again"):
        made().load(tmp_path)


def test_a_document_added_at_run_time_counts_at_once_and_removed_leaves_nothing(
    tmp_path: Path, trained: Tagger
) -> None:
    trained.save(tmp_path)
    tagger = made().load(tmp_path)
    before = tagger.suggest(ASKED)
    new = Document("new", "The shipwright keeps sourdough between hedges on loess.", "Sourdough", "en", ("t:unseen",))
    asked = replace(new, id="q", tags=None)
    unseen = VOCABULARY.position("t:unseen")
    tagger.add([new])
    table = tagger.candidates([asked])
    assert table.column("graph.score")[table.tags == unseen] > 0
    assert any(reason.document == "new" for reason in tagger.explain(asked, unseen))
    tagger.remove(["new"])
    assert tagger.suggest(ASKED) == before


def test_a_tag_added_by_name_is_suggested_at_once(tmp_path: Path, trained: Tagger) -> None:
    trained.save(tmp_path)
    tagger = made().load(tmp_path)
    asked = Document("q", "Tide tables for every harbour of the north.", "Tide tables", "en")
    wider = VOCABULARY.extended([Tag("t:tides", "Tide tables", descriptions={"": "When the sea comes and goes."})])
    tagger.use_vocabulary(wider, wider.positions(["t:tides"]))
    (found,) = tagger.suggest([asked], why=True)
    tides = next(s for s in found if s.tag == "t:tides")
    assert (tides.name, tides.evidence[0].text) == ("Tide tables", "Tide tables")
    gone = wider.extended([replace(wider.tag(wider.position("t:tides")), deprecated=True)])
    tagger.use_vocabulary(gone, gone.positions(["t:tides"]))
    assert "t:tides" not in [s.tag for s in tagger.suggest([asked], k=99)[0]]


def test_the_shortlist_bounds_the_candidates(trained: Tagger) -> None:
    tagger = made(replace(SETTINGS, shortlist=2)).fit(SAMPLE)
    assert np.diff(tagger.candidates(ASKED).offsets).max() == 2
