"""Tables 1 to 3 of LLMs4Subjects (Torino) on our data: retrieval by cosine, untaught, taught with each loss; the MLP.

    python benchmarks/llms4subjects.py [--data tibkat-en] [--pairs 6000] [--parts dev test] [--rows minilm ranking …]

Every row finds tags for each document among all tags of the vocabulary by the cosine of the two texts' vectors. Taught
is on a seeded slice of the training documents with so many pairs (0 = all); as in the paper, without a dev part, and
with wrong tags drawn at random ("triplet-likely": those that words and similar documents make likely). The MLP looks at
the first 1,000 tags by cosine. What was taught is kept under --work and not taught again. --documents: so many of each
part are measured, drawn by the seed.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from common import SHARED, arguments, machine, table

from tagwright.corpus import open_corpus
from tagwright.encoders.export import export
from tagwright.encoders.lsa import Lsa
from tagwright.encoders.onnx import Onnx
from tagwright.pipeline.settings import DEFAULT_CHANNELS, TaggerSettings
from tagwright.project.teaching import Material
from tagwright.recall.spaces import text_of
from tagwright.rerank.pairs import Layers
from tagwright.tagger import Tagger
from tagwright.training.encoder import EncoderRun
from tagwright.training.lessons import Lessons, Parts
from tagwright.training.options import EncoderTraining
from tagwright.training.pairdata import PairExamples, PairTraining
from tagwright.training.pairs import train_pairs
from tagwright.vocabulary import open_vocabulary

KS = tuple(range(5, 55, 5))
SHOWN = (5, 10, 20, 50)
LOSSES = ("triplet", "triplet-likely", "cosine", "angle", "cosent", "ranking", "decoupled")
ROWS = ("minilm", *LOSSES, "ranking-3", "mlp")
LOOKED_AT = 1000
TIMED = 100


@dataclass(frozen=True)
class Part:
    """Texts, and for each the positions of its tags."""

    texts: list[str]
    gold: list[np.ndarray]


def main() -> None:
    options = arguments(
        __doc__ or "", data={"default": "tibkat-en"}, pairs={"type": int, "default": 6000},
        parts={"nargs": "+", "default": ["dev", "test"]}, rows={"nargs": "+", "default": list(ROWS)},
        learning_rate={"type": float, "default": 5e-5}, batch={"type": int, "default": 32},
        threads={"type": int, "default": 2}, seed={"type": int, "default": 0}, documents={"type": int, "default": None},
    )  # fmt: skip
    data = SHARED / "data" / options.data
    vocabulary = open_vocabulary(data / "vocab.jsonl.gz")
    lessons = slice_of(data, vocabulary, options.pairs, options.seed)
    parts = {part: part_of(data, part, vocabulary, options.documents, options.seed) for part in options.parts}
    print(f"{machine()}, {options.data}: {len(lessons.documents):,} documents, {lessons.pairs:,} pairs\n", flush=True)
    names = [vocabulary.name(position) for position in range(len(vocabulary))]
    rows, full = [], {}
    for row in options.rows:
        encoder = Onnx(str(folder_of(row, lessons, options)), threads=options.threads)
        tags = encoder.encode(names)
        finder = mlp(encoder, tags, lessons, options) if row == "mlp" else by_cosine(tags)
        for name, part in parts.items():
            points = encoder.encode(part.texts)
            found = measured(finder(points), part.gold)
            full[f"{row}, {name}"] = found
            shown = [f"{100 * found[f'{what}@{k}']:.2f}" for k in SHOWN for what in ("P", "R", "F1")]
            rows.append([row, name, *shown, f"{latency(encoder, part.texts):.0f}"])
            print(rows[-1], flush=True)
    header = ["row", "part", *(f"{what}@{k}" for k in SHOWN for what in ("P", "R", "F1")), "ms a text"]
    table(rows, header)
    (options.work / f"llms4subjects-{options.data}.json").write_text(json.dumps(full, indent=1))


def slice_of(data: Path, vocabulary, pairs: int, seed: int) -> Lessons:
    """Documents in a seeded order until they have so many pairs; with tags that seem likely, and are wrong."""
    documents = [document for document in open_corpus([data / "train.jsonl.gz"]) if document.tags]
    order = np.random.default_rng(seed).permutation(len(documents))
    sizes = np.array([len(documents[row].tags) for row in order])
    enough = np.searchsorted(np.cumsum(sizes), pairs) + 1 if pairs else len(documents)
    chosen = [documents[row] for row in order[:enough]]
    words = {name: options for name, options in DEFAULT_CHANNELS.items() if name in WORDS}
    tagger = Tagger(TaggerSettings(channels=words), Lsa(), vocabulary)
    return Material(tagger, Parts(chosen, [], []), lambda stage, done, total: None).lessons()


WORDS = ("lexical", "centroids", "graph")


def part_of(data: Path, name: str, vocabulary, most: int | None, seed: int) -> Part:
    documents = [document for document in open_corpus([data / f"{name}.jsonl.gz"]) if document.tags]
    if most:
        documents = [documents[row] for row in np.random.default_rng(seed).permutation(len(documents))[:most]]
    gold = [vocabulary.positions(document.tags, known_only=True) for document in documents]
    return Part([text_of(document) for document in documents], gold)


def folder_of(row: str, lessons: Lessons, options) -> Path:
    """The encoder of a row, taught where it is not there yet."""
    if row in ("minilm", "mlp"):
        folder = options.work / "minilm-int8"
        if not folder.exists():
            export("minilm", folder)
        return folder
    loss, _, what = row.partition("-")
    folder = options.work / f"l4s-{options.data}-{row}-{options.pairs}-{options.learning_rate}-{options.batch}"
    if not folder.exists():
        settings = EncoderTraining(
            loss=loss, epochs=3 if what == "3" else 1, learning_rate=options.learning_rate, batch=options.batch,
            wrong=1 if what == "likely" else 0, titles=0.0, held_out=0.0, dev=0.0, seed=options.seed,
        )  # fmt: skip
        started = time.process_time(), time.perf_counter()
        run = EncoderRun(lessons, Parts(lessons.documents, [], []), folder, settings)
        history = run.run()
        spent = time.process_time() - started[0], time.perf_counter() - started[1]
        tenth = max(len(history.losses) // 10, 1)
        first, last = (float(np.mean(part)) for part in (history.losses[:tenth], history.losses[-tenth:]))
        print(f"{row}: {len(history.losses)} steps, loss {first:.3f} to {last:.3f}, {spent[0]:.0f} CPU s, "
              f"{spent[1]:.0f} s", flush=True)  # fmt: skip
    return folder


def by_cosine(tags):
    """Gives the first 50 tags of each document by cosine."""
    return lambda points: np.concatenate([first(points[at : at + 64] @ tags.T) for at in range(0, len(points), 64)])


def mlp(encoder: Onnx, tags, lessons: Lessons, options):
    """Gives the first 50 by the pair model among the first 1,000 by cosine."""
    folder = options.work / f"l4s-{options.data}-mlp-{options.pairs}"
    if not folder.exists():
        documents = encoder.encode([text_of(document) for document in lessons.documents])
        none = [np.empty(0, dtype=np.int64)] * len(lessons.documents)
        ids, gold = [document.id for document in lessons.documents], [own.astype(np.int64) for own in lessons.gold]
        examples = PairExamples(ids, documents, tags, gold, none, encoder.fingerprint)
        done = train_pairs(examples, folder, PairTraining(seed=options.seed))
        print(
            f"mlp: losses {done.losses[0]} to {done.losses[done.best]} in epoch {done.best + 1}, {done.seconds:.0f} s"
        )
    said = json.loads((folder / "pairs.json").read_text())
    layers = Layers(said["head"], {path.stem: np.load(path) for path in folder.glob("*[0-9].npy")})

    def find(points):
        found = []
        for point in points:
            near = np.argpartition(-(tags @ point), LOOKED_AT)[:LOOKED_AT]
            logits = layers.logits(point[None], tags, np.zeros(LOOKED_AT, dtype=np.int64), near)
            found.append(near[first(logits[None])[0]])
        return np.array(found)

    return find


def first(scores):
    """(n, 50) the columns with the highest scores, the highest first."""
    part = np.argpartition(-scores, KS[-1], axis=1)[:, : KS[-1]]
    order = np.argsort(-np.take_along_axis(scores, part, axis=1), axis=1, kind="stable")
    return np.take_along_axis(part, order, axis=1)


def measured(found, gold) -> dict[str, float]:
    """Mean precision and recall of the documents, and F1 of these means, at every k."""
    hits = np.array([np.isin(row, own) for row, own in zip(found, gold, strict=True)])
    sizes = np.array([max(len(own), 1) for own in gold])
    values = {}
    for k in KS:
        right = hits[:, :k].sum(axis=1)
        p, r = float((right / k).mean()), float((right / sizes).mean())
        values |= {f"P@{k}": p, f"R@{k}": r, f"F1@{k}": 2 * p * r / max(p + r, 1e-12)}
    return values


def latency(encoder: Onnx, texts: list[str]) -> float:
    """CPU milliseconds to encode one text."""
    alone = Onnx(encoder.model)
    alone.encode(texts[:2])
    started = time.process_time()
    for text in texts[:TIMED]:
        alone.encode([text])
    return 1000 * (time.process_time() - started) / min(TIMED, len(texts))


if __name__ == "__main__":
    main()
