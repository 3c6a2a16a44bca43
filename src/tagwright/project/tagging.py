"""A corpus in, a file of suggestions out: every document one line, whatever happens to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagwright.calibration.drift import Watch
from tagwright.calibration.rule import Rule
from tagwright.corpus.base import Corpus
from tagwright.corpus.result import Result
from tagwright.corpus.results import CONTINUED, FINISHED, Results
from tagwright.errors import ConfigError, TagwrightError
from tagwright.executor import threads
from tagwright.generation.asking import Asking
from tagwright.pipeline.assembly import BLOCK
from tagwright.pipeline.fitting import Progress
from tagwright.pipeline.threads import one_thread
from tagwright.project.reports import TagReport
from tagwright.tagger import Tagger
from tagwright.types import Document

# A crash costs at most these documents; a multiple of the tagger's own block, so that blocks fall alike.
_ROWS = 4 * BLOCK


@dataclass(frozen=True)
class Options:
    """``k`` candidates a document with at least ``min_confidence``; ``workers`` threads, which change no byte."""

    k: int
    min_confidence: float
    workers: int

    def __post_init__(self) -> None:
        if self.k < 1 or self.workers < 1:
            raise ConfigError(f"k ({self.k}) and workers ({self.workers}) must be 1 at least")
        if not 0.0 <= self.min_confidence <= 1.0:
            raise ConfigError(f"min_confidence is {self.min_confidence}, but must lie between 0 and 1")

    def identity(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {"k": self.k, "min_confidence": self.min_confidence}


def tag(
    tagger: Tagger,
    corpus: Corpus,
    out: Path,
    *,
    rule: Rule | None,
    asking: Asking | None = None,
    identity: dict[str, Any],
    options: Options,
    overwrite: bool,
    progress: Progress,
) -> TagReport:
    """Continues or begins OUT and finishes it."""
    # Held around all workers: were it only around each one's block, the first to end would free the others' threads.
    with one_thread(), Results.open(out, identity, block=_ROWS, overwrite=overwrite) as results:
        if results.state == FINISHED:
            return TagReport(results.rows, 0, 0, "finished already")
        resumed = len(results.ids) if results.state == CONTINUED else 0
        failed, watch = 0, Watch()
        asked = Asked(tagger, options, rule, asking, watch)
        for rows in threads(options.workers).map(asked.rows, results.remaining(corpus)):
            results.write(rows)
            failed += sum(bool(row.error) for row in rows)
            progress("tagging", results.rows, None)
        results.finish()
        reference = rule.reference if rule is not None else tagger.reference
        moved = reference.moved(watch.values()) if reference is not None else ""
        return TagReport(results.rows, failed, resumed, "finished", corpus.problems, moved, sum(asked.degraded))


@dataclass(frozen=True)
class Asked:
    """What is asked of a tagger for each block; ``watch`` sees all of them."""

    tagger: Tagger
    options: Options
    rule: Rule | None
    asking: Asking | None
    watch: Watch
    degraded: list[bool] = field(default_factory=list)

    def rows(self, documents: Sequence[Document]) -> list[Result]:
        """One row a document; where a block fails, its documents are tried one by one and the guilty ones say why.

        What is wrong with the project, the machine or the disk is no document's fault: it ends the work.
        """
        try:
            return self._suggested(documents)
        except (TagwrightError, OSError):
            raise
        except Exception as error:
            if len(documents) == 1:
                return [Result(documents[0].id, (), self.tagger.calibrated, f"{type(error).__name__}: {error}")]
            return [row for document in documents for row in self.rows([document])]

    def _suggested(self, documents: Sequence[Document]) -> list[Result]:
        k, least = self.options.k, self.options.min_confidence
        found = self.tagger.suggest(documents, k=k, rule=self.rule, watch=self.watch, asking=self.asking)
        rows = []
        for document, suggestions in zip(documents, found, strict=True):
            kept = tuple(one for one in suggestions if one.confidence >= least)
            note, lacking = ("", False) if self.asking is None else self.asking.notes.take(document.id)
            self.degraded.append(lacking)
            rows.append(Result(document.id, kept, self.tagger.calibrated, note=note))
        return rows
