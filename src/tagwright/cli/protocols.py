"""What ``tagwright eval`` finds beside the measures: the protocols of the literature, and plain taggers to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.show as show

if TYPE_CHECKING:
    from tagwright.corpus import Corpus
    from tagwright.evaluation import Report, SavedCandidates
    from tagwright.evaluation.protocols import Measured, Protocol
    from tagwright.project import Project
    from tagwright.types import Document

FROZEN = "rare-tags.json"  # the list's place in the project where --frozen names no other


class Name(StrEnum):
    """The protocols by the names that ``--protocol`` takes."""

    SUBJECTS = "subjects"
    BANDS = "bands"
    RARE = "rare"
    ZERO_SHOT = "zero-shot"


Which = Annotated[
    Name | None,
    typer.Option(
        "--protocol", help="Measure some tags alone (bands, rare, zero-shot), or as LLMs4Subjects does (subjects)."
    ),
]
Unseen = Annotated[
    list[str],
    typer.Option("--unseen", metavar="ID", help="A tag that zero-shot leaves out of training.", show_default=False),
]
Frozen = Annotated[
    Path | None,
    typer.Option("--frozen", metavar="FILE", help="The list of rare tags, written once and held to ever after."),
]
Baselines = Annotated[bool, typer.Option("--baselines", help="Measure plain taggers on the same documents.")]

SHOWN = (
    "P@1", "P@5", "R@5", "R@10", "F1@5", "nDCG@10", "R@10[scope]", "R@50[scope]", "microP", "microR", "microF1",
    "macroF1", "macroF1(gold)", "macroF1(all)", "tags/doc", "ECE",
)  # fmt: skip
_KS = (5, 10, 20, 50)


@dataclass(frozen=True)
class Asked:
    """What was asked for beside the measures."""

    protocol: Name | None
    unseen: Sequence[str]
    frozen: Path | None
    baselines: bool

    def check(self, *, corpus: bool) -> None:
        """Refuses options that do not go together; ``corpus``: whether there are documents, not only candidates."""
        if self.unseen and self.protocol is not Name.ZERO_SHOT:
            raise typer.BadParameter("--unseen belongs to --protocol zero-shot")
        if self.frozen is not None and self.protocol is not Name.RARE:
            raise typer.BadParameter("--frozen belongs to --protocol rare")
        if not corpus and (self.baselines or self.protocol in (Name.RARE, Name.ZERO_SHOT)):
            raise typer.BadParameter("saved candidates are not enough for this: name CORPUS")


@dataclass(frozen=True)
class Source:
    """The project and the documents that were measured."""

    project: Project
    corpus: Corpus


def added(report: Report, saved: SavedCandidates, asked: Asked, source: Source | None) -> Report:
    """The report with what else was asked for beside its measures; without a source only what needs none."""
    found: dict[str, Any] = {}
    if asked.protocol is Name.SUBJECTS:
        found["protocol"] = {"protocol": "subjects", **_subjects(saved)}
    elif asked.protocol is Name.BANDS:
        found["protocol"] = _bands(saved).as_dict()
    elif asked.protocol is Name.RARE and source is not None:
        found["protocol"] = _rare(saved, source.project, asked.frozen).as_dict()
    elif asked.protocol is Name.ZERO_SHOT and source is not None:
        found["protocol"] = _zero_shot(saved, source, asked.unseen).as_dict()
    if asked.baselines and source is not None:
        found |= _baselines(report, saved, source)
    return replace(report, beside={**report.beside, **found})


def tell(report: Report) -> None:
    """What stands beside the measures, as tables."""
    protocol, baselines = report.beside.get("protocol"), report.beside.get("baselines")
    if protocol is not None and protocol["protocol"] == "subjects":
        _show_subjects(protocol)
    elif protocol is not None:
        _show_parts(protocol)
    if baselines is not None:
        _show_baselines(report, baselines)


def _measured(saved: SavedCandidates) -> Measured:
    from tagwright.evaluation import Ranked
    from tagwright.evaluation.protocols import Measured

    return Measured(Ranked.from_candidates(saved.candidates), saved.gold, float(saved.settings.get("cut", 0.5)))


def _subjects(saved: SavedCandidates) -> dict[str, Any]:
    from tagwright.evaluation.judged import Judged
    from tagwright.evaluation.subjects import subjects

    nowhere = [""] * len(saved.ids)
    types, languages = (saved.settings.get(name, nowhere) for name in ("types", "languages"))
    judged = Judged.judge(_measured(saved).ranked, saved.gold)
    return subjects(judged, types, languages, depth=saved.settings.get("k")).as_dict()


def _bands(saved: SavedCandidates) -> Protocol:
    from tagwright.errors import ConfigError
    from tagwright.evaluation.protocols import bands

    if saved.train_counts is None:
        raise ConfigError("no training documents were counted, so there are no bands", hint="train the project first")
    return bands(_measured(saved), saved.train_counts)


def _rare(saved: SavedCandidates, project: Project, frozen: Path | None) -> Protocol:
    import numpy as np

    from tagwright.evaluation.protocols import fingerprint, freeze, rare, rarest_tags

    ids = project.vocabulary.ids
    counts = np.zeros(len(ids), dtype=np.int64) if saved.train_counts is None else saved.train_counts
    rarest = rarest_tags(counts, ids)
    path = frozen or project.folder / FROZEN
    if freeze(path, [ids[tag] for tag in rarest.tolist()], fingerprint(counts)):
        show.note(f"the list of rare tags is frozen in {path}")
    found = rare(_measured(saved), rarest, int((counts > 0).sum()))
    return replace(found, about={**found.about, "counts": fingerprint(counts), "frozen": str(path)})


def _zero_shot(saved: SavedCandidates, source: Source, unseen: Sequence[str]) -> Protocol:
    import tagwright.project.unseen as zero

    project = source.project
    kept, evaluated = _documents(source)
    chosen = list(dict.fromkeys(unseen)) or zero.choose(kept, evaluated, project.vocabulary)
    with show.progress() as progress:
        return zero.zero_shot(
            zero.new_tagger(project), kept, evaluated, chosen, k=saved.settings["k"], progress=progress or _quiet
        )


def _baselines(report: Report, saved: SavedCandidates, source: Source) -> dict[str, Any]:
    from tagwright.evaluation.baselines import beside, rankings

    kept, evaluated = _documents(source)
    with show.progress() as progress:
        found, left_out = rankings(
            kept, evaluated, source.project.vocabulary, k=saved.settings["k"], progress=progress or _quiet
        )
    return {**beside(report, saved, found, n_train=len(kept)), "baselines_left_out": left_out}


def _documents(source: Source) -> tuple[list[Document], list[Document]]:
    """The documents that the project keeps and those that are evaluated; both with tags."""
    from tagwright.project.unseen import kept_documents

    kept = kept_documents(source.project.store) if source.project.trained else []
    evaluated = [document for document in source.corpus if document.tags]
    known = {document.id for document in kept}.intersection(document.id for document in evaluated)
    if known:
        show.note(f"{len(known):,} of {len(evaluated):,} evaluated documents were trained on: all numbers are too good")
    return kept, evaluated


def _quiet(stage: str, done: int, total: int | None) -> None:
    """Reports to nobody."""


def _show_parts(protocol: Mapping[str, Any]) -> None:
    parts: dict[str, Any] = protocol["parts"]
    show.say(f"\nprotocol {protocol['protocol']}")
    for name, part in parts.items():
        show.say(f"  {name}: {part['what']}; {part['tags']:,} tags, {part['documents']:,} documents")
    for key in ("counts", "frozen", "unseen", "training_documents", "left_out_documents", "attested"):
        if key in protocol:
            show.say(f"  {key.replace('_', ' ')}: {_in_words(protocol[key])}")
    rows = [
        (name, *(_number(part["metrics"].get(name)) for part in parts.values()))
        for name in SHOWN
        if any(name in part["metrics"] for part in parts.values())
    ]
    show.table(["measure", *parts], rows, right=range(1, len(parts) + 1))


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{number:,} {name} with an unseen tag" for name, number in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _show_subjects(protocol: Mapping[str, Any]) -> None:
    show.say("\nLLMs4Subjects: F1 from the means of P and R; the mean of the cells is the official number")
    names = [f"{name}@{k}" for k in _KS for name in ("P", "R", "F1")]
    cells = [(f"{cell['type']} {cell['language']}", f"{cell['documents']:,}", cell) for cell in protocol["cells"]]
    averages = [(name, "", protocol[name]) for name in ("mean of cells", "pooled", "records")]
    rows = [(name, number, *(_number(scores[one]) for one in names)) for name, number, scores in [*cells, *averages]]
    show.table(["cell", "documents", *names], rows, right=range(1, len(names) + 2))


def _show_baselines(report: Report, baselines: Mapping[str, Mapping[str, float | None]]) -> None:
    from tagwright.evaluation.baselines import SHOWN as COMPARED

    show.say("\nbaselines on the same documents")
    names = [name for name in COMPARED if any(name in metrics for metrics in baselines.values())]
    rows = [
        (name, _number(report.metrics.get(name)), *(_number(metrics.get(name)) for metrics in baselines.values()))
        for name in names
    ]
    show.table(["measure", "tagwright", *baselines], rows, right=range(1, len(baselines) + 2))
    gate = dict(report.beside["baseline_gate"])
    metric = gate.pop("metric")
    for name, found in gate.items():
        if not found["beaten"]:
            interval = f"{_number(found['low'])} to {_number(found['high'])}"
            show.say(f"does not beat {name} in {metric}: {_number(found['difference'])} ({interval})")
    for name, why in report.beside.get("baselines_left_out", {}).items():
        show.say(f"left out: {name} ({why})")


def _number(value: float | None) -> str:
    return show.number(float("nan") if value is None else value)
