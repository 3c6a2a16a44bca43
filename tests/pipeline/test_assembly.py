"""The channels of a tagger and what they share."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from tagwright.encoders.lsa import Lsa
from tagwright.errors import ConfigError
from tagwright.pipeline.assembly import Assembly, gold_of
from tagwright.pipeline.settings import DEFAULT_CHANNELS, TaggerSettings
from tagwright.pipeline.table import load_table, save_table
from tagwright.pipeline.threads import one_thread
from tagwright.recall.graph import Graph
from tagwright.recall.lexical import Lexical
from tagwright.testing import Told, documents, vocabulary
from tagwright.testing.tables import same
from tagwright.types import Document

SAMPLE, VOCABULARY = documents(), vocabulary()


def assembly(**settings: object) -> Assembly:
    return Assembly(TaggerSettings(**settings), Lsa(width=8), ("en", "de"))


@pytest.fixture(scope="module")
def fitted() -> Assembly:
    return assembly().prepare(SAMPLE, VOCABULARY).fit(SAMPLE, VOCABULARY)


def test_channels_come_in_the_order_of_the_settings_and_share_their_parts() -> None:
    made = assembly()
    assert [channel.name for channel in made.channels] == list(DEFAULT_CHANNELS)
    by_name = {channel.name: channel for channel in made.channels}
    assert by_name["graph"].shelf is by_name["centroids"].shelf is made.shelves["words"]
    assert by_name["meaning_graph"].shelf is made.shelves["meaning"]
    assert by_name["lexical"].finder is by_name["names"].finder is made.finder
    assert by_name["dense"].tag_points is by_name["adapter"].tag_points is made.tag_points
    assert made.tag_points.meaning is made.spaces["meaning"] and made.encoder.analyzer is made.analyzer


def test_some_hundred_documents_from_all_over_the_corpus_tell_what_will_be_asked() -> None:
    many = [Document(str(number), "Beekeeping and honey") for number in range(1001)]
    asking = assembly().prepare(many, VOCABULARY).tag_points.asking
    assert len(asking) == 400 and [one.id for one in asking][:3] == ["0", "2", "4"]
    assert len(assembly().prepare(SAMPLE, VOCABULARY).tag_points.asking) == len(SAMPLE)


def test_an_unknown_space_and_an_empty_list_of_channels_are_refused() -> None:
    with pytest.raises(ConfigError, match="channel 'graph' has no space 'words2'"):
        assembly(channels={"graph": {"space": "words2"}})
    with pytest.raises(ConfigError, match="no channel is switched on"):
        assembly(channels={})


def test_a_channel_from_elsewhere_is_given_the_shared_parts(fitted: Assembly) -> None:
    channel = fitted.give(Graph(space="meaning"), "mine")
    assert channel.name == "mine" and channel.shelf is fitted.shelves["meaning"]


def test_what_channels_find_is_merged_and_filled_up_by_the_others(fitted: Assembly) -> None:
    table = fitted.recall(SAMPLE[:5], sources=True)
    assert set(table.columns) == {
        "seen",
        "language",
        *(f"{channel.name}.{part}" for channel in fitted.speaking for part in (*channel.parts, "found")),
    }
    for channel in fitted.speaking:
        own = channel.recall(SAMPLE[:5], channel.k)
        found = table.column(f"{channel.name}.found") == 1
        assert found.sum() == own.n_pairs
        assert np.isfinite(table.column(f"{channel.name}.score")).sum() >= own.n_pairs
    filled = np.isfinite(table.column("dense.score"))
    assert filled[VOCABULARY.active[table.tags]].all(), "the cosine of every candidate is known"
    assert "graph.found" not in fitted.recall(SAMPLE[:5]).columns


def test_blocks_of_the_whole_are_the_whole(fitted: Assembly) -> None:
    many = [Document(f"{n}-{d.id}", d.text, d.title, d.language) for n in range(6) for d in SAMPLE]
    whole = fitted.recall_all(many)
    assert same(whole.slice(64, 128), fitted.recall(many[64:128])) and whole.n_documents == len(many)
    assert fitted.recall_all([]).n_documents == 0


def test_a_fresh_copy_has_learned_nothing_and_shares_what_was_prepared(fitted: Assembly) -> None:
    other = fitted.fresh()
    assert other.tfidf is fitted.tfidf and other.finder is fitted.finder and other.encoder is fitted.encoder
    assert other.channels[0] is not fitted.channels[0] and other.shelves["words"] is not fitted.shelves["words"]
    before = fitted.recall(SAMPLE)
    other.fit(SAMPLE[:6], VOCABULARY).recall(SAMPLE)
    assert same(before, fitted.recall(SAMPLE))


def test_an_encoder_with_nothing_to_tell_is_not_asked(fitted: Assembly) -> None:
    other = fitted.fresh().fit(SAMPLE, VOCABULARY)
    other.informed = False
    assert [channel.name for channel in other.speaking] == ["lexical", "names", "centroids", "graph"]
    told = Assembly(TaggerSettings(), Told({"": (1.0, 0.0)}), ("en",))
    told.informed = False
    assert [channel for channel in told.channels if channel not in told.speaking] == [
        next(channel for channel in told.channels if channel.name == "adapter")
    ], "an encoder that need not learn has something to tell, but nothing to be adapted to"
    lonely = assembly(channels={"dense": {}})
    lonely.informed = False
    assert lonely.speaking == lonely.channels


def test_a_loaded_assembly_answers_alike_to_the_byte(fitted: Assembly, tmp_path: Path) -> None:
    fitted.save(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    loaded = assembly().load(tmp_path / "b", VOCABULARY)
    assert same(fitted.recall_all(SAMPLE), loaded.recall_all(SAMPLE))


def test_what_was_remembered_while_training_is_forgotten_and_changes_nothing(fitted: Assembly) -> None:
    other = fitted.fresh()
    other.remember_documents()
    other.fit(SAMPLE, VOCABULARY)
    kept = other.recall(SAMPLE)
    other.forget()
    assert same(kept, other.recall(SAMPLE)) and same(kept, fitted.recall(SAMPLE))
    assert not other.spaces["meaning"]._held and not other.finder._held


def test_gold_is_positions_with_unknown_tags_left_out() -> None:
    gold = gold_of(
        [Document("1", "", tags=("t:rail", "unknown", "t:bees")), Document("2", ""), Document("3", "", tags=())],
        VOCABULARY,
    )
    assert [tags.tolist() for tags in gold] == [[1, 0], [], []]


def test_the_out_of_fold_table_comes_back_from_the_disk(quick, library, tmp_path: Path) -> None:
    fitted = quick(few_folds=2, nested=50, kept=7).fit(library[0]).fitted
    save_table(fitted, tmp_path)
    found = load_table(tmp_path)
    assert same(found.table, fitted.table) and found.ids == fitted.ids
    assert np.array_equal(found.right, fitted.table.right(fitted.gold))
    assert np.array_equal(found.gold_sizes, fitted.gold_sizes)
    assert np.diff(found.table.offsets).max() <= 7


def test_numeric_libraries_have_one_thread_as_long_as_anybody_is_inside() -> None:
    def blas(outside: bool = False) -> set[int]:
        """The threads of each BLAS; from outside without those on OpenMP, whose limit is each thread's own."""
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        return {pool["num_threads"] for pool in pools if not (outside and pool["threading_layer"] == "openmp")}

    before, entered, leave, seen = blas(), threading.Event(), threading.Event(), []

    def second() -> None:
        with one_thread():
            entered.set()
            leave.wait(10)
            seen.append(blas())

    thread = threading.Thread(target=second)
    with one_thread(), one_thread():
        thread.start()
        entered.wait(10)
    assert blas(outside=True) == {1}, "the first has left, the second is inside"
    leave.set()
    thread.join()
    assert seen == [{1}]
    with one_thread():
        pass
    assert blas() == before, "the thread that set the limit has come and gone"


def test_depth_of_recall_is_the_channels_own() -> None:
    shallow = assembly(channels={"lexical": {"k": 1}}).prepare(SAMPLE, VOCABULARY).fit(SAMPLE, VOCABULARY)
    assert isinstance(shallow.channels[0], Lexical)
    assert np.diff(shallow.recall([Document("q", "Ships, bees and railways")]).offsets).tolist() == [1]
