"""``tagwright decisions``: what people decided about suggestions: seen, recorded, taken back, and what it did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.show as show
from tagwright.cli.options import HERE, AsJson, ProjectFolder

if TYPE_CHECKING:
    from tagwright.feedback import Check, Chosen, Decision, Feedback
    from tagwright.project import Project
    from tagwright.types import Document

app = typer.Typer(help="See, record and take back what people decided about suggestions.", no_args_is_help=True)

_KEYS = ("document", "tag", "verdict", "person", "reason", "machine", "seen", "id")
_OF_DOCUMENT = ("text", "title", "language")

OfDocument = Annotated[str | None, typer.Option("--document", metavar="ID", help="On this document.")]
OfPerson = Annotated[str | None, typer.Option("--person", metavar="NAME", help="Of this person or program.")]
OfTag = Annotated[str | None, typer.Option("--tag", metavar="ID", help="On this tag.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="From then on: 2026-11-21 or 2026-11-21T14:30 (UTC).")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Up to then.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who takes it back.")]
Why = Annotated[str, typer.Option("--reason", help="Why.", show_default=False)]


@app.command(name="list")
def list_decisions(
    document: OfDocument = None,
    tag: OfTag = None,
    person: OfPerson = None,
    since: Since = None,
    until: Until = None,
    conflicts: Annotated[bool, typer.Option("--conflicts", help="Only where somebody had decided otherwise.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most so many, 0 = all.")] = 0,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List decisions in the order in which they were made, with those that contradict each other."""
    from dataclasses import replace

    from tagwright.project import Project

    chosen = replace(_chosen(document, tag, person, since, until), conflicts=conflicts, limit=limit)
    store = Project.open(project).store
    found = store.decisions.find(chosen)
    if as_json:
        show.emit(found)
        return
    if not found:
        show.say("no decisions")
        return
    back = {one.reverts: one.number for one in store.decisions.find() if one.reverts}
    show.table(["", "time", "person", "verdict", "tag", "document", ""], [_row(one, back) for one in found], right=[0])


@app.command()
def add(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help='JSON lines: {"document", "tag", "verdict", "person", "reason", "text", …}.'
        ),
    ],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Record the decisions of a file, all of them or none; the project has learned them when this returns.

    A line with a "text" brings a document that the project may not have yet. A line with an "id" can be sent again.
    """
    from tagwright.project import Project

    decisions, documents = _read(file)
    opened = Project.open(project)
    made = _feedback(opened).submit(decisions, opened.vocabulary, documents)
    if as_json:
        show.emit(made)
        return
    against = [one for one in made if one.conflict]
    show.say(f"{len(made):,} decisions on {len({one.document for one in made}):,} documents")
    for one in against:
        show.say(f"  {one.number} contradicts {one.conflict}: {one.verdict} {one.tag} on {one.document}")


@app.command()
def revert(
    numbers: Annotated[list[int], typer.Argument(metavar="NUMBER…", help="Decisions.", show_default=False)] = [],
    document: OfDocument = None,
    tag: OfTag = None,
    person: OfPerson = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[bool, typer.Option("--all", help="All decisions.")] = False,
    by: By = "",
    reason: Why = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Take decisions back: documents are as they would be without them, from the next request on.

    Example: tagwright decisions revert --person mallory --since 2026-11-21
    """
    from dataclasses import replace

    from tagwright.project import Project

    chosen = _chosen(document, tag, person, "1970-01-01" if everything and not since else since, until)
    chosen = replace(chosen, numbers=numbers) if numbers else chosen
    made = _feedback(Project.open(project)).revert(chosen, person=by, reason=reason)
    _tell_back(made, as_json)


@app.command()
def check(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Measure what the newest decisions did to the quality; where it fell, they are held back from now on."""
    from tagwright.feedback import Canary
    from tagwright.project import Project

    found = Canary(project).check()
    held = Project.open(project).store.checks.held()
    if as_json:
        show.emit({"check": found, "held": held})
        return
    for line in _in_words(found):
        show.say(line)
    if held is not None:
        show.say(f"documents since row {held:,} of the growth log are held back")
        show.note("tagwright decisions back takes them back, decisions trust uses them all the same")


@app.command()
def back(by: By = "", reason: Why = "", project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Take back all that was decided since suggestions became worse: they are as they were then."""
    from tagwright.project import Project

    _tell_back(_feedback(Project.open(project)).back(person=by, reason=reason), as_json)


@app.command()
def trust(project: ProjectFolder = HERE) -> None:
    """Use the decisions that are held back, whatever they did to the quality."""
    from tagwright.project import Project

    _feedback(Project.open(project)).trust()
    show.say("nothing is held back any more")


def _feedback(project: Project) -> Feedback:
    from tagwright.feedback import Feedback

    return Feedback(project.store, project.settings.feedback())


def _chosen(document: str | None, tag: str | None, person: str | None, since: str | None, until: str | None) -> Chosen:
    from tagwright.feedback import Chosen

    return Chosen(document, tag, person, _seconds(since, "--since"), _seconds(until, "--until"))


def _seconds(text: str | None, option: str) -> float | None:
    """Seconds since 1970 of a date or time; where no zone is named, UTC."""
    if text is None:
        return None
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} takes a date or time such as 2026-11-21T14:30, not {text!r}") from None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()


def _read(path: Path) -> tuple[list[Decision], list[Document]]:
    """The decisions of a file, and the documents that come with them."""
    from tagwright.errors import InputError
    from tagwright.feedback import Decision
    from tagwright.types import Document

    decisions: list[Decision] = []
    documents: dict[str, Document] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row: dict[str, Any] = json.loads(line)
                decisions.append(Decision(**{key: row[key] for key in _KEYS if key in row}))
                given = {key: row[key] for key in _OF_DOCUMENT if key in row}
            except (ValueError, TypeError, AttributeError) as error:
                hint = 'a line is {"document": ID, "tag": ID, "verdict": "accept", "person": NAME}'
                raise InputError(f"no decision: {error}", path=str(path), line=number, hint=hint) from error
            if "text" in given:
                documents.setdefault(row["document"], Document(row["document"], **given))
    return decisions, list(documents.values())


def _row(one: Decision, back: dict[int, int]) -> tuple[str, ...]:
    said = [f"contradicts {one.conflict}" if one.conflict else "", "by a machine" if one.machine else ""]
    said += [f"taken back by {back[one.number]}" if one.number in back else "", one.reason]
    verdict = f"{one.verdict} {one.reverts}" if one.reverts else one.verdict
    when = datetime.fromtimestamp(one.time, UTC).strftime("%Y-%m-%d %H:%M")
    return str(one.number), when, one.person, verdict, one.tag, one.document, " · ".join(filter(None, said))


def _tell_back(made: Sequence[Decision], as_json: bool) -> None:
    if as_json:
        show.emit(made)
        return
    documents = len({one.document for one in made})
    said = f"took back {len(made):,} decisions on {documents:,} documents"
    show.say(said if made else "there was nothing to take back")


def _in_words(check: Check | None) -> list[str]:
    if check is None:
        return ["nothing to compare: no new decisions, or too few documents learned from (feedback.canary_from)"]
    change = check.after - check.before
    said = f"nDCG@10 on {check.documents:,} documents that nobody learned from: {check.before:.4f} → {check.after:.4f}"
    verdict = "surely worse" if check.held else "no worse than chance explains"
    return [f"{said} ({change:+.4f}: {verdict})"]
