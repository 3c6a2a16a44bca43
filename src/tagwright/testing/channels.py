"""The promises of a recall channel."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import tagwright.registry as registry
from tagwright.candidates import Candidates, Ints
from tagwright.encoders.lsa import Lsa
from tagwright.errors import NotFittedError
from tagwright.pipeline.assembly import Assembly
from tagwright.pipeline.settings import TaggerSettings
from tagwright.recall.base import MOST_EVIDENCE, Channel
from tagwright.testing.sample import TAGS, documents, vocabulary
from tagwright.testing.tables import code_in, refuses, same, same_but_for_rounding
from tagwright.types import Document, Tag

Make = Callable[[], Channel]

# Texts that nobody has tagged: a usual one, one that holds names, one of no known word, an empty one, a long one.
_ASKED = (
    Document("q0", "Gulls and terns rest on the mudflats while the ships wait for the tide.", "The coast in winter"),
    Document("q1", "Beekeeping, railways; soil erosion. Ships! Baking bread. Lighthouses and steam navigation."),
    Document("q2", "Zyx qwv.", language="en"),
    Document("q3", ""),
    Document("q4", "Hives of honey bees. " * 200, "BEEKEEPING", "en"),
    Document("q5", "Imkerei und Eisenbahn in den Bergen", language="de"),
)
_K = 5


def check_channel(make: Make) -> None:
    """Fails with the promise of `Channel` that the channel breaks.

    ``make`` gives a new channel: a class, or a function that sets options. Its ``given`` fields are filled here, as a
    tagger fills them. Checked: columns, work before ``fit``, what is learned from and what not, growth where the
    channel ``grows``, answers by block and by thread, reasons as exact quotations, files without code, ``load``.
    """
    _check_before_fit(make)
    channel = _fitted(make, documents())
    _check_table(channel)
    _check_complete(channel)
    _check_blocks_and_threads(channel)
    _check_reasons(channel)
    _check_files(make, channel)
    _check_growth(channel)
    _check_new_tags(_fitted(make, documents()))
    _check_few_documents(make)


def _assembly(channels: Sequence[Channel] = ()) -> Assembly:
    """The shared parts of a tagger, prepared on the sample."""
    settings = TaggerSettings(channels={"names": {"kind": "names"}})
    assembly = Assembly(settings, Lsa(width=16), ("en", "de"))
    assembly.channels = [assembly.give(channel, "it") for channel in channels]
    return assembly


def _fitted(make: Make, learned: list[Document]) -> Channel:
    channel = make()
    _assembly([channel]).prepare(documents(), vocabulary())
    fitted = channel.fit(learned, vocabulary())
    assert fitted is channel, "fit returns the channel itself"
    return channel


def _check_before_fit(make: Make) -> None:
    channel = make()
    assert dataclasses.is_dataclass(channel), "a channel is a dataclass: its fields are its options"
    _assembly([channel])
    nothing = Candidates.empty(len(_ASKED))
    for work in (
        lambda: channel.recall(_ASKED, _K),
        lambda: channel.explain(_ASKED[0], 0),
        lambda: channel.complete(_ASKED, nothing) if type(channel).complete is not Channel.complete else None,
        lambda: channel.save(Path(tempfile.gettempdir()) / "never-written"),
    ):
        assert refuses(work, NotFittedError), "work before fit raises NotFittedError"
    options = registry.options(type(channel))
    fitted = _fitted(make, documents())
    assert all(getattr(fitted, key) == getattr(channel, key) for key in options), "fit writes no option"


def _check_table(channel: Channel) -> None:
    assert channel.columns == tuple(f"it.{part}" for part in channel.parts), "columns are <name>.<part>"
    assert "score" in channel.parts, "a channel ranks by its column 'score'"
    table = channel.recall(_ASKED, _K)
    assert table.n_documents == len(_ASKED), "one row of candidates a document, with or without a pair"
    assert tuple(sorted(table.columns)) == tuple(sorted(channel.columns)), (
        "recall writes the channel's columns, all of them"
    )
    assert np.diff(table.offsets).max() <= _K, "recall gives at most k tags a document"
    assert all(column.dtype == np.float32 for column in table.columns.values()), "columns are float32"
    assert np.isfinite(table.column("it.score")).all(), "each tag that was found has a score"
    pairs = table.documents << 32 | table.tags
    assert (np.diff(pairs) > 0).all(), "tags ascend within a document and come once"
    assert table.n_pairs == 0 or 0 <= table.tags.min() <= table.tags.max() < len(TAGS), "tags are positions"
    for row in (2, 3):
        assert table.slice(row, row + 1).n_pairs == 0 or channel.parts, "a text that says nothing is no error"
    assert channel.recall([], _K).n_documents == 0, "no documents give an empty table"
    assert table.n_pairs > 0, "of six documents about the sample's subjects, one has a candidate"


def _check_complete(channel: Channel) -> None:
    own = channel.recall(_ASKED, _K)
    again = channel.complete(_ASKED, own)
    assert same(own, again), "complete agrees with what recall said"
    everything = Candidates.from_pairs(
        len(_ASKED), np.repeat(np.arange(len(_ASKED)), len(TAGS)), np.tile(np.arange(len(TAGS)), len(_ASKED)), {}
    )
    theirs = everything.with_columns({"other.score": np.arange(everything.n_pairs)})
    completed = channel.complete(_ASKED, theirs)
    assert np.array_equal(completed.tags, theirs.tags), "complete adds no pair and takes none away"
    assert np.array_equal(completed.column("other.score"), theirs.column("other.score")), (
        "complete leaves others' columns"
    )
    assert set(theirs.columns) == {"other.score"}, "complete does not write into the caller's table"
    assert set(completed.columns) <= {"other.score", *channel.columns}, "complete writes its own columns only"


def _check_blocks_and_threads(channel: Channel) -> None:
    asked = [dataclasses.replace(d, id=f"{n}-{d.id}") for n in range(3) for d in (*_ASKED, *documents())]
    whole = channel.recall(asked, _K)
    for size in (1, 7, 64):
        blocks = [channel.recall(asked[start : start + size], _K) for start in range(0, len(asked), size)]
        assert same_but_for_rounding(whole, Candidates.concat(blocks)), f"blocks of {size} give the same candidates"
    parts = [asked[start : start + 16] for start in range(0, len(asked), 16)]
    expected = [channel.recall(part, _K) for part in parts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: channel.recall(part, _K), parts * 3))
    assert all(same(one, two) for one, two in zip(expected * 3, found, strict=True)), "threads change nothing"


def _check_reasons(channel: Channel) -> None:
    for document in (*_ASKED, *documents()):
        for tag in range(len(TAGS)):
            reasons = channel.explain(document, tag)
            assert len(reasons) <= MOST_EVIDENCE, f"explain gives at most {MOST_EVIDENCE} reasons"
            values = [reason.value for reason in reasons]
            assert values == sorted(values, reverse=True), "the strongest reason comes first"
            for reason in reasons:
                assert reason.channel == "it", "a reason names its channel"
                quoted = getattr(document, reason.field)[reason.start : reason.end]
                assert (reason.start is None) == (reason.end is None), "start and end come together"
                assert reason.start is None or (reason.text and quoted == reason.text), (
                    "a quotation is an exact substring"
                )


def _check_files(make: Make, channel: Channel) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assembly = _assembly([channel]).prepare(documents(), vocabulary())
        channel.fit(documents(), vocabulary())
        assembly.save(folder / "a")
        (folder / "a").rename(folder / "b")
        faults = code_in(folder / "b" / "channels" / "it")
        assert not faults, f"saved files hold data, not code: {', '.join(faults)}"
        moved = _assembly([make()]).load(folder / "b", vocabulary()).channels[0]
        one, two = channel.recall(_ASKED, _K), moved.recall(_ASKED, _K)
        assert same(one, two), "a loaded channel answers like the saved one, to the byte"


def _check_growth(channel: Channel) -> None:
    asked = [*_ASKED, *documents()]
    before = channel.recall(asked, _K)
    fresh = [dataclasses.replace(d, id=f"new-{d.id}", tags=("t:birds",)) for d in documents()[:3]]
    channel.remove(["never heard of"])
    channel.add(fresh)
    once = channel.recall(asked, _K)
    channel.add(fresh)
    assert same(once, channel.recall(asked, _K)), "adding twice is adding once"
    channel.remove([document.id for document in fresh])
    assert same(before, channel.recall(asked, _K)), "what was added and removed leaves nothing, to the byte"
    if not channel.grows:
        assert same(before, once), "a channel that does not grow at run time stays as it is"


def _check_new_tags(channel: Channel) -> None:
    fresh = Tag("t:new", "Tide tables", {"en": "Tide tables"}, descriptions={"en": "When the sea comes and goes."})
    wider = vocabulary().extended([fresh, Tag("t:rail", "Tramways", {"en": "Tramways"})])
    changed: Ints = wider.positions(["t:new", "t:rail"])
    channel.add_tags(wider, changed)
    channel.add([Document("new-tide", "Tide tables for the harbour.", "Tides", "en", ("t:new",))])
    table = channel.recall([*_ASKED, Document("q9", "Tide tables and tramways.")], len(wider))
    assert table.n_pairs == 0 or table.tags.max() < len(wider), "tags are positions of the new vocabulary"
    channel.explain(_ASKED[0], len(wider) - 1)


def _check_few_documents(make: Make) -> None:
    untagged = [dataclasses.replace(d, id=f"u-{d.id}", tags=None) for d in documents()[:5]]
    channel = _fitted(make, documents())
    if channel.grows:
        with_them = _fitted(make, [*untagged, *documents()])
        assert same(channel.recall(_ASKED, _K), with_them.recall(_ASKED, _K)), (
            "documents nobody looked at teach nothing"
        )
    none = _fitted(make, [])
    assert none.recall(_ASKED, _K).n_documents == len(_ASKED), (
        "without tagged documents a channel finds less, or nothing"
    )
    _fitted(make, documents()[-3:]).recall(_ASKED, _K)
