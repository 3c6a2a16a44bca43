"""The channels of a tagger and what they share: one analyzer, one index of labels, one encoder, one shelf a space."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

import tagwright.registry as registry
from tagwright.candidates import LANGUAGE, SEEN, Candidates, Floats, Ints
from tagwright.encoders.base import Encoder, LearningEncoder
from tagwright.errors import ConfigError
from tagwright.pipeline.settings import LATER_CHANNELS, TaggerSettings
from tagwright.recall.base import Channel
from tagwright.recall.finder import Finder
from tagwright.recall.labels import Labels
from tagwright.recall.readers import Readers
from tagwright.recall.shelf import Shelf
from tagwright.recall.spaces import MeaningSpace, Space, WordSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.rerank.base import Reranker
from tagwright.text.tfidf import TfIdf
from tagwright.text.tokens import Analyzer
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

Given = TypeVar("Given", Channel, Reranker)

# Documents are handled in blocks cut by their position, whatever the caller's batch size: the same bytes come out.
BLOCK = 64
FOUND = "found"
STATE = "assembly.json"
# Documents that tell an index what will be asked of it.
_ASKING = 400


class Assembly:
    """Channels in the order of the settings, over shared parts.

    `prepare` learns what looks at no gold tag (rarity of words, the encoder, labels), once for all folds, and decides
    which channels keep ``silent``, by how many documents and tags there are; `fit` learns the rest. `fresh` gives the
    same assembly with nothing of what `fit` learns.
    """

    def __init__(self, settings: TaggerSettings, encoder: Encoder, languages: tuple[str, ...]) -> None:
        self.settings, self.encoder = settings, encoder
        self.informed = True
        self.silent: frozenset[str] = frozenset()
        self.analyzer = Analyzer(languages)
        self.finder = Finder(self.analyzer, Labels(self.analyzer))
        self.tfidf = TfIdf(self.analyzer, **settings.words)
        self.meaning = MeaningSpace(encoder)
        self.spaces: dict[str, Space] = {"words": WordSpace(self.tfidf), "meaning": self.meaning}
        self.tag_points, self.readers = TagPoints(self.meaning, index=settings.index), Readers()
        if isinstance(encoder, LearningEncoder) and hasattr(encoder, "analyzer"):
            encoder.analyzer = self.analyzer
        self._furnish()
        self.rerankers = [self._reranker(name, dict(options)) for name, options in settings.rerank.items()]

    def fresh(self) -> Assembly:
        """The same prepared parts, with channels that have learned nothing."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._furnish()
        return other

    def prepare(self, documents: Sequence[Document], vocabulary: Vocabulary) -> Self:
        """Learns what looks at no gold tag, and which channels keep silent."""
        self.tfidf.fit(documents)
        if isinstance(self.encoder, LearningEncoder) and self.informed:
            self.encoder.fit(documents, vocabulary)
        self.finder.labels.fit(vocabulary)
        self.tag_points.asking = documents[:: max(1, len(documents) // _ASKING)][:_ASKING]
        self.silent = frozenset(one.name for one in self.channels if one.silent(documents, vocabulary))
        return self

    def fit(self, documents: Sequence[Document], vocabulary: Vocabulary) -> Self:
        """Fits all channels on these documents."""
        for channel in self.speaking:
            channel.fit(documents, vocabulary)
        for reranker in self.rerankers:
            reranker.know(vocabulary)
        return self

    def share(self, documents: Sequence[Document], vocabulary: Vocabulary) -> None:
        """Computes what all folds ask for: processes that copy this one find it done."""
        if self._uses_tag_points:
            self.tag_points.fit(vocabulary)
        if self._uses_tag_points or "meaning" in self.used_spaces():
            self.meaning.documents(documents)
            self.meaning.titles(documents)

    def recall(self, documents: Sequence[Document], *, sources: bool = False) -> Candidates:
        """The union of what the channels find in a block, each channel's columns filled as far as it can say.

        With ``sources`` a column ``<channel>.found`` is 1 where the channel itself found the tag, else NaN.
        """
        speaking = self.speaking
        merged = Candidates.merge([channel.recall(documents, _depth(channel)) for channel in speaking])
        found = {}
        for channel in speaking if sources else ():
            silent = np.isnan(merged.column(f"{channel.name}.score"))
            found[f"{channel.name}.{FOUND}"] = np.where(silent, np.nan, 1)
        for channel in speaking:
            merged = channel.complete(documents, merged)
        return merged.with_columns({**found, **self._about(documents, merged)})

    @property
    def encoder_fingerprint(self) -> str:
        """Names what the encoder knows; "" where it has learned nothing yet."""
        return "" if isinstance(self.encoder, LearningEncoder) and not self.informed else self.encoder.fingerprint

    @property
    def speaking(self) -> list[Channel]:
        """The channels that learn and are asked: those of meaning only where the encoder has something to tell.

        An encoder that has learned from tag names alone, or from a handful of documents, puts noise beside the names:
        on ESCO skills, vocabulary only, R@10 falls from 0.72 to 0.59. A channel that `adapts` an encoder to the
        documents is silent without documents, and beside an encoder that learned from them itself (with `Lsa` on
        tibkat-en, dev: nDCG@10 0.613 instead of 0.624). A channel that was found to be ``silent`` is left out, too;
        where none is left, all are asked.
        """
        learning = isinstance(self.encoder, LearningEncoder)
        found = [channel for channel in self.channels if channel.name not in self.silent]
        if learning or not self.informed:
            found = [channel for channel in found if not channel.adapts]
        if learning and not self.informed:
            found = [channel for channel in found if not _needs_meaning(channel)]
        return found or self.channels

    def recall_all(self, documents: Sequence[Document]) -> Candidates:
        """`recall` block by block."""
        starts = range(0, len(documents), BLOCK)
        blocks = [self.recall(documents[start : start + BLOCK]) for start in starts]
        return Candidates.concat(blocks) if blocks else Candidates.empty(0)

    def add(self, documents: Sequence[Document]) -> None:
        """Learns tagged documents at run time."""
        for channel in self.speaking:
            channel.add(documents)

    def remove(self, ids: Sequence[str]) -> None:
        """Forgets documents."""
        for channel in self.speaking:
            channel.remove(ids)

    def add_tags(self, vocabulary: Vocabulary, positions: Ints) -> None:
        """Makes new or changed tags suggestable."""
        for channel in self.speaking:
            channel.add_tags(vocabulary, positions)
        for reranker in self.rerankers:
            reranker.add_tags(vocabulary, positions)

    def remember_documents(self) -> None:
        """Keeps documents' vectors from now on, until `forget`: every fold asks for them again."""
        self.meaning.remember = True
        self.readers.remember()

    def forget(self) -> None:
        """Drops what was remembered of documents while fitting."""
        self.finder.forget()
        self.analyzer.forget()
        self.meaning.remember = False
        self.meaning.forget()
        self.readers.forget()

    def save(self, folder: Path) -> None:
        """Writes shared parts and channels, a folder each, and which channels keep silent."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / STATE).write_text(json.dumps({"format": 1, "silent": sorted(self.silent)}), encoding="utf-8")
        self.finder.labels.save(folder / "labels")
        self.tfidf.save(folder / "words")
        if isinstance(self.encoder, LearningEncoder) and self.informed:
            self.encoder.save(folder / "encoder")
        for space in self.used_spaces():
            self.shelves[space].save(folder / "shelves" / space)
        if self._uses_tag_points:
            self.tag_points.save(folder / "tags")
        for channel in self.speaking:
            channel.save(folder / "channels" / channel.name)

    def load(self, folder: Path, vocabulary: Vocabulary) -> Self:
        """Reads what `save` wrote."""
        self.silent = self._silent_in(folder)
        self.finder.labels.load(folder / "labels", vocabulary)
        self.tfidf.load(folder / "words")
        if isinstance(self.encoder, LearningEncoder) and self.informed:
            self.encoder.load(folder / "encoder")
        for space in self.used_spaces():
            self.shelves[space].load(folder / "shelves" / space, vocabulary)
        if self._uses_tag_points:
            self.tag_points.load(folder / "tags")
        for channel in self.speaking:
            channel.load(folder / "channels" / channel.name, vocabulary)
        for reranker in self.rerankers:
            reranker.load(vocabulary)
        return self

    def give(self, channel: Given, name: str) -> Given:
        """It with its name and the shared parts that its ``given`` fields ask for; raises `ConfigError`."""
        space = getattr(channel, "space", "words")
        if space not in self.spaces:
            raise ConfigError(f"channel {name!r} has no space {space!r}", hint=f"known are: {', '.join(self.spaces)}")
        given = {
            "name": name, "finder": self.finder, "tag_points": self.tag_points, "shelf": self.shelves[space],
            "analyzer": self.analyzer, "tfidf": self.tfidf, "meaning": self.meaning, "readers": self.readers,
        }  # fmt: skip
        for field in dataclasses.fields(channel):
            if field.metadata.get("given"):
                setattr(channel, field.name, given[field.name])
        return channel

    @property
    def shelf(self) -> Shelf | None:
        """The documents that were learned from; ``None`` where no channel in use remembers any."""
        used = self.used_spaces()
        return self.shelves[used[0]] if used else None

    def _about(self, documents: Sequence[Document], candidates: Candidates) -> dict[str, Floats]:
        """What calibration and cuts look at beside the channels' scores: `SEEN` and `LANGUAGE`."""
        shelf = self.shelf
        seen = np.full(candidates.n_pairs, np.nan) if shelf is None else shelf.counts()[candidates.tags]
        languages = np.array([language_number(document.language) for document in documents])
        return {SEEN: seen.astype(np.float32), LANGUAGE: languages[candidates.documents].astype(np.float32)}

    def _silent_in(self, folder: Path) -> frozenset[str]:
        """The channels that were silent; where a former version wrote, those that it did not have."""
        if (folder / STATE).exists():
            return frozenset(json.loads((folder / STATE).read_text(encoding="utf-8"))["silent"])
        return frozenset(name for name in LATER_CHANNELS if not (folder / "channels" / name).exists())

    def _furnish(self) -> None:
        self.shelves = {name: Shelf(space, **self.settings.shelf) for name, space in self.spaces.items()}
        self.channels = [self._channel(name, dict(options)) for name, options in self.settings.channels.items()]
        if not self.channels:
            raise ConfigError("no channel is switched on", hint="name at least one under [channels]")

    def _channel(self, name: str, options: dict[str, Any]) -> Channel:
        kind = options.pop("kind", name)
        made: Channel = registry.build("channel", kind, options)
        return self.give(made, name)

    def _reranker(self, name: str, options: dict[str, Any]) -> Reranker:
        made: Reranker = registry.build("rerank", options.pop("kind", name), options)
        return self.give(made, name)

    @property
    def _uses_tag_points(self) -> bool:
        return any(map(_compares_tags, self.speaking)) or any(one.compares_tags for one in self.rerankers)

    def used_spaces(self) -> list[str]:
        """The spaces whose shelves a speaking channel uses."""
        shelves = [getattr(channel, "shelf", None) for channel in self.speaking]
        return [name for name, shelf in self.shelves.items() if any(shelf is used for used in shelves)]


def _needs_meaning(channel: Channel) -> bool:
    return _compares_tags(channel) or getattr(channel, "space", "words") == "meaning"


def _compares_tags(channel: Channel) -> bool:
    return hasattr(channel, "tag_points")


def _depth(channel: Channel) -> int:
    return int(getattr(channel, "k", 60))


def language_number(code: str | None) -> float:
    """A whole number for a language code such as "en" or "de-AT" (the part before the hyphen); NaN for none."""
    letters = (code or "").partition("-")[0].lower()
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return float("nan")
    return float(int(letters, 36))


def gold_of(documents: Sequence[Document], vocabulary: Vocabulary) -> list[Ints]:
    """For each document the positions of its gold tags, unknown ones left out."""
    none = np.empty(0, dtype=np.int32)
    return [vocabulary.positions(d.tags, known_only=True) if d.tags else none for d in documents]
