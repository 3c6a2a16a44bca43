"""What `tagwright doctor` says about a project."""

from __future__ import annotations

from pathlib import Path

from tagwright.errors import TagwrightError
from tagwright.project.manifest import Manifest
from tagwright.project.reports import Finding
from tagwright.project.settings import Settings
from tagwright.store.sqlite import SqliteStore


def check(folder: Path, settings: Settings, manifest: Manifest, store: SqliteStore) -> list[Finding]:
    """Reads all files of the manifest, the settings and the database."""
    findings = [*_files(folder, manifest), *_settings(settings, manifest), *_store(store)]
    if not manifest.documents:
        findings.append(Finding("warning", "no documents have been learned from", "tagwright train CORPUS"))
    elif not manifest.calibrated:
        findings.append(Finding("warning", "too few tagged documents: the confidence is not calibrated"))
    return findings


def _files(folder: Path, manifest: Manifest) -> list[Finding]:
    wrong = []
    for name in manifest.files:
        try:
            manifest.verify_file(folder, name)
        except TagwrightError as error:
            wrong.append(Finding("error", error.message, error.hint))
    return wrong or [Finding("ok", f"all {len(manifest.files)} files are as they were saved")]


def _settings(settings: Settings, manifest: Manifest) -> list[Finding]:
    now, then = settings.learned_with(), dict(manifest.learned_with)
    return [
        Finding(
            "error", f"setting {key!r} is {now.get(key)!r}, but the model was trained with {then.get(key)!r}",
            "train again, or set it back",
        )
        for key in {**then, **now}
        if now.get(key) != then.get(key)
    ]  # fmt: skip


def _store(store: SqliteStore) -> list[Finding]:
    try:
        said = store.check()
    except TagwrightError as error:
        return [Finding("error", error.message, error.hint)]
    if said:
        return [Finding("error", line, "restore store.sqlite from a copy of the project") for line in said]
    return [Finding("ok", f"the database is whole: {store.n_documents():,} documents are kept")]

