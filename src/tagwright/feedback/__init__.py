"""What people decide about suggestions: it teaches the project at once, and what makes it worse is held back."""

from tagwright.feedback.canary import Canary
from tagwright.feedback.decisions import Feedback
from tagwright.feedback.provenance import Provenance
from tagwright.store.checks import Check
from tagwright.store.decided import ACCEPT, ADD, REJECT, REVERT, VERDICTS, Chosen, Decision

__all__ = [
    "ACCEPT",
    "ADD",
    "REJECT",
    "REVERT",
    "VERDICTS",
    "Canary",
    "Check",
    "Chosen",
    "Decision",
    "Feedback",
    "Provenance",
]
