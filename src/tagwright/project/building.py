"""Makes and opens the parts of a project on disk; a new model is complete before the manifest names it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w

from tagwright import __version__, registry
from tagwright.encoders.base import Encoder, LearningEncoder
from tagwright.encoders.cached import Cached
from tagwright.errors import ProjectError
from tagwright.project import settings as settings_file
from tagwright.project.manifest import Manifest, checksums, sync_folder
from tagwright.project.settings import Settings
from tagwright.store.sqlite import SqliteStore
from tagwright.tagger import Tagger
from tagwright.vocabulary import Vocabulary

ENCODER = "encoder"
STORE = "store.sqlite"


def new_folder(folder: Path, encoder: str) -> Path:
    """An empty folder with its settings, and the encoder's files where one was named."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder} is not an empty folder", hint="name a folder that is absent or empty")
    options: dict[str, Any] = {"kind": "lsa"}
    source = Path(encoder)
    made = None
    if encoder != "lsa":
        made = registry.build("encoder", "onnx" if (source / "encoder.json").exists() else "transformer", {"model": encoder})
        if not source.exists() and "/" not in encoder:
            raise ProjectError(
                f"there is no encoder {encoder!r}",
                hint="name 'lsa', the folder of an exported encoder (tagwright encoder export), or a hub name",
            )
        options = {"kind": "onnx" if (source / "encoder.json").exists() else "transformer", "model": encoder}
    folder.mkdir(parents=True, exist_ok=True)
    if made is not None and options["kind"] == "onnx":
        made.save(folder / ENCODER)
        options["model"] = ENCODER
    text = "# tagwright config lists every setting, its value and where it comes from.\n"
    (folder / settings_file.FILE).write_text(text + tomli_w.dumps({"encoder": options}), encoding="utf-8")
    return folder


def encoder(folder: Path, settings: Settings, store: SqliteStore | None) -> Encoder:
    """The encoder of the settings; one that takes milliseconds a text remembers its vectors in the store."""
    kind, options = settings.part("encoder")
    if kind == "onnx" and (folder / str(options.get("model", ""))).is_dir():
        options["model"] = str(folder / str(options["model"]))
    made: Encoder = registry.build("encoder", kind, options)
    if store is None or isinstance(made, LearningEncoder):
        return made
    return Cached(made, store)


def store(folder: Path, settings: Settings) -> SqliteStore:
    """The project's database."""
    _, options = settings.part("store")
    return SqliteStore(folder / STORE, **options)


def publish(folder: Path, settings: Settings, tagger: Tagger, *, documents: int, folded: int) -> Manifest:
    """Writes vocabulary and model beside the old ones, then the manifest, then drops the old ones."""
    number = _next(folder)
    vocabulary, model = f"vocabularies/{number:04d}", f"models/{number:04d}"
    _clean(folder, keep=_named(folder))
    tagger.vocabulary.save(folder / vocabulary)
    tagger.save(folder / model)
    below = [vocabulary, model] + ([ENCODER] if (folder / ENCODER).is_dir() else [])
    manifest = Manifest(
        version=__version__, vocabulary=vocabulary, model=model, documents=documents, folded=folded,
        vocabulary_fingerprint=tagger.vocabulary.fingerprint, encoder_fingerprint=tagger.assembly.encoder.fingerprint,
        calibrated=tagger.calibrated, learned_with=settings.learned_with(), vocabulary_at=folded,
        files=checksums(folder, below),
    )  # fmt: skip
    manifest.write(folder)
    _clean(folder, keep={vocabulary, model})
    return manifest


def republish(
    folder: Path, manifest: Manifest, vocabulary: Vocabulary, *, changed: tuple[int, ...], vocabulary_at: int
) -> Manifest:
    """The same model with another vocabulary."""
    name = f"vocabularies/{_next(folder):04d}"
    vocabulary.save(folder / name)
    files = {path: sum_ for path, sum_ in manifest.files.items() if not path.startswith(f"{manifest.vocabulary}/")}
    changed_manifest = replace(
        manifest, vocabulary=name, changed=changed, vocabulary_at=vocabulary_at,
        vocabulary_fingerprint=vocabulary.fingerprint, files={**files, **checksums(folder, [name])},
    )  # fmt: skip
    changed_manifest.write(folder)
    _clean(folder, keep={name, manifest.model})
    return changed_manifest


def load_vocabulary(folder: Path, manifest: Manifest) -> Vocabulary:
    """The vocabulary that the manifest names, its files checked."""
    manifest.verify(folder, manifest.vocabulary)
    return Vocabulary.load(folder / manifest.vocabulary)


def load_tagger(
    folder: Path, settings: Settings, manifest: Manifest, vocabulary: Vocabulary, encoder: Encoder
) -> Tagger:
    """The tagger that the manifest names, its files checked."""
    manifest.verify(folder, manifest.model, without=f"{manifest.model}/table")
    manifest.verify(folder, ENCODER)
    return Tagger(settings.tagger(), encoder, vocabulary).load(folder / manifest.model)


def changed_positions(old: Vocabulary, new: Vocabulary) -> list[int]:
    """Positions at which two vocabularies with the same order of tags differ, the added ones included."""
    same = [position for position in range(len(old)) if old.tag(position) == new.tag(position)]
    return sorted(set(range(len(new))) - set(same))


def digest(said: Any) -> str:
    """A short name for plain values."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


def owner() -> str:
    """This process, for the others."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _next(folder: Path) -> int:
    numbers = [
        int(path.name) for kind in ("models", "vocabularies") for path in _entries(folder / kind) if path.name.isdigit()
    ]
    return max(numbers, default=0) + 1


def _named(folder: Path) -> set[str]:
    try:
        manifest = Manifest.read(folder)
    except ProjectError:
        return set()
    return {manifest.vocabulary, manifest.model}


def _clean(folder: Path, *, keep: set[str]) -> None:
    """Drops the vocabularies and models that no manifest names; what a killed run left goes, too."""
    for kind in ("models", "vocabularies"):
        for path in _entries(folder / kind):
            if f"{kind}/{path.name}" not in keep:
                shutil.rmtree(path, ignore_errors=True)
        if (folder / kind).is_dir():
            sync_folder(folder / kind)


def _entries(folder: Path) -> Sequence[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
