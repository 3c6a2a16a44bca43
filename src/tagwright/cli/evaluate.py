"""``tagwright eval``: how good the suggestions are, on documents whose tags are known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tagwright.cli.documents as documents
import tagwright.cli.protocols as protocols
import tagwright.cli.show as show
from tagwright.cli.options import (
    HERE,
    AsJson,
    Columns,
    Kind,
    Language,
    Overrides,
    ProjectFolder,
    Separator,
    TagPrefixes,
)

if TYPE_CHECKING:
    from tagwright.evaluation import Report, SavedCandidates


Gold = Annotated[
    list[str],
    typer.Argument(metavar="CORPUS", help="Documents with their tags, not used in training.", show_default=False),
]
Saved = Annotated[
    Path | None, typer.Option("--candidates", metavar="FILE", help="Measure saved candidates instead of a corpus.")
]
Out = Annotated[Path | None, typer.Option("-o", metavar="FILE", help="Write all measures as JSON.")]
Save = Annotated[
    Path | None, typer.Option("--save-candidates", metavar="FILE", help="Keep the candidates with their gold tags.")
]
Page = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write a page with pictures (HTML) that works offline.")
]
Definitions = Annotated[
    bool, typer.Option("--definitions", help="Say how each measure is defined; alone: all definitions.")
]
Everything = Annotated[bool, typer.Option("--all", help="Show all measures, not the main ones.")]
Cut = Annotated[
    float | None,
    typer.Option(
        "--cut", min=0.0, max=1.0, help="Count suggestions as given from this confidence on, not the learned one."
    ),
]
Depth = Annotated[int, typer.Option("-k", min=1, max=1000, help="How many candidates a document are looked at.")]


def evaluate(
    corpus: Gold = [],
    candidates: Saved = None,
    out: Out = None,
    save: Save = None,
    page: Page = None,
    protocol: protocols.Which = None, unseen: protocols.Unseen = [], frozen: protocols.Frozen = None,
    baselines: protocols.Baselines = False,
    definitions: Definitions = False, everything: Everything = False,
    k: Depth = 100, cut: Cut = None,
    kind: Kind = None, columns: Columns = [], separator: Separator = None, tag_prefixes: TagPrefixes = [],
    language: Language = None, overrides: Overrides = [],
    project: ProjectFolder = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Compare the suggestions for documents with the tags that they have.

    Example: tagwright eval test.jsonl -o report.json
    """
    if (corpus and candidates is not None) or not (corpus or candidates or definitions):
        raise typer.BadParameter("name either CORPUS or --candidates FILE (or --definitions alone)")
    if not corpus and candidates is None:
        _show_definitions(as_json)
        return
    asked = protocols.Asked(protocol, unseen, frozen, baselines)
    asked.check(corpus=bool(corpus))
    _check_folders(out, save, page, frozen)
    if candidates is None:
        reading = documents.Reading(kind, columns, separator, tag_prefixes, language)
        report, saved, source = _measured(project, overrides, reading, corpus, k)
    else:
        report, saved, source = *_measured_again(candidates), None
    report, saved = _moved_to(cut, report, saved)
    report = protocols.added(report, saved, asked, source)
    _keep(report, saved, out, save)
    _draw(report, saved, page)
    if as_json:
        show.emit(report.as_dict())
    else:
        _show(report, definitions=definitions, everything=everything)
    documents.tell_moved(saved.settings.get("moved", ""))


def _moved_to(cut: float | None, report: Report, saved: SavedCandidates) -> tuple[Report, SavedCandidates]:
    """The same candidates judged at another cut, without asking any channel."""
    import tagwright.project.evaluating as evaluating

    if cut is None:
        return report, saved
    saved = evaluating.with_settings(saved, cut=cut)
    return evaluating.report(saved), saved


def _keep(report: Report, saved: SavedCandidates, out: Path | None, save: Path | None) -> None:
    from tagwright.evaluation import save_candidates

    if save is not None:
        save_candidates(save, saved)
    if out is not None:
        out.write_text(report.to_json() + "\n", encoding="utf-8")


def _draw(report: Report, saved: SavedCandidates, page: Path | None) -> None:
    """Writes the page with pictures, where one is wanted."""
    from tagwright.errors import OutputError
    from tagwright.evaluation.html.page import page as drawn

    if page is None:
        return
    try:
        page.write_text(drawn(report, saved), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot be written: {error.strerror}", path=str(page)) from error


def _check_folders(*files: Path | None) -> None:
    """What cannot be written is told before the work, not after it."""
    from tagwright.errors import OutputError

    for file in files:
        if file is not None and (file.is_dir() or not file.parent.is_dir()):
            what = "this is a folder" if file.is_dir() else "its folder does not exist"
            raise OutputError(what, path=str(file), hint="name a file in a folder that exists")


def _measured(
    project: Path, overrides: Sequence[str], reading: documents.Reading, corpus: Sequence[str], k: int
) -> tuple[Report, SavedCandidates, protocols.Source]:
    from tagwright.errors import CorpusError
    from tagwright.project import Project
    from tagwright.project.evaluating import with_settings

    opened = Project.open(project, overrides=overrides)
    read = reading.open(corpus, opened.vocabulary, keep_unknown_tags=True)
    with show.progress() as progress:
        report, saved = opened.evaluate(read, k=k, why=True, progress=progress)
    documents.tell_problems(read.problems, beside=True)
    if not len(report.documents):
        raise CorpusError("no document has tags to measure against", path=", ".join(corpus))
    _tell_unknown(saved, ", ".join(corpus))
    now, names = datetime.now(), ", ".join(Path(name).name for name in corpus)
    saved = with_settings(saved, about={"corpus": names, "made": f"{now:%Y-%m-%d %H:%M}"})
    _keep_in(project, report, saved, now, names)
    return report, saved, protocols.Source(opened, read)


def _keep_in(project: Path, report: Report, saved: SavedCandidates, now: datetime, corpus: str) -> None:
    """The project keeps the measurement for its page; one that cannot be written to is measured all the same."""
    from tagwright.errors import OutputError
    from tagwright.evaluation.kept import Runs

    try:
        Runs(project).keep(report, saved, made=now, corpus=corpus)
    except OutputError as error:
        show.note(error.message)


def _tell_unknown(saved: SavedCandidates, place: str) -> None:
    """Gold tags outside the vocabulary can only be missed: some are told, nothing but such is refused."""
    from tagwright.errors import CorpusError

    missing, total = int((saved.gold.tags < 0).sum()), len(saved.gold.tags)
    if missing == total:
        raise CorpusError(
            f"none of the {total:,} gold tags is in this project's vocabulary",
            path=place,
            hint="compare them with the ids that tagwright vocab search NAME shows; --tag-prefix OLD=NEW rewrites how "
            "they begin",
        )
    if missing:
        show.note(f"{missing:,} of {total:,} gold tags are not in the vocabulary and count as missed")


def _measured_again(path: Path) -> tuple[Report, SavedCandidates]:
    from tagwright.evaluation import load_candidates
    from tagwright.project.evaluating import report

    saved = load_candidates(path)
    return report(saved), saved


def _show(report: Report, *, definitions: bool, everything: bool) -> None:
    left_out = f", {report.left_out:,} without tags left out" if report.left_out else ""
    many = "1 document" if len(report.documents) == 1 else f"{len(report.documents):,} documents"
    show.say(f"{many}{left_out} · suggestions count as given from confidence {report.cut:.3f}")
    rows = [(row.name, show.number(row.value), row.definition) for row in report.rows(everything=everything)]
    header = ["measure", "value", "definition"] if definitions else ["measure", "value"]
    show.table(header, [row[: len(header)] for row in rows], right=[1])
    protocols.tell(report)
    if not definitions:
        show.note("--definitions says what each measure is, --all shows the others")


def _show_definitions(as_json: bool) -> None:
    from tagwright.evaluation.names import METRICS

    if as_json:
        show.emit(METRICS)
    else:
        show.table(["measure", "definition", "after"], [(m.name, m.definition, m.reference) for m in METRICS])
