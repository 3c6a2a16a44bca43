"""The encoder, the taught channels, the rerankers and the store, as settings name them or documents taught them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tagwright.registry as registry
from tagwright.encoders.base import Encoder, LearningEncoder
from tagwright.encoders.cached import Cached
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.spread import Spread
from tagwright.encoders.static import Static
from tagwright.errors import IntegrityError
from tagwright.executor import Executor
from tagwright.project.manifest import Manifest
from tagwright.project.settings import Settings
from tagwright.store.sqlite import SqliteStore

ENCODER = "encoder"
# Kinds of channels that answer by weights that were taught beforehand.
LABELGUIDED, DESCRIBED = "labelguided", "described"
CHANNELS = (LABELGUIDED, DESCRIBED)
STORE = "store.sqlite"
# A tag is read by its name, and mostly in one other way.
_READINGS = 2


def encoder(folder: Path, settings: Settings, manifest: Manifest | None, taught: Path | None = None) -> Encoder:
    """The encoder in the folder ``taught``, else the one of the settings, its files checked where they are known."""
    kind, options = settings.part("encoder")
    if taught is not None:
        return Onnx(str(taught), int(options.get("threads", 1)) if kind == "onnx" else 1)
    place = encoder_folder(folder, settings)
    if place:
        options["model"] = str(folder / place)
        if manifest is not None:
            manifest.verify(folder, place)
    elif options.get("model") == ENCODER:
        raise IntegrityError(f"{folder / ENCODER} is missing", hint="restore the folder from a copy of the project")
    made: Encoder = registry.build("encoder", kind, options)
    return made


def rerank(folder: Path, settings: Settings, taught: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    """{name: options} of the rerankers: those of the settings, and those that were ``taught``."""
    given = settings.options("rerank")
    found = {}
    for name in dict.fromkeys([*given, *(name for name in taught if name not in (ENCODER, *CHANNELS))]):
        options = {"kind": name, **given.get(name, {})}
        model = taught.get(name) or folder / str(options.get("model") or "")
        if name in taught or options.get("model"):
            found[name] = {**options, "model": str(model)}
    return found


def channels(
    folder: Path, given: Mapping[str, Mapping[str, Any]], taught: Mapping[str, Path]
) -> dict[str, Mapping[str, Any]]:
    """{name: options} of the channels: those of the settings, and those that were ``taught``."""
    found = {name: dict(options) for name, options in given.items()}
    for name in CHANNELS:
        if name in taught:
            found[name] = {"kind": name, **found.get(name, {}), "model": str(taught[name])}
    for name, options in found.items():
        if options.get("kind", name) in CHANNELS and options.get("model"):
            options["model"] = str(folder / str(options["model"]))
    return dict(found)


def untaught(given: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Without the channels that answer by taught weights."""
    return {name: options for name, options in given.items() if options.get("kind", name) not in CHANNELS}


def remembering(encoder: Encoder, store: SqliteStore, tags: int, crew: Executor | None = None) -> Encoder:
    """The encoder; one that takes milliseconds a text remembers its vectors in the store, where that can be written.

    A ``crew`` encodes what is not remembered.

    There is room for those of all ``tags``, which are read in the same order again and again: a cache that is a little
    too small would have forgotten each of them just before it is asked for (42 CPU minutes for a million names).
    """
    if isinstance(encoder, LearningEncoder | Static):
        return encoder
    if crew is not None:
        encoder = Spread(encoder, crew)
    if not os.access(store.path.parent, os.W_OK):
        return encoder
    store.reserve(_READINGS * tags * 4 * encoder.width)
    return Cached(encoder, store)


def encoder_folder(folder: Path, settings: Settings) -> str:
    """The encoder's folder where it lies within the project, as the manifest names it; "" where it does not."""
    model = str(settings.part("encoder")[1].get("model", ""))
    inside = model and not Path(model).is_absolute() and ".." not in Path(model).parts and (folder / model).is_dir()
    return Path(model).as_posix() if inside else ""


def store(folder: Path, settings: Settings) -> SqliteStore:
    """The project's database; no file is made before it is used."""
    _, options = settings.part("store")
    return SqliteStore(folder / STORE, **options)
