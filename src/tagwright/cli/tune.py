"""``tagwright tune``: what may be applied without a look, what a person should see, and what can be dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

import tagwright.cli.documents as documents
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
    from tagwright.calibration.rule import Promise, Rule
    from tagwright.generation.second import Second
    from tagwright.project.tuning import TuneReport

Targets = Annotated[
    list[str],
    typer.Option(
        "--target",
        metavar="KIND=SHARE",
        help="precision=0.95 (of the tags applied unseen), documents=0.95 (of documents that pass whole), "
        "recall=0.9 (of what is shown); may be repeated.",
        show_default=False,
    ),
]
On = Annotated[
    list[str],
    typer.Option("--on", metavar="CORPUS", help="Tagged documents that train did not see.", show_default=False),
]
Level = Annotated[float, typer.Option("--confidence-level", help="How sure each promise is to hold, below 1.")]
Shown = Annotated[int, typer.Option("-k", min=1, max=300, help="How many suggestions a document anybody gets to see.")]
Forget = Annotated[bool, typer.Option("--forget", help="Take the rule back: no decisions any more.")]


def tune(
    targets: Targets = [],
    on: On = [],
    level: Level = 0.9,
    k: Shown = 50,
    forget: Forget = False,
    llm: Annotated[bool, typer.Option("--llm", help="Show what is gained at which price of a question.")] = False,
    kind: Kind = None,
    columns: Columns = [],
    separator: Separator = None,
    tag_prefixes: TagPrefixes = [],
    language: Language = None,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Decide from which confidence on tags are applied unseen, shown or dropped; without options, show what holds.

    Example: tagwright tune --target precision=0.95 --on calibration.jsonl
    """
    from tagwright.project import Project

    opened = Project.open(project, overrides=overrides)
    if llm:
        _prices(opened.llm.learned, as_json)
        return
    if forget:
        opened.forget_rule()
    if not targets:
        _show(opened.rule, as_json)
        return
    reading = documents.Reading(kind, columns, separator, tag_prefixes, language)
    read = reading.open(on, opened.vocabulary, keep_unknown_tags=True) if on else None
    with show.progress() as progress:
        report = opened.tune(_parsed(targets), read, level=level, k=k, progress=progress)
    _tell(report, as_json)


def _tell(report: TuneReport, as_json: bool) -> None:
    if as_json:
        show.emit(report.to_json())
        return
    _show(report.rule, as_json=False)
    if report.left_out:
        show.note(f"{report.left_out:,} documents were left out: train has learned from them")
    documents.tell_problems(report.problems)


def _prices(learned: Second | None, as_json: bool) -> None:
    """Quality against calls: what is left of the gain where calls are spared."""
    if as_json:
        show.emit(None if learned is None else list(learned.curve))
        return
    if learned is None:
        show.say("nobody has asked yet what the language model's answers are worth: tagwright train --generation")
        return
    most = max((row["calls"] for row in learned.curve), default=0.0)
    metrics = [name for name in learned.curve[0] if name not in ("least_gain", "calls")] if learned.curve else []
    rows = [
        [f"{row['least_gain']:g}", f"{row['calls']:.1f}", bar(row["calls"], most), *(f"{row[m]:.4f}" for m in metrics)]
        for row in learned.curve
    ]
    show.table(["generation.least_gain", "calls a document", "", *metrics], rows, right=[0, 1, 3, 4])
    before = next(iter(learned.tried.values()))
    show.say("without the language model: " + ", ".join(f"{m} {before[m].before:.4f}" for m in metrics))


def bar(value: float, most: float, width: int = 20) -> str:
    """A bar of at most ``width`` blocks."""
    return "█" * round(width * value / most) if most > 0 else ""


def _parsed(targets: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for target in targets:
        name, _, share = target.partition("=")
        try:
            found[name.strip()] = float(share)
        except ValueError:
            raise typer.BadParameter(f"--target {target!r} is not KIND=SHARE, such as precision=0.95") from None
    return found


def _show(rule: Rule | None, as_json: bool) -> None:
    if rule is None:
        show.emit(None) if as_json else show.say("no rule: suggestions come without decisions (--target makes one)")
        return
    if as_json:
        show.emit({key: value for key, value in rule.to_json().items() if key != "reference"})
        return
    for promise in rule.promises:
        show.say(in_words(promise, rule))
    if rule.estimated:
        show.note(
            f"estimates from the {rule.documents:,} documents of training; --on CORPUS with documents that train did "
            "not see makes promises of them"
        )


def in_words(promise: Promise, rule: Rule) -> str:
    """A promise and what it does to the documents it was found on."""
    kind, found = promise.kind, promise.found
    sure = "estimate" if rule.estimated else f"holds with {promise.level:.0%} confidence on documents like these"
    if promise.cut is None:
        return f"{kind} {promise.target:g} is out of reach with these {rule.documents:,} documents: {_nearest(promise)}"
    if kind == "recall":
        return (
            f"recall {promise.target:g} ({sure}): tags from confidence {promise.cut:.2f} on are shown, "
            f"{found['tags']:.1f} a document, {found['recall']:.0%} of the right ones among them"
        )
    review = f"{found['to_review']:,.0f} tags remain to review"
    if kind == "documents":
        passing = f"{found['documents']:.0%} of the documents pass, {found['right']:.1%} of their tags are right"
        return f"documents {promise.target:g} ({sure}): {passing}, {review}"
    applied = f"tags from confidence {promise.cut:.2f} on are applied, at most {promise.most} a document"
    share = f"{found['tags']:.2f} a document, in {found['documents']:.0%} of the documents"
    return f"precision {promise.target:g} ({sure}): {applied}: {share}; {found['right']:.1%} of them right; {review}"


def _nearest(promise: Promise) -> str:
    found = promise.found
    if promise.kind == "recall":
        return f"all that can be shown holds {found['recall']:.1%} of the right tags (a lower target, or a higher -k)"
    what = f"{found['right']:.1%} of the {found['tags']:.2f} surest tags a document are right"
    return f"{what}, and that is not enough to be sure (more documents for --on, or a lower target)"
