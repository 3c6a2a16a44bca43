"""Suggestions in the forms that other programs take: JSON, CSV, a list of ids, MARC as text and as XML."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from tagwright.corpus.marcsubjects import marcxml, mnemonic, subject_fields
from tagwright.types import Suggestion

Chosen = Sequence[Suggestion]


def as_json(chosen: Chosen, day: date) -> str:
    """A list of objects with tag, name and confidence."""
    rows = [{"tag": one.tag, "name": one.name, "confidence": round(one.confidence, 6)} for one in chosen]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def as_csv(chosen: Chosen, day: date) -> str:
    """A row a tag below the names of the columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["tag", "name", "confidence"])
    writer.writerows([one.tag, one.name, f"{one.confidence:.4f}"] for one in chosen)
    return out.getvalue()


def as_ids(chosen: Chosen, day: date) -> str:
    """An id a line."""
    return "".join(f"{one.tag}\n" for one in chosen)


def as_names(chosen: Chosen, day: date) -> str:
    """A name a line."""
    return "".join(f"{one.name}\n" for one in chosen)


def as_marc(chosen: Chosen, day: date) -> str:
    """Fields 650 and 883 as text."""
    return mnemonic(subject_fields(chosen, day))


def as_marcxml(chosen: Chosen, day: date) -> str:
    """The same as a record in MARCXML."""
    return marcxml(subject_fields(chosen, day))


FORMS: Mapping[str, Callable[[Chosen, date], str]] = {
    "json": as_json, "csv": as_csv, "uris": as_ids, "names": as_names, "marc": as_marc, "marcxml": as_marcxml,
}  # fmt: skip
"""{form: what writes it}, in the order in which they are offered."""
