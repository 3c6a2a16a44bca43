"""What `tagwright doctor` says about a project."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import tagwright.project.parts as parts
import tagwright.project.versions as versions
from tagwright.encoders.base import LearningEncoder
from tagwright.errors import TagwrightError
from tagwright.project.opened import Opened
from tagwright.project.reports import Finding


def check(opened: Opened) -> list[Finding]:
    """Reads all files of the manifest, the settings, the encoder and the database; nothing that is broken is raised."""
    checks = (_files, _settings, _encoder, _store, _growth, _held, _learned)
    return [finding for one in checks for finding in _told(one, opened)]


def _told(one: Callable[[Opened], Iterator[Finding]], opened: Opened) -> Iterator[Finding]:
    try:
        yield from one(opened)
    except TagwrightError as error:
        yield Finding("error", error.message, error.hint)


def _files(opened: Opened) -> Iterator[Finding]:
    manifest, whole = opened.manifest, True
    for name in manifest.files:
        try:
            manifest.verify_file(opened.folder, name)
        except TagwrightError as error:
            whole = False
            yield Finding("error", error.message, error.hint)
    if whole:
        yield Finding("ok", f"all {len(manifest.files)} files are as they were saved")
    for path in versions.leftovers(opened.folder):
        yield Finding("warning", f"{path} was left by a run that did not end", "the next training removes it")


def _settings(opened: Opened) -> Iterator[Finding]:
    for what, hint in opened.differences():
        yield Finding("error" if opened.manifest.documents else "ok", what, hint)


def _encoder(opened: Opened) -> Iterator[Finding]:
    taught = opened.taught()
    encoder = parts.encoder(opened.folder, opened.settings, opened.manifest, taught.get(parts.ENCODER))
    if not isinstance(encoder, LearningEncoder):
        versions.verify_encoder(encoder, opened.manifest)
        encoder.encode(["a word"])
        yield Finding("ok", f"the encoder {encoder.fingerprint} works")


def _store(opened: Opened) -> Iterator[Finding]:
    store = opened.store
    if not store.path.exists():
        yield Finding("ok", "nothing was added yet: there is no database")
        return
    said = store.check()
    for line in said:
        yield Finding("error", line, f"restore {store.path.name} from a copy of the project")
    if not said:
        yield Finding("ok", f"the database is whole: {store.n_documents():,} documents are kept")


def _growth(opened: Opened) -> Iterator[Finding]:
    documents, tags = opened.growth().waiting_for_training
    if documents or tags:
        what = f"{documents:,} documents and {tags:,} tags changed since the last training"
        yield Finding("ok", what, "tagwright train learns them fully")


def _held(opened: Opened) -> Iterator[Finding]:
    held = opened.store.checks.held()
    if held is not None:
        what = f"decisions since row {held:,} of the growth log made suggestions worse and are held back"
        yield Finding("warning", what, "tagwright decisions check, then decisions back or decisions trust")


def _learned(opened: Opened) -> Iterator[Finding]:
    if not opened.manifest.documents:
        yield Finding("warning", "no documents have been learned from", "tagwright train CORPUS")
    elif not opened.manifest.calibrated:
        yield Finding("warning", "too few tagged documents: the confidence is not calibrated")
