"""What each part is worth: the whole pipeline trained again without it, against the whole, with intervals.

    python benchmarks/ablation.py --project PROJECT [--data tibkat-en] [--part dev] [--without dense names+lexical …]

The project is trained, with everything that is to be measured (`tagwright train --encoder --pairs`). For each part a
copy of it is trained without that part (channels joined by + go together; "encoder" goes back to that of the settings,
"pairs" and "cross" are dropped), and the same documents are tagged. Intervals: paired bootstrap over documents, 95 %.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from common import SHARED, arguments, machine, table, tagwright

SHOWN = ("nDCG@10", "P@1", "F1@5", "R@10", "R@100", "microF1")
TAUGHT = {"encoder": "--base-encoder", "pairs": "--no-pairs", "cross": "--no-cross"}
CHANNELS = (
    "lexical", "names", "centroids", "graph", "dense", "adapter", "meaning_centroids", "meaning_graph",
    "dense+adapter", "meaning_centroids+meaning_graph", "dense+adapter+meaning_centroids+meaning_graph",
)  # fmt: skip


def main() -> None:
    options = arguments(
        __doc__ or "", project={"type": Path, "required": True}, data={"default": "tibkat-en"},
        part={"default": "dev"}, without={"nargs": "+", "default": list(CHANNELS)},
    )  # fmt: skip
    gold = SHARED / "data" / options.data / f"{options.part}.jsonl.gz"
    print(f"{machine()}, {options.data} {options.part}\n", flush=True)
    whole = run(options.project, gold, options.work / "ablation-whole.json")
    rows = [["all", *(f"{value(whole, name):.4f}" for name in SHOWN)]]
    for part in options.without:
        copy = options.work / "ablation"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(options.project, copy)
        tagwright("train", "-p", copy, *trained_without(part), "--json")
        own = run(copy, gold, options.work / f"ablation-{part}.json", *channels_off(part))
        rows.append([f"without {part}", *differences(whole, own)])
        print(rows[-1], flush=True)
    table(rows, ["", *SHOWN])


def channels_off(part: str) -> list[str]:
    """The overrides under which a project without these channels answers."""
    names = [] if part in TAUGHT else part.split("+")
    return [word for name in names for word in ("--set", f"channels.{name}=false")]


def trained_without(part: str) -> list[str]:
    return [TAUGHT[part]] if part in TAUGHT else channels_off(part)


def run(project: Path, gold: Path, out: Path, *more: str) -> Path:
    """The measures of a project on these documents."""
    tagwright("eval", gold, "-o", out, "-p", project, *more)
    return out


def value(report: Path, name: str) -> float:
    return float(json.loads(report.read_text())["metrics"][name])


def differences(whole: Path, without: Path) -> list[str]:
    """How much higher each measure is with the part, and the interval of that."""
    said = json.loads(tagwright("compare", whole, without, "--json").output)["comparisons"][0]["metrics"]
    found = [said.get(name) for name in SHOWN]
    return [
        "" if one is None else f"{one['difference']:+.4f} ({one['low']:+.4f} to {one['high']:+.4f})" for one in found
    ]


if __name__ == "__main__":
    main()
