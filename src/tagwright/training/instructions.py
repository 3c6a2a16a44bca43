"""What a language model is taught with: the questions of `select` and `judge`, and the answers that people gave."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tagwright.corpus.disk as disk
from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import Candidates, Ints
from tagwright.errors import ConfigError, OutputError
from tagwright.fusion.base import FUSED
from tagwright.generation.base import Notes
from tagwright.generation.judge import NO, ORDERS, YES, judge_prompt
from tagwright.generation.select import Select, answer_text, select_prompt
from tagwright.llm.base import Prompt
from tagwright.llm.prompts import Template
from tagwright.pipeline.assembly import gold_of
from tagwright.pipeline.table import OutOfFold
from tagwright.training.selection import diverse
from tagwright.types import Document
from tagwright.version import VERSION as __version__
from tagwright.vocabulary.base import Vocabulary

SELECT, JUDGE = "select", "judge"
DROP, INJECT = "drop", "inject"
MANIFEST = "instructions.json"
FORMAT = 1

Vectors = Callable[[Sequence[Document]], NDArray[np.floating]]


@dataclass(frozen=True)
class Instructions:
    """How questions and answers are made of documents.

    ``shown`` candidates a document, in random order where ``shuffled`` (else the first ones would be the right ones so
    often that a model learns to count); ``pairs`` a document to judge, half of them right. Of the wrong ones the share
    ``hardest`` are those with the highest confidence, the others drawn from the list. ``characters`` of a document.
    ``unreachable``: right tags that are no candidates are left out of the answer ("drop"), or put on the list at a
    random place, where the last wrong candidates make room for them ("inject"). ``most`` documents, the most different
    ones.
    """

    shown: int = 20
    pairs: int = 4
    hardest: float = 1.0
    characters: int = 1500
    unreachable: str = DROP
    shuffled: bool = True
    most: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        for key, least in (("shown", 1), ("pairs", 0), ("characters", 1), ("most", 1)):
            if getattr(self, key) < least:
                raise ConfigError(f"{key} is {getattr(self, key)}, but must be {least} at least")
        if not 0 <= self.hardest <= 1:
            raise ConfigError(f"hardest is {self.hardest}, but is a share between 0 and 1")
        if self.unreachable not in (DROP, INJECT):
            raise ConfigError(f"unreachable is {self.unreachable!r}", hint=f"{DROP} or {INJECT}")


@dataclass(frozen=True)
class Sets:
    """The two sets as lines of chat, and everything that is known of how they came about.

    ``lines`` {"select" or "judge": lines without line ends}; ``about`` what the manifest says beside the files' hashes.
    """

    lines: Mapping[str, list[str]]
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of what: see the manifest."""
        found: Mapping[str, int] = self.about["counts"]
        return found

    def write(self, folder: Path) -> dict[str, Any]:
        """Writes ``select.jsonl``, ``judge.jsonl`` and last the manifest, which is returned: equal sets, equal bytes.

        Raises `OutputError` where there is a manifest already, or the folder cannot be written.
        """
        if (folder / MANIFEST).exists():
            raise OutputError("exists already", path=str(folder / MANIFEST), hint="name another folder")
        files = {}
        with disk.explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for kind, lines in self.lines.items():
                data = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
                (folder / f"{kind}.jsonl").write_bytes(data)
                files[f"{kind}.jsonl"] = {"examples": len(lines), "sha256": hashlib.sha256(data).hexdigest()}
            manifest = {**self.about, "files": files}
            disk.write_json(folder / MANIFEST, manifest)
        return manifest


def build(
    documents: Sequence[Document],
    known: OutOfFold,
    vocabulary: Vocabulary,
    templates: Mapping[str, Template],
    settings: Instructions,
    *,
    vectors: Vectors | None = None,
    spared: Collection[str] = (),
) -> Sets:
    """The sets D (LLM4Tag Eq. 7) and D' (Eq. 11) from tagged documents and the out-of-fold table of their training.

    In that table a document's candidates were found without its own tags: they are as good and as bad as those of a
    new text, so that a model learns to correct the mistakes that are really made. ``templates`` {"select", "judge"}
    are those that the stages ask with; nothing is told of what else is known. ``vectors`` gives (n, width) points of
    documents, asked for only where there are more than ``most``. ``spared``: ids of documents that are not taught,
    because on them it will be learned what the model's answers are worth: those it was told would look too good.
    Raises `ConfigError` where no document is left.
    """
    tagged = {document.id: document for document in documents if document.tags is not None}
    left = [row for row, id in enumerate(known.ids) if id in tagged]
    possible = [row for row in left if known.ids[row] not in spared]
    if not possible:
        what = "none of the documents is in the out-of-fold table" if tagged else "there are no tagged documents"
        raise ConfigError(f"{what}: nothing can be taught", hint="tagwright train first")
    rows = _most_different(possible, [tagged[known.ids[row]] for row in possible], settings, vectors)
    table = known.table.take(rows)
    table = table.where(vocabulary.active[table.tags])
    taught = [tagged[known.ids[row]] for row in rows]
    teacher = _Teacher(vocabulary, templates, settings)
    for document, tags, gold in zip(taught, _lists(table), gold_of(taught, vocabulary), strict=True):
        teacher.add(document, tags, gold)
    counts = {"documents": len(left), "spared": len(left) - len(possible), "taught": len(rows), **teacher.counts}
    inputs = {"documents": _hash_of_documents(taught), "table": _hash_of_table(table)}
    about = {
        "format": FORMAT, "tagwright": __version__, "settings": asdict(settings), "inputs": inputs, "counts": counts,
        "templates": {kind: templates[kind].fingerprint for kind in (SELECT, JUDGE)},
        "vocabulary": vocabulary.fingerprint,
    }  # fmt: skip
    return Sets(teacher.lines, about)


def _most_different(
    rows: list[int], documents: list[Document], settings: Instructions, vectors: Vectors | None
) -> list[int]:
    if len(rows) <= settings.most:
        return rows
    if vectors is None:
        raise ConfigError(f"{len(rows):,} documents are more than {settings.most:,}, and there are no vectors")
    return [rows[place] for place in diverse(vectors(documents), settings.most, seed=settings.seed)]


class _Teacher:
    """Makes questions and answers, document by document."""

    def __init__(self, vocabulary: Vocabulary, templates: Mapping[str, Template], settings: Instructions) -> None:
        self.vocabulary, self.templates, self.settings = vocabulary, templates, settings
        self.lines: dict[str, list[str]] = {SELECT: [], JUDGE: []}
        self.counts = dict.fromkeys(
            ("right", "unreachable", "injected", "unknown", "without_answer", "judged_right", "judged_wrong"), 0
        )
        # What the stages show of a document, they show here.
        self._shown = Select(characters=settings.characters, notes=Notes()).shown

    def add(self, document: Document, tags: Ints, gold: Ints) -> None:
        """``tags``: all candidates, the likeliest first; ``gold``: what is right."""
        active = np.unique(gold[self.vocabulary.active[gold]])
        tags = tags[: self.settings.shown]
        is_right = np.isin(tags, active)
        right, wrong, missing = tags[is_right], tags[~is_right], active[~np.isin(active, tags)]
        self.counts["right"] += len(right)
        self.counts["unreachable"] += len(missing)
        self.counts["unknown"] += len(set(document.tags or ())) - len(active)
        chance = np.random.default_rng(_number(f"{self.settings.seed}:{document.id}"))
        if self.settings.unreachable == INJECT:
            missing = missing[: self.settings.shown - len(right)]
            dropped = np.flatnonzero(~is_right)[self.settings.shown - len(right) - len(missing) :]
            tags, right = np.delete(tags, dropped), np.concatenate([right, missing])
            for tag in missing:
                tags = np.insert(tags, chance.integers(len(tags) + 1), tag)
            self.counts["injected"] += len(missing)
        if self.settings.shuffled:
            tags = chance.permutation(tags)
        if len(tags):
            self._select(document, tags, right)
        self._judge(document, right, self._ordered(wrong, chance))

    def _ordered(self, wrong: Ints, chance: np.random.Generator) -> list[int]:
        """The wrong ones as they are taken: the next hardest, or where chance wants it any of those left."""
        left, found = wrong.tolist(), []
        while left:
            found.append(left.pop(0 if chance.random() < self.settings.hardest else int(chance.integers(len(left)))))
        return found

    def _select(self, document: Document, listed: Ints, right: Ints) -> None:
        """The question about the whole list; the answer names the right ones, the likeliest first."""
        places = [int(np.flatnonzero(listed == tag)[0]) for tag in right]
        self.counts["without_answer"] += not places
        names = [self.vocabulary.name(int(tag)) for tag in listed]
        prompt = select_prompt(self.templates[SELECT], document, self._shown(document), names, "")
        ids = [self.vocabulary.ids[int(tag)] for tag in listed]
        self._write(SELECT, prompt, answer_text(places), {"candidates": ids, "right": [ids[place] for place in places]})

    def _judge(self, document: Document, right: Ints, wrong: list[int]) -> None:
        """As many right ones, the likeliest, as wrong ones.

        A right and a wrong one are asked about in the same order of the answers, the next two in the other order:
        so neither order tells the answer.
        """
        for tags in zip(right[: self.settings.pairs // 2].tolist(), wrong, strict=False):
            order = ORDERS[self.counts["judged_right"] % len(ORDERS)]
            for tag, answer in zip(tags, (YES, NO), strict=True):
                name = self.vocabulary.name(tag)
                prompt = judge_prompt(self.templates[JUDGE], document, self._shown(document), name, "", order)
                self._write(JUDGE, prompt, answer, {"tag": self.vocabulary.ids[tag], "first": order[0]})
            self.counts["judged_right"] += 1
            self.counts["judged_wrong"] += 1

    def _write(self, kind: str, prompt: Prompt, answer: str, more: Mapping[str, Any]) -> None:
        messages = [*prompt.messages, {"role": "assistant", "content": answer}]
        about = {"id": prompt.about, "kind": kind, "template": prompt.template, **more}
        self.lines[kind].append(json.dumps({"messages": messages, "metadata": about}, ensure_ascii=False))


def _lists(table: Candidates) -> Iterator[Ints]:
    """The tags of each document, by falling confidence."""
    order = table.order(CONFIDENCE, then=FUSED)
    for low, high in zip(table.offsets[:-1].tolist(), table.offsets[1:].tolist(), strict=True):
        yield table.tags[order[low:high]]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _hash_of_documents(documents: Sequence[Document]) -> str:
    digest = hashlib.sha256()
    for one in documents:
        said = json.dumps([one.id, one.title, one.text, list(one.tags or ())], ensure_ascii=True)
        digest.update(f"{said}\n".encode())
    return digest.hexdigest()


def _hash_of_table(table: Candidates) -> str:
    digest = hashlib.sha256()
    for values in (table.offsets, table.tags, table.column(CONFIDENCE), table.column(FUSED)):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
