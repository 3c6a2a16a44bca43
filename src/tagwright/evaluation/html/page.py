"""The page of an evaluation: a summary in words, the pictures, the worst documents, and how it was made."""

from __future__ import annotations

import tagwright.evaluation.html.confidence as confidence
import tagwright.evaluation.html.groups as groups
import tagwright.evaluation.html.mistakes as mistakes
import tagwright.evaluation.html.sections as sections
import tagwright.evaluation.html.sources as sources
import tagwright.evaluation.html.thresholds as thresholds
import tagwright.evaluation.html.words as words
from tagwright.evaluation.html.facts import Facts
from tagwright.evaluation.html.figure import Figure
from tagwright.evaluation.html.markup import escaped, figure
from tagwright.evaluation.html.shell import document
from tagwright.evaluation.html.shell import part as _part
from tagwright.evaluation.report import Report
from tagwright.evaluation.saved import SavedCandidates

TITLE = "How good the suggestions are"

_PARTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("confidence", "Can the confidence be trusted?", ("reliability", "calibration-by-band")),
    ("automation", "What can be left to the machine?", ("coverage-accuracy", "cuts")),
    ("parts", "For which tags and documents?", ("bands", "languages", "tags")),
    ("sources", "Where do the tags come from?", ("channels", "overlap")),
    ("mistakes", "What goes wrong?", ("confusions", "co-occurrence")),
)


def page(report: Report, saved: SavedCandidates) -> str:
    """The report on these candidates as HTML; names, titles, reasons and settings are shown where they were saved."""
    facts = Facts.of(report, saved)
    found = figures(facts)
    scripts = (_part("vega.min.js"), _part("page.js"))
    return document(TITLE, _body(facts, found), found, scripts=scripts)


def figures(facts: Facts) -> list[Figure]:
    """Every picture of the page, in its order."""
    return [
        confidence.keeps_promise(facts), confidence.by_band(facts), thresholds.coverage_accuracy(facts),
        thresholds.by_cut(facts), groups.bands(facts), groups.languages(facts), groups.tags(facts),
        sources.recall(facts), sources.overlap(facts), mistakes.confusions(facts), mistakes.together(facts),
    ]  # fmt: skip


def _body(facts: Facts, found: list[Figure]) -> str:
    by_name = {one.name: figure(one) for one in found}
    parts = "".join(
        f'<section aria-labelledby="{part}"><h2 id="{part}">{escaped(title)}</h2>{"".join(by_name[n] for n in names)}'
        "</section>"
        for part, title, names in _PARTS
    )
    entries = [
        *((part, title) for part, title, _ in _PARTS),
        ("worst", "The worst documents"),
        ("made", "How this was made"),
    ]
    contents = "".join(f'<li><a href="#{part}">{escaped(title)}</a></li>' for part, title in entries)
    n = len(facts.report.documents)
    made = f" · {escaped(words.clean(facts.about['made']))}" if "made" in facts.about else ""
    corpus = f" · <bdi>{escaped(words.clean(facts.about['corpus']))}</bdi>" if "corpus" in facts.about else ""
    return (
        '<a class="skip" href="#main">To the report</a>'
        f'<header><p class="brand">tagwright · evaluation</p><button type="button" id="theme" hidden>Dark</button>'
        f"<h1>{TITLE}</h1>"
        f'<p class="about">{words.counted(n, "document")} whose tags are known{corpus}{made}</p></header>'
        f'<nav aria-label="Contents"><ol>{contents}</ol></nav><main id="main">'
        f'<section class="summary" aria-labelledby="summary"><h2 id="summary">In short</h2>'
        f"{sections.list_of(sections.summary(facts), 'said')}{sections.tiles(facts)}"
        f"{sections.list_of(sections.warnings(facts), 'warnings')}"
        '<p class="reading">Right is a suggestion that people gave, too. A document may deserve more tags than people '
        "gave it, so some “wrong” suggestions are good ones.</p>"
        '<noscript><p class="none">Pictures need JavaScript, which is switched off here. Every number is in the '
        "tables.</p></noscript></section>"
        f"{parts}"
        '<section aria-labelledby="worst"><h2 id="worst">The worst documents</h2><p class="reading">The documents '
        "with the lowest F1 at the cut, those with the most missed tags first, and why the wrong tags were "
        f"suggested.</p>{sections.worst_documents(facts)}</section>"
        '<section aria-labelledby="made"><h2 id="made">How this was made</h2>'
        f"{sections.measures(facts)}{sections.made_from(facts)}</section></main>"
    )
