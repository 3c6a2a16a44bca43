"""Encoders made from what a project keeps, and measured on it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import tagwright.encoders.folder as folder
import tagwright.project.parts as parts
import tagwright.registry as registry
from tagwright.encoders.base import Encoder, LearningEncoder
from tagwright.encoders.cached import Cached
from tagwright.encoders.choose import choose
from tagwright.encoders.export import export
from tagwright.encoders.onnx import Onnx
from tagwright.encoders.seen import seen_by
from tagwright.errors import ConfigError, OutputError
from tagwright.evaluation.encoders import Benched, bench, pool_of
from tagwright.pipeline.fitting import Progress, quiet
from tagwright.pipeline.threads import one_thread
from tagwright.project.project import Project
from tagwright.project.unseen import kept_documents
from tagwright.recall.spaces import text_of
from tagwright.training.lessons import Parts
from tagwright.training.static import WIDTH, Distilled, distil
from tagwright.types import Document

OWN = "the project's own"
# Texts of a group that tell how long all will take.
_TRIED = 8


@dataclass(frozen=True)
class Benchmark:
    """Encoders by name, measured on the same ``documents``, tags being looked for among ``tags`` of ``all_tags``."""

    documents: int
    tags: int
    all_tags: int
    encoders: Mapping[str, Benched]


def bench_encoders(
    project: Project, said: Sequence[str] = (), *, documents: int = 200, tags: int = 20_000, seed: int = 0,
    progress: Progress | None = None,
) -> Benchmark:  # fmt: skip
    """The encoders ``said``, each as `tagwright.encoders.choose` takes it; without any, the one in use.

    Documents are drawn from those that teaching holds out (`teaching.held_out`) and that none of the encoders was
    taught with, while there are such. Raises `ConfigError` where there is no such encoder, or the project keeps no
    tagged document.
    """
    kept = [document for document in kept_documents(project.store) if document.tags]
    if not kept:
        raise ConfigError("the project keeps no tagged documents to measure with", hint="tagwright train CORPUS")
    encoders = {name: _named(name, project, kept) for name in said} if said else {OWN: _own(project)}
    drawn = _drawn(project, kept, list(encoders.values()))
    drawn = [drawn[row] for row in np.sort(np.random.default_rng(seed).permutation(len(drawn))[:documents])]
    pool = pool_of(drawn, project.vocabulary, tags, seed=seed)
    made = {}
    for number, (name, encoder) in enumerate(encoders.items()):
        (progress or quiet)("encoders", number, len(encoders))
        made[name] = bench(encoder, drawn, project.vocabulary, pool)
    return Benchmark(len(drawn), len(pool), project.vocabulary.n_active, made)


def distil_encoder(
    project: Project, model: str, out: Path, *, width: int = WIDTH, planned: Callable[[float], None] | None = None,
    progress: Progress | None = None,
) -> Distilled:  # fmt: skip
    """The folder ``out`` with token vectors in the place of ``model``, made from the project's documents and tag names.

    ``model`` is the folder of an exported encoder, or what `export` takes. Documents that teaching holds out are left
    out here, too: they tell how good it has become. The project remembers vectors, so that the same goes on where it
    was killed. ``planned`` is told how many seconds it will take at most. Raises what `distil` and `export` do.
    """
    if out.exists():
        raise OutputError("exists already", path=str(out), hint="name a folder that does not exist yet")
    vocabulary = project.vocabulary
    names = [vocabulary.name(position) for position in np.flatnonzero(vocabulary.active).tolist()]
    kept = kept_documents(project.store)
    spared = _held_out(project, kept)
    groups = [[text_of(document) for document in kept if document.id not in spared], names]
    with _exported(model) as place:
        teacher = Onnx(str(place))
        if planned is not None:
            planned(sum(_seconds(teacher, group) for group in groups))
        remembering = parts.remembering(teacher, project.store, len(vocabulary))
        return distil(place, out, groups, width=width, teacher=remembering, progress=progress or quiet)


@contextmanager
def _exported(model: str) -> Iterator[Path]:
    """The folder of the model as it is served; made for the while where it is none."""
    if (Path(model) / folder.MANIFEST).is_file():
        yield Path(model)
        return
    with tempfile.TemporaryDirectory() as place:
        yield export(model, Path(place) / "made").folder


def _seconds(encoder: Encoder, texts: Sequence[str]) -> float:
    """How long all of them will take, as some of them do."""
    some = texts[:: max(len(texts) // _TRIED, 1)]
    encoder.encode(some[:1])
    before = time.perf_counter()
    encoder.encode(some)
    return (time.perf_counter() - before) * len(texts) / max(len(some), 1)


def _own(project: Project) -> Encoder:
    encoder = project.tagger.assembly.encoder
    return encoder.encoder if isinstance(encoder, Cached) else encoder


def _named(said: str, project: Project, kept: Sequence[Document]) -> Encoder:
    encoder: Encoder = registry.build("encoder", *choose(said))
    if isinstance(encoder, LearningEncoder):
        with one_thread():
            encoder.fit(kept, project.vocabulary)
    return encoder


def _drawn(project: Project, kept: Sequence[Document], encoders: Sequence[Encoder]) -> list[Document]:
    """The documents that are fit to measure these encoders with, as far as there are such."""
    taught = seen_by(encoders, [document.id for document in kept])
    fresh = [document for document, known in zip(kept, taught, strict=True) if not known]
    spared = _held_out(project, kept)
    return [document for document in fresh if document.id in spared] or fresh or list(kept)


def _held_out(project: Project, kept: Sequence[Document]) -> set[str]:
    """The ids of the documents that nothing is taught with in this project."""
    said = project.teaching.wanted()
    cut = Parts.of(kept, held_out=said.held_out, dev=said.dev, seed=said.seed)
    return {document.id for document in cut.held_out}
