"""The words of a document that say a tag's name, as exact quotations."""

from __future__ import annotations

from collections.abc import Iterator

from tagwright.recall.base import MOST_EVIDENCE
from tagwright.recall.labels import core
from tagwright.text.tokens import BREAK, Analyzer
from tagwright.types import Document, Evidence, Tag

Span = tuple[int, int, int]
_Wanted = tuple[str, str, str, set[int]]  # field, kind, label and its stems


def quotations(channel: str, document: Document, tag: Tag, analyzer: Analyzer) -> list[Evidence]:
    """At most three places where all stems of one label stand in one sentence; the title and the tightest first."""
    language = analyzer.language(document)
    found: dict[tuple[str, int, int], Evidence] = {}
    for field in ("title", "text"):
        sentences = list(_sentences(analyzer.spans(getattr(document, field), language)))
        for kind, label, own in _labels(tag, analyzer):
            wanted = set(analyzer.words(core(label), own) or analyzer.words(label, own))
            for spans in sentences if wanted else ():
                evidence = _quote(channel, document, (field, kind, label, wanted), spans)
                if evidence:
                    found.setdefault((field, evidence.start or 0, evidence.end or 0), evidence)
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


def _sentences(spans: list[Span]) -> Iterator[list[Span]]:
    sentence: list[Span] = []
    for span in spans:
        if span[0] == BREAK:
            yield sentence
            sentence = []
        else:
            sentence.append(span)
    yield sentence


def _quote(channel: str, document: Document, what: _Wanted, spans: list[Span]) -> Evidence | None:
    """The shortest run of words of a sentence that holds all wanted stems."""
    field, kind, label, wanted = what
    best: tuple[int, int, int] | None = None
    last: dict[int, int] = {}
    for place, (stem, _, _) in enumerate(spans):
        if stem not in wanted:
            continue
        last[stem] = place
        if len(last) == len(wanted):
            first = min(last.values())
            if best is None or place - first < best[0]:
                best = (place - first, first, place)
    if best is None:
        return None
    start, end = spans[best[1]][1], spans[best[2]][2]
    text = getattr(document, field)[start:end]
    value = len(wanted) / (best[0] + 1) + (0.5 if field == "title" else 0.0)
    return Evidence(channel, kind, text, start, end, value=value, field=field, label=label)
