"""``tagwright train``: learn from tagged documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.documents as documents
import tagwright.cli.show as show
from tagwright.cli.batch import Address
from tagwright.cli.options import (
    HERE,
    AsJson,
    Columns,
    Kind,
    Language,
    MaxCalls,
    MaxCost,
    MaxTokens,
    Overrides,
    ProjectFolder,
    Separator,
    TagPrefixes,
    caps,
)

if TYPE_CHECKING:
    from tagwright.corpus import Corpus
    from tagwright.generation.second import Second
    from tagwright.project import Project

Generation = Annotated[
    bool,
    typer.Option(
        "--generation",
        help="Ask the language model about some of the documents, and learn what its answers are worth; without "
        "CORPUS nothing else is learned anew.",
    ),
]


Given = Annotated[
    list[str],
    typer.Argument(
        metavar="CORPUS",
        help="Files, folders or patterns; none: the documents kept in the project and those added since.",
        show_default=False,
    ),
]
Encoder = Annotated[
    bool | None,
    typer.Option(
        "--encoder/--base-encoder",
        help="Teach an encoder with these documents first, or go back to that of the settings; neither: as it was.",
        show_default=False,
    ),
]
Pairs = Annotated[
    bool | None,
    typer.Option(
        "--pairs/--no-pairs",
        help="Teach a pair model (a second look at the best candidates), or do without; neither: as it was.",
        show_default=False,
    ),
]
Cross = Annotated[
    bool | None,
    typer.Option(
        "--cross/--no-cross",
        help="Teach a cross-encoder (a closer, dearer look at the best candidates), or do without; neither: as it was.",
        show_default=False,
    ),
]
Labelguided = Annotated[
    bool | None,
    typer.Option(
        "--labelguided/--no-labelguided",
        help="Teach a label-guided classifier (SEP-MLDC), a channel of its own, or do without; neither: as it was.",
        show_default=False,
    ),
]
Described = Annotated[
    bool | None,
    typer.Option(
        "--described/--no-described",
        help="Teach a model to write the descriptions of tags (LAGAMC), a channel of its own, or do without; "
        "neither: as it was.",
        show_default=False,
    ),
]
Samples = Annotated[
    bool | None,
    typer.Option(
        "--samples/--no-samples",
        help="Let the channels learn from what 'tagwright enrich samples' wrote, or not; neither: as in the settings "
        "(enrichment.samples).",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="So many processes work on folds of the documents, with the memory of one each, and so many threads "
        "encode; the same bytes come out.",
        show_default=False,
    ),
]
ExecutorName = Annotated[
    str | None,
    typer.Option("--executor", help="What the workers are: processes here (local), or ray.", show_default=False),
]


_TAUGHT = {
    "encoder": "an encoder", "pairs": "a pair model", "cross": "a cross-encoder",
    "labelguided": "a label-guided classifier", "described": "a generator of descriptions",
}  # fmt: skip


def train(
    corpus: Given = [],
    encoder: Encoder = None,
    pairs: Pairs = None,
    cross: Cross = None,
    labelguided: Labelguided = None,
    described: Described = None,
    samples: Samples = None,
    generation: Generation = False,
    workers: Workers = None,
    executor: ExecutorName = None,
    address: Address = None,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    kind: Kind = None,
    columns: Columns = [],
    separator: Separator = None,
    tag_prefixes: TagPrefixes = [],
    language: Language = None,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Train anew on exactly these documents, and keep them in the project.

    Example: tagwright train catalogue.csv --column text=abstract --column tags=subjects
    """
    from tagwright.project import Project

    opened = Project.open(project, overrides=[*overrides, *_wished(samples, workers, executor, address)])
    reading = documents.Reading(kind, columns, separator, tag_prefixes, language)
    read = reading.open(corpus, opened.vocabulary, for_training=True) if corpus else None
    wanted = dict(zip(_TAUGHT, (encoder, pairs, cross, labelguided, described), strict=True))
    learns = read is not None or {samples, *wanted.values()} != {None} or not generation
    said = _train(opened, read, wanted, samples, as_json) if learns else {}
    if generation:
        said |= _learn_answers(opened, caps(max_calls, max_tokens, max_cost), as_json)
    if as_json:
        show.emit(said)


def _wished(samples: bool | None, workers: int | None, executor: str | None, address: str | None) -> list[str]:
    """The settings that options stand for."""
    told = {
        "enrichment.samples": None if samples is None else str(samples).lower(), "fitting.workers": workers,
        "fitting.executor": executor or ("ray" if address else None), "fitting.address": address,
    }  # fmt: skip
    return [f"{key}={value}" for key, value in told.items() if value is not None]


def _train(
    opened: Project, read: Corpus | None, wanted: dict[str, bool | None], samples: bool | None, as_json: bool
) -> dict[str, Any]:
    """Trains and, unless as JSON, tells; gives what there is to tell."""
    teach, drop = ([name for name, said in wanted.items() if said is which] for which in (True, False))
    with show.progress() as progress:
        report = opened.train(read, teach=teach, drop=drop, planned=_tell_how_long, progress=progress)
    problems = read.problems if read else None
    if not as_json:
        for line in report.lines:
            show.say(line)
        documents.tell_problems(problems)
    if samples and not report.samples:
        show.note("there is no written sample that fits these documents: tagwright enrich samples writes some")
    return {**report.to_json(), "problems": None if problems is None else problems.as_dict()}


def _tell_how_long(what: str, seconds: float) -> None:
    show.note(
        f"teaching {_TAUGHT[what]}: {show.minutes(seconds)} at most on this machine; when interrupted, it goes on"
    )


def _learn_answers(opened: Project, budget: dict[str, float], as_json: bool) -> dict[str, Any]:
    """The same for what answers are worth."""
    with show.progress() as progress:
        learned, session = opened.llm.learn(budget, progress)
    if not as_json:
        for line in [*worth_in_words(learned), *session.lines()]:
            show.say(line)
    return {"generation": {**learned.to_json(), "llm": session.to_json()}}


def worth_in_words(learned: Second) -> list[str]:
    """What the answers of a language model were found to be worth."""
    said = [f"the language model was asked about {learned.documents:,} training documents"]
    for name, found in learned.tried.items():
        worths = (f"{key} {w.before:.4f} to {w.after:.4f} ({w.low:+.4f} to {w.high:+.4f})" for key, w in found.items())
        said.append(f"  with {name}: {'; '.join(worths)}")
    if learned.used:
        said.append(f"its answers help: from now on --llm asks for {' and '.join(learned.used)}")
    else:
        said.append('its answers do not help for certain, so they stay out (generation.use = "always" asks anyway)')
    return said
