"""Metrics of some tags alone: by frequency band, of the rarest tags, of tags that nobody has seen."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tagwright.evaluation.metrics as m
from tagwright.errors import ConfigError, InputError, OutputError
from tagwright.evaluation.evaluate import evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Bools, Judged
from tagwright.evaluation.labels import tag_scores
from tagwright.evaluation.ranked import Ints, Ranked
from tagwright.evaluation.report import plain

RAREST = 0.15  # the share of the tags in training that are "rare" (LAGAMC)
FORMAT = 1

Scope = Callable[[Ints], Bools]


@dataclass(frozen=True, eq=False)
class Measured:
    """What protocols look at: suggestions and gold of the same documents, the product's ``cut``."""

    ranked: Ranked
    gold: Gold
    cut: float


@dataclass(frozen=True, eq=False)
class Part:
    """The metrics of some tags: ``what`` in words, how many ``tags`` and ``documents`` these are."""

    what: str
    tags: int
    documents: int
    metrics: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON, undefined ones ``None``."""
        numbers = {name: plain(value) for name, value in self.metrics.items()}
        return {"what": self.what, "tags": self.tags, "documents": self.documents, "metrics": numbers}


@dataclass(frozen=True, eq=False)
class Protocol:
    """A protocol's ``parts`` by name, and ``about`` it what must stand beside its numbers (plain values)."""

    name: str
    about: dict[str, Any]
    parts: dict[str, Part]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"protocol": self.name, **self.about, "parts": {name: p.as_dict() for name, p in self.parts.items()}}


def part(measured: Measured, scope: Scope, what: str, n_tags: int) -> Part:
    """The metrics where only the tags in the ``scope`` are ranked, given and gold; ``n_tags``: how many there are.

    Documents without such a gold tag are left out. ``R@10[scope]`` and ``R@50[scope]`` look at the same gold tags among
    the first suggestions of all tags; ``macroF1(all)`` is the mean over all tags of the scope.
    """
    narrowed = _narrowed(measured.ranked, scope), _only(measured.gold, scope)
    judged = Judged.judge(*narrowed)
    whole = Judged.judge(measured.ranked, narrowed[1])
    metrics = evaluate(*narrowed, cut=measured.cut).metrics
    metrics |= {f"R@{k}[scope]": _pooled(whole, k) for k in (10, 50)}
    metrics["macroF1(all)"] = tag_scores(judged, cut=measured.cut).macro_f1_of_all(n_tags)
    return Part(what, n_tags, judged.n_documents, metrics)


def everything(measured: Measured, what: str, n_tags: int, *, carrying: Scope) -> Part:
    """The metrics over all tags, on the documents whose gold has a tag of the scope ``carrying``."""
    carriers = _only(measured.gold, carrying).sizes > 0
    gold = _of_documents(measured.gold, carriers)
    metrics = evaluate(measured.ranked, gold, cut=measured.cut).metrics
    pooled = Judged.judge(measured.ranked, _only(gold, carrying))
    metrics |= {f"R@{k}[scope]": _pooled(pooled, k) for k in (10, 50)}
    whole = Judged.judge(measured.ranked, gold)
    metrics["macroF1(all)"] = tag_scores(whole, cut=measured.cut).macro_f1_of_all(n_tags)
    return Part(what, n_tags, int(carriers.sum()), metrics)


def bands(measured: Measured, counts: NDArray[np.integer]) -> Protocol:
    """The metrics of each frequency band of `metrics.BANDS`; a gold tag that the vocabulary lacks is in band "0".

    ``counts`` (n_tags,): training documents of each tag, whose hash stands beside the numbers.
    """
    parts = {}
    for name, low, high in m.BANDS:
        inside = m.in_band(counts.astype(np.float64), low, high)
        what = f"tags with {name} training documents"
        parts[name] = part(measured, _in_band(counts, low, high), what, int(inside.sum()))
    return Protocol("bands", {"counts": fingerprint(counts)}, parts)


def rare(measured: Measured, rarest: NDArray[np.integer], n_used: int) -> Protocol:
    """LAGAMC's rare-label protocol: the metrics of the ``rarest`` tags (positions) on documents that carry one.

    ``n_used``: how many tags training knows.
    """
    what = f"the rarest {len(rarest):,} of {n_used:,} tags in training"
    return Protocol("rare", {"share": RAREST}, {"rare": part(measured, among(rarest), what, len(rarest))})


def among(positions: NDArray[np.integer]) -> Scope:
    """The scope of these tags."""
    return lambda tags: np.isin(tags, positions)


def rarest_tags(counts: NDArray[np.integer], ids: Sequence[str]) -> Ints:
    """Positions of the least frequent 15 % of the tags that training has, at least one; ties by id.

    Raises `ConfigError` where training has none.
    """
    used = np.flatnonzero(counts).tolist()
    if not used:
        raise ConfigError("no tag has a training document, so none is rare", hint="train the project first")
    order = sorted(used, key=lambda tag: (counts[tag], ids[tag]))
    return np.array(sorted(order[: math.ceil(RAREST * len(used))]), dtype=np.int64)


def freeze(path: Path, tags: Sequence[str], counts: str) -> bool:
    """Whether the list was written; where the file is there, it must say the same tags.

    ``counts``: fingerprint of the training counts. Raises `ConfigError` where the tags are others, so that numbers
    under one name are always about one list, and `InputError` or `OutputError` for the file itself.
    """
    if not path.exists():
        content = {"format": FORMAT, "protocol": "rare", "share": RAREST, "counts": counts, "tags": list(tags)}
        try:
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"cannot be written: {error.strerror}", path=str(path), hint="name another file with --frozen"
            ) from error
        return True
    frozen = _frozen(path)
    if frozen != set(tags):
        more, fewer = len(set(tags) - frozen), len(frozen - set(tags))
        raise ConfigError(
            f"the rare tags are no longer those of {path}: {more:,} would come, {fewer:,} would go",
            hint="the training documents have changed; to begin anew name another file with --frozen, and say so "
            "beside the numbers",
        )
    return False


def fingerprint(counts: NDArray[np.integer]) -> str:
    """SHA-256, in hex, of the training counts."""
    return hashlib.sha256(counts.astype("<i8").tobytes()).hexdigest()


def _in_band(counts: NDArray[np.integer], low: int, high: int | None) -> Scope:
    return lambda tags: m.in_band(m.of_tags(tags, counts, 0), low, high)


def _frozen(path: Path) -> set[str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT or found["protocol"] != "rare":
            raise ValueError("another file")
        return set(map(str, found["tags"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "name another file with --frozen"
        raise InputError("this is no list of rare tags, or it is damaged", path=str(path), hint=hint) from error


def _narrowed(ranked: Ranked, scope: Scope) -> Ranked:
    kept = scope(ranked.tags)
    return Ranked(_counted(kept, ranked.offsets), ranked.tags[kept], ranked.confidences[kept])


def _only(gold: Gold, scope: Scope) -> Gold:
    kept = scope(gold.tags)
    return Gold(_counted(kept, gold.offsets), gold.tags[kept])


def _of_documents(gold: Gold, kept: Bools) -> Gold:
    pairs = np.repeat(kept, gold.sizes)
    return Gold(_counted(pairs, gold.offsets), gold.tags[pairs])


def _counted(kept: Bools, offsets: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(kept)])[offsets].astype(np.int64)


def _pooled(judged: Judged, k: int) -> float:
    return m.share(float(judged.hits_at(k).sum()), len(judged.gold_tags))
