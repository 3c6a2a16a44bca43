"""Trains a project anew: what is learned replaces what was there when it is complete, and not before."""

from __future__ import annotations

import time
from dataclasses import replace

import tagwright.project.learning as learning
import tagwright.project.versions as versions
from tagwright.cluster import encoding
from tagwright.enrichment.options import Enrichment
from tagwright.pipeline.fitting import Progress
from tagwright.project.opened import Opened
from tagwright.project.reading import Given
from tagwright.project.reports import TrainReport
from tagwright.project.teaching import Teaching, Wanted


def train(opened: Opened, corpus: Given | None, wanted: Wanted, progress: Progress) -> TrainReport:
    """What was learned from the documents, after what is wanted was taught."""
    started = time.process_time()
    with opened.alone() as still_alone:
        opened.refuse_held()
        growth = opened.growth()
        material = learning.gather(opened.store, corpus, growth.vocabulary)
        teaching = Teaching(opened)
        taught = teaching.carry_out(wanted, progress)
        options = Enrichment(**opened.settings.options("enrichment"))
        written = learning.written(opened.folder, material.documents, growth.vocabulary, options)
        documents = [*material.documents, *material.machine, *written]
        fitting = opened.settings.tagger().fitting
        with encoding(fitting.executor, fitting.workers, fitting.address) as crew:
            tagger = opened.new_tagger(growth.vocabulary, taught, crew).fit(documents, progress)
        still_alone()
        before = opened.manifest
        versions.publish(
            opened.folder, opened.settings, tagger, documents=len(material.documents), folded=material.folded,
            vocabulary_at=growth.seen, taught=taught, samples=len(written),
        )  # fmt: skip
        teaching.clear()
    report = material.report(tagger, time.process_time() - started, len(written))
    return replace(report, rule_dropped=bool(before.rule), generation_dropped=bool(before.generation))
