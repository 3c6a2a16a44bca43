"""Checks of the contracts, for those who write a component: ``check_channel(MyChannel)`` fails with the broken promise.

Each check takes a function that makes a new component (a class will do), works on a small library of its own, needs no
network and takes seconds. The built-in components are held to the same checks.
"""

from tagwright.testing.channels import check_channel
from tagwright.testing.models import check_llm
from tagwright.testing.rooms import check_corpus, check_store
from tagwright.testing.sample import TAGS, Told, documents, vocabulary
from tagwright.testing.stages import check_calibration, check_fusion
from tagwright.testing.vectors import check_encoder, check_index

__all__ = [
    "TAGS",
    "Told",
    "check_calibration",
    "check_channel",
    "check_corpus",
    "check_encoder",
    "check_fusion",
    "check_index",
    "check_llm",
    "check_store",
    "documents",
    "vocabulary",
]
