"""The public check of `tagwright.testing`, on every registered encoder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tagwright.encoders.base import Encoder
from tagwright.encoders.lsa import Lsa
from tagwright.registry import BUILT_IN
from tagwright.testing import check_encoder

HEAVY = {"onnx", "transformer"}
KINDS = [pytest.param(kind, marks=[pytest.mark.heavy] if kind in HEAVY else []) for kind in BUILT_IN["encoder"]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_registered_encoder_keeps_every_promise(kind: str, encoder_of: Callable[[str], Encoder]) -> None:
    check_encoder(partial(Lsa, width=6) if kind == "lsa" else partial(encoder_of, kind))
