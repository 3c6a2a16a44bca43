"""Suggestions held against known tags."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.drift import Reference, measured
from tagwright.candidates import Candidates
from tagwright.corpus.base import Corpus
from tagwright.errors import NotFittedError
from tagwright.evaluation import Gold, Ranked, Report, SavedCandidates
from tagwright.evaluation.evaluate import evaluate
from tagwright.evaluation.html.worst import asked_for
from tagwright.evaluation.ranked import ELSEWHERE
from tagwright.pipeline.assembly import BLOCK, FOUND
from tagwright.pipeline.fitting import Progress
from tagwright.project.opened import Opened
from tagwright.project.settings import Settings
from tagwright.tagger import Tagger
from tagwright.types import Document, Evidence
from tagwright.version import VERSION as __version__
from tagwright.vocabulary.hierarchy import closure_from, links_of

_GIVEN = "given"
_TITLE = 80  # characters of its text that stand for a document without a title


def measure(
    tagger: Tagger, corpus: Corpus, *, k: int, n_train: int, reference: Reference | None, progress: Progress
) -> tuple[Report, SavedCandidates]:
    """The report on the best ``k`` candidates of each document that has tags, and what it was computed from.

    Gold tags that the vocabulary lacks count as missed; the corpus must not have dropped them. ``reference``: what the
    documents are held against, to see whether they are like those that the confidence was learned from.
    """
    tables: list[Candidates] = []
    gold: list[Sequence[str]] = []
    ids, titles, languages, types = [], [], [], []
    for batch in corpus.batches(BLOCK):
        documents = [document for document in batch if document.tags]
        if documents:
            found = tagger.candidates(documents, sources=True)
            tables.append(found.with_columns({_GIVEN: tagger.given(found)}).top(k, by=CONFIDENCE))
        gold += [document.tags or () for document in documents]
        ids += [document.id for document in documents]
        titles += [document.title or document.text[:_TITLE] for document in documents]
        languages += [document.language or "" for document in documents]
        types += [str(document.metadata.get("type") or "") for document in documents]
        progress("documents", len(ids), None)
    table = Candidates.concat(tables) if tables else Candidates.empty(0, [CONFIDENCE, "fused"])
    moved = reference.moved(measured(table)) if reference is not None else ""
    positions = {id: position for position, id in enumerate(tagger.vocabulary.ids)}
    saved = SavedCandidates(
        table, Gold.from_ids(gold, positions), tuple(ids), tagger.vocabulary.fingerprint, train_counts(tagger),
        {"cut": tagger.cut, "n_train": n_train, "channels": _channels(tagger), "titles": titles, "k": k, "moved": moved,
         "hierarchy": links_of(tagger.vocabulary),
         "languages": languages, "types": types, "names": _names(tagger, table, gold, positions)},
    )  # fmt: skip
    return report(saved), saved


def evaluate_project(
    opened: Opened, corpus: Corpus, *, k: int, why: bool, progress: Progress
) -> tuple[Report, SavedCandidates]:
    """`measure` of a project as it is now, with its settings; ``why``: and reasons for the worst documents."""
    tagger, rule, manifest = opened.tagger(), opened.rule(), opened.manifest
    reference = tagger.reference if rule is None else rule.reference
    found, saved = measure(tagger, corpus, k=k, n_train=manifest.documents, reference=reference, progress=progress)
    said = about(opened.settings, fingerprint=opened.fingerprint(), calibrated=manifest.calibrated)
    return found, with_settings(saved, about=said, reasons=reasons(tagger, corpus, (found, saved)) if why else {})


def about(settings: Settings, *, fingerprint: str, calibrated: bool) -> dict[str, Any]:
    """What a report says of how it was made, as plain values: version, fingerprint of the model, settings in force."""
    rows = [
        [key, json.dumps(value, ensure_ascii=False, default=str), Path(origin).name]
        for key, value, origin in settings.rows()
    ]
    return {"tagwright": __version__, "model, fingerprint": fingerprint, "calibrated": calibrated, "settings": rows}


def with_settings(saved: SavedCandidates, **settings: Any) -> SavedCandidates:
    """The same candidates with more settings; those of ``about`` come beside the ones that are there."""
    together = {**saved.settings.get("about", {}), **settings.pop("about", {})}
    return replace(saved, settings={**saved.settings, **settings, "about": together})


def reasons(
    tagger: Tagger, corpus: Corpus, measured: tuple[Report, SavedCandidates]
) -> dict[str, dict[str, list[str]]]:
    """Why the wrong suggestions of the worst documents were made: {row: {tag: reasons in words}}; reads the corpus."""
    wanted = dict(asked_for(*measured))
    found: dict[str, dict[str, list[str]]] = {}
    tagged = (document for document in corpus if document.tags) if wanted else ()
    for row, document in enumerate(tagged):
        if row in wanted:
            found[str(row)] = {str(tag): _reasons(tagger, document, tag) for tag in wanted[row]}
    return found


def _reasons(tagger: Tagger, document: Document, tag: int) -> list[str]:
    return [_in_words(evidence) for evidence in tagger.explain(document, tag)]


def _in_words(evidence: Evidence) -> str:
    if evidence.start is not None:
        return f"“{evidence.text}” in the {evidence.field} ({evidence.kind})"
    return f"{evidence.kind}: {evidence.text}"


def _names(
    tagger: Tagger, table: Candidates, gold: Sequence[Sequence[str]], positions: Mapping[str, int]
) -> dict[str, str]:
    """The name of each tag that occurs, by its number in the tables; one that the vocabulary lacks has its id."""
    wanted = {positions[tag] for tags in gold for tag in tags if tag in positions}
    names = {str(tag): tagger.vocabulary.name(tag) for tag in sorted(wanted.union(np.unique(table.tags).tolist()))}
    unknown = dict.fromkeys(tag for tags in gold for tag in tags if tag not in positions)
    return names | {str(ELSEWHERE - 1 - number): tag for number, tag in enumerate(unknown)}


def report(saved: SavedCandidates) -> Report:
    """The report on saved candidates, without asking any channel."""
    channels: Mapping[str, list[str]] = saved.settings.get("channels", {})
    return evaluate(
        Ranked.from_candidates(saved.candidates), saved.gold, cut=float(saved.settings.get("cut", 0.5)),
        train_counts=saved.train_counts, n_train=int(saved.settings.get("n_train", 0)),
        candidates=saved.candidates, channels=channels or None, ids=saved.ids, depth=saved.settings.get("k"),
        closure=closure_from(saved.settings.get("hierarchy", {}), with_roots=False),
        given=saved.candidates.column(_GIVEN) > 0 if _GIVEN in saved.candidates.columns else None,
    )  # fmt: skip


def train_counts(tagger: Tagger) -> NDArray[np.int64] | None:
    """(n_tags,) training documents of each tag; None where no channel remembers any."""
    for shelf in tagger.assembly.shelves.values():
        with suppress(NotFittedError):
            counts = shelf.counts()
            return counts if counts.any() else None
    return None


def _channels(tagger: Tagger) -> dict[str, list[str]]:
    return {channel.name: [f"{channel.name}.{FOUND}"] for channel in tagger.assembly.speaking}
