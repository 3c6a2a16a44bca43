"""Growing at run time: what comes and goes counts at once, and what went leaves nothing, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagwright.candidates import Candidates
from tagwright.encoders.lsa import Lsa
from tagwright.errors import ConfigError
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.base import Channel
from tagwright.recall.shelf import Shelf
from tagwright.testing import documents, vocabulary
from tagwright.testing.tables import same, same_but_for_rounding
from tagwright.types import Document, Tag

SAMPLE, VOCABULARY = documents(), vocabulary()
ASKED = [*SAMPLE, Document("q", "Gulls, ships and honey bees of the coast; Tide tables", "The coast")]
CHANNELS = {
    "lexical": {},
    "names": {},
    "centroids": {},
    "graph": {"threshold": 0.05},
    "dense": {"threshold": 0.1},
    "meaning_centroids": {"kind": "centroids", "space": "meaning"},
    "meaning_graph": {"kind": "graph", "space": "meaning", "threshold": 0.1},
}
# Products of matrices of other shapes are added up in another order: in an encoder's space sums differ by rounding.
ALIKE = {name: same_but_for_rounding if name.startswith("meaning") else same for name in CHANNELS}
NEAR_DOCUMENTS = ["centroids", "graph", "meaning_centroids", "meaning_graph"]


@pytest.fixture(scope="module")
def prepared() -> Assembly:
    """The shared parts, fitted once: spaces, labels, encoder."""
    return Assembly(TaggerSettings(channels=CHANNELS), Lsa(width=16), ("en", "de")).prepare(SAMPLE, VOCABULARY)


def fitted(prepared: Assembly, learned: Sequence[Document]) -> dict[str, Channel]:
    return {channel.name: channel for channel in prepared.fresh().fit(learned, VOCABULARY).channels}


@pytest.mark.parametrize("name", NEAR_DOCUMENTS)
def test_inserting_documents_gives_what_building_with_them_gives(prepared: Assembly, name: str) -> None:
    grown, whole = fitted(prepared, SAMPLE[:15])[name], fitted(prepared, SAMPLE)[name]
    assert not same(grown.recall(ASKED, 9), whole.recall(ASKED, 9))
    grown.add(SAMPLE[15:20])
    grown.add(SAMPLE[20:])
    assert ALIKE[name](grown.recall(ASKED, 9), whole.recall(ASKED, 9))
    everything = Candidates.from_pairs(1, np.zeros(8, dtype=int), np.arange(8), {})
    assert ALIKE[name](grown.complete(ASKED[-1:], everything), whole.complete(ASKED[-1:], everything))
    reasons = [[channel.explain(ASKED[-1], tag) for tag in range(8)] for channel in (grown, whole)]
    assert [[r.document for r in of_tag] for of_tag in reasons[0]] == [
        [r.document for r in of_tag] for of_tag in reasons[1]
    ]


@pytest.mark.parametrize("name", NEAR_DOCUMENTS)
def test_removing_documents_gives_what_building_without_them_gives(prepared: Assembly, name: str) -> None:
    grown, whole = fitted(prepared, SAMPLE)[name], fitted(prepared, [*SAMPLE[:4], *SAMPLE[9:]])[name]
    grown.remove([document.id for document in SAMPLE[4:9]])
    assert ALIKE[name](grown.recall(ASKED, 9), whole.recall(ASKED, 9))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "retag"]), st.integers(0, 23)), max_size=8))
def test_after_any_steps_and_their_opposites_every_channel_answers_as_before(
    prepared: Assembly, steps: list[tuple[str, int]]
) -> None:
    base, extra = SAMPLE[:18], SAMPLE[18:]
    channels = fitted(prepared, base)
    before = {name: channel.recall(ASKED, 9) for name, channel in channels.items()}
    for channel in channels.values():
        for step, number in steps:
            document = SAMPLE[number]
            if step == "add":
                channel.add([document])
            elif step == "remove":
                channel.remove([document.id])
            else:
                channel.add([replace(document, tags=("t:rail",), text=f"{document.text} Trains.")])
        channel.recall(ASKED, 9)
        channel.remove([document.id for document in extra])
        channel.add(base)
    after = {name: channel.recall(ASKED, 9) for name, channel in channels.items()}
    assert all(same(before[name], after[name]) for name in channels)


def test_a_batch_asked_before_and_after_a_change_is_answered_anew(prepared: Assembly) -> None:
    batch = ASKED[-1:]
    everything = Candidates.from_pairs(1, np.zeros(8, dtype=int), np.arange(8), {})
    for name, channel in fitted(prepared, SAMPLE).items():
        first = channel.complete(batch, everything) if name != "lexical" else channel.recall(batch, 9)
        if name not in ("names", "dense"):
            channel.add([Document("new", "Gulls, ships and honey bees of the coast.", language="en", tags=("t:rail",))])
            second = channel.complete(batch, everything) if name != "lexical" else channel.recall(batch, 9)
            assert not same(first, second), name
            channel.remove(["new"])
            third = channel.complete(batch, everything) if name != "lexical" else channel.recall(batch, 9)
            assert same(first, third), name


def test_a_document_whose_id_is_known_replaces_that_one(prepared: Assembly) -> None:
    changed = replace(SAMPLE[0], text="Trains and railways of the north", tags=("t:rail",))
    for name in NEAR_DOCUMENTS:
        grown, whole = fitted(prepared, SAMPLE)[name], fitted(prepared, [*SAMPLE[1:], changed])[name]
        grown.add([changed])
        assert ALIKE[name](grown.recall(ASKED, 9), whole.recall(ASKED, 9)), name


def test_documents_tagged_by_a_machine_weigh_less_and_with_zero_are_left_out(prepared: Assembly) -> None:
    auto = [replace(document, metadata={"auto": True}) for document in SAMPLE[12:]]
    space = prepared.spaces["words"]

    def shelf(weight: float, learned: list[Document], added: list[Document]) -> Shelf:
        made = Shelf(space, auto_weight=weight).fit(learned, VOCABULARY)
        made.add(added)
        return made

    assert set(shelf(0.5, [*SAMPLE[:12], *auto], []).edges().data.tolist()) == {1.0, 0.5}
    assert set(shelf(0.5, SAMPLE[:12], auto).edges()[12:].data.tolist()) == {0.5}
    without = shelf(0.5, SAMPLE[:12], []).edges()
    for left_out in (shelf(0.0, [*SAMPLE[:12], *auto], []), shelf(0.0, SAMPLE[:12], auto)):
        assert left_out.edges().shape == without.shape and (left_out.edges() != without).nnz == 0


def test_the_weight_of_a_machine_is_a_setting_between_nothing_and_all() -> None:
    made = Assembly(TaggerSettings(shelf={"auto_weight": 0.25}), Lsa(width=16), ("en",))
    assert [shelf.auto_weight for shelf in made.shelves.values()] == [0.25, 0.25]
    with pytest.raises(ConfigError, match=r"shelf\.auto_weight.* between 0 and 1"):
        Assembly(TaggerSettings(shelf={"auto_weight": 1.5}), Lsa(width=16), ("en",))


def test_edges_of_a_machine_count_half_in_votes_and_means(prepared: Assembly) -> None:
    graph = fitted(prepared, [SAMPLE[0], replace(SAMPLE[1], metadata={"auto": True})])["graph"]
    alone = [fitted(prepared, [SAMPLE[row]])["graph"].recall(ASKED[:1], 9) for row in (0, 1)]
    bees = VOCABULARY.position("t:bees")
    votes = [float(table.column("graph.score")[table.tags == bees][0]) for table in alone]
    table = graph.recall(ASKED[:1], 9)
    assert table.column("graph.score")[table.tags == bees] == pytest.approx([votes[0] + 0.5 * votes[1]])


NEW = Tag(
    "t:tides", "Tide tables", {"en": "Tide tables"}, {"en": ("Almanacs",)}, descriptions={"en": "Honey of the sea."}
)


@pytest.mark.parametrize("name", ["lexical", "names", "dense"])
def test_a_tag_added_by_name_and_description_is_found_at_once(prepared: Assembly, name: str) -> None:
    channel = fitted(prepared, SAMPLE)[name]
    wider = VOCABULARY.extended([NEW])
    channel.add_tags(wider, wider.positions(["t:tides"]))
    try:
        table = channel.recall([Document("q", "Tide tables for the harbour, and almanacs of honey.", language="en")], 9)
        assert wider.position("t:tides") in table.tags
        assert channel.explain(Document("q", "Tide tables of the sea, honey", language="en"), wider.position("t:tides"))
    finally:
        prepared.finder.labels.fit(VOCABULARY)


@pytest.mark.parametrize("name", ["lexical", "names"])
def test_the_old_label_of_a_replaced_tag_is_gone(prepared: Assembly, name: str) -> None:
    channel = fitted(prepared, SAMPLE)[name]
    rail = VOCABULARY.position("t:rail")
    old, fresh = Document("1", "Railways and trains", language="en"), Document("2", "Funiculars", language="en")
    assert [rail in channel.recall([document], 9).tags for document in (old, fresh)] == [True, False]
    wider = VOCABULARY.extended([Tag("t:rail", "Funiculars", {"en": "Funiculars"})])
    channel.add_tags(wider, wider.positions(["t:rail"]))
    try:
        assert [rail in channel.recall([document], 9).tags for document in (old, fresh)] == [False, True]
        assert channel.explain(old, rail) == [] and channel.explain(fresh, rail)
    finally:
        prepared.finder.labels.fit(VOCABULARY)


def test_the_vector_of_a_replaced_tag_is_that_of_its_new_name(build: Any, named: Callable[..., Any]) -> None:
    told = {"oak": (1.0, 0.0), "elm": (0.0, 1.0), "query": (1.0, 0.0)}
    before = named(Tag("t", "oak"), Tag("u", "oak"))
    channel = build("dense", before, [Document("1", "oak", tags=("t",))], told, threshold=0.5)
    query = [Document("q", "query")]
    assert channel.recall(query, 9).tags.tolist() == [0, 1]
    wider = before.extended([Tag("t", "elm"), Tag("u", "oak", deprecated=True), Tag("v", "oak")])
    channel.add_tags(wider, wider.positions(["t", "u", "v"]))
    assert channel.recall(query, 9).tags.tolist() == [2]
    again = wider.extended([Tag("t", "oak")])
    channel.add_tags(again, again.positions(["t"]))
    assert channel.recall(query, 9).tags.tolist() == [0, 2]


def test_the_centroid_of_a_renamed_tag_has_the_new_name_in_it(build: Any, named: Callable[..., Any]) -> None:
    told = {"oak": (1.0, 0.0), "elm": (0.0, 1.0), "text": (0.6, 0.8)}
    before = named(Tag("t", "oak"))
    channel = build("centroids", before, [Document("1", "text", tags=("t",))], told, space="meaning")
    renamed = before.extended([Tag("t", "elm")])
    channel.add_tags(renamed, renamed.positions(["t"]))
    other = build("centroids", renamed, [Document("1", "text", tags=("t",))], told, space="meaning")
    assert same(channel.recall([Document("q", "oak")], 9), other.recall([Document("q", "oak")], 9))


@pytest.mark.parametrize("name", NEAR_DOCUMENTS)
def test_a_new_tag_is_reached_through_documents_once_one_carries_it(prepared: Assembly, name: str) -> None:
    channel = fitted(prepared, SAMPLE)[name]
    wider = VOCABULARY.extended([NEW])
    tides = wider.position("t:tides")
    channel.add_tags(wider, np.array([tides], dtype=np.int32))
    assert tides not in channel.recall(ASKED, 9).tags
    channel.add([Document("new", "Ships and tides at the coast.", language="en", tags=("t:tides",))])
    assert tides in channel.recall(ASKED, 9).tags


def test_a_tag_that_comes_after_its_document_is_reached_too(prepared: Assembly) -> None:
    for name in NEAR_DOCUMENTS:
        channel = fitted(prepared, SAMPLE)[name]
        channel.add([Document("new", "Ships and tides at the coast.", language="en", tags=("t:tides",))])
        wider = VOCABULARY.extended([NEW])
        channel.add_tags(wider, wider.positions(["t:tides"]))
        assert wider.position("t:tides") in channel.recall(ASKED, 9).tags, name


def test_training_again_on_the_same_documents_forgets_what_came_at_run_time(prepared: Assembly) -> None:
    shelf = Shelf(prepared.spaces["words"]).fit(SAMPLE, VOCABULARY)
    base = shelf.base
    shelf.add([replace(SAMPLE[0], id="new")])
    shelf.remove(["d03"])
    assert shelf.fit(list(SAMPLE), VOCABULARY).base is base, "the same documents are not read twice"
    assert shelf.edges().shape[0] == len(SAMPLE) and len(shelf.touched()) == 0
    learned = list(SAMPLE)
    learned[0] = replace(SAMPLE[0], tags=("t:rail",))
    assert shelf.fit(learned, VOCABULARY).base is not base


def test_a_new_tag_changes_only_what_carries_it(prepared: Assembly) -> None:
    shelf = Shelf(prepared.spaces["words"]).fit(SAMPLE[:15], VOCABULARY)
    early = Document("early", "Tides of the sea", tags=("t:rail", "t:tides"))
    shelf.add([early, SAMPLE[15]])
    edges, version = shelf.edges(), shelf.version
    other = VOCABULARY.extended([Tag("t:other", "Lighthouses")])
    shelf.widen(other)
    changed = shelf.changed_since(version)
    assert changed is not None and len(changed) == 0
    assert shelf.edges().shape == (17, len(other)) and (shelf.edges()[:, : len(VOCABULARY)] != edges).nnz == 0
    wider = other.extended([NEW])
    shelf.widen(wider)
    assert shelf.changed_since(version) is None, "a document that came before has it"
    shelf.add([replace(early, id="later"), SAMPLE[16]])
    assert shelf.carriers(wider.position("t:tides")).tolist() == [17, 15]
    whole = Shelf(prepared.spaces["words"]).fit(SAMPLE[:15], wider)
    whole.add([early, SAMPLE[15], replace(early, id="later"), SAMPLE[16]])
    assert (shelf.edges() != whole.edges()).nnz == 0


def test_documents_are_looked_through_for_new_labels_only_and_hold_old_ones_no_more(prepared: Assembly) -> None:
    finder = prepared.finder
    tides, rails = Document("1", "Tide tables", language="en"), Document("2", "Railways and trains", language="en")
    rail = VOCABULARY.position("t:rail")
    assert [tags.tolist() for tags in finder.held([tides, rails])] == [[], [rail]]
    wider = VOCABULARY.extended([NEW, Tag("t:rail", "Funiculars", {"en": "Funiculars"})])
    try:
        finder.labels.add_tags(wider, wider.positions(["t:tides", "t:rail"]))
        assert [tags.tolist() for tags in finder.held([tides, rails])] == [[wider.position("t:tides")], []]
    finally:
        finder.labels.fit(VOCABULARY)
    assert [tags.tolist() for tags in finder.held([tides, rails])] == [[], [rail]]
