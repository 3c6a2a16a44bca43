"""(kind, name) -> class, without importing anything until it is used; strangers' kinds come by entry point."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from tagwright.errors import ConfigError

BUILT_IN: dict[str, dict[str, str]] = {
    "corpus": {
        "jsonl": "tagwright.corpus.jsonl:Jsonl",
        "table": "tagwright.corpus.table:Table",
        "parquet": "tagwright.corpus.parquet:Parquet",
        "annif": "tagwright.corpus.annif:Annif",
        "marc": "tagwright.corpus.marc:Marc",
        "text": "tagwright.corpus.text:Text",
    },
    "channel": {
        "lexical": "tagwright.recall.lexical:Lexical",
        "names": "tagwright.recall.names:Names",
        "centroids": "tagwright.recall.centroids:Centroids",
        "graph": "tagwright.recall.graph:Graph",
        "dense": "tagwright.recall.dense:Dense",
        "adapter": "tagwright.recall.adapter:Adapter",
        "linear": "tagwright.recall.linear:Linear",
        "trees": "tagwright.recall.trees:Trees",
        "labelguided": "tagwright.recall.labelguided:LabelGuided",
        "described": "tagwright.recall.described:Described",
    },
    "encoder": {
        "lsa": "tagwright.encoders.lsa:Lsa",
        "onnx": "tagwright.encoders.onnx:Onnx",
        "static": "tagwright.encoders.static:Static",
        "transformer": "tagwright.encoders.transformer:Transformer",
    },
    "index": {
        "auto": "tagwright.indexes.auto:Auto",
        "exact": "tagwright.indexes.exact:Exact",
        "usearch": "tagwright.indexes.usearch:Usearch",
        "ivf": "tagwright.indexes.ivf:Ivf",
        "milvus": "tagwright.indexes.milvus:Milvus",
    },
    "fusion": {
        "ranker": "tagwright.fusion.ranker:Ranker",
        "correlated": "tagwright.fusion.correlated:Correlated",
        "ranks": "tagwright.fusion.ranks:ReciprocalRanks",
    },
    "calibration": {
        "best": "tagwright.calibration.best:Best",
        "isotonic": "tagwright.calibration.isotonic:Isotonic",
        "beta": "tagwright.calibration.beta:Beta",
        "platt": "tagwright.calibration.platt:Platt",
        "histogram": "tagwright.calibration.histogram:Histogram",
        "context": "tagwright.calibration.context:Context",
    },
    "cuts": {
        "document": "tagwright.calibration.document_cut:DocumentCut",
        "global": "tagwright.calibration.thresholds:Global",
        "tag": "tagwright.calibration.tag_cuts:TagCuts",
        "adaptive": "tagwright.calibration.adaptive_cut:AdaptiveCut",
    },
    "rerank": {"pairs": "tagwright.rerank.pairs:Pairs", "cross": "tagwright.rerank.cross:Cross"},
    "stage": {
        "propose": "tagwright.generation.propose:Propose",
        "select": "tagwright.generation.select:Select",
        "judge": "tagwright.generation.judge:Judge",
    },
    "llm": {
        "http": "tagwright.llm.http:Http",
        "local": "tagwright.llm.local:Local",
        "transformers": "tagwright.llm.transformers:Transformers",
    },
    "store": {"sqlite": "tagwright.store.sqlite:SqliteStore"},
    "executor": {"local": "tagwright.scale.local:Local", "ray": "tagwright.scale.ray:Ray"},
}


def given() -> Any:
    """A field of a component that others hand over (a shared index, an encoder, a model): no setting of the user's."""
    return dataclasses.field(default=None, metadata={"given": True}, repr=False)


def names(kind: str) -> list[str]:
    """All names of a kind, the built-in ones first, each group in its own order."""
    return list(_table(kind))


def resolve(kind: str, name: str) -> type[Any]:
    """The class registered under ``name``; raises `ConfigError` with the nearest name when there is none."""
    table = _table(kind)
    if name not in table:
        raise ConfigError(f"there is no {kind} {name!r}", hint=_nearest(name, table))
    module, _, attribute = table[name].partition(":")
    found: type[Any] = getattr(import_module(module), attribute)
    return found


def build(kind: str, name: str, settings: Mapping[str, Any]) -> Any:
    """An instance whose dataclass fields are ``settings``; an unknown key is refused with the nearest one."""
    cls = resolve(kind, name)
    known = options(cls)
    for key in settings:
        if key not in known:
            raise ConfigError(f"{kind} {name!r} has no option {key!r}", hint=_nearest(key, known))
    return cls(**settings)


def options(cls: type[Any]) -> dict[str, Any]:
    """The options of a component with their defaults (``dataclasses.MISSING`` where one must be given)."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if not field.init or field.metadata.get("given"):
            continue
        found[field.name] = field.default_factory() if callable(field.default_factory) else field.default
    return found


def _table(kind: str) -> dict[str, str]:
    if kind not in BUILT_IN:
        raise ConfigError(f"there is no kind of component called {kind!r}", hint=_nearest(kind, BUILT_IN))
    table = dict(BUILT_IN[kind])
    for name, value in _installed(entry_points, f"tagwright.{kind}"):
        if name in table:
            raise ConfigError(
                f"{kind} {name!r} of {value!r} clashes with {table[name]!r}",
                hint="uninstall one of the two packages",
            )
        table[name] = value
    return table


@cache
def _installed(look: Callable[..., Iterable[EntryPoint]], group: str) -> list[tuple[str, str]]:
    """What other packages register; looked up once, for a server that asks after every change it takes 100 ms."""
    return [(point.name, point.value) for point in look(group=group)]


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(known)}"
