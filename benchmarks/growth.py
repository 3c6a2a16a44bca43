"""How time and memory grow with tags and documents: 1,000 to a million tags, 1,000 to 100,000 documents.

python benchmarks/growth.py                                           (all sizes: two hours)
python benchmarks/growth.py --tags 1000 10000 --documents 1000        (every combination of these)
python benchmarks/growth.py --tags 1000000 --documents 100000 --encoder FOLDER
python benchmarks/growth.py --tags 250000 --documents 2000 --index milvus
python benchmarks/growth.py --again                                   (the same projects, asked anew)
python benchmarks/growth.py --picture docs/pictures/growth.png        (of what has been measured)

Each size is a project of its own; what was measured is kept under --work and not measured again. A fresh process opens
the project, suggests for documents that it has not seen, one after the other, and adds a tag that the next text names.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from common import arguments, machine, table, tagwright
from curves import along, drawn, nlogn
from grown import documents, vocabulary

from tagwright.corpus import open_corpus
from tagwright.project import Project
from tagwright.types import Document, Tag

WARM, ASKED = 20, 200
BATCHES = (1, 4, 16, 64, 200)
TAGS, DOCUMENTS = (1000, 10_000, 100_000, 1_000_000), (1000, 10_000, 100_000)
COLUMNS = {
    "tags": "tags", "documents": "documents", "init_cpu": "init, CPU s", "init_mb": "MB",
    "train_cpu": "train, CPU s", "train_mb": "MB", "disk_mb": "on disk, MB", "open_s": "open, s",
    "open_mb": "MB opened",
    "first_s": "first answer, s", "p50_ms": "suggest, CPU ms p50", "p95_ms": "p95", "warm_mb": "MB after 200",
    "new_tag_s": "new tag, s", "new_tag_place": "its place", "tag_rate": "tag, documents per CPU s",
}  # fmt: skip


def main() -> None:
    options = arguments(
        __doc__ or "", tags={"type": int, "nargs": "*", "default": None},
        documents={"type": int, "nargs": "*", "default": None}, encoder={"default": "lsa"}, index={"default": "auto"},
        again={"action": "store_true"}, probe={"type": Path, "nargs": 2, "default": None},
        picture={"type": Path, "default": None},
    )  # fmt: skip
    if options.probe:
        print(json.dumps(probed(*options.probe)))
        return
    work = options.work / "growth"
    work.mkdir(parents=True, exist_ok=True)
    kind = Path(options.encoder).name + ("" if options.index == "auto" else f"-{options.index}")
    if options.picture is None:
        for tags, number in _sizes(options.tags, options.documents):
            path = work / f"{tags}-{number}-{kind}.json"
            if options.again and path.exists():
                path.write_text(json.dumps({**json.loads(path.read_text()), **asked(work, tags, number, kind)}))
            elif not path.exists():
                path.write_text(json.dumps(measured(work, tags, number, kind, options.encoder, options.index)))
                print(path.read_text(), file=sys.stderr, flush=True)
    rows = sorted(
        (json.loads(path.read_text()) for path in work.glob(f"*-{kind}.json")),
        key=lambda row: (row["tags"], row["documents"]),
    )
    print(f"{machine()}; encoder {kind}\n")
    table([[_said(row.get(key)) for key in COLUMNS] for row in rows], list(COLUMNS.values()))
    print()
    table(_faster(rows), ["grows with", "step", "times n log n, last two sizes"])
    if options.picture:
        drawn(rows, options.picture)


def _sizes(tags: list[int] | None, numbers: list[int] | None) -> list[tuple[int, int]]:
    """Both growths, each with the other in the middle, unless told."""
    if tags or numbers:
        return [(one, number) for one in tags or [10_000] for number in numbers or [10_000]]
    return sorted({*((one, 10_000) for one in TAGS), *((10_000, one) for one in DOCUMENTS), (TAGS[-1], DOCUMENTS[-1])})


def measured(work: Path, tags: int, number: int, kind: str, encoder: str, index: str) -> dict[str, Any]:
    """One row: a project of so many tags that learned from so many documents."""
    subprocess.run(
        [sys.executable, "grown.py", str(work), str(tags), str(number)], cwd=Path(__file__).parent, check=True
    )
    names, (train, held) = vocabulary(work, tags), documents(work, tags, number)
    project = work / f"project-{tags}-{number}-{kind}"
    shutil.rmtree(project, ignore_errors=True)
    made = tagwright("init", project, "--vocab", names, "--encoder", encoder)
    with (project / "tagwright.toml").open("a") as file:
        file.write(f'\n[index]\nkind = "{index}"\n')
    taught = tagwright("train", train, "-p", project)
    tagged = tagwright("tag", held, "-o", work / "out.jsonl", "-p", project, "--overwrite")
    probe = asked(work, tags, number, kind)
    return {
        "tags": tags, "documents": number, "init_cpu": made.cpu, "init_mb": made.memory,
        "train_cpu": taught.cpu, "train_s": taught.wall, "train_mb": taught.memory,
        "tag_rate": 1000 / max(tagged.cpu - probe["open_cpu"], 1e-3),
        "tag_mb": tagged.memory,
        "disk_mb": sum(one.stat().st_size for one in project.rglob("*") if one.is_file()) / 1e6,
        **probe,
    }  # fmt: skip


def asked(work: Path, tags: int, number: int, kind: str) -> dict[str, Any]:
    """`probed` in a process of its own, on a copy: the tag that it adds is gone afterwards."""
    _, held = documents(work, tags, number)
    copy = work / "asked"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(work / f"project-{tags}-{number}-{kind}", copy)
    command = [sys.executable, __file__, "--probe", str(copy), str(held)]
    found: dict[str, Any] = json.loads(subprocess.check_output(command))
    return found


def probed(project: Path, held: Path) -> dict[str, Any]:
    """What a fresh process needs to open a project, to suggest and to learn a tag."""
    texts = [Document(one.id, one.text, title=one.title) for one in islice(open_corpus([held]), WARM + ASKED)]
    started, cpu = time.perf_counter(), time.process_time()
    opened = Project.open(project)
    opened.tagger  # noqa: B018 - a project reads its model when it is first asked
    found: dict[str, Any] = {"open_s": time.perf_counter() - started, "open_cpu": time.process_time() - cpu}
    found["open_mb"] = _memory()
    started = time.perf_counter()
    opened.suggest(texts[:1])
    found["first_s"] = time.perf_counter() - started
    spent = []
    for place, text in enumerate(texts[1:]):
        cpu = time.process_time()
        opened.suggest([text])
        if place >= WARM:
            spent.append(1000 * (time.process_time() - cpu))
    found["p50_ms"], found["p95_ms"] = np.percentile(spent, [50, 95]).tolist()
    found["warm_mb"] = _memory()
    found["rates"] = {size: _rate(opened, texts[-ASKED:], size) for size in BATCHES}
    started = time.perf_counter()
    opened.add_tags([Tag("new:1", "Zymurgical flux dynamics")])
    best = opened.suggest([Document("new", "An essay on zymurgical flux dynamics in practice.")], k=100)[0]
    found["new_tag_s"] = time.perf_counter() - started
    found["new_tag_place"] = next((place for place, one in enumerate(best, 1) if one.tag == "new:1"), None)
    return found


def _rate(project: Project, texts: list[Document], size: int) -> float:
    """Documents per CPU second when so many are asked about together."""
    cpu = time.process_time()
    for start in range(0, len(texts), size):
        project.suggest(texts[start : start + size])
    return len(texts) / (time.process_time() - cpu)


def _faster(rows: list[dict[str, Any]]) -> list[list[object]]:
    """How each step grows from the second largest size to the largest, against n log n."""
    steps = (
        "init_cpu",
        "init_mb",
        "train_cpu",
        "train_mb",
        "disk_mb",
        "open_s",
        "open_mb",
        "p50_ms",
        "warm_mb",
        "new_tag_s",
    )
    both = (("tags", "documents"), ("documents", "tags"))
    return [[axis, key, nlogn(along(rows, axis, other), axis, key)] for axis, other in both for key in steps]


def _memory() -> float:
    """The most memory, MB, that this process has held (its own count begins anew with its program)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _said(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2g}" if value < 1 else f"{value:.1f}"


if __name__ == "__main__":
    main()
