"""``tagwright encoder bench``: what encoders cost, and how well they find tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import tagwright.cli.show as show
from tagwright.cli.options import HERE, AsJson, ProjectFolder

if TYPE_CHECKING:
    from tagwright.project.encoders import Benchmark

HEADER = ["encoder", "documents/s", "names/s", "MB", "numbers", "nDCG@10", "R@10", "R@100"]


def bench(
    encoders: Annotated[
        list[str],
        typer.Argument(
            metavar="ENCODER…", help="Folders or names, as for 'init --encoder'; none: the project's own.",
            show_default=False,
        ),
    ] = [],
    documents: Annotated[int, typer.Option("--documents", min=1, help="Measure with so many documents.")] = 200,
    tags: Annotated[
        int, typer.Option("--tags", min=1, help="Look among so many tags: the documents' own, and others by chance.")
    ] = 20_000,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Measure encoders on the project's documents: texts a second of CPU time, and tags found by cosine alone.

    Example: tagwright encoder bench lsa minilm-int8 minilm-static
    """
    from tagwright.project import Project
    from tagwright.project.encoders import bench_encoders

    with show.progress() as progress, Project.open(project) as opened:
        found = bench_encoders(opened, encoders, documents=documents, tags=tags, progress=progress)
    show.emit(found) if as_json else _tell(found)


def _tell(found: Benchmark) -> None:
    rows = []
    for name, one in found.encoders.items():
        quality = [one.ndcg_10, one.recall_10, one.recall_100]
        shown = [show.number(float("nan") if value is None else value, 3) for value in quality]
        speeds = [f"{one.documents_per_second:,.0f}", f"{one.names_per_second:,.0f}"]
        rows.append([name, *speeds, f"{one.size / 1e6:.1f}", one.width, *shown])
    show.table(HEADER, rows, right=range(1, len(HEADER)))
    among = f"{found.tags:,} tags" if found.tags == found.all_tags else f"{found.tags:,} of {found.all_tags:,} tags"
    show.say(f"{found.documents:,} documents; speed on one thread, in CPU time; quality by cosine alone among {among}")
    for name, one in found.encoders.items():
        if one.judged < found.documents:
            show.note(f"{name} was taught with {found.documents - one.judged:,} of the documents: they are not judged")
