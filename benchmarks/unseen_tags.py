"""How well tags are found that were added after training, by name and description only.

    python benchmarks/unseen_tags.py --encoder FOLDER [--data eurlex57k] [--documents 10000] [--tags 40]

Some tags are chosen by chance among those with 5 to 200 training documents and 3 in the part at least. They are taken
out of the vocabulary, and every document that carries one out of the training (mechanisms.md section 13). Then a
project is trained, the tags are added, and the part's documents that carry them are tagged: by names alone; by all
channels with the encoder in FOLDER as it is (tagwright encoder export minilm FOLDER); and with one that the remaining
documents taught. "R@10, all" ranks all tags of the vocabulary, "R@1, chosen" only the chosen ones.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from common import SHARED, arguments, machine, table

from tagwright import Project
from tagwright.corpus import open_corpus
from tagwright.pipeline.assembly import BLOCK
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary, open_vocabulary

FEWEST, MOST, WANTED = 5, 200, 3
NAMES_ALONE = [f"channels.{name}=false" for name in (
    "centroids", "graph", "dense", "adapter", "meaning_centroids", "meaning_graph"
)]  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What is trained on, what is asked, and the tags that come afterwards."""

    vocabulary: Vocabulary
    train: list[Document]
    asked: list[Document]
    tags: list[Tag]


def main() -> None:
    options = arguments(
        __doc__ or "", data={"default": "eurlex57k"}, part={"default": "dev"}, encoder={"required": True},
        documents={"type": int, "default": 10_000}, tags={"type": int, "default": 40},
        seed={"type": int, "default": 0}, set={"nargs": "*", "default": []},
    )  # fmt: skip
    task = task_of(options)
    print(f"{machine()}, {options.data}: {len(task.train):,} training documents, {len(task.tags)} tags added later, "
          f"{len(task.asked):,} documents of {options.part} that carry them\n", flush=True)  # fmt: skip
    rows = []
    for name, encoder, teach, overrides in (
        ("names alone", "lsa", [], NAMES_ALONE), ("untaught", options.encoder, [], []),
        ("taught", options.encoder, ["encoder"], []),
    ):  # fmt: skip
        project = trained(options.work / f"unseen-{name.replace(' ', '-')}", task, encoder, teach,
                          [*overrides, *options.set])  # fmt: skip
        rows.append([name, *found(project, task)])
        print(rows[-1], flush=True)
    table(rows, ["", "R@10, all", "R@50, all", "R@1, chosen", "R@3, chosen", "nDCG@10 of the other tags"])


def task_of(options) -> Task:
    data = SHARED / "data" / options.data
    vocabulary = open_vocabulary(data / "vocab.jsonl.gz")
    documents = list(islice((one for one in open_corpus([data / "train.jsonl.gz"]) if one.tags), options.documents))
    part = [one for one in open_corpus([data / f"{options.part}.jsonl.gz"]) if one.tags]
    learned, wanted = (Counter(tag for one in of for tag in one.tags) for of in (documents, part))
    fit = sorted(t for t, n in learned.items() if FEWEST <= n <= MOST and wanted[t] >= WANTED and t in vocabulary)
    chosen = set(np.random.default_rng(options.seed).permutation(fit)[: options.tags].tolist())
    every = [vocabulary.tag(position) for position in range(len(vocabulary))]
    return Task(
        Vocabulary.from_tags([tag for tag in every if tag.id not in chosen]),
        [one for one in documents if chosen.isdisjoint(one.tags)],
        [one for one in part if not chosen.isdisjoint(one.tags)],
        [tag for tag in every if tag.id in chosen],
    )


def trained(folder: Path, task: Task, encoder: str, teach: list[str], overrides: list[str]) -> Project:
    """The project with the tags added after its training."""
    shutil.rmtree(folder, ignore_errors=True)
    Project.create(folder, task.vocabulary, encoder=encoder).close()
    project = Project.open(folder, overrides=overrides)
    project.train(task.train, teach=teach)
    project.add_tags(task.tags)
    return project


def found(project: Project, task: Task) -> list[float]:
    """The shares of the added tags that are found, and nDCG@10 of the others."""
    vocabulary, tagger = project.vocabulary, project.tagger
    added = vocabulary.positions([tag.id for tag in task.tags])
    hits, total, gains = Counter[str](), 0, []
    for start in range(0, len(task.asked), BLOCK):
        block = task.asked[start : start + BLOCK]
        candidates = tagger.candidates(block)
        order = candidates.order("confidence", then="fused")
        for document, low, high in zip(block, candidates.offsets[:-1], candidates.offsets[1:], strict=True):
            ranked = candidates.tags[order[low:high]]
            gold = vocabulary.positions(document.tags, known_only=True)
            own = np.intersect1d(gold, added)
            total += len(own)
            among = ranked[np.isin(ranked, added)]
            for name, tags in (
                ("all10", ranked[:10]),
                ("all50", ranked[:50]),
                ("own1", among[:1]),
                ("own3", among[:3]),
            ):
                hits[name] += len(np.intersect1d(own, tags))
            gains.append(ndcg(ranked[~np.isin(ranked, added)], np.setdiff1d(gold, added)))
    shares = [hits[name] / total for name in ("all10", "all50", "own1", "own3")]
    return [*shares, float(np.nanmean(gains))]


def ndcg(ranked, gold) -> float:
    gains = 1 / np.log2(np.arange(2, 12))
    right = np.isin(ranked[:10], gold)
    return float(gains[: len(right)][right].sum() / gains[: len(gold)].sum()) if len(gold) else float("nan")


if __name__ == "__main__":
    main()
