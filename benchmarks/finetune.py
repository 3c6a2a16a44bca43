"""Whether a small language model learns to judge: its loss, and how well P(Yes) tells right from hard wrong tags.

    python benchmarks/finetune.py --project PROJECT --data tibkat-en

The project is trained on the data's train part, and its out-of-fold table gives the examples to learn from: ``pairs``
a document, half of them right, the others the wrong candidates with the highest confidence. Measured on pairs chosen
likewise from the dev part, which neither the project nor the model has seen: the area under the ROC curve of what the
stage `judge` says (both orders of the answers), before and after, with intervals over resampled documents.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from common import SHARED, arguments, machine, table

from tagwright import Project
from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import Candidates
from tagwright.corpus import open_corpus
from tagwright.fusion.base import FUSED
from tagwright.generation.base import Notes, furnish
from tagwright.generation.judge import Judge
from tagwright.llm.prompts import load
from tagwright.llm.transformers import Transformers
from tagwright.pipeline.assembly import gold_of
from tagwright.training.finetune import Run
from tagwright.training.instructions import Instructions, build
from tagwright.training.options import Finetuning
from tagwright.types import Document

RESAMPLED = 2000
COLUMN = "judged"


def main() -> None:
    options = arguments(
        __doc__ or "", project={"required": True}, data={"default": "tibkat-en"}, base={"default": ""},
        documents={"type": int, "default": 150, "help": "documents to learn from"},
        held_out={"type": int, "default": 60, "help": "documents of the dev part"},
        characters={"type": int, "default": 400}, pairs={"type": int, "default": 4},
        epochs={"type": float, "default": 1.0}, rate={"type": float, "default": 5e-4},
        batch={"type": int, "default": 4}, accumulate={"type": int, "default": 2},
        device={"default": "auto"},
    )  # fmt: skip
    project = Project.open(options.project)
    print(f"{machine()}, {options.data}\n")
    folder = options.work / f"finetune-{time.strftime('%Y%m%d-%H%M%S')}"
    taught = Instructions(pairs=options.pairs, characters=options.characters, most=options.documents)
    examples = write(project, taught, folder / "taught")
    held_out = Pairs(project, options.data, options.held_out, taught)
    settings = Finetuning(
        base=options.base, epochs=options.epochs, learning_rate=options.rate, batch=options.batch,
        accumulate=options.accumulate, device=options.device,
    )  # fmt: skip
    before = held_out.judged(options.base, "")
    run = Run([examples], folder / "adapter", settings)
    print(run.plan)
    done = run.run()
    first, last = done.fall
    print(f"\n{len(done.losses)} steps in {done.seconds:.0f} s; loss a token {first:.3f} -> {last:.3f}\n")
    after = held_out.judged(options.base, str(done.folder))
    report(held_out, before, after)


def write(project: Project, taught: Instructions, folder: Path) -> Path:
    """The examples for the judge."""
    known = project.out_of_fold()
    assert known is not None
    documents, templates = list(project.store.documents()), {kind: load(kind) for kind in ("select", "judge")}
    space = project.tagger.assembly.meaning
    sets = build(documents, known, project.vocabulary, templates, taught, vectors=space.documents)
    sets.write(folder)
    print(dict(sets.counts))
    return folder / "judge.jsonl"


class Pairs:
    """Held-out documents with the pairs that are asked about: ``right`` (n,) bool and ``owners`` (n,) of each."""

    def __init__(self, project: Project, data: str, most: int, taught: Instructions) -> None:
        corpus = open_corpus([SHARED / "data" / data / "dev.jsonl.gz"])
        tagged = [document for document in corpus if document.tags]
        self.vocabulary, self.taught = project.vocabulary, taught
        self.documents = [tagged[at] for at in np.linspace(0, len(tagged) - 1, most).astype(int)]
        self.tables = [self._chosen(document, project.candidates([document])) for document in self.documents]
        rights = [
            found.right(gold_of([document], self.vocabulary))
            for document, found in zip(self.documents, self.tables, strict=True)
        ]
        self.right = np.concatenate(rights)
        self.owners = np.repeat(np.arange(most), [len(own) for own in rights])

    def _chosen(self, document: Document, found: Candidates) -> Candidates:
        """As many right as wrong ones, the likeliest of each, as in the examples."""
        near = found.where(found.rank(CONFIDENCE, then=FUSED) < self.taught.shown)
        right = near.right(gold_of([document], self.vocabulary))
        order = near.order(CONFIDENCE, then=FUSED)
        good, bad = order[right[order]], order[~right[order]]
        n = min(len(good), len(bad), self.taught.pairs // 2)
        return near.where(np.isin(np.arange(near.n_pairs), np.concatenate([good[:n], bad[:n]])))

    def judged(self, base: str, adapter: str) -> np.ndarray:
        """(n,) the probability of Yes; one document at a time, whose text is read once for all of its pairs."""
        started = time.perf_counter()
        stage = Judge(characters=self.taught.characters)
        shared = {
            "name": COLUMN, "llm": Transformers(model=base, adapter=adapter, batch=2 * self.taught.pairs),
            "vocabulary": self.vocabulary, "template": load("judge"), "knowledge": None, "notes": Notes(),
        }  # fmt: skip
        furnish(stage, shared)
        found = [
            stage.score([document], pairs, np.ones(pairs.n_pairs, dtype=bool)).column(COLUMN)
            for document, pairs in zip(self.documents, self.tables, strict=True)
        ]
        print(f"{len(self.right)} pairs judged in both orders in {time.perf_counter() - started:.0f} s")
        return np.concatenate(found)


def area(values: np.ndarray, right: np.ndarray) -> float:
    """The area under the ROC curve: how often a right pair has more than a wrong one, ties counting half."""
    good, bad = values[right][:, None], values[~right][None, :]
    return float(((good > bad) + 0.5 * (good == bad)).mean())


def report(pairs: Pairs, before: np.ndarray, after: np.ndarray) -> None:
    """Both areas and their difference, with 95 % intervals over resampled documents."""
    chance = np.random.default_rng(0)
    places = [np.flatnonzero(pairs.owners == number) for number in range(len(pairs.documents))]
    drawn = []
    for _ in range(RESAMPLED):
        rows = np.concatenate([places[n] for n in chance.integers(len(places), size=len(places))])
        drawn.append([area(values[rows], pairs.right[rows]) for values in (before, after)])
    areas = np.array(drawn)
    told = {"before": (before, areas[:, 0]), "after": (after, areas[:, 1])}
    rows = []
    for name, (values, resampled) in told.items():
        low, high = np.quantile(resampled, [0.025, 0.975])
        accuracy = float(((values >= 0.5) == pairs.right).mean())
        rows.append([name, area(values, pairs.right), float(low), float(high), accuracy])
    low, high = np.quantile(areas[:, 1] - areas[:, 0], [0.025, 0.975])
    rows.append(["difference", area(after, pairs.right) - area(before, pairs.right), float(low), float(high), ""])
    print(f"\n{pairs.right.sum()} right and {(~pairs.right).sum()} wrong pairs of {len(pairs.documents)} documents\n")
    table(rows, ["", "area under ROC", "low", "high", "right at 0.5"])


if __name__ == "__main__":
    main()
