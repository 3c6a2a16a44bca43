"""Multi-label classification: one table a data set, from a tuned linear baseline to each paper and its ablations.

    python benchmarks/mlc.py [--data reuters] [--rows "TF-IDF linear" core linear …] [--encoder FOLDER] [--set …]

The part measured is dev; reuters has none, so a tenth of its training documents by their ids is. The baseline is tuned
on a tenth of the remaining ones (words or pairs too, C, one cut for all tags): linear one-vs-rest up to 1,000 tags,
label trees above. Ours are trained by the product's own ways; micro-F1 is at the product's own cut for all tags.
Differences to the baseline: 95 % intervals of a paired bootstrap over documents. FOLDER: tagwright encoder export
minilm FOLDER. --most-documents and --most-measured cut both parts, for rows that take seconds a document.
"SEP-MLDC" is without pseudo-documents (-DATC); "SEP-MLDC, +DATC" has the project's language model write them first,
with at most --calls questions: --set llm.kind=local, and what else it takes.
"""

from __future__ import annotations

import shutil
import time
import warnings
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from common import SHARED, arguments, machine, table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from tagwright import Project
from tagwright.corpus import open_corpus
from tagwright.corpus.split import fold_of
from tagwright.evaluation.evaluate import compare, evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.report import Report
from tagwright.pipeline.assembly import gold_of
from tagwright.project.sampling import Sampling
from tagwright.project.sampling import options as enrichment
from tagwright.recall.spaces import text_of
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary, open_vocabulary

BASELINE = "TF-IDF linear"
MOST_TAGS = 1000
DEPTH = 100
RATIOS = ("microF1", "P@1", "P@3", "P@5", "nDCG@5", "PSP@5")
VALUES = ("macroF1(gold)",)
BOTH = ("channels.meaning_linear.kind=linear", "channels.meaning_linear.space=meaning")
# name -> (whether the encoder of --encoder is used, what is taught, settings, whether tags have but their names)
OURS: dict[str, tuple[bool, tuple[str, ...], tuple[str, ...], bool]] = {
    "core": (False, (), ("channels.linear=false",), False),
    "linear": (False, (), (), False),
    "trees": (False, (), ("channels.trees.kind=trees",), False),
    "encoder": (True, (), BOTH, False),
    "encoder, trees": (True, (), ("channels.trees.kind=trees",), False),
    "fine-tuned": (True, ("encoder",), BOTH, False),
    "SEP-MLDC": (True, ("labelguided",), BOTH, False),
    "SEP-MLDC, +DATC": (True, ("labelguided",), (*BOTH, "enrichment.samples=true"), False),
    "SEP-MLDC, -LSE": (True, ("labelguided",), BOTH, True),
    "SEP-MLDC, -SMCL": (
        True, ("labelguided",),
        (*BOTH, "teaching_labelguided.labels_weight=0.0", "teaching_labelguided.documents_weight=0.0"), False,
    ),
    "SEP-MLDC, -LGFS": (True, ("labelguided",), (*BOTH, "teaching_labelguided.guided=false"), False),
    "LAGAMC": (True, ("described",), BOTH, False),
    "LAGAMC, -semantic": (True, ("described",), (*BOTH, "teaching_described.balance=1.0"), False),
    "LAGAMC, -descriptions": (True, ("described",), (*BOTH, "teaching_described.words=0"), False),
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """What is learned from, and what is measured."""

    vocabulary: Vocabulary
    train: list[Document]
    dev: list[Document]


def main() -> None:
    options = arguments(
        __doc__ or "", data={"default": "reuters"}, rows={"nargs": "+", "default": [BASELINE, "core", "linear"]},
        encoder={"default": ""}, most_documents={"type": int, "default": None},
        most_measured={"type": int, "default": None}, calls={"type": int, "default": 300},
        set={"nargs": "*", "default": []},
    )  # fmt: skip
    task = task_of(options.data, options.most_documents, options.most_measured)
    print(f"{machine()}, {options.data}: {len(task.train):,} training documents, {len(task.dev):,} measured\n")
    found: dict[str, Report] = {}
    rows = []
    for name in options.rows:
        started = time.process_time()
        found[name] = baseline(task) if name == BASELINE else ours(name, task, options)
        rows.append([name, *shown(found[name], found.get(BASELINE)), f"{time.process_time() - started:.0f}"])
        print(rows[-1], flush=True)
    table(rows, ["", "micro-F1", "to the baseline", *RATIOS[1:], *VALUES, "CPU s"])


def task_of(data: str, most: int | None, measured: int | None) -> Task:
    folder = SHARED / "data" / data
    train = list(islice((one for one in open_corpus([folder / "train.jsonl.gz"]) if one.tags), most))
    if (folder / "dev.jsonl.gz").exists():
        dev = [one for one in open_corpus([folder / "dev.jsonl.gz"]) if one.tags]
    else:
        train, dev = tenth(train, seed=0)
    return Task(open_vocabulary(folder / "vocab.jsonl.gz"), train, dev[:measured])


def tenth(documents: list[Document], seed: int) -> tuple[list[Document], list[Document]]:
    """The others, and about a tenth by their ids."""
    chosen = [fold_of(one.id, 10, seed) == 0 for one in documents]
    return tuple([one for one, is_ in zip(documents, chosen, strict=True) if is_ is which] for which in (False, True))


def ours(name: str, task: Task, options) -> Report:
    encoded, teach, overrides, bare = OURS[name]
    if encoded and not options.encoder:
        raise SystemExit(f"the row {name!r} needs --encoder FOLDER")
    folder = options.work / f"mlc-{options.data}-{name.replace(' ', '-').replace(',', '')}"
    shutil.rmtree(folder, ignore_errors=True)
    vocabulary = task.vocabulary
    if bare:
        tags = [vocabulary.tag(position) for position in range(len(vocabulary))]
        vocabulary = Vocabulary.from_tags(replace(tag, synonyms={}, hidden={}, descriptions={}) for tag in tags)
    Project.create(folder, vocabulary, encoder=options.encoder if encoded else "lsa").close()
    with Project.open(folder, overrides=[*overrides, *options.set]) as project:
        if enrichment(project).samples:
            project.train(task.train)
            print(*Sampling(project, task.dev, caps={"calls": options.calls}).write().lines, sep="\n", flush=True)
        project.train(task.train, teach=teach)
        report, _ = project.evaluate(task.dev, k=DEPTH)
    return report


def baseline(task: Task) -> Report:
    """One-vs-rest with what a tenth of the training documents finds best, or label trees with the best cut of these."""
    learned, held = tenth(task.train, seed=1)
    if len({tag for one in task.train for tag in one.tags or ()}) > MOST_TAGS:
        cut = best_cut(*trees(task, learned, held), task, held)[1]
        return report(*trees(task, task.train, task.dev), cut, task)
    tried = []
    for longest in (1, 2):
        for strength in (0.1, 0.3, 1.0, 3.0):
            made = linear(task, learned, held, longest, strength)
            tried.append((*best_cut(*made, task, held), longest, strength))
    f1, cut, longest, strength = max(tried)
    print(f"baseline: {longest} word(s), C = {strength}, micro-F1 {f1:.4f} on the tenth that tunes", flush=True)
    return report(*linear(task, task.train, task.dev, longest, strength), cut, task)


def linear(task: Task, train: list[Document], asked: list[Document], longest: int, strength: float):
    """(tags, (n_asked, n_tags) scores in (0, 1)) of one classifier a tag."""
    words = TfidfVectorizer(ngram_range=(1, longest), sublinear_tf=True, min_df=2)
    known, points = words.fit_transform(map(text_of, train)), words.transform(map(text_of, asked))
    gold = gold_of(train, task.vocabulary)
    tags, scores = np.unique(np.concatenate(gold)), []
    for tag in tags.tolist():
        own = np.array([tag in tags_of for tags_of in gold])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            margins = (
                np.ones(len(asked)) if own.all() else LinearSVC(C=strength).fit(known, own).decision_function(points)
            )
        scores.append(1 / (1 + np.exp(-margins)))
    return tags, np.stack(scores, axis=1)


def trees(task: Task, train: list[Document], asked: list[Document]):
    """The same of label trees (omikuji) alone."""
    from tagwright.encoders.lsa import Lsa
    from tagwright.pipeline.assembly import Assembly
    from tagwright.pipeline.settings import TaggerSettings

    assembly = Assembly(TaggerSettings(channels={"trees": {}}), Lsa(), (task.vocabulary.language or "en",))
    assembly.informed = False
    assembly.prepare(train, task.vocabulary).fit(train, task.vocabulary)
    found = assembly.recall_all(asked).top(DEPTH, by="trees.score")
    tags = np.unique(found.tags)
    scores = np.zeros((len(asked), len(tags)))
    scores[found.documents, np.searchsorted(tags, found.tags)] = found.column("trees.score")
    return tags, scores


def best_cut(tags, scores, task: Task, held: list[Document]) -> tuple[float, float]:
    """(micro-F1, the cut that has it)."""
    right = np.stack([np.isin(tags, own) for own in gold_of(held, task.vocabulary)])
    order = np.argsort(-scores, axis=None)
    hits = np.cumsum(right.ravel()[order])
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + sum(len(one.tags or ()) for one in held))
    return float(f1.max()), float(scores.ravel()[order][int(f1.argmax())])


def report(tags, scores, cut: float, task: Task) -> Report:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    n, width = order.shape
    values = np.take_along_axis(scores, order, axis=1).ravel()
    ranked = Ranked(np.arange(n + 1) * width, tags[order].ravel().astype(np.int64), values)
    positions = {id: position for position, id in enumerate(task.vocabulary.ids)}
    gold = Gold.from_ids((one.tags for one in task.dev), positions)
    counts = np.bincount(np.concatenate(gold_of(task.train, task.vocabulary)), minlength=len(task.vocabulary))
    ids = [one.id for one in task.dev]
    return evaluate(ranked, gold, cut=cut, train_counts=counts, n_train=len(task.train), ids=ids, depth=width)


def shown(found: Report, other: Report | None) -> list[str]:
    cells = [f"{found.ratios[name].value:.4f}" if name in found.ratios else "" for name in RATIOS]
    values = [f"{found.values[name]:.4f}" for name in VALUES]
    gain = ""
    if other is not None and other is not found:
        one = compare(found, other)["microF1"]
        gain = f"{one.difference:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
    return [cells[0], gain, *cells[1:], *values]


if __name__ == "__main__":
    main()
