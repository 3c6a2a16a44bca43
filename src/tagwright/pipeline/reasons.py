"""Which reasons for a suggestion are shown, of all that the channels and rerankers have."""

from __future__ import annotations

from tagwright.pipeline.assembly import Assembly
from tagwright.recall.base import MOST_EVIDENCE
from tagwright.types import Document, Evidence

# What convinces a person, in this order: the words themselves, similar documents, shared words, telling ones, a cosine.
_CONVINCING = ("lexical", "graph", "centroids", "names", "linear", "dense", "adapter")


def reasons(assembly: Assembly, document: Document, tag: int, *, ranked: bool) -> tuple[Evidence, ...]:
    """At most three reasons for a tag, of different channels where several have one, the plainest first.

    ``ranked``: there is a learned ranking, in which rerankers have their say.
    """
    by_channel = []
    for channel in assembly.speaking:
        kind = assembly.settings.channels[channel.name].get("kind", channel.name)
        place = _CONVINCING.index(kind) if kind in _CONVINCING else len(_CONVINCING)
        by_channel.append((place, channel.explain(document, tag)))
    rerankers = assembly.rerankers if ranked else []
    by_channel += [(len(_CONVINCING), one.explain(document, tag)) for one in rerankers]
    by_channel.sort(key=lambda found: found[0])
    firsts = [found[0] for _, found in by_channel if found]
    seen = list(dict.fromkeys((e.text, e.document) for e in firsts))
    unique = [next(e for e in firsts if (e.text, e.document) == key) for key in seen]
    more = [e for _, found in by_channel for e in found[1:] if (e.text, e.document) not in seen]
    return tuple([*unique, *more][:MOST_EVIDENCE])
