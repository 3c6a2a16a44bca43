"""How good suggestions are: metrics with stated definitions, reports, and what a difference is worth."""

from tagwright.evaluation.evaluate import compare, evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.report import Report
from tagwright.evaluation.runs import read_report
from tagwright.evaluation.saved import SavedCandidates, load_candidates, save_candidates

__all__ = [
    "Gold",
    "Ranked",
    "Report",
    "SavedCandidates",
    "compare",
    "evaluate",
    "load_candidates",
    "read_report",
    "save_candidates",
]
