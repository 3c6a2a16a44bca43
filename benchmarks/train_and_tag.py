"""Quality, cost and speed on one data set: init, train, tag every part, score.

python benchmarks/train_and_tag.py --data tibkat-en --parts dev test
python benchmarks/train_and_tag.py --data tibkat-en --parts dev test --encoder FOLDER   (tagwright encoder export)
python benchmarks/train_and_tag.py --data tibkat-en --parts dev test --encoder FOLDER --teach encoder pairs
python benchmarks/train_and_tag.py --data tibkat --parts dev
python benchmarks/train_and_tag.py --data eurlex57k --parts dev
"""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

from common import SHARED, Run, arguments, machine, own_cut, score, table, tagwright

SHOWN = (
    "P@1", "P@3", "P@5", "F1@5", "R@10", "R@100", "nDCG@10", "nDCG@20", "PSP@5", "microF1*", "ECE(top20)",
    "goldR@10[train 0]", "goldR@10[train 1-4]", "goldR@10[train 5-19]", "goldR@10[train 20+]",
)  # fmt: skip


def main() -> None:
    options = arguments(
        __doc__ or "", data={"default": "tibkat-en"}, parts={"nargs": "+", "default": ["dev"]},
        encoder={"default": "lsa"}, name={"default": ""}, set={"nargs": "*", "default": []},
        teach={"nargs": "*", "default": []},
    )  # fmt: skip
    data = SHARED / "data" / options.data
    name = options.name or f"{options.data}-{Path(options.encoder).name}"
    project = options.work / name
    overrides = [part for setting in options.set for part in ("--set", setting)]
    shutil.rmtree(project, ignore_errors=True)
    made = tagwright("init", project, "--vocab", data / "vocab.jsonl.gz", "--encoder", options.encoder)
    taught = [f"--{part}" for part in options.teach]
    trained = tagwright("train", data / "train.jsonl.gz", "-p", project, *taught, *overrides, "--json")
    cut = json.loads(trained.output)["cut"]
    print(f"{machine()}\n")
    costs = [cost("init", made), cost("train", trained)]
    columns = []
    for part in options.parts:
        gold = data / f"{part}.jsonl.gz"
        out = options.work / f"{name}-{part}.jsonl"
        tagged = tagwright("tag", gold, "-o", out, "-k", 100, "-p", project, "--overwrite", *overrides)
        n = sum(1 for _ in out.open())
        costs.append((*cost(f"tag {part}", tagged)[:4], f"{n / tagged.cpu:.1f} documents per CPU s"))
        columns.append({**score(out, gold, data / "train.jsonl.gz"), **own_cut(out, gold, cut)})
        by_language(out, gold, part)
    table(costs, ["step", "CPU s", "wall s", "peak MB", ""])
    print()
    keys = [key for key in (*SHOWN, *columns[0]) if key in columns[0]]
    shown = list(dict.fromkeys([*[key for key in keys if key in SHOWN], *list(columns[0])[-3:]]))
    table([[key, *(column[key] for column in columns)] for key in shown], ["metric", *options.parts])


def cost(step: str, run: Run) -> tuple[str, str, str, str, str]:
    """One row of the table of costs."""
    return step, f"{run.cpu:.1f}", f"{run.wall:.0f}", f"{run.memory:.0f}", ""


def by_language(out: Path, gold: Path, part: str) -> None:
    """F1@5 and nDCG@20 of each language, where the documents say theirs."""
    languages: dict[str, list[str]] = {}
    with gzip.open(gold, "rt") as file:
        for line in file:
            languages.setdefault(json.loads(line).get("lang", ""), []).append(line)
    for language, lines in sorted(languages.items()) if len(languages) > 1 else ():
        path = out.with_suffix(f".{language}.gold.jsonl")
        path.write_text("".join(lines))
        found = score(out, path)
        print(f"{part}, {language}: {len(lines):,} documents, F1@5 {found['F1@5']:.4f}, nDCG@20 {found['nDCG@20']:.4f}")


if __name__ == "__main__":
    main()
