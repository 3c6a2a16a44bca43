"""``tagwright enrich``: more about the tags and for rare tags, to be looked at before it is used."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.enrich_samples as enrich_samples
import tagwright.cli.show as show
from tagwright.cli.documents import pairs
from tagwright.cli.options import (
    HERE,
    AsJson,
    MaxCalls,
    MaxCost,
    MaxTokens,
    Overrides,
    ProjectFolder,
    TagsColumns,
    TagsKind,
    TagsSeparator,
    WithLlm,
    caps,
)

if TYPE_CHECKING:
    from tagwright.enrichment.tags import Wanted
    from tagwright.project import Project
    from tagwright.project.enriching import Decided, Run
    from tagwright.store.texts import TagText
    from tagwright.vocabulary import Vocabulary

app = typer.Typer(help="Find texts for tags, look at them, and take them into the vocabulary.", no_args_is_help=True)
app.command("samples")(enrich_samples.samples)

OfTags = Annotated[
    list[str], typer.Option("--tag", metavar="ID", help="Only of this tag (may be repeated).", show_default=False)
]
OfSources = Annotated[
    list[str],
    typer.Option(
        "--source", metavar="SOURCE", help="Only from here: vocabulary, reference, llm, person.", show_default=False
    ),
]


Only = Annotated[str, typer.Option("--only", help="Which tags: unseen (no document), tail (few), all.")]
Tail = Annotated[int, typer.Option("--tail", min=1, help="Fewer training documents than this are few.")]
ReferenceFile = Annotated[
    Path | None, typer.Option("--reference", metavar="FILE", help="Names and notes of an authority: SKOS, JSONL, CSV.")
]
PromptStyle = Annotated[
    str, typer.Option("--prompt", help="sep: one sentence; lagamc: longer, with two training documents as examples.")
]
About = Annotated[str, typer.Option("--about", help="What the documents are, for the model.", show_default=False)]
Synonyms = Annotated[int, typer.Option("--synonyms", min=0, max=20, help="Ask the model for so many a tag.")]
Names = Annotated[
    list[str], typer.Option("--names", metavar="LANGUAGE", help="Ask the model for names in it: de (may be repeated).")
]
OfDescriptions = Annotated[
    str, typer.Option("--language", help="The language of descriptions.", show_default="that of the names")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Keep and ask nothing; say what it would take.")]


@app.command()
def tags(
    only: Only = "all",
    tail: Tail = 5,
    reference: ReferenceFile = None,
    llm: WithLlm = False,
    prompt: PromptStyle = "sep",
    about: About = "",
    synonyms: Synonyms = 0,
    names: Names = [],
    language: OfDescriptions = "",
    dry_run: DryRun = False,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    kind: TagsKind = None,
    columns: TagsColumns = [],
    separator: TagsSeparator = None,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Look for descriptions, synonyms and names: in the vocabulary, in a reference file, and with a language model.

    What is found waits for 'tagwright enrich diff' and 'accept'; nothing that a tag has is replaced.

    Example: tagwright enrich tags --only tail --reference authority.ttl --llm --dry-run
    """
    from tagwright.enrichment.tags import Wanted
    from tagwright.project import Project

    opened = Project.open(project, overrides=overrides)
    wanted = Wanted(only, tail, prompt, synonyms, tuple(dict.fromkeys(names)), language, **_given(about=about))
    given = _reference(reference, opened.vocabulary, kind, columns, separator)
    run = _run(opened, wanted, given, reference, llm, caps(max_calls, max_tokens, max_cost), dry_run)
    if as_json:
        show.emit({**run.report.to_json(), "llm": {"spent": run.spent, "cost": run.cost} if llm else None})
        return
    _tell(run, llm=llm)


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _run(
    opened: Project, wanted: Wanted, given: Vocabulary | None, path: Path | None, llm: bool, budget: dict[str, float],
    dry: bool,
) -> Run:  # fmt: skip
    from tagwright.project.enriching import Enriching

    with show.progress() as progress:
        return Enriching(opened).propose(
            wanted, reference=given, reference_name=path.name if path else "", llm=llm, caps=budget, dry=dry,
            progress=progress,
        )  # fmt: skip


def _reference(
    path: Path | None, vocabulary: Vocabulary, kind: str | None, columns: list[str], separator: str | None
) -> Vocabulary | None:
    from tagwright.project.enriching import read_reference

    if path is None:
        return None
    return read_reference(path, vocabulary, kind=kind, columns=pairs(columns, "--column"), separator=separator)


def _tell(run: Run, *, llm: bool) -> None:
    for line in run.report.lines():
        show.say(line)
    if llm:
        tokens, cost = (
            run.spent.prompt_tokens + run.spent.completion_tokens,
            f", {run.cost:.4f} in money" if run.cost else "",
        )
        would = "would take about" if run.report.dry else "took"
        show.say(f"the language model {would} {run.spent.calls:,} calls, {tokens:,} tokens{cost}")
    elif run.report.left:
        show.say("with --llm the project's language model is asked about these")
    if run.report.proposed and not run.report.dry:
        show.note("tagwright enrich diff shows what is proposed, tagwright enrich accept takes it")


@app.command()
def diff(
    state: Annotated[
        str, typer.Option("--state", help="proposed, accepted, rejected, refused (by a check), superseded, all.")
    ] = "proposed",
    n: Annotated[int, typer.Option("-n", min=1, help="How many texts at most.")] = 50,
    tags: OfTags = [],
    sources: OfSources = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Show what is proposed for tags and would change them; or what was accepted, rejected, refused, and why."""
    from tagwright.errors import ConfigError
    from tagwright.project import Project
    from tagwright.project.enriching import Enriching
    from tagwright.store.texts import PROPOSED, STATES

    if state not in (*STATES, "all"):
        raise ConfigError(f"there is no state {state!r}", hint=f"states are: {', '.join(STATES)}, all")
    opened = Project.open(project)
    enriching = Enriching(opened)
    of = STATES if state == "all" else (state,)
    found = enriching.pending(tags, sources) if state == PROPOSED else enriching.find(of, tags, sources)
    if as_json:
        show.emit(found[:n])
        return
    if not found:
        show.say("there is nothing to show")
        return
    show.table(["tag", "", "text", "from", "why"], [_row(text, opened.vocabulary) for text in found[:n]])
    if len(found) > n:
        show.note(f"{len(found) - n:,} more: -n {len(found)}")


def _row(text: TagText, vocabulary: Vocabulary) -> tuple[Any, ...]:
    position = vocabulary.find(text.tag)
    name = f"{vocabulary.name(position)}\n{text.tag}" if position >= 0 else text.tag
    language = f" ({text.language})" if text.language else ""
    template = text.template.rpartition("/")[0]
    when = time.strftime("%Y-%m-%d", time.localtime(text.time))
    origin = "\n".join(part for part in (text.source, text.model, template, when) if part)
    sign = {"proposed": "+ ", "accepted": "= "}.get(text.state, "- ")
    return name, f"{sign}{text.kind}{language}", text.text, origin, text.reason


@app.command()
def accept(
    tags: OfTags = [],
    sources: OfSources = [],
    text: Annotated[
        str, typer.Option("--text", help="Your own description instead, for the one --tag.", show_default=False)
    ] = "",
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Take what is proposed into the vocabulary: all of it, or that of some tags or sources.

    It is used from the next text on; 'tagwright enrich undo' takes it back.
    """
    from tagwright.errors import ConfigError
    from tagwright.project import Project
    from tagwright.project.enriching import Enriching

    if text and len(tags) != 1:
        raise ConfigError("--text is the description of one tag", hint="tagwright enrich accept --tag ID --text TEXT")
    enriching = Enriching(Project.open(project))
    _told(enriching.write(tags[0], text) if text else enriching.accept(tags, sources), "taken into", as_json)


@app.command()
def reject(tags: OfTags = [], sources: OfSources = [], project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Turn down what is proposed: all of it, or that of some tags or sources; it is not proposed again."""
    from tagwright.project import Project
    from tagwright.project.enriching import Enriching

    _told(Enriching(Project.open(project)).reject(tags, sources), "kept out of", as_json)


@app.command()
def undo(tags: OfTags = [], project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Take back what was accepted last, or what was accepted for some tags; it is proposed again."""
    from tagwright.project import Project
    from tagwright.project.enriching import Enriching

    _told(Enriching(Project.open(project)).undo(tags), "taken out of", as_json)


def _told(decided: Decided, what: str, as_json: bool) -> None:
    if as_json:
        show.emit({"taken": decided.taken, "tags": decided.tags, "passed": decided.passed})
        return
    counted = ", ".join(f"{number:,} {kind}{'s' * (number != 1)}" for kind, number in sorted(decided.taken.items()))
    show.say(f"{counted or 'nothing'} {what} the vocabulary, of {decided.tags:,} tag{'s' * (decided.tags != 1)}")
    if decided.passed:
        show.say(f"{decided.passed:,} texts were passed over: their tags have one by now")
