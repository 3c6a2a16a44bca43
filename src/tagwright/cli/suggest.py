"""``tagwright suggest``: tags for one text or a few, with reasons."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

import tagwright.cli.documents as documents
import tagwright.cli.show as show
from tagwright.cli.options import (
    HERE,
    AsJson,
    HowMany,
    MaxCalls,
    MaxCost,
    MaxTokens,
    Overrides,
    ProjectFolder,
    WithLlm,
    caps,
)

if TYPE_CHECKING:
    from tagwright.project.llm import Session
    from tagwright.types import Case, Document, Evidence, Suggestion


def suggest(
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT", help="The text; with -f: more files.", show_default=False)
    ] = [],
    files: Annotated[
        list[str], typer.Option("-f", "--file", metavar="FILE", help="Read the documents of this file.")
    ] = [],
    k: HowMany = 10,
    why: Annotated[bool, typer.Option("--why", help="Show what speaks for each tag.")] = False,
    llm: WithLlm = False,
    max_calls: MaxCalls = None,
    max_tokens: MaxTokens = None,
    max_cost: MaxCost = None,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Suggest tags for a text, for files, or for what comes from standard input.

    Example: tagwright suggest --why "Wind erosion on loess soils"
    """
    from tagwright.project import Project

    opened = Project.open(project, overrides=overrides)
    given = _documents(text, files)
    session = opened.llm.session(caps(max_calls, max_tokens, max_cost)) if llm else None
    found = opened.suggest(given, k=k, why=why, llm=session)
    if as_json:
        rows = zip(given, found, strict=True)
        show.emit([_as_json(document, tags, opened.calibrated, session) for document, tags in rows])
        return
    for document, tags in zip(given, found, strict=True):
        _one(document, tags, opened.tagger.cut, session, alone=len(given) == 1)
        if document is not given[-1]:
            show.say()
    for line in session.lines() if session is not None else ():
        show.note(line)
    if not opened.calibrated:
        show.note(documents.UNCALIBRATED)


def _one(document: Document, tags: Sequence[Suggestion], cut: float, session: Session | None, *, alone: bool) -> None:
    if not alone:
        show.say(f"{document.id}  {document.title or document.text[:80]}")
    table(tags, cut)
    if session is not None and (note := session.asking.notes.of(document.id)):
        show.note(note)


def table(suggestions: Sequence[Suggestion], cut: float) -> None:
    """The suggestions, each with its reasons below its name where it has some; having none is an answer, too.

    Those from the confidence ``cut`` on stand out: they are the ones that the product would give.
    """
    if not suggestions or suggestions[0].confidence < cut:
        best = f": the best is below {cut:.2f}, from where on F1 is highest" if suggestions else ""
        show.say(f"no tag of the vocabulary is likely enough{best}")
    if any(suggestion.evidence for suggestion in suggestions):
        for one in suggestions:
            show.line((f"{one.confidence:.2f}  ", ""), (one.name, _style(one, cut)), (f"  {one.tag}", "dim"))
            if one.cases is not None:
                show.line((f"      {often(one.cases)}", ""))
            for evidence in one.evidence:
                show.line((f"      {reason(evidence)}", ""))
    elif suggestions:
        rows = [(f"{one.confidence:.2f}", show.styled((one.name, _style(one, cut))), one.tag) for one in suggestions]
        show.table(["confidence", "tag", "id"], rows, right=[0])


def _style(suggestion: Suggestion, cut: float) -> str:
    return "bold" if suggestion.confidence >= cut else "dim"


def often(cases: Case) -> str:
    """How often suggestions like one were right, in words."""
    return f"{cases.right:,} of {cases.n:,} suggestions like this were right"


def reason(evidence: Evidence) -> str:
    """One reason in words: a quotation with its place, a similar document, or what else the channel tells."""
    if evidence.start is not None:
        return f"“{evidence.text}” in the {evidence.field} ({evidence.kind})"
    if evidence.document is not None:
        return f"{evidence.kind} {evidence.document}: {evidence.text}"
    return f"{evidence.kind}: {evidence.text}"


def _documents(words: Sequence[str], files: Sequence[str]) -> list[Document]:
    from tagwright.corpus import open_corpus
    from tagwright.errors import CorpusError
    from tagwright.types import Document

    if words and not files:
        # What is no UTF-8 on the command line comes as half characters, which nothing behind here can encode.
        text = " ".join(words).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        found = [Document(id="text", text=text)]
    else:
        if not files and sys.stdin.isatty():
            show.note("type or paste the text; Ctrl-D on an empty line ends it")
        corpus = open_corpus([*files, *words] if files else ["-"])
        found = list(corpus)
        for line in corpus.problems.summary():
            show.note(line)
    if not any(document.text.strip() or document.title.strip() for document in found):
        raise CorpusError("there is no text to find tags for", hint="tagwright suggest 'some text', or -f FILE")
    return found


def _as_json(
    document: Document, suggestions: Sequence[Suggestion], calibrated: bool, session: Session | None
) -> dict[str, Any]:
    """The shape of a line of ``tagwright tag``, and the reasons."""
    rows = [
        {
            "tag": suggestion.tag,
            "name": suggestion.name,
            "confidence": round(float(suggestion.confidence), 6),
            "evidence": suggestion.evidence,
        }
        for suggestion in suggestions
    ]
    said = {"id": document.id, "suggestions": rows, "calibrated": calibrated}
    if session is None:
        return said
    note = session.asking.notes.of(document.id)
    return {**said, **({"note": note} if note else {}), "llm": session.to_json()}
