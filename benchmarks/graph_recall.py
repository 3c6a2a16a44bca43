"""The paper's two routes at the same budget of 20: content to tag alone, against 15 of it and 5 of similar documents.

    python benchmarks/graph_recall.py --project PROJECT [--data tibkat-en] [--part dev]     (trained, with an encoder)

mechanisms.md section 1, test (f); LLM4Tag prints #Right 4.48 -> 5.37 and HR#3 0.7643 -> 0.8425 on data of its own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from common import SHARED, arguments, machine, table

from tagwright import Project
from tagwright.candidates import Candidates
from tagwright.corpus import open_corpus
from tagwright.evaluation import Gold, Ranked
from tagwright.evaluation.bootstrap import paired_bootstrap
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import hit_rate, right
from tagwright.pipeline.assembly import BLOCK
from tagwright.recall.union import union

BUDGET = 20


def main() -> None:
    options = arguments(
        __doc__ or "", project={"type": Path, "required": True}, data={"default": "tibkat-en"}, part={"default": "dev"}
    )
    project = Project.open(options.project)
    corpus = open_corpus([SHARED / "data" / options.data / f"{options.part}.jsonl.gz"])
    documents = [document for document in corpus if document.tags]
    channels = {channel.name: channel for channel in project.tagger.assembly.channels}
    blocks = [documents[start : start + BLOCK] for start in range(0, len(documents), BLOCK)]
    matched = Candidates.concat([channels["dense"].recall(block, BUDGET) for block in blocks])
    carried = Candidates.concat([channels["meaning_graph"].recall(block, BUDGET) for block in blocks])
    positions = {id: position for position, id in enumerate(project.vocabulary.ids)}
    gold = Gold.from_ids([document.tags for document in documents], positions)
    both, alone = judged(union(matched, carried), gold), judged(matched, gold)
    print(f"{machine()}, {options.data}/{options.part}, {len(documents)} documents, budget {BUDGET}\n")
    rows = []
    for name, difference in paired_bootstrap(measures(both), measures(alone)).items():
        interval = f"{difference.low:+.4f} to {difference.high:+.4f}"
        rows.append([name, difference.b, difference.a, difference.difference, interval])
    table(rows, ["measure", "C2T alone", "C2T 15 + C2C2T 5", "difference", "95 % interval"])


def judged(candidates: Candidates, gold: Gold) -> Judged:
    """The candidates held against gold; within the budget their order does not matter."""
    ranked = candidates.with_columns({"any": np.ones(candidates.n_pairs)})
    return Judged.judge(Ranked.from_candidates(ranked, by="any", then=None), gold)


def measures(found: Judged) -> dict[str, object]:
    """#Right and HR#1 to 3."""
    return {"#Right": right(found, BUDGET), **{f"HR#{n}": hit_rate(found, n, BUDGET) for n in (1, 2, 3)}}


if __name__ == "__main__":
    main()
