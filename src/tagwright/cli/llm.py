"""``tagwright llm``: what the language model was asked and answered, and the terms it proposed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.finetune as finetune
import tagwright.cli.show as show
from tagwright.cli.options import HERE, AsJson, Overrides, ProjectFolder

if TYPE_CHECKING:
    from tagwright.llm.base import Completion
    from tagwright.store.calls import Call, Proposal, Totals
    from tagwright.vocabulary import Vocabulary

# As much of an answer as stands beside the rest on a screen.
_SHOWN = 60
# Equal answers of one model may differ in the last digits of a probability.
_EQUAL = 1e-6
_BATCH = 500

app = typer.Typer(help="Look at what the language model was asked and answered.", no_args_is_help=True)
app.add_typer(finetune.app, name="finetune")
Number = Annotated[int, typer.Argument(metavar="ID", help="The call's number in the log.")]


@app.command()
def log(
    n: Annotated[int, typer.Option("-n", min=1, help="How many calls, the newest first.")] = 20,
    document: Annotated[str | None, typer.Option("--document", metavar="ID", help="Those about one document.")] = None,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List the newest calls, and what all of them took together.

    Example: tagwright llm log -n 50 --document d17
    """
    from tagwright.project import Project

    calls = Project.open(project).llm.log
    rows, totals = calls.recent(n, document), calls.totals()
    if as_json:
        show.emit({"calls": rows, "totals": totals})
        return
    if rows:
        header = ["id", "time", "template", "document", "tokens", "answer"]
        show.table(header, [_row(row) for row in rows], right=(0, 4))
        show.say()
    show.say(_totals(totals))


@app.command(name="show")
def show_call(id: Number, project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Show one call whole: the prompt as the model got it, and the answer."""
    from tagwright.project import Project

    call = Project.open(project).llm.log.get(id)
    if as_json:
        show.emit(call)
        return
    about = [("time", _when(call.time)), ("document", call.document), ("template", call.template)]
    about += [
        ("model", call.model),
        ("took", _taken(call.calls, call.prompt_tokens, call.completion_tokens, call.cost)),
    ]
    about += [(key.replace("_", " "), str(value)) for key, value in call.options.items()]
    show.table(["", ""], about)
    for title, text in (("system", call.system), ("user", call.user), ("answer", _said(call))):
        show.say()
        show.line((title, "bold"))
        show.say(text)


@app.command()
def replay(id: Number, overrides: Overrides = [], project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Ask the project's model the same once more, past cache, budget and log, and compare the answers."""
    from tagwright.llm.base import Prompt
    from tagwright.project import Project

    opened = Project.open(project, overrides=overrides)
    call, model = opened.llm.log.get(id), opened.llm.model
    options = {key: call.options[key] for key in ("choices", "schema", "most_tokens") if key in call.options}
    now = model.complete([Prompt(call.user, call.system, call.template, call.document)], **options)[0]
    same, same_model = _same(call, now), model.fingerprint == call.model
    if as_json:
        show.emit({"id": call.id, "same": same, "same_model": same_model, "before": _answer(call), "now": _answer(now)})
        return
    show.say("the same answer" if same else "another answer")
    if not same_model:
        show.say(f"then {call.model} was asked, now {model.fingerprint}")
    if same:
        show.say(_said(now))
        return
    show.table(["", ""], [("before", _said(call)), ("now", _said(now))])


@app.command()
def proposals(
    n: Annotated[int, typer.Option("-n", min=1, help="How many terms, those of most documents first.")] = 20,
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """List terms that the model proposed and no tag is called: candidates for the vocabulary.

    A term is added with: tagwright vocab add --id ID --name TERM
    """
    from tagwright.project import Project

    opened = Project.open(project)
    found = _lacking(opened.llm.log.proposals(n + _BATCH), opened.vocabulary)[:n]
    if as_json:
        show.emit(found)
        return
    if not found:
        show.say("no term has been proposed that the vocabulary lacks")
        return
    rows = [(one.term, f"{one.documents:,}", _when(one.last_seen), ", ".join(one.latest)) for one in found]
    show.table(["term", "documents", "last", "in"], rows, right=(1,))


def _lacking(found: Sequence[Proposal], vocabulary: Vocabulary) -> list[Proposal]:
    """Those that are still no label of a tag: it may have been added since."""
    if not found:
        return []
    from tagwright.generation.mapping import Names

    names = Names(vocabulary)
    return [one for one in found if not names.find(one.term)]


def _row(call: Call) -> tuple[str, ...]:
    said = " ".join(_said(call).split())
    shown = said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1]}…"
    tokens = f"{call.prompt_tokens:,} + {call.completion_tokens:,}"
    template = call.template.rpartition("/")[0] or call.template  # without the digest of its letters
    return str(call.id), _when(call.time), template, call.document, tokens, shown


def _said(answer: Call | Completion) -> str:
    """An answer in words: its text, with the probabilities where choices were asked for, or why there is none."""
    shares = ", ".join(f"{choice} {value:.4f}" for choice, value in answer.probabilities.items())
    words = f"{answer.text} ({shares})" if shares else answer.text
    return f"error: {answer.error}" if answer.error else words


def _answer(answer: Call | Completion) -> dict[str, Any]:
    return {key: getattr(answer, key) for key in ("text", "probabilities", "source", "error")}


def _same(call: Call, now: Completion) -> bool:
    """Whether two answers say the same; a failure is no answer."""
    if call.error or now.error or call.text != now.text or set(call.probabilities) != set(now.probabilities):
        return False
    return all(abs(value - now.probabilities[choice]) <= _EQUAL for choice, value in call.probabilities.items())


def _totals(totals: Totals) -> str:
    if not totals.asked:
        return "no call has been logged"
    failed = f", {totals.failed:,} without an answer" if totals.failed else ""
    kept = f" (the newest {totals.kept:,} are kept)" if totals.kept < totals.asked else ""
    taken = _taken(totals.calls, totals.prompt_tokens, totals.completion_tokens, totals.cost)
    return f"{totals.asked:,} question{'s' * (totals.asked != 1)}{failed}: {taken}{kept}"


def _taken(calls: int, prompt_tokens: int, completion_tokens: int, cost: float) -> str:
    spent = f", cost {cost:,.4f}" if cost else ""
    return f"{calls:,} call{'s' * (calls != 1)}, {prompt_tokens:,} tokens read, {completion_tokens:,} written{spent}"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
