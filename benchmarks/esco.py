"""A vocabulary alone, no training: ESCO skills for sentences of job advertisements, against names-only retrieval.

python benchmarks/esco.py [--encoder FOLDER]
"""

from __future__ import annotations

import shutil
from pathlib import Path

from common import SHARED, arguments, machine, score, table, tagwright

CHANNELS = ("lexical", "names", "centroids", "graph", "dense", "meaning_centroids", "meaning_graph")


def main() -> None:
    options = arguments(__doc__ or "", encoder={"default": "lsa"})
    data = SHARED / "data" / "esco-skills"
    names_only = [part for name in CHANNELS if name != "names" for part in ("--set", f"channels.{name}=false")]
    rows = []
    for what, overrides in (("all channels", []), ("names alone", names_only)):
        project = options.work / f"esco-{Path(options.encoder).name}-{len(overrides)}"
        shutil.rmtree(project, ignore_errors=True)
        tagwright("init", project, "--vocab", data / "vocab.jsonl.gz", "--encoder", options.encoder)
        for part in ("house_dev", "tech_dev"):
            out = options.work / f"esco-{part}.jsonl"
            tagwright("tag", data / f"{part}.jsonl.gz", "-o", out, "-k", 100, "-p", project, "--overwrite", *overrides)
            found = score(out, data / f"{part}.jsonl.gz")
            rows.append([what, part, found["R@10"], found["R@100"], found["nDCG@10"]])
    print(f"{machine()}, encoder {Path(options.encoder).name}\n")
    table(rows, ["configuration", "part", "R@10", "R@100", "nDCG@10"])


if __name__ == "__main__":
    main()
