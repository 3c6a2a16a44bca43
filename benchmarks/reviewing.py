"""In which order people should look at waiting documents: decisions and documents until suggestions are better.

python benchmarks/reviewing.py [--documents 1000] [--waiting 3000] [--decided 1200] [--step 100] [--dev 690]
                               [--rise 0.02] [--seeds 3] [--orders …] [--tune]

A project learns from the first documents of tibkat-en's train part; the next ones wait. They are decided in the order
of the queue, and in others: a document's tags are accepted, and the likely suggestions that are wrong are rejected.
After each step nDCG@10 on dev. With ``--tune``, dev is another part of train.
"""

from __future__ import annotations

import argparse
import random
import shutil
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from common import SHARED, arguments, machine, measured, read, table, trained

from tagwright.feedback import ACCEPT, ADD, REJECT, Decision, Feedback
from tagwright.feedback.queue import Queue
from tagwright.project import Project
from tagwright.store.queued import Waiting
from tagwright.store.reviews import DONE, Review
from tagwright.store.wanted import Wanted
from tagwright.types import Document

DATA = SHARED / "data" / "tibkat-en"
ALL = 10**6
# As the server does: what is remembered is made anew after so many documents.
REFRESHED = 200
Order = Callable[[Queue], list[str]]


def main() -> None:
    options = arguments(
        __doc__ or "", documents={"type": int, "default": 1000}, waiting={"type": int, "default": 3000},
        decided={"type": int, "default": 1200}, step={"type": int, "default": 100},
        dev={"type": int, "default": 690}, rise={"type": float, "default": 0.02},
        seeds={"type": int, "default": 3}, tune={"action": "store_true"},
        orders={"nargs": "*", "default": [*ORDERS]},
    )  # fmt: skip
    every = read(DATA / "train.jsonl.gz", ALL)
    random.Random(0).shuffle(every)
    cut = options.documents + options.waiting
    dev = every[cut : cut + options.dev] if options.tune else read(DATA / "dev.jsonl.gz", options.dev)
    print(f"{machine()}\n", flush=True)
    start = options.work / "queue-start"
    trained(start, DATA / "vocab.jsonl.gz", every[: options.documents]).close()
    waiting = every[options.documents : cut]
    rows = []
    for name in options.orders:
        for seed in range(options.seeds if name == "random" else 1):
            curve = learn(start, waiting, dev, ORDERS[name](seed), options)
            label = f"{name} {seed}" if name == "random" else name
            show(label, curve)
            rows.append([label, *crossed(curve, options.rise), curve[len(curve) // 2][2], curve[-1][2]])
    print(f"\nuntil nDCG@10 has risen by {options.rise}:\n")
    table(rows, ["order", "documents", "decisions", "rise after half the documents", "after all"])


def learn(
    start: Path, waiting: Sequence[Document], dev: Sequence[Document], order: Order, options: argparse.Namespace
) -> list[tuple[int, int, float]]:
    """(documents, decisions, rise of nDCG@10) after each step."""
    folder = start.with_name("queue-decided")
    shutil.rmtree(folder, ignore_errors=True)
    project = Project.open(shutil.copytree(start, folder))
    feedback, queue = Feedback(project.store, project.settings.feedback()), Queue(project.store)
    feedback.wait(waiting)
    project.store.queued.sync()
    known = {document.id: document for document in waiting}
    asked = [Document(one.id, one.text, one.title, one.language) for one in dev]
    first = measured(project, project.suggest(asked, k=10), dev).value
    curve, documents, decisions = [(0, 0, 0.0)], 0, 0
    while documents < options.decided:
        if documents % REFRESHED == 0:
            refresh(project, queue)
        chosen, suggested = order(queue)[: options.step], {one.document: one for one in listed(queue)}
        for id in chosen:
            decisions += decide(feedback, project, known[id], suggested[id])
        documents += len(chosen)
        curve.append((documents, decisions, measured(project, project.suggest(asked, k=10), dev).value - first))
    project.close()
    return curve


def refresh(project: Project, queue: Queue) -> None:
    """All open documents are suggested for anew."""
    model = f"at {project.store.last()}"
    while documents := queue.stale(model, 0, 64):
        queue.fill(project.tagger, documents, model=model, row=project.store.last())


def decide(feedback: Feedback, project: Project, document: Document, said: Waiting) -> int:
    """How many decisions a person makes: right tags are accepted or added, the wrong ones of the likely rejected."""
    store, vocabulary = project.store, project.vocabulary
    gold = [tag for tag in document.tags or () if tag in vocabulary]
    suggested = [tag for tag, _ in said.shown]
    made = [Decision(document.id, tag, ACCEPT if tag in suggested else ADD, "benchmark") for tag in gold]
    wrong = [tag for tag in suggested[: said.likely] if tag not in gold]
    made += [Decision(document.id, tag, REJECT, "benchmark") for tag in wrong]
    feedback.submit(made, vocabulary)
    store.reviews.record([Review(document.id, DONE, "benchmark")])
    return len(made)


def crossed(curve: Sequence[tuple[int, int, float]], rise: float) -> tuple[str, str]:
    """The documents and decisions at which the rise is reached, between steps along a line; the last if never."""
    for (before, few, low), (after, many, high) in pairwise(curve):
        if high >= rise:
            share = (rise - low) / (high - low)
            return f"{before + share * (after - before):.0f}", f"{few + share * (many - few):.0f}"
    return f"> {curve[-1][0]}", f"> {curve[-1][1]}"


def show(name: str, curve: Sequence[tuple[int, int, float]]) -> None:
    said = "  ".join(f"{documents}/{decisions}: {rise:+.4f}" for documents, decisions, rise in curve[1:])
    print(f"{name} (documents/decisions: rise)  {said}", flush=True)


# --- the orders ---------------------------------------------------------------------------------------------------


def by_gain(seed: int) -> Order:
    """The queue's own: what the others gain, the chosen ones covered, a decision."""

    def order(queue: Queue) -> list[str]:
        queue.order()
        return [one.document for one in listed(queue)]

    return order


def by_chance(seed: int) -> Order:
    """Random order."""
    drawn = random.Random(seed)

    def order(queue: Queue) -> list[str]:
        ids = sorted(one.document for one in listed(queue))
        drawn.shuffle(ids)
        return ids

    return order


def by_doubt(seed: int) -> Order:
    """The highest expected loss of the document's own suggestions first (uncertainty)."""
    return lambda queue: [one.document for one in sorted(listed(queue), key=lambda one: -float(beta(one).sum()))]


def by_effort(seed: int) -> Order:
    """The least work first."""
    return lambda queue: [one.document for one in sorted(listed(queue), key=lambda one: one.effort)]


def by_beta(seed: int) -> Order:
    """As BESRA: vectors of expected losses by tag, of which k-means++ draws those that lie apart."""

    def order(queue: Queue) -> list[str]:
        rows = listed(queue)
        vectors = matrix(rows)
        lengths = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
        apart, chosen, drawn = lengths.copy(), list[int](), np.random.default_rng(seed)
        for _ in range(min(REFRESHED, len(rows))):
            apart[chosen] = 0
            chosen.append(int(drawn.choice(len(rows), p=apart / apart.sum())))
            to = lengths + lengths[chosen[-1]] - 2 * (vectors @ vectors[chosen[-1]].T).toarray().ravel()
            apart = np.minimum(apart, np.maximum(to, 0))
        return [rows[n].document for n in chosen]

    return order


def by_tags(seed: int) -> Order:
    """Coverage of rarely seen tags: Σ p(t) · the expected losses on t of all, the less the more often it was chosen."""

    def order(queue: Queue) -> list[str]:
        rows = listed(queue)
        losses, chances = matrix(rows), matrix(rows, chances=True)
        total, seen, chosen = np.asarray(losses.sum(axis=0)).ravel(), np.ones(losses.shape[1]), list[int]()
        for _ in range(min(REFRESHED, len(rows))):
            worth = chances @ (total / seen)
            worth[chosen] = -1
            chosen.append(int(worth.argmax()))
            seen += chances[chosen[-1]].toarray().ravel()
        return [rows[n].document for n in chosen]

    return order


def listed(queue: Queue) -> list[Waiting]:
    return queue.page(Wanted(limit=ALL))[0]


def beta(one: Waiting, a: float = 0.1, b: float = 3.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The expected loss of each suggestion by the Beta score of BESRA: p ∫_p^1 c^(a-1) (1-c)^b + (1-p) ∫_0^p c^a
    (1-c)^(b-1), by the middle of 2,000 parts.
    """  # noqa: D205
    chances = np.array([confidence for _, confidence in one.shown])
    middle = (np.arange(2000) + 0.5) / 2000
    right, wrong = middle ** (a - 1) * (1 - middle) ** b / 2000, middle**a * (1 - middle) ** (b - 1) / 2000
    above = np.append(np.cumsum(right[::-1])[::-1], 0)
    below = np.append(0, np.cumsum(wrong))
    edges = np.linspace(0, 1, 2001)
    return chances * np.interp(chances, edges, above) + (1 - chances) * np.interp(chances, edges, below)


def matrix(rows: Sequence[Waiting], *, chances: bool = False) -> sp.csr_matrix:
    """(documents, tags) expected losses, or confidences."""
    tags = {tag: None for one in rows for tag, _ in one.shown}
    places = {tag: n for n, tag in enumerate(tags)}
    owners = [n for n, one in enumerate(rows) for _ in one.shown]
    columns = [places[tag] for one in rows for tag, _ in one.shown]
    values = np.concatenate([[p for _, p in one.shown] if chances else beta(one) for one in rows])
    return sp.csr_matrix((values, (owners, columns)), shape=(len(rows), len(places)))


ORDERS: dict[str, Callable[[int], Order]] = {
    "gain": by_gain, "random": by_chance, "doubt": by_doubt, "effort": by_effort, "beta": by_beta, "tags": by_tags,
}  # fmt: skip


if __name__ == "__main__":
    main()
