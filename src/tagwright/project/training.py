"""Trains a project anew: what is learned replaces what was there when it is complete, and not before."""

from __future__ import annotations

import time
from dataclasses import replace

import tagwright.project.learning as learning
import tagwright.project.versions as versions
from tagwright.pipeline.fitting import Progress
from tagwright.project.opened import Opened
from tagwright.project.reading import Given
from tagwright.project.reports import TrainReport
from tagwright.project.teaching import BASE, TAUGHT, Planned, Teaching


def train(
    opened: Opened, corpus: Given | None, encoder: str, progress: Progress, planned: Planned | None = None
) -> TrainReport:
    """What was learned from the documents, by an encoder as `Teaching.choose` knows them."""
    started = time.process_time()
    with opened.alone() as still_alone:
        growth = opened.growth()
        material = learning.gather(opened.store, corpus, growth.vocabulary)
        teaching = Teaching(opened)
        chosen = teaching.choose(encoder, progress, planned)
        tagger = opened.new_tagger(growth.vocabulary, chosen).fit(material.documents, progress)
        still_alone()
        before = opened.manifest
        versions.publish(
            opened.folder, opened.settings, tagger, documents=len(material.documents), folded=material.folded,
            vocabulary_at=growth.seen, teaching=encoder == TAUGHT, taught="" if encoder == BASE else before.encoder,
        )  # fmt: skip
        teaching.clear()
    report = material.report(tagger, time.process_time() - started)
    return replace(report, rule_dropped=bool(before.rule), generation_dropped=bool(before.generation))
