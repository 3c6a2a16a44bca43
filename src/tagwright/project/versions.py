"""The versions of vocabulary and model on disk: a new one is complete before the manifest names it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import tagwright.project.parts as parts
from tagwright.encoders.base import Encoder, LearningEncoder
from tagwright.encoders.onnx import Onnx
from tagwright.errors import IntegrityError, ProjectError
from tagwright.pipeline.table import OutOfFold, load_table
from tagwright.project.manifest import Manifest, checksums, sync_folder
from tagwright.project.settings import Settings
from tagwright.tagger import Tagger
from tagwright.version import VERSION as __version__
from tagwright.vocabulary import Vocabulary

FOLDER = "versions"
_TABLE = "table"
RULE, GENERATION = "rule", "generation"


def publish(
    folder: Path,
    settings: Settings,
    tagger: Tagger,
    *,
    documents: int,
    folded: int,
    vocabulary_at: int,
    taught: Mapping[str, Path] | None = None,
    samples: int = 0,
) -> Manifest:
    """Writes vocabulary and model beside the old ones, then the manifest, then drops the old ones.

    ``taught``: the folders of what was taught; what is not yet a part of the project becomes one.
    """
    with _new_version(folder) as name:
        places = {part: _placed(folder, name, part, place) for part, place in (taught or {}).items()}
        vocabulary, model = f"{name}/vocabulary", f"{name}/model"
        tagger.vocabulary.save(folder / vocabulary)
        tagger.save(folder / model)
        within = parts.encoder_folder(folder, settings)
        encoder = tagger.assembly.encoder_fingerprint
        manifest = Manifest(
            version=__version__, vocabulary=vocabulary, model=model, documents=documents, folded=folded,
            vocabulary_fingerprint=tagger.vocabulary.fingerprint, encoder_fingerprint=encoder,
            calibrated=tagger.calibrated, learned_with=settings.learned_with(), vocabulary_at=vocabulary_at,
            taught=places, samples=samples,
            files=checksums(folder, dict.fromkeys(filter(None, [name, within, *places.values()]))),
        )  # fmt: skip
        manifest.write(folder, through=folder / name)
    _clean(folder)
    return manifest


def republish(
    folder: Path, manifest: Manifest, vocabulary: Vocabulary, *, changed: tuple[int, ...], vocabulary_at: int
) -> Manifest:
    """The same model with another vocabulary, in which the tags at ``changed`` are not those it was trained with."""
    with _new_version(folder) as name:
        new = f"{name}/vocabulary"
        vocabulary.save(folder / new)
        files = {path: sum_ for path, sum_ in manifest.files.items() if not path.startswith(f"{manifest.vocabulary}/")}
        manifest = replace(
            manifest, vocabulary=new, changed=changed, vocabulary_at=vocabulary_at,
            vocabulary_fingerprint=vocabulary.fingerprint, files={**files, **checksums(folder, [new])},
        )  # fmt: skip
        manifest.write(folder, through=folder / name)
    _clean(folder)
    return manifest


def publish_extra(folder: Path, manifest: Manifest, kind: str, said: Mapping[str, Any] | None) -> Manifest:
    """The same model and vocabulary with another `RULE` or `GENERATION` (plain values), or with none."""
    old = getattr(manifest, kind)
    kept = {path: sum_ for path, sum_ in manifest.files.items() if not _below(path, old)}
    with _new_version(folder) as name:
        place = f"{name}/{kind}" if said is not None else ""
        if said is not None:
            (folder / place).mkdir()
            (folder / place / f"{kind}.json").write_text(json.dumps(said), encoding="utf-8")
            kept |= checksums(folder, [place])
        named: dict[str, Any] = {kind: place}
        manifest = replace(manifest, files=kept, **named)
        manifest.write(folder, through=folder / name)
    _clean(folder)
    return manifest


def load_extra(folder: Path, manifest: Manifest, kind: str) -> dict[str, Any] | None:
    """The `RULE` or `GENERATION` that the manifest names, its file checked; ``None`` where there is none."""
    place = getattr(manifest, kind)
    if not place:
        return None
    manifest.verify(folder, place)
    said: dict[str, Any] = json.loads((folder / place / f"{kind}.json").read_text(encoding="utf-8"))
    return said


def load_vocabulary(folder: Path, manifest: Manifest) -> Vocabulary:
    """The vocabulary that the manifest names, its files checked."""
    manifest.verify(folder, manifest.vocabulary)
    return Vocabulary.load(folder / manifest.vocabulary)


def load_tagger(folder: Path, manifest: Manifest, tagger: Tagger) -> Tagger:
    """The tagger with what the manifest's model has learned, its files and its encoder checked."""
    manifest.verify(folder, manifest.model, without=f"{manifest.model}/{_TABLE}")
    if not isinstance(tagger.assembly.encoder, LearningEncoder):
        verify_encoder(tagger.assembly.encoder, manifest)
    return tagger.load(folder / manifest.model)


def load_out_of_fold(folder: Path, manifest: Manifest) -> OutOfFold | None:
    """The table that training kept, its files checked; ``None`` where nothing was learned about ranking."""
    place = f"{manifest.model}/{_TABLE}"
    if not any(name.startswith(f"{place}/") for name in manifest.files):
        return None
    manifest.verify(folder, place)
    return load_table(folder / place)


def verify_encoder(encoder: Encoder, manifest: Manifest) -> None:
    """Raises `IntegrityError` where this is not the encoder that the model was trained with."""
    if encoder.fingerprint != manifest.encoder_fingerprint:
        raise IntegrityError(
            f"the encoder is {encoder.fingerprint}, but the model was trained with {manifest.encoder_fingerprint}",
            hint="train again (tagwright train), or put the other encoder back",
        )


def leftovers(folder: Path) -> list[Path]:
    """What no manifest names: left by a run that was killed, dropped by the next one."""
    named = _named(folder)
    found = []
    for version in _entries(folder / FOLDER):
        kept = [path for path in _entries(version) if f"{FOLDER}/{version.name}/{path.name}" in named]
        found += [path for path in _entries(version) if path not in kept] if kept else [version]
    return found


@contextmanager
def _new_version(folder: Path) -> Iterator[str]:
    """The name of a new folder for one publication, gone again where that fails."""
    _clean(folder)
    number = max((int(path.name) for path in _entries(folder / FOLDER) if path.name.isdigit()), default=0) + 1
    name = f"{FOLDER}/{number:04d}"
    try:
        (folder / name).mkdir(parents=True)
        yield name
    except BaseException as error:
        # An interruption may come just after the manifest was put in place.
        with suppress(ProjectError):
            if not any(named.startswith(f"{name}/") for named in _named(folder)):
                shutil.rmtree(folder / name, ignore_errors=True)
        if isinstance(error, OSError):
            hint = "what was there before is as it was; check free space and permissions, then run the same again"
            raise ProjectError(f"{folder} cannot be written: {error.strerror or error}", hint=hint) from error
        raise


def _named(folder: Path) -> set[str]:
    """What the manifest names, nothing where there is none yet; a damaged one is raised, not taken for none."""
    if Manifest.stamp(folder) is None:
        return set()
    manifest = Manifest.read(folder)
    return {
        manifest.vocabulary,
        manifest.model,
        manifest.rule,
        manifest.generation,
        *manifest.taught.values(),
    }


def _placed(folder: Path, version: str, part: str, taught: Path) -> str:
    """Where within the project that lies which was taught; copied into the new version where it lay elsewhere."""
    if taught.is_relative_to(folder / FOLDER):
        return taught.relative_to(folder).as_posix()
    if part == parts.ENCODER:
        Onnx().load(taught).save(folder / version / part)  # without the weights that only a training needs
    else:
        shutil.copytree(taught, folder / version / part)
    return f"{version}/{part}"


def _below(path: str, folder: str) -> bool:
    return bool(folder) and path.startswith(f"{folder}/")


def _clean(folder: Path) -> None:
    """Drops what no manifest names."""
    for path in leftovers(folder):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    sync_folder(folder / FOLDER)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
