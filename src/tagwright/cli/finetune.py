"""``tagwright llm finetune``: teach a language model with what people decided in this project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tagwright.cli.show as show
from tagwright.cli.options import HERE, AsJson, Overrides, ProjectFolder

if TYPE_CHECKING:
    from tagwright.pipeline.table import OutOfFold
    from tagwright.project import Project
    from tagwright.training.options import Finetuned, Plan
    from tagwright.types import Document

app = typer.Typer(help="Teach a language model with the project's own documents.", no_args_is_help=True)


class Unreachable(StrEnum):
    """What is done with right tags that are no candidates."""

    DROP = "drop"
    INJECT = "inject"


Taught = Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write select.jsonl and judge.jsonl into.")]
NoCandidates = Annotated[
    Unreachable, typer.Option(help="Right tags that are no candidates: left out, or put on the list.")
]
Hardest = Annotated[
    float, typer.Option(min=0, max=1, help="The share of wrong tags that are the likeliest, the rest drawn.")
]
Data = Annotated[list[Path], typer.Argument(metavar="DATA", help="Files of conversations, such as judge.jsonl.")]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The adapter's folder, to be made.")]
Base = Annotated[
    str, typer.Option(metavar="MODEL", help="A Hugging Face model's folder or a GGUF file; none: the small one.")
]


@app.command()
def instructions(
    out: Taught,
    documents: Annotated[int, typer.Option(min=1, help="At most so many documents, the most different ones.")] = 10_000,
    unreachable: NoCandidates = Unreachable.DROP,
    shown: Annotated[int, typer.Option(min=1, help="How many candidates stand on a list.")] = 20,
    pairs: Annotated[int, typer.Option(min=0, help="How many tags of a document are judged, half of them right.")] = 4,
    hardest: Hardest = 1.0,
    characters: Annotated[int, typer.Option(min=1, help="How much of a document is shown.")] = 1500,
    shuffled: Annotated[bool, typer.Option("--shuffled/--ranked", help="The order of a list.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Another one, another order of the lists.")] = 0,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Write questions and answers to teach with: candidates found without the document's own tags, answers by people.

    Example: tagwright llm finetune instructions taught --documents 5000
    """
    from tagwright.errors import ConfigError
    from tagwright.project import Project
    from tagwright.training.instructions import Instructions, build

    opened = Project.open(project, overrides=overrides)
    known = opened.out_of_fold()
    if known is None:
        raise ConfigError("nothing was learned about ranking", hint="tagwright train with more tagged documents")
    there = list(opened.store.documents())
    sets = build(
        there, known, opened.vocabulary, opened.llm.templates(),
        Instructions(shown, pairs, hardest, characters, unreachable.value, shuffled, documents, seed),
        vectors=opened.tagger.assembly.meaning.documents, spared=_spared(opened, known, there),
    )  # fmt: skip
    manifest = sets.write(out)
    if as_json:
        show.emit(manifest)
        return
    for name, file in manifest["files"].items():
        show.say(f"{out / name}: {file['examples']:,} examples")
    _count(sets.counts, unreachable)


@app.command()
def run(
    data: Data,
    out: Out,
    base: Base = "",
    steps: Annotated[int, typer.Option(min=0, help="At most so many steps; 0: what the epochs give.")] = 0,
    epochs: Annotated[float, typer.Option(help="How often every example is seen.")] = 1.0,
    rate: Annotated[float, typer.Option("--learning-rate", help="The highest learning rate.")] = 2e-4,
    warmup: Annotated[float, typer.Option(help="The share of the steps in which the rate rises.")] = 0.05,
    rank: Annotated[int, typer.Option(min=1, help="The rank of the adapter.")] = 8,
    alpha: Annotated[int, typer.Option(min=1, help="Its scale.")] = 16,
    dropout: Annotated[float, typer.Option(help="Dropout before it.")] = 0.05,
    batch: Annotated[int, typer.Option(min=1, help="Examples that pass at once: more need more memory.")] = 1,
    accumulate: Annotated[int, typer.Option(min=1, help="Passes that make a step.")] = 8,
    longest: Annotated[int, typer.Option(min=1, help="Longer examples, in tokens, are left out.")] = 1024,
    seed: Annotated[int, typer.Option(min=0, help="Another one, another order and beginning.")] = 0,
    save_every: Annotated[int, typer.Option(min=1, help="Steps after which a killed run can go on.")] = 50,
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it will take.")] = False,
    as_json: AsJson = False,
) -> None:
    """Teach a model by LoRA; the same command goes on where it was interrupted.

    Example: tagwright llm finetune run taught/judge.jsonl -o judge-adapter --steps 200
    """
    from tagwright.training.finetune import Run
    from tagwright.training.options import Finetuning

    settings = Finetuning(
        base, rank, alpha, dropout, epochs, steps, rate, warmup, batch, accumulate, longest, seed, save_every, device
    )
    prepared = Run(data, out, settings)
    if estimate or not as_json:
        _tell(prepared.plan, as_json=as_json)
    if estimate:
        return
    with show.progress() as progress:
        done = prepared.finetune(progress)
    _show(done, as_json=as_json)


def _spared(project: Project, known: OutOfFold, documents: Sequence[Document]) -> set[str]:
    """The documents on which ``train --generation`` will learn what answers are worth; half of all at most."""
    from tagwright.generation.asking import Generation
    from tagwright.project.generating import sample

    wanted = Generation(**project.settings.options("generation")).documents
    most = min(wanted, max(len(known.ids) // 2, 1))
    if most < min(wanted, len(known.ids)):
        show.note(
            f"of {len(known.ids):,} documents {most:,} are not taught: set generation.documents = {most} before 'train "
            "--generation', or it asks a model what the model was told"
        )
    return {document.id for document in sample(known, documents, project.tagger, most).documents}


def _count(counts: Mapping[str, int], unreachable: Unreachable) -> None:
    show.say(
        f"from {counts['taught']:,} of {counts['documents']:,} documents ({counts['spared']:,} spared); "
        f"{counts['right']:,} right tags stand on the lists, {counts['unreachable']:,} were no candidates "
        f"({unreachable.value})"
    )


def _tell(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        show.emit(plan)
        return
    left_out = f", {plan.too_long:,} too long" if plan.too_long else ""
    show.note(
        f"{plan.examples:,} examples{left_out}; {plan.steps:,} steps over {plan.tokens:,} tokens; {plan.parameters:,} "
        f"of {plan.of:,} parameters are learned; about {show.minutes(plan.seconds)} on this machine ({plan.device})"
    )


def _show(done: Finetuned, *, as_json: bool) -> None:
    if as_json:
        show.emit({"folder": done.folder, "losses": done.losses, "resumed_at": done.resumed_at})
        return
    first, last = done.fall
    went_on = f", {done.resumed_at:,} of them by an earlier run" if done.resumed_at else ""
    show.say(f"{done.folder}: {len(done.losses):,} steps{went_on}, {show.minutes(done.seconds)}")
    show.say(f"  mean loss a token of the answers: {first:.3f} at first, {last:.3f} at last")
