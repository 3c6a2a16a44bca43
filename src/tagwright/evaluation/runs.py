"""The file of ``tagwright eval -o`` read back, and which documents two runs treat most differently."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tagwright.errors import FormatError, InputError
from tagwright.evaluation.metrics import PerDocument
from tagwright.evaluation.ranked import Floats
from tagwright.evaluation.reliability import Bin
from tagwright.evaluation.report import FORMAT, Report

_TOTALS = {"documents", "left_out", "cut", "gold", "metrics", "annif", "reliability", "per_document"}
_AGAIN = "make it again with tagwright eval CORPUS -o FILE"

BY = {"nDCG@10": "nDCG@10", "F1": "microF1"}
"""Name -> ratio by which documents are compared; the ratio of one document's microF1 is its F1 at the cut."""


@dataclass(frozen=True, slots=True)
class Differing:
    """One document and what two runs get on it."""

    id: str
    a: float
    b: float


def read_report(path: str | Path) -> Report:
    """The report that ``to_json`` wrote, exactly as it was.

    Raises `InputError` where the file is none or holds totals only, `FormatError` where a newer tagwright wrote it.
    """
    shown = str(path)
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", path=shown) from error
    except (ValueError, RecursionError) as error:
        raise InputError("this is no report of tagwright eval, or it is damaged", path=shown, hint=_AGAIN) from error
    if not isinstance(found, dict) or not {"metrics", "gold"} <= set(found):
        raise InputError("this is no report of tagwright eval", path=shown, hint=_AGAIN)
    if not isinstance(found.get("per_document"), dict):
        what = "this report holds totals only (an older tagwright wrote it, or --json), but single documents are needed"
        raise InputError(what, path=shown, hint=_AGAIN)
    try:
        if found["per_document"]["format"] > FORMAT:
            raise FormatError(
                f"{shown} has format {found['per_document']['format']}; this tagwright reads formats up to {FORMAT}",
                hint="install the newer tagwright that wrote it",
            )
        return _report(found)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError("this report is damaged", path=shown, hint=_AGAIN) from error


def differing(a: Report, b: Report, by: str, *, most: int = 10) -> list[Differing]:
    """At most ``most`` documents on which the ratio ``by`` differs, the greatest difference first.

    Both reports are of the same documents in the same order; a document is called by its row where ids are missing.
    """
    ours, theirs = _each(a.ratios[by]), _each(b.ratios[by])
    apart = np.nan_to_num(np.abs(ours - theirs), nan=0.0)
    order = np.argsort(-apart, kind="stable")[:most]
    ids = a.ids or tuple(f"row {row}" for row in a.documents.tolist())
    return [Differing(ids[row], float(ours[row]), float(theirs[row])) for row in order.tolist() if apart[row] > 0]


def _each(ratio: PerDocument) -> Floats:
    """(n_documents,): the ratio of every document alone, NaN where it has nothing to divide by."""
    each: Floats = np.divide(ratio.top, ratio.bottom, out=np.full(len(ratio.top), np.nan), where=ratio.bottom != 0)
    return each


def _report(found: Mapping[str, Any]) -> Report:
    each = found["per_document"]
    rows = np.array(each["rows"], dtype=np.int64)
    n, ids = len(rows), tuple(map(str, each["ids"]))
    ratios = {name: PerDocument(_long(top, n), _long(bottom, n)) for name, (top, bottom) in each["ratios"].items()}
    values = {name: _number(value) for name, value in found["metrics"].items() if name not in ratios}
    bins = tuple(Bin(**{name: _number(value) for name, value in b.items()}) for b in found["reliability"])
    if len(ids) not in (0, n) or found["documents"] != n:
        raise ValueError("as many rows, ids and documents there must be")
    beside = {name: value for name, value in found.items() if name not in _TOTALS}
    return Report(
        ratios, values, bins, rows, int(found["left_out"]), float(found["cut"]), str(found["gold"]), ids, beside
    )


def _long(values: list[float] | float, n: int) -> Floats:
    array = np.full(n, values, dtype=np.float64) if isinstance(values, int | float) else np.array(values, np.float64)
    if array.shape != (n,):
        raise ValueError(f"{array.shape} numbers of {n} documents")
    return array


def _number(value: float | None) -> Any:
    return float("nan") if value is None else value
