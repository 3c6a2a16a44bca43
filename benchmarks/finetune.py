"""Whether a small language model learns to judge: its loss, and how well P(Yes) tells right from hard wrong tags.

    python benchmarks/finetune.py --project PROJECT --data tibkat-en

The project is trained on the data's train part, and its out-of-fold table gives the examples to learn from: ``pairs``
a document, half of them right. Measured on right pairs, the likeliest wrong ones, and others drawn from the 20
candidates, of the dev part, which neither the project nor the model has seen: the area under the ROC curve of what the
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
RIGHT, HARDEST, DRAWN = 0, 1, 2
WRONG = {"hardest": (HARDEST,), "drawn": (DRAWN,), "both": (HARDEST, DRAWN)}


def main() -> None:
    options = arguments(
        __doc__ or "", project={"required": True}, data={"default": "tibkat-en"}, base={"default": ""},
        documents={"type": int, "default": 150, "help": "documents to learn from"},
        held_out={"type": int, "default": 60, "help": "documents of the dev part"},
        characters={"type": int, "default": 400}, pairs={"type": int, "default": 4},
        hardest={"type": float, "default": 1.0},
        epochs={"type": float, "default": 1.0}, rate={"type": float, "default": 5e-4},
        batch={"type": int, "default": 4}, accumulate={"type": int, "default": 2},
        device={"default": "auto"},
    )  # fmt: skip
    project = Project.open(options.project)
    print(f"{machine()}, {options.data}\n")
    folder = options.work / f"finetune-{time.strftime('%Y%m%d-%H%M%S')}"
    taught = Instructions(
        pairs=options.pairs, hardest=options.hardest, characters=options.characters, most=options.documents
    )
    examples = write(project, taught, folder / "taught")
    held_out = Pairs(project, options.data, options.held_out, taught)
    settings = Finetuning(
        base=options.base, epochs=options.epochs, learning_rate=options.rate, batch=options.batch,
        accumulate=options.accumulate, device=options.device,
    )  # fmt: skip
    before = held_out.judged(options.base, "")
    run = Run([examples], folder / "adapter", settings)
    print(run.plan)
    done = run.finetune()
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
    """Held-out documents with the pairs that are asked about: ``kinds``, ``owners``, ``confidence`` (n,) of each."""

    def __init__(self, project: Project, data: str, most: int, taught: Instructions) -> None:
        corpus = open_corpus([SHARED / "data" / data / "dev.jsonl.gz"])
        tagged = [document for document in corpus if document.tags]
        self.vocabulary, self.taught = project.vocabulary, taught
        self.documents = [tagged[at] for at in np.linspace(0, len(tagged) - 1, most).astype(int)]
        self.tables = [self._chosen(document, project.candidates([document])) for document in self.documents]
        self.kinds = np.concatenate([found.column("kind") for found in self.tables])
        self.owners = np.repeat(np.arange(most), [found.n_pairs for found in self.tables])
        self.confidence = np.concatenate([found.column(CONFIDENCE) for found in self.tables])

    def _chosen(self, document: Document, found: Candidates) -> Candidates:
        """Right ones, the likeliest, as many of the likeliest wrong ones, and as many drawn of the other wrong ones."""
        near = found.where(found.rank(CONFIDENCE, then=FUSED) < self.taught.shown)
        right = near.right(gold_of([document], self.vocabulary))
        order = near.order(CONFIDENCE, then=FUSED)
        good, bad = order[right[order]], order[~right[order]]
        n = min(len(good), len(bad) // 2, self.taught.pairs // 2)
        drawn = np.random.default_rng(len(document.text)).permutation(bad[n:])[:n]
        kinds = np.full(near.n_pairs, np.nan)
        for kind, pairs in ((RIGHT, good[:n]), (HARDEST, bad[:n]), (DRAWN, drawn)):
            kinds[pairs] = kind
        return near.with_columns({"kind": kinds}).where(~np.isnan(kinds))

    def judged(self, base: str, adapter: str) -> np.ndarray:
        """(n,) the probability of Yes; one document at a time, whose text is read once for all of its pairs."""
        started = time.perf_counter()
        stage = Judge(characters=self.taught.characters)
        shared = {
            "name": COLUMN, "llm": Transformers(model=base, adapter=adapter, batch=3 * self.taught.pairs),
            "vocabulary": self.vocabulary, "template": load("judge"), "knowledge": None, "notes": Notes(),
        }  # fmt: skip
        furnish(stage, shared)
        found = [
            stage.score([document], pairs, np.ones(pairs.n_pairs, dtype=bool)).column(COLUMN)
            for document, pairs in zip(self.documents, self.tables, strict=True)
        ]
        print(f"{len(self.kinds)} pairs judged in both orders in {time.perf_counter() - started:.0f} s")
        return np.concatenate(found)


def area(values: np.ndarray, right: np.ndarray) -> float:
    """The area under the ROC curve: how often a right pair has more than a wrong one, ties counting half."""
    good, bad = values[right][:, None], values[~right][None, :]
    return float(((good > bad) + 0.5 * (good == bad)).mean())


def report(pairs: Pairs, before: np.ndarray, after: np.ndarray) -> None:
    """The areas and their difference, with 95 % intervals over resampled documents."""
    said = {"before": before, "after": after, "confidence": pairs.confidence}
    chance = np.random.default_rng(0)
    places = [np.flatnonzero(pairs.owners == number) for number in range(len(pairs.documents))]
    draws = [
        np.concatenate([places[n] for n in chance.integers(len(places), size=len(places))]) for _ in range(RESAMPLED)
    ]
    rows = []
    for wrong, kinds in WRONG.items():
        used = np.isin(pairs.kinds, (RIGHT, *kinds))
        everything = np.arange(len(used))
        found = {
            name: [measure(pairs, v, rows[used[rows]]) for rows in (everything, *draws)] for name, v in said.items()
        }
        found["after - before"] = list(np.subtract(found["after"], found["before"]))
        for name, areas in found.items():
            low, high = np.quantile(areas[1:], [0.025, 0.975])
            rows.append([wrong, name, areas[0], f"{low:.3f} to {high:.3f}"])
    counts = np.bincount(pairs.kinds.astype(int))
    print(f"\n{counts[0]} right, {counts[1]} hardest and {counts[2]} drawn wrong pairs of {len(places)} documents\n")
    table(rows, ["wrong pairs", "", "area under ROC", "95 %"])


def measure(pairs: Pairs, values: np.ndarray, rows: np.ndarray) -> float:
    """The area over these rows."""
    return area(values[rows], pairs.kinds[rows] == RIGHT)


if __name__ == "__main__":
    main()
