"""The zero-shot protocol: a tagger trained without every document that carries some chosen tags, and asked for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

import numpy as np

import tagwright.project.parts as parts
import tagwright.recall.pseudo as pseudo
from tagwright.candidates import Ints
from tagwright.corpus import Memory
from tagwright.encoders.seen import seen_by
from tagwright.errors import ConfigError, NotFittedError
from tagwright.evaluation.protocols import Measured, Protocol, among, everything, part
from tagwright.evaluation.ranked import Ranked
from tagwright.pipeline.fitting import Progress
from tagwright.project.evaluating import measure
from tagwright.project.project import Project
from tagwright.store.base import Store
from tagwright.tagger import Tagger
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary

MOST = 5  # LAGAMC takes four or five
# A tag of more documents than this would take too much of the training with it.
COMMONEST = 0.1


def kept_documents(store: Store) -> list[Document]:
    """The tagged documents that a project has: those of the last training, and what the growth log did since."""
    documents = {document.id: document for document in store.documents()}
    for row in store.read(store.folded()):
        if row.kind == "add_document":
            documents[row.subject] = row.document
        elif row.kind == "remove_document":
            documents.pop(row.subject, None)
    return pseudo.real(documents.values())


def new_tagger(project: Project) -> Tagger:
    """A tagger with the project's settings and vocabulary that has learned nothing.

    Its encoder is that of the settings: one that the project's documents taught knows the tags that are to be unseen.
    """
    encoder, known = parts.encoder(project.folder, project.settings, project.manifest), project.vocabulary
    return Tagger(project.settings.tagger(), parts.remembering(encoder, project.store, len(known)), known)


def choose(kept: Sequence[Document], evaluated: Sequence[Document], vocabulary: Vocabulary) -> list[str]:
    """At most five tags that are learned and wanted, those with the most evaluated documents first; ties by id.

    None of them has more than a tenth of the kept documents. Raises `ConfigError` where there is no such tag.
    """
    if not kept:
        raise ConfigError("the project keeps no documents to train on", hint="tagwright train CORPUS")
    learned = Counter(tag for document in kept for tag in document.tags or ())
    wanted = Counter(tag for document in evaluated for tag in document.tags or () if tag in vocabulary)
    fit = [tag for tag in wanted if 0 < learned[tag] <= COMMONEST * len(kept)]
    if not fit:
        raise ConfigError(
            "no tag of the evaluated documents can be left out: each has no training document, or over a tenth of them",
            hint="name the tags with --unseen ID",
        )
    return sorted(fit, key=lambda tag: (-wanted[tag], tag))[:MOST]


def zero_shot(
    tagger: Tagger, kept: Sequence[Document], evaluated: Iterable[Document], unseen: Sequence[str], *, k: int,
    progress: Progress,
) -> Protocol:  # fmt: skip
    """The metrics of the ``unseen`` tags (ids) by a new ``tagger``, trained on the kept documents that lack them.

    Parts: "unseen", strictly zero-shot: only these tags are ranked; "generalised": all tags are, on the same
    documents; "seen": the other tags. What was trained on, calibrated with and remembered is searched for the unseen
    tags, and the counts stand in ``about``: they are 0. An encoder that was tuned elsewhere may have seen them all
    the same. Raises `ConfigError` where nothing is left to train on or to evaluate, `UnknownTagError` for an id.
    """
    positions, hidden = tagger.vocabulary.positions(unseen), set(unseen)
    documents = [document for document in evaluated if document.tags]
    carriers = sum(not hidden.isdisjoint(document.tags or ()) for document in documents)
    rest = [document for document in kept if hidden.isdisjoint(document.tags or ())]
    if not carriers:
        raise ConfigError(f"no evaluated document has one of the tags {', '.join(unseen)}", hint="--unseen ID")
    if not any(tag in tagger.vocabulary for document in rest for tag in document.tags or ()):
        raise ConfigError("without the documents of these tags there is nothing left to train on", hint="--unseen ID")
    known = seen_by([tagger.assembly.encoder], [d.id for d in kept if not hidden.isdisjoint(d.tags or ())]).sum()
    if known:
        raise ConfigError(
            f"the encoder was taught with {known:,} documents of these tags, so they are not unseen",
            hint="measure with a project that has another encoder (tagwright init --encoder)",
        )
    tagger.fit(rest, progress)
    about = {
        "unseen": list(unseen), "training_documents": len(rest), "left_out_documents": len(kept) - len(rest),
        "calibrated": tagger.calibrated, "attested": attest(tagger, rest, positions),
    }  # fmt: skip
    _, saved = measure(tagger, Memory(documents), k=k, n_train=len(rest), reference=None, progress=progress)
    measured = Measured(Ranked.from_candidates(saved.candidates), saved.gold, tagger.cut)
    n, few, scope = len(tagger.vocabulary), len(positions), among(positions)
    return Protocol("zero-shot", about, {
        "unseen": part(measured, scope, "only the unseen tags are ranked", few),
        "generalised": everything(measured, "all tags are ranked, on documents with an unseen one", n, carrying=scope),
        "seen": part(measured, lambda tags: ~scope(tags), "only the other tags are ranked", n - few),
    })  # fmt: skip


def attest(tagger: Tagger, documents: Sequence[Document], unseen: Ints) -> dict[str, int]:
    """How often the tags at these positions stand in what a tagger learned from: 0 everywhere, or it is our bug."""
    hidden = {tagger.vocabulary.ids[tag] for tag in unseen.tolist()}
    found = {"training documents": sum(not hidden.isdisjoint(document.tags or ()) for document in documents)}
    calibrated_on = tagger.fitted.gold if tagger.fitted is not None else []
    found["calibration rows"] = sum(bool(np.isin(gold, unseen).any()) for gold in calibrated_on)
    found["neighbour entries"] = 0
    for shelf in tagger.assembly.shelves.values():
        with suppress(NotFittedError):
            found["neighbour entries"] += int(shelf.counts()[unseen].sum())
    assert not any(found.values()), f"an unseen tag has been seen: {found}"
    return found
