"""Which reasons for a suggestion are shown, of all that the channels and rerankers have."""

from __future__ import annotations

from collections.abc import Iterator

from tagwright.pipeline.assembly import Assembly
from tagwright.recall.base import MOST_EVIDENCE, Channel
from tagwright.rerank.base import Reranker
from tagwright.types import Document, Evidence

# What convinces a person, in this order: the words themselves, similar documents, shared words, telling ones, a cosine.
_CONVINCING = ("lexical", "graph", "centroids", "names", "linear", "dense", "adapter")


def reasons(assembly: Assembly, document: Document, tag: int, *, ranked: bool) -> tuple[Evidence, ...]:
    """At most three reasons for a tag, of different channels where several have one, the plainest first.

    ``ranked``: there is a learned ranking, in which rerankers have their say. Who comes after three have spoken is not
    asked: of ten tags that are shown most have three reasons early.
    """
    firsts: dict[tuple[str, str | None], Evidence] = {}
    others: list[Evidence] = []
    for source in _convincing(assembly, ranked=ranked):
        found = source.explain(document, tag)
        for reason in found[:1]:
            firsts.setdefault((reason.text, reason.document), reason)
        if len(firsts) == MOST_EVIDENCE:
            break
        others += found[1:]
    more = [reason for reason in others if (reason.text, reason.document) not in firsts]
    return tuple([*firsts.values(), *more][:MOST_EVIDENCE])


def _convincing(assembly: Assembly, *, ranked: bool) -> Iterator[Channel | Reranker]:
    """Who may have a reason, the most convincing first."""

    def place(channel: Channel) -> int:
        kind = assembly.settings.channels[channel.name].get("kind", channel.name)
        return _CONVINCING.index(kind) if kind in _CONVINCING else len(_CONVINCING)

    yield from sorted(assembly.speaking, key=place)
    if ranked:
        yield from assembly.rerankers
