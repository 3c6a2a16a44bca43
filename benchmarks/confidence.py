"""Whether the confidence is a probability, how many tags a document should get, and whether promises hold.

    python benchmarks/confidence.py --project PROJECT --data tibkat-en --parts dev test --precision 0.7 0.8

The project is trained on the data's train part. Promises: of all documents of the parts, unseen by every fit, a quarter
is drawn 200 times to calibrate on, and the risk is measured on the other three; a promise breaks where it is too high.
"""

from __future__ import annotations

import numpy as np
from common import SHARED, arguments, machine, table

from tagwright import Project, registry
from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.drift import Reference, measured
from tagwright.calibration.guarantees import Plan
from tagwright.calibration.isotonic import Isotonic
from tagwright.calibration.rule import DOCUMENTS, PRECISION, RECALL
from tagwright.calibration.thresholds import mean_f1
from tagwright.calibration.tuning import Sample, most_applied, planned
from tagwright.candidates import Candidates
from tagwright.corpus import open_corpus
from tagwright.evaluation import Gold, Ranked, evaluate
from tagwright.pipeline.assembly import BLOCK, gold_of
from tagwright.project.evaluating import train_counts

SPLITS, ERROR, SHOWN = 200, 0.1, 50
BANDS = ("0", "1-4", "5-19", "20+")


def main() -> None:
    options = arguments(
        __doc__ or "", project={"required": True}, data={"default": "tibkat-en"},
        parts={"nargs": "+", "default": ["dev", "test"]},
        precision={"nargs": "+", "type": float, "default": [0.7, 0.8]},
    )  # fmt: skip
    project = Project.open(options.project)
    print(f"{machine()}, {options.data}\n")
    samples = {part: asked(project, options.data, part) for part in options.parts}
    calibrations(project, samples)
    cuts(project, samples)
    promises(project, list(samples.values()), options.precision)


def asked(project: Project, data: str, part: str) -> Sample:
    """The product's candidates for the documents of a part, and what is known of them."""
    corpus = open_corpus([SHARED / "data" / data / f"{part}.jsonl.gz"])
    documents = [document for document in corpus if document.tags]
    tagger = project.tagger
    blocks = [tagger.candidates(documents[at : at + BLOCK]) for at in range(0, len(documents), BLOCK)]
    found = Candidates.concat([block.top(100, by=CONFIDENCE) for block in blocks])
    right = found.right(gold_of(documents, project.vocabulary))
    return Sample(found, right, tagger.given(found), np.array([len(set(d.tags or ())) for d in documents]))


def calibrations(project: Project, samples: dict[str, Sample]) -> None:
    """Brier, ECE over the top 20 by band, and the gap above one half: the product's, and one isotonic curve."""
    known = project.out_of_fold()
    assert known is not None
    isotonic = Isotonic().fit(known.table, known.right)
    chosen = project.tagger.calibration
    print(f"calibration chosen: {getattr(chosen, 'kind_', chosen)} {getattr(chosen, 'by_', '')}\n")
    rows = []
    for part, sample in samples.items():
        for name, found in (("one isotonic curve", isotonic.calibrate(sample.candidates)), ("ours", sample.candidates)):
            values = evaluate(
                Ranked.from_candidates(found), gold(sample), cut=0.5, train_counts=train_counts(project.tagger)
            ).metrics
            bands = [values[f"ECE[{band}]"] for band in BANDS]
            shown = [values["Brier"], values["ECE"], *bands, values["overconfidence"], int(values["confident"])]
            rows.append([part, name, f"{shown[0]:.5f}", *shown[1:]])
    table(rows, ["part", "", "Brier", "ECE", *(f"ECE, {band}" for band in BANDS), "gap ≥ 0.5", "n"])


def gold(sample: Sample) -> Gold:
    """The gold of a sample: what is right among the candidates, and that others were missed."""
    offsets = np.concatenate([[0], np.cumsum(sample.right)])[sample.candidates.offsets]
    rows = np.split(sample.candidates.tags[sample.right], offsets[1:-1])
    return Gold.from_lists(rows, sample.sizes)


def cuts(project: Project, samples: dict[str, Sample]) -> None:
    """Document-averaged F1 by every kind of cut, all learned out of fold."""
    known = project.out_of_fold()
    assert known is not None
    made = {
        kind: registry.build("cuts", kind, {}).fit(known.table, known.right, known.gold_sizes)
        for kind in registry.BUILT_IN["cuts"]
    }
    grid = np.unique(np.quantile(known.table.column(CONFIDENCE), np.linspace(0.5, 1, 500)))
    learned = [mean_f1(known.table, known.table.column(CONFIDENCE) >= c, known.right, known.gold_sizes) for c in grid]
    rows = []
    for part, sample in samples.items():
        found, right, sizes = sample.candidates, sample.right, sample.sizes
        confidence = found.column(CONFIDENCE)
        best = max(mean_f1(found, confidence >= cut, right, sizes) for cut in grid)
        ours = mean_f1(found, confidence >= grid[int(np.argmax(learned))], right, sizes)
        rows.append([part, "one cut, the best for F1 on this part", best, "", ""])
        rows.append([part, "one cut, the best for F1 out of fold", ours, "", ""])
        for kind, cut in made.items():
            given = cut.given(found)
            micro = 2 * (given & right).sum() / (given.sum() + sizes.sum())
            rows.append(
                [part, kind, mean_f1(found, given, right, sizes), float(micro), f"{given.sum() / len(sizes):.2f}"]
            )
    print()
    table(rows, ["part", "cut", "F1, mean over documents", "micro-F1", "tags a document"])


def promises(project: Project, samples: list[Sample], precisions: list[float]) -> None:
    """How often a promise is broken, and how often a target is out of reach; false alarms of drift."""
    known = project.out_of_fold()
    assert known is not None
    planning = Sample(known.table, known.right, project.tagger.given(known.table), known.gold_sizes)
    whole = Sample(
        Candidates.concat([s.candidates for s in samples]), np.concatenate([s.right for s in samples]),
        np.concatenate([s.given for s in samples]), np.concatenate([s.sizes for s in samples]),
    )  # fmt: skip
    n = whole.candidates.n_documents
    wanted = (
        [(PRECISION, t) for t in precisions] + [(DOCUMENTS, t) for t in precisions] + [(RECALL, 0.6), (RECALL, 0.8)]
    )
    rows = []
    for kind, target in wanted:
        most = SHOWN if kind == RECALL else most_applied(kind, target, planning)
        plan = planned(kind, target, planning, most)
        losses = {cut: whole.losses(kind, target, most)(cut) for cut in plan.cuts}
        found = [
            (cut, risk) for cut, risk in (split(plan, losses, number, n) for number in range(SPLITS)) if cut is not None
        ]
        broken = sum(risk > 0 for _, risk in found)
        middle = f"{np.mean([cut for cut, _ in found]):.2f}" if found else ""
        rows.append([f"{kind} {target}", most, f"{broken} of {len(found)}", SPLITS - len(found), middle])
    allowed = SPLITS * (ERROR + 3 * (ERROR * (1 - ERROR) / SPLITS) ** 0.5)
    print(f"\n{n} documents, {n // 4} to calibrate on; a promise may break in {allowed:.1f} of {SPLITS}\n")
    table(rows, ["promise", "most", "broken", "out of reach", "mean cut"])
    print(f"\ndrift: {alarms(whole, n)} of 100 splits without a shift raise an alarm (5 are allowed)")


def split(plan: Plan, losses: dict[float, np.ndarray], number: int, n: int) -> tuple[float | None, float]:
    """The cut that a quarter of the documents allows, and its risk on the others."""
    order = np.random.default_rng(number).permutation(n)
    cut = plan.carry_out(lambda cut: losses[cut][order[: n // 4]], ERROR)
    return cut, 0.0 if cut is None else float(losses[cut][order[n // 4 :]].mean())


def alarms(sample: Sample, n: int) -> int:
    """How many of 100 splits of the same documents look as if they had moved."""
    values = measured(sample.candidates)
    raised = 0
    for split in range(100):
        order = np.random.default_rng(split).permutation(n)
        part = np.sort(values[order[: n // 4]], axis=0)
        raised += bool(Reference(part, len(part), out_of_fold=False).moved(values[order[n // 4 :]]))
    return raised


if __name__ == "__main__":
    main()
