"""What synonyms are worth: recall of the channel ``lexical`` with the vocabulary's synonyms and without them.

python benchmarks/lexical_recall.py [--data eurlex57k] [--part dev]     (no training: the channel needs names alone)
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

from common import SHARED, arguments, machine, table

from tagwright import Project
from tagwright.candidates import Candidates
from tagwright.corpus import open_corpus
from tagwright.evaluation import Gold, Ranked
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import recall
from tagwright.pipeline.assembly import BLOCK

CUTS = (10, 20, 50, 100)


def main() -> None:
    options = arguments(__doc__ or "", data={"default": "eurlex57k"}, part={"default": "dev"})
    data = SHARED / "data" / options.data
    documents = [document for document in open_corpus([data / f"{options.part}.jsonl.gz"]) if document.tags]
    rows = []
    for what, synonyms in (("names and synonyms", True), ("names alone", False)):
        folder = options.work / f"lexical-{options.data}"
        shutil.rmtree(folder, ignore_errors=True)
        project = Project.create(folder, vocabulary_of(data / "vocab.jsonl.gz", options.work, synonyms))
        channel = next(one for one in project.tagger.assembly.channels if one.name == "lexical")
        blocks = [documents[start : start + BLOCK] for start in range(0, len(documents), BLOCK)]
        found = Candidates.concat([channel.recall(block, CUTS[-1]) for block in blocks])
        positions = {id: position for position, id in enumerate(project.vocabulary.ids)}
        gold = Gold.from_ids([document.tags for document in documents], positions)
        judged = Judged.judge(Ranked.from_candidates(found, by="lexical.score", then=None), gold)
        rows.append([what, found.n_pairs / len(documents), *(recall(judged, k).value for k in CUTS)])
    print(f"{machine()}, {options.data}/{options.part}, {len(documents)} documents\n")
    table(rows, ["tags are known by", "candidates a document", *(f"R@{k}" for k in CUTS)])


def vocabulary_of(path: Path, work: Path, synonyms: bool) -> Path:
    """The vocabulary itself, or a copy of it whose tags have names alone."""
    if synonyms:
        return path
    copy = work / f"names-{path.parent.name}.jsonl"
    with gzip.open(path, "rt") as source, copy.open("w") as target:
        for line in source:
            tag = json.loads(line)
            target.write(json.dumps({key: value for key, value in tag.items() if key != "synonyms"}) + "\n")
    return copy


if __name__ == "__main__":
    main()
