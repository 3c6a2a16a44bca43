"""The parts of the page that are no pictures: the summary, the main numbers, the worst documents, how it was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import tagwright.evaluation.html.words as words
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import Cell, Column, Table
from tagwright.evaluation.html.markup import escaped, foreign, table
from tagwright.evaluation.html.worst import Worst, worst
from tagwright.evaluation.metrics import share
from tagwright.evaluation.reliability import DEPTH

_FEW = 30  # of fewer suggestions a share right says little: its interval is 36 points wide
_ROUGH = 100  # documents below which the page warns

_TILES = (
    ("microP", "precision", "of the given tags are right"),
    ("microR", "recall", "of the gold tags are given"),
    ("microF1", "F1", "the balance of both"),
    ("R@10", "recall at 10", "of a document's gold tags are among its first 10"),
)


def summary(facts: Facts) -> list[str]:
    """What the report says, in plain sentences."""
    judged, metrics = facts.judged, facts.report.metrics
    if not judged.n_documents:
        return ["No document has gold tags, so nothing can be measured. Add the tags that people gave, and eval again."]
    given = int(facts.given.sum())
    lines = [_promise(facts)]
    if given:
        lines.append(
            f"From a confidence of {facts.cut:.2f} on a suggestion counts as given. A document then gets "
            f"{metrics['tags/doc']:.1f} tags on average: {words.percent(metrics['microP'])} of them are right, and "
            f"{words.percent(metrics['microR'])} of the tags that people gave are found."
        )
    else:
        lines.append(f"No suggestion reaches the cut of {facts.cut:.2f}, so no tag is given and none can be right.")
    lines.append(
        f"Who looks at the first 10 suggestions of a document finds {words.percent(metrics['R@10'])} of its tags "
        "among them."
    )
    return [line for line in [*lines, _rare(facts)] if line]


def _promise(facts: Facts) -> str:
    found = promised(facts)
    if found is None:
        return "There are too few suggestions with a high confidence to say whether it keeps its promise."
    n, level, right = found
    return f"Of the {n:,} tags with about {words.percent(level)} confidence, {words.percent(right)} were right."


def promised(facts: Facts) -> tuple[int, float, float] | None:
    """(how many tags, their confidence in round numbers, the share of them that is right); None for too few tags."""
    judged = facts.judged
    seen = judged.ranks < DEPTH
    for level in (0.8, 0.9, 0.7, 0.6, 0.5, 0.4, 0.3):
        near = seen & (judged.confidences >= level - 0.05) & (judged.confidences < level + 0.05)
        n = int(near.sum())
        if n >= _FEW:
            return n, level, share(int((near & judged.hits).sum()), n)
    return None


def _rare(facts: Facts) -> str:
    metrics = facts.report.metrics
    rare, frequent = metrics.get("R@10[1-4]", np.nan), metrics.get("R@10[20+]", np.nan)
    if not (np.isfinite(rare) and np.isfinite(frequent)):
        return ""
    return (
        f"Of gold tags with 20 training documents or more, {words.percent(frequent)} are among the first 10; of those "
        f"with 1 to 4, {words.percent(rare)}."
    )


def warnings(facts: Facts) -> list[str]:
    """What a reader must know before believing the numbers."""
    return [_WARNINGS[kind](**values) for kind, values in notes(facts)]


def notes(facts: Facts) -> list[tuple[str, dict[str, Any]]]:
    """The same as kinds with their values: outside, left_out, alone, few, same, uncalibrated."""
    judged, found = facts.judged, list[tuple[str, dict[str, Any]]]()
    outside = judged.gold_tags < 0
    if outside.any():
        documents = len(np.unique(judged.gold_rows[outside]))
        about = {"n": int(outside.sum()), "share": float(outside.mean()), "documents": documents}
        found.append(("outside", about))
    if facts.report.left_out:
        found.append(("left_out", {"n": facts.report.left_out}))
    if judged.n_documents == 1:
        found.append(("alone", {}))
    elif 1 < judged.n_documents < _ROUGH:
        found.append(("few", {"n": judged.n_documents}))
    values = judged.confidences
    if len(values) > 1 and values.min() == values.max():
        found.append(("same", {"confidence": float(values[0])}))
    if facts.about.get("calibrated") is False:
        found.append(("uncalibrated", {}))
    return found


_WARNINGS: Mapping[str, Callable[..., str]] = {
    "outside": lambda n, share, documents: (
        f"{words.counted(n, 'gold tag')} ({words.percent(share, 1)}) in {words.counted(documents, 'document')} are not "
        "in the vocabulary; they count as missed."
    ),
    "left_out": lambda n: f"{words.counted(n, 'document')} without gold tags left out.",
    "alone": lambda: "There is only one document: the numbers describe it and say nothing about others.",
    "few": lambda n: f"There are only {n} documents: the numbers are rough.",
    "same": lambda confidence: (
        f"All suggestions have the same confidence ({confidence:.2f}): it cannot tell good ones from bad ones."
    ),
    "uncalibrated": lambda: "The confidence is not calibrated: it orders the suggestions, but is no probability.",
}


def tiles(facts: Facts) -> str:
    """The four numbers that most people ask for."""
    metrics = facts.report.metrics
    found = [
        f'<li><span class="what">{name}</span><strong>{words.percent(metrics.get(key, np.nan))}</strong>'
        f'<span class="means">{meaning}</span></li>'
        for key, name, meaning in _TILES
    ]
    return f'<ul class="tiles">{"".join(found)}</ul>'


def measures(facts: Facts) -> str:
    """The main measures with their definitions, and all others folded."""
    return _measures(facts, "The main measures", everything=False) + (
        f"<details><summary>All measures</summary>{_measures(facts, 'All measures', everything=True)}</details>"
    )


def _measures(facts: Facts, caption: str, *, everything: bool) -> str:
    rows: list[tuple[Cell, ...]] = [
        (row.name, row.value if np.isfinite(row.value) else None, row.annif, row.definition)
        for row in facts.report.rows(everything=everything)
    ]
    columns = (Column("measure"), Column("value", "number"), Column("in Annif"), Column("definition"))
    undefined = " (a dash: there is nothing to divide by)" if any(row[1] is None for row in rows) else ""
    found = Table(f"{caption}{undefined}", columns, rows, most=len(rows))
    return table(found, name=caption.lower().replace(" ", "-"))


def worst_documents(facts: Facts) -> str:
    """The worst documents with what was missed and what was given in its place."""
    found = worst(facts)
    if not found:
        why = "No document has gold tags." if not facts.judged.n_documents else "Every document has all its tags right."
        return f'<p class="none">{why}</p>'
    shown = "".join(_document(facts, one) for one in found)
    return f'<ol class="worst">{shown}</ol>'


def _document(facts: Facts, one: Worst) -> str:
    languages = facts.languages
    title = foreign(facts.title(one.row), languages[one.row] if languages else "")
    wrong = "".join(_wrong(facts, one.row, tag, confidence) for tag, confidence in one.wrong)
    more = one.n_wrong - len(one.wrong)
    if more > 0:
        wrong += f"<li>and {words.counted(more, 'more')}</li>".replace("mores", "more")
    nothing = "Nothing else was given." if one.right else "Nothing was given."
    given = f'<ul class="wrong">{wrong}</ul>' if wrong else f"<p>{nothing}</p>"
    return (
        f"<li><article><h4>{title}</h4>"
        f'<p class="about">{foreign(facts.id(one.row))} · F1 {words.percent(one.f1)}</p>'
        f"<dl>{_chips('Right', one.right, 'right')}{_chips('Missed', one.missed, 'missed')}"
        f"<div><dt>Given, but not gold</dt><dd>{given}</dd></div></dl></article></li>"
    )


def _chips(title: str, names: list[str], kind: str) -> str:
    chips = "".join(f"<li>{foreign(name)}</li>" for name in names)
    return f'<div><dt>{title}</dt><dd><ul class="chips {kind}">{chips}</ul></dd></div>' if names else ""


def _wrong(facts: Facts, row: int, tag: int, confidence: float) -> str:
    reasons = "".join(f"<li>{foreign(reason)}</li>" for reason in facts.reasons(row, tag))
    why = f'<ul class="reasons">{reasons}</ul>' if reasons else ""
    return f'<li>{foreign(facts.name(tag))} <span class="confidence">{words.percent(confidence)}</span>{why}</li>'


def made_from(facts: Facts) -> str:
    """The settings and fingerprints that made the report."""
    about, report = facts.about, facts.report
    rows: list[tuple[Cell, ...]] = [
        ("documents with gold tags", f"{len(report.documents):,}"),
        ("documents left out, without gold tags", f"{report.left_out:,}"),
        ("training documents", f"{int(facts.saved.settings.get('n_train', 0)):,}"),
        ("cut", f"{report.cut:.6f}"),
        ("documents and gold tags, SHA-256", report.gold),
        ("vocabulary, fingerprint", facts.saved.fingerprint),
    ]
    rows += [
        (key, words.clean(about[key])) for key in ("model, fingerprint", "corpus", "tagwright", "made") if key in about
    ]
    made = Table("What was measured, and with what", (Column("what"), Column("value")), rows, most=len(rows))
    return table(made, name="made-from") + _settings(about)


def _settings(about: Mapping[str, Any]) -> str:
    found = about.get("settings")
    if not isinstance(found, list) or not all(isinstance(row, list) and len(row) == 3 for row in found):
        return '<p class="none">The settings in force were not saved with these candidates.</p>'
    columns = (Column("setting"), Column("value"), Column("from"))
    rows = [tuple(words.clean(cell) for cell in row) for row in found]
    inside = table(Table("The settings in force", columns, rows, most=len(rows)), name="settings")
    return f"<details><summary>The settings in force</summary>{inside}</details>"


def list_of(lines: list[str], kind: str) -> str:
    """Sentences as a list; nothing for none."""
    return f'<ul class="{kind}">{"".join(f"<li>{escaped(line)}</li>" for line in lines)}</ul>' if lines else ""
