"""The words of a document that say a tag's name, as exact quotations."""

from __future__ import annotations

from collections.abc import Iterator

from tagwright.recall.base import MOST_EVIDENCE
from tagwright.recall.labels import core
from tagwright.text.reading import Sentence
from tagwright.text.tokens import Analyzer
from tagwright.types import Document, Evidence, Tag


def quotations(channel: str, document: Document, tag: Tag, analyzer: Analyzer) -> list[Evidence]:
    """At most three places where all stems of one label stand in one sentence; the title and the tightest first."""
    reading = analyzer.reading(document)
    found: dict[tuple[str, int, int], Evidence] = {}
    for kind, label, own in _labels(tag, analyzer):
        wanted = set(analyzer.words(core(label), own) or analyzer.words(label, own))
        for sentence in reading.holding(wanted):
            start, end, tightness = _tightest(wanted, sentence)
            value = tightness + (0.5 if sentence.field == "title" else 0.0)
            text = getattr(document, sentence.field)[start:end]
            evidence = Evidence(channel, kind, text, start, end, value=value, field=sentence.field, label=label)
            found.setdefault((sentence.field, start, end), evidence)
    ranked = sorted(found.values(), key=lambda e: (-e.value, e.field != "title", e.start or 0))
    return ranked[:MOST_EVIDENCE]


def _labels(tag: Tag, analyzer: Analyzer) -> Iterator[tuple[str, str, str]]:
    """(kind, label, language) of all labels."""
    preferred = {**tag.names} or {"": tag.name}
    named = [("name", name, code) for code, name in preferred.items()]
    named += [("synonym", name, code) for code, names in tag.synonyms.items() for name in names]
    named += [("synonym", name, code) for code, names in tag.hidden.items() for name in names]
    for kind, name, code in named:
        yield kind, name, code or analyzer.languages[0]


def _tightest(wanted: set[int], sentence: Sentence) -> tuple[int, int, float]:
    """(start, end, share of its words that are wanted) of the shortest run of words with all wanted stems.

    The sentence has them all.
    """
    runs: list[tuple[int, int, int]] = []
    last: dict[int, int] = {}
    for place, (stem, _, _) in enumerate(sentence.words):
        if stem in wanted:
            last[stem] = place
            if len(last) == len(wanted):
                first = min(last.values())
                runs.append((place - first, first, place))
    length, first, end = min(runs)
    return sentence.words[first][1], sentence.words[end][2], len(wanted) / (length + 1)
