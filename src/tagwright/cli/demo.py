"""``tagwright demo``: from nothing to suggestions with the demonstration library."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.show as show
from tagwright.cli.options import AsJson
from tagwright.cli.serve import PORT, LogLevel, is_there, offer
from tagwright.cli.suggest import table

if TYPE_CHECKING:
    from tagwright.evaluation import Report
    from tagwright.project import Project, TrainReport

FOLDER = Path("demo-project")
# Stands in a folder that the demonstration made, and may therefore make anew.
MARK = ".demo"
MEASURES = ("P@1", "F1@5", "R@10", "nDCG@10", "microF1", "ECE")


def demo(
    folder: Annotated[
        Path, typer.Option("-o", "-p", "--project", metavar="DIR", help="Where the project goes.")
    ] = FOLDER,
    serve: Annotated[
        bool | None,
        typer.Option("--serve/--no-serve", help="Serve the page at the end; by default where a person sits there."),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Where the page is served.")] = PORT,
    as_json: AsJson = False,
) -> None:
    """Make a project from the demonstration library, train it, measure it, tag new texts, and serve the page."""
    import tagwright.demo.library as library

    opened = _make(folder)
    count, languages = opened.vocabulary.n_active, ", ".join(opened.vocabulary.languages)
    _tell(as_json, f"1. {count:,} tags of a town's library, in {languages}")
    trained = _train(opened)
    _tell(as_json, f"2. trained on {trained.documents:,} documents in {trained.cpu_seconds:.0f} s of CPU time")
    report = _measure(opened)
    _tell(as_json, f"3. measured on {len(report.documents):,} other documents:\n")
    if not as_json:
        _show_measures(report)
    found = opened.suggest(library.NEW_TEXTS, k=5, why=True)
    waiting = _wait(opened)
    if as_json:
        show.emit(_as_json(folder, trained, report, found))
        return
    show.say(f"\n4. three texts that nobody has tagged; F1 is highest for tags from {report.cut:.2f} on:")
    for document, tags in zip(library.NEW_TEXTS, found, strict=True):
        text = textwrap.fill(document.text, width=100, initial_indent="  ", subsequent_indent="  ")
        show.say(f"\n{document.title}\n{text}\n")
        table(tags, report.cut)
    opened.close()
    show.say(_next_steps(folder))
    show.say(_page(folder, waiting, port))
    if is_there() if serve is None and sys.stdin.isatty() and sys.stdout.isatty() else serve:
        offer([folder], port=port, log_level=LogLevel.WARNING)


def _tell(as_json: bool, text: str) -> None:
    """What happens is told while it happens, where a person reads."""
    if not as_json:
        show.say(text)


def _make(folder: Path) -> Project:
    """A new project; one that an earlier demonstration made is replaced, anything else is left alone."""
    import tagwright.demo.library as library
    from tagwright.errors import ProjectError
    from tagwright.project import Project

    if (folder / MARK).is_file():
        shutil.rmtree(folder)
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "name a folder that is absent or empty: tagwright demo -o DIR"
        raise ProjectError(f"{folder} was not made by the demonstration, so it is left as it is", hint=hint)
    made = Project.create(folder, library.vocabulary_path(), language="en")
    (folder / MARK).write_text("tagwright demo made this folder and may replace it\n", encoding="utf-8")
    return made


def _train(project: Project) -> TrainReport:
    import tagwright.demo.library as library
    from tagwright.corpus import open_corpus

    corpus = open_corpus([library.train_path()], known_tags=project.vocabulary.__contains__, for_training=True)
    with show.progress() as progress:
        return project.train(corpus, progress=progress)


def _measure(project: Project) -> Report:
    import tagwright.demo.library as library
    from tagwright.corpus import open_corpus
    from tagwright.evaluation.kept import Runs

    with show.progress() as progress:
        report, saved = project.evaluate(open_corpus([library.test_path()]), why=True, progress=progress)
    Runs(project.folder).keep(report, saved, made=datetime.now(), corpus=library.test_path().name)
    return report


def _wait(project: Project) -> int:
    """How many documents wait for review: the three texts, and others that the project has not learned from."""
    import tagwright.demo.library as library
    from tagwright.corpus import open_corpus
    from tagwright.feedback import Feedback

    feedback = Feedback(project.store, project.settings.feedback())
    return len(feedback.wait([*library.NEW_TEXTS, *open_corpus([library.dev_path()])]))


def _show_measures(report: Report) -> None:
    rows = [row for row in report.rows(everything=True) if row.name in MEASURES]
    show.table(["measure", "value", "which is"], [(row.name, f"{row.value:.3f}", row.definition) for row in rows])


def _next_steps(folder: Path) -> str:
    option = f"-p {shlex.quote(str(folder))}"
    steps = [
        f'suggest {option} --why "Bats in the church roof"',
        f"vocab search {option} beekeping",
        f"vocab add {option} --id x:kelp --name 'Kelp farming' --synonym seaweed",
        f'suggest {option} "A seaweed farm off the harbour"',
    ]
    own = [
        "init shelf --vocab FILE          # SKOS in any RDF syntax, JSON lines, or a table",
        "train -p shelf DOCUMENTS         # documents that have tags: JSON lines, tables, MARC, Parquet",
        "tag -p shelf DOCUMENTS -o tagged.jsonl",
    ]
    lines = ["", "next:", *(f"  {show.command()} {step}" for step in steps)]
    return "\n".join([*lines, "with your own library:", *(f"  {show.command()} {step}" for step in own)])


def _page(folder: Path, waiting: int, port: int) -> str:
    """Where the page is, or how to get it."""
    extra = "" if is_there() else "    # needs: pip install 'tagwright[server]'"
    return (
        f"\n{waiting} documents wait for review on the page, where you can also try texts of your own:\n"
        f"  {show.command()} serve -p {shlex.quote(str(folder))}{extra}\n"
        f"  http://127.0.0.1:{port or PORT}/p/{folder.resolve().name}/review?order=right"
    )


def _as_json(folder: Path, trained: TrainReport, report: Report, found: list[Any]) -> dict[str, Any]:
    import tagwright.demo.library as library

    texts = [
        {"id": document.id, "title": document.title, "suggestions": tags}
        for document, tags in zip(library.NEW_TEXTS, found, strict=True)
    ]
    return {"project": folder, "train": trained.to_json(), "evaluation": report.as_dict(), "texts": texts}
