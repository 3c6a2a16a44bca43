"""What texts about tags are worth on the tail: the same training with bare names, and with what is said of the tags.

    python benchmarks/enriching.py [--data eurlex57k] [--part dev] [--most-documents N] [--texts PROJECT] [--set …]
    python benchmarks/enriching.py --round-trip [--data aapd] [--encoder FOLDER] [--texts PROJECT]

One vocabulary is stripped of synonyms, hidden labels and descriptions (names and links stay); one is whole, if it says
more; with --texts a third has, beside the bare names, the texts that tagwright enrich tags has found in that PROJECT
(proposed or accepted). Each trains a project on the same documents and is measured on the same ones: PSP@5
(propensities of the training), and macro-F1 of the rarest 15 % of the trained tags that the part has, on documents that
carry one (LAGAMC, section 8.2), given at the project's own cut. Differences to the bare names have 95 % intervals of a
paired bootstrap over documents.

--round-trip trains nothing: it prints how many tags come back when what a generator should write of them (LAGAMC) is
matched with all tags, by the points that the channel `described` uses, and by those of `dense` (names, synonyms and
descriptions mixed). The bar is 99 %; two tags of one text cannot both come back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from common import SHARED, arguments, machine, table

from tagwright import Project
from tagwright.corpus import open_corpus
from tagwright.encoders.lsa import Lsa
from tagwright.encoders.onnx import Onnx
from tagwright.enrichment.diff import enriched, grouped
from tagwright.evaluation import metrics
from tagwright.evaluation.bootstrap import paired_bootstrap
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.protocols import rarest_tags
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.saved import SavedCandidates
from tagwright.project.enriching import Enriching
from tagwright.recall.matcher import WrittenPoints
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints
from tagwright.store.texts import ACCEPTED, PROPOSED
from tagwright.text.tokens import Analyzer
from tagwright.training.described import VOCABULARY, Descriptions, GeneratorTraining
from tagwright.training.roundtrip import RoundTrip
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary, open_vocabulary

PSP, RARE, MICRO = "PSP@5", "rare-label macro-F1", "micro-F1"
ROUNDS = 2_000


@dataclass(frozen=True)
class Measured:
    """The metrics of a system, what they are sums of, and its rare pairs for the bootstrap."""

    per_document: dict[str, metrics.PerDocument]
    rare: Rare


@dataclass(frozen=True)
class Rare:
    """(document, rare tag) of every pair that is given and of every one that is right; a mean over rare tags.

    Rows (n,) int64 number the documents, tags the rare tags that the part has.
    """

    n_documents: int
    n_tags: int
    given: tuple[np.ndarray, np.ndarray]
    right: tuple[np.ndarray, np.ndarray]
    gold: tuple[np.ndarray, np.ndarray]

    def macro_f1(self, weights: np.ndarray) -> float:
        """With so many copies of each document; the mean over the tags that these have."""
        sums = [np.bincount(tags, weights[rows], self.n_tags) for rows, tags in (self.right, self.given, self.gold)]
        right, given, gold = (part[sums[2] > 0] for part in sums)
        return float(np.mean(2 * right / (given + gold)))


def main() -> None:
    options = arguments(
        __doc__ or "", data={"default": "eurlex57k"}, part={"default": "dev"}, encoder={"default": "lsa"},
        most_documents={"type": int, "default": None}, texts={"type": Path, "default": None},
        set={"nargs": "*", "default": []}, round_trip={"action": "store_true"},
    )  # fmt: skip
    data = SHARED / "data" / options.data
    if options.round_trip:
        return round_trips(data, options)
    train, part = (tagged(data / f"{name}.jsonl.gz", options.most_documents) for name in ("train", options.part))
    found = {}
    for name, vocabulary in vocabularies(open_vocabulary(data / "vocab.jsonl.gz"), options.texts):
        folder = options.work / f"enriching-{name.replace(' ', '-')}"
        found[name] = measured(trained(folder, vocabulary, train, options), part)
        print(name, {key: round(one.value, 4) for key, one in found[name].per_document.items()}, flush=True)
    print(f"\n{machine()}, {options.data}: {len(train):,} training documents, {len(part):,} of {options.part}\n")
    base, *others = found
    rows = [row for name in others for row in compared(name, found[name], found[base])]
    table(rows, ["texts", "metric", "with", f"with {base}", "difference", "95 % interval"])


def round_trips(data: Path, options) -> None:
    """A row a vocabulary: how many tags come back."""
    rows = []
    for name, vocabulary in vocabularies(open_vocabulary(data / "vocab.jsonl.gz"), options.texts):
        encoder = Lsa() if options.encoder == "lsa" else Onnx(options.encoder)
        if isinstance(encoder, Lsa):
            encoder.analyzer = Analyzer((vocabulary.language or "en",))
            encoder.fit(tagged(data / "train.jsonl.gz", options.most_documents or 10_000), vocabulary)
        meaning = MeaningSpace(encoder)
        points = WrittenPoints(meaning, GeneratorTraining().words).fit(vocabulary)
        text = Descriptions(vocabulary, [], words=points.words, order=VOCABULARY).text
        found, mixed = (RoundTrip.of(one, text) for one in (points, TagPoints(meaning).fit(vocabulary)))
        same = len(found.lost) - sum(text(tag) != text(back) for tag, back in found.lost.items() if back >= 0)
        rows.append([name, found.asked, f"{found.share:.4f}", same, f"{mixed.share:.4f}"])
    print(f"\n{machine()}, {options.data}, {options.encoder}: tags whose own text leads back to them\n")
    table(rows, ["texts", "tags", "come back", "lost to a tag of the same text, or none", "by the points of dense"])


def tagged(path: Path, most: int | None) -> list[Document]:
    return list(islice((one for one in open_corpus([path]) if one.tags), most))


def vocabularies(whole: Vocabulary, project: Path | None) -> Iterator[tuple[str, Vocabulary]]:
    """(what it has, the vocabulary): bare names first."""
    every = [whole.tag(position) for position in range(len(whole))]
    bare = [replace(tag, synonyms={}, hidden={}, descriptions={}) for tag in every]
    yield "names alone", Vocabulary.from_tags(bare)
    if bare != every:
        yield "its own texts", whole
    if project is not None:
        with Project.open(project) as opened:
            texts = grouped(Enriching(opened).find((PROPOSED, ACCEPTED)))
        yield "found texts", Vocabulary.from_tags(enriched(tag, texts.get(tag.id, ()))[0] for tag in bare)


def trained(folder: Path, vocabulary: Vocabulary, train: list[Document], options) -> Project:
    shutil.rmtree(folder, ignore_errors=True)
    Project.create(folder, vocabulary, encoder=options.encoder).close()
    project = Project.open(folder, overrides=options.set)
    project.train(train)
    return project


def measured(project: Project, part: list[Document]) -> Measured:
    _, saved = project.evaluate(part)
    assert saved.train_counts is not None
    judged = Judged.judge(Ranked.from_candidates(saved.candidates), saved.gold)
    cut, n_train = float(saved.settings["cut"]), int(saved.settings["n_train"])
    worth = metrics.of_tags(judged.gold_tags, *metrics.inverse_propensities(saved.train_counts, n_train))
    per_document = {PSP: metrics.psp(judged, 5, worth), MICRO: metrics.micro_f1(judged, cut=cut)}
    return Measured(per_document, rare_pairs(judged, saved, project.vocabulary, cut))


def rare_pairs(judged: Judged, saved: SavedCandidates, vocabulary: Vocabulary, cut: float) -> Rare:
    """The pairs of the rarest tags, on documents that carry one of them."""
    rarest = np.intersect1d(rarest_tags(saved.train_counts, vocabulary.ids), judged.gold_tags)
    numbers = np.full(len(vocabulary) + 1, -1)  # the last one is of tags that the vocabulary lacks
    numbers[rarest] = np.arange(len(rarest))
    golden = numbers[judged.gold_tags] >= 0
    carriers = np.unique(judged.gold_rows[golden])
    given = (numbers[judged.tags] >= 0) & (judged.confidences >= cut) & np.isin(judged.rows, carriers)
    right = given & judged.hits
    pairs = [(judged.rows[kept], numbers[judged.tags[kept]]) for kept in (given, right)]
    gold = judged.gold_rows[golden], numbers[judged.gold_tags[golden]]
    return Rare(len(judged.documents), len(rarest), pairs[0], pairs[1], gold)


def compared(name: str, one: Measured, base: Measured) -> list[list[object]]:
    """A row a metric."""
    rows: list[list[object]] = []
    for metric, found in paired_bootstrap(one.per_document, base.per_document).items():
        rows.append([name, metric, found.a, found.b, found.difference, f"{found.low:+.4f} to {found.high:+.4f}"])
    n, chance = one.rare.n_documents, np.random.default_rng(0)
    draws = []
    for _ in range(ROUNDS):
        weights = np.bincount(chance.integers(n, size=n), minlength=n).astype(np.float64)
        draws.append(one.rare.macro_f1(weights) - base.rare.macro_f1(weights))
    low, high = np.quantile(draws, [0.025, 0.975])
    a, b = (of.rare.macro_f1(np.ones(n)) for of in (one, base))
    return [*rows, [name, RARE, a, b, a - b, f"{low:+.4f} to {high:+.4f}"]]


if __name__ == "__main__":
    main()
