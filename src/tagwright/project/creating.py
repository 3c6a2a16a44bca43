"""A new project's folder: complete once it has a manifest; until then nobody takes it for a project."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomli_w

import tagwright.corpus.disk as disk
import tagwright.project.manifest as manifest
import tagwright.project.parts as parts
import tagwright.project.settings as settings
import tagwright.project.versions as versions
import tagwright.registry as registry
from tagwright.encoders.choose import choose
from tagwright.errors import ProjectError

# Held by the process that makes a project; where it is left alone, that process died and its work may go.
MARK = ".unfinished"
_OURS = (versions.FOLDER, parts.ENCODER, parts.STORE, settings.FILE, MARK)


@contextmanager
def unfinished(folder: Path) -> Iterator[None]:
    """The folder, made and empty, to build a project in; where that fails, nothing of it stays.

    Raises `ProjectError` where the folder is there and not empty (what a killed run left does not count), or cannot
    be written.
    """
    try:
        made = not folder.exists()
        _refuse_what_is_not_empty(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with disk.open_alone(folder / MARK):
            _clear(folder, but=MARK)
            _refuse_what_is_not_empty(folder)
            try:
                yield
            except BaseException:
                _clear(folder)
                if made:
                    folder.rmdir()
                raise
        (folder / MARK).unlink()
    except OSError as error:
        raise ProjectError(f"{folder} cannot be made into a project: {error}") from error


def furnish(folder: Path, encoder: str) -> None:
    """The settings, and the encoder's files where ``encoder`` names a folder or a model of the hub.

    Raises `ConfigError` for an encoder that is not there.
    """
    kind, options = choose(encoder)
    said: dict[str, Any] = {"kind": kind, **options}
    if "model" in options:
        made = registry.build("encoder", kind, options)
        _ = made.fingerprint  # a folder that is no encoder says so here, before half of it is copied
        made.save(folder / parts.ENCODER)
        said["model"] = parts.ENCODER
    text = "# tagwright config lists every setting, its value and where it comes from.\n"
    (folder / settings.FILE).write_text(text + tomli_w.dumps({"encoder": said}), encoding="utf-8")


def _refuse_what_is_not_empty(folder: Path) -> None:
    hint = "name a folder that is absent or empty"
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ProjectError(f"{folder} is not a folder", hint=hint)
    if (folder / manifest.FILE).exists():
        raise ProjectError(f"{folder} is a project already", hint=f"{hint}; tagwright vocab load FILE updates its tags")
    names = {path.name for path in folder.iterdir()}
    if names - (set(_beside(folder)) if MARK in names else set()):
        raise ProjectError(f"{folder} is not an empty folder", hint=hint)


def _clear(folder: Path, *, but: str = "") -> None:
    for name in _beside(folder):
        if name != but:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _beside(folder: Path) -> list[str]:
    """What a project that is being made may consist of, the database's own files included."""
    stem = Path(parts.STORE).stem
    return [path.name for path in folder.iterdir() if path.name in _OURS or path.name.startswith(f"{stem}.")]
