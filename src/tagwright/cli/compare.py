"""``tagwright compare``: what the difference between two runs of ``tagwright eval`` is worth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.show as show
from tagwright.cli.options import AsJson

if TYPE_CHECKING:
    from tagwright.evaluation import Report
    from tagwright.evaluation.bootstrap import Difference


Runs = Annotated[
    list[Path],
    typer.Argument(
        metavar="RUN_A RUN_B…", help="Two or more files of eval -o; each is held against the first.", show_default=False
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Show all measures, not the main ones.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Another number draws other samples of documents.")]


def compare(runs: Runs, everything: Everything = False, seed: Seed = 0, as_json: AsJson = False) -> None:
    """Show how much higher the first run's measures are, and whether that is more than chance.

    Example: tagwright compare new.json old.json
    """
    from tagwright.evaluation import compare as differences
    from tagwright.evaluation import read_report

    if len(runs) < 2:
        raise typer.BadParameter("name two files of tagwright eval -o at least")
    first, *others = reports = [read_report(path) for path in runs]
    found = [differences(first, other, seed=seed) for other in others]
    if as_json:
        pairs = zip(runs[1:], others, found, strict=True)
        show.emit({
            "documents": len(first.documents), "seed": seed,
            "comparisons": [
                {"a": runs[0], "b": path, "metrics": _plain(metrics), "documents": _documents(first, other)}
                for path, other, metrics in pairs
            ],
        })  # fmt: skip
        return
    show.say(f"{len(first.documents):,} documents · 95 % intervals by paired bootstrap over documents, seed {seed}")
    for path, other, metrics in zip(runs[1:], reports[1:], found, strict=True):
        _show(runs[0], path, _shown(metrics, everything=everything))
        _show_documents(first, other)
    if not everything:
        show.note("--all shows the other measures")


def _shown(metrics: Mapping[str, Difference], *, everything: bool) -> dict[str, Difference]:
    from tagwright.evaluation.report import MAIN

    return {name: found for name, found in metrics.items() if everything or name in MAIN}


def _show(a: Path, b: Path, metrics: Mapping[str, Difference]) -> None:
    show.say(f"\nA = {a} · B = {b}")
    rows = [
        (
            name, show.number(d.a), show.number(d.b), show.number(d.difference),
            f"{show.number(d.low)} to {show.number(d.high)}", "differs" if d.is_significant else "",
        )
        for name, d in metrics.items()
    ]  # fmt: skip
    show.table(["measure", "A", "B", "A - B", "95 % interval", ""], rows, right=[1, 2, 3, 4])


def _show_documents(a: Report, b: Report) -> None:
    for name, documents in _documents(a, b).items():
        show.say(f"\ndocuments that differ most in {name}{'' if documents else ': none'}")
        rows = [(d["id"], show.number(d["a"]), show.number(d["b"])) for d in documents]
        if rows:
            show.table(["document", "A", "B"], rows, right=[1, 2])


def _documents(a: Report, b: Report) -> dict[str, list[dict[str, Any]]]:
    from tagwright.evaluation.runs import BY, differing

    common = {name: ratio for name, ratio in BY.items() if ratio in a.ratios and ratio in b.ratios}
    return {name: [show.plain(document) for document in differing(a, b, ratio)] for name, ratio in common.items()}


def _plain(metrics: Mapping[str, Difference]) -> dict[str, dict[str, Any]]:
    from tagwright.evaluation.report import plain

    return {
        name: {
            "a": plain(d.a), "b": plain(d.b), "difference": plain(d.difference), "low": plain(d.low),
            "high": plain(d.high), "significant": d.is_significant,
        }
        for name, d in metrics.items()
    }  # fmt: skip
