"""A library small enough to think through: eight tags, two dozen documents, and an encoder that is told its vectors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from tagwright.encoders.base import Vectors, unit_rows
from tagwright.types import Document, Tag
from tagwright.vocabulary.base import Vocabulary

TAGS = (
    Tag("t:bees", "Beekeeping", {"en": "Beekeeping", "de": "Imkerei"}, {"en": ("Apiculture",)}),
    Tag("t:rail", "Railways", {"en": "Railways", "de": "Eisenbahn"}, {"en": ("Trains",)}),
    Tag("t:soil", "Soil erosion", {"en": "Soil erosion", "de": "Bodenerosion"}),
    Tag("t:ships", "Ships", {"en": "Ships", "de": "Schiffe"}, {"en": ("Boats", "Vessels")}),
    Tag("t:bread", "Baking (Bread)", {"en": "Baking (Bread)", "de": "Backen"}, descriptions={"en": "Bread at home."}),
    Tag("t:birds", "Birds of the coast", {"en": "Birds of the coast", "de": "Küstenvögel"}),
    Tag("t:unseen", "Lighthouses", {"en": "Lighthouses", "de": "Leuchttürme"}, descriptions={"en": "Lights at sea."}),
    Tag("t:old", "Steam navigation", {"en": "Steam navigation"}, deprecated=True),
)

# Of each tag: a title and three texts; the words overlap, so that no tag is found by one word alone.
_TEXTS = {
    "t:bees": (
        "The hive in spring",
        "Honey bees leave the hive when the lime trees flower; beekeeping for beginners.",
        "Apiculture in towns: bees, honey and wax from the roofs. How to winter a hive!",
        "A year with bees. The keeper counts his hives and sells the honey.",
    ),
    "t:rail": (
        "Northern lines",
        "Railways of the north and their stations, from the first train to the last.",
        "Old trains and new railway stations; timetables of the coast line.",
        "The line along the coast was built for fish trains. It closed in 1962.",
    ),
    "t:soil": (
        "Wind over loess",
        "Wind erosion of soils on loess, and how hedges hold the soil.",
        "Erosion by water: soil erosion on slopes after the storms of spring.",
        "What storms take from the fields. Hedges, slopes and the loess of the hills.",
    ),
    "t:ships": (
        "Hulls and harbours",
        "Ships and their builders: hulls of oak, steam vessels, harbour tugs.",
        "Boats of the coast, drawn by a shipwright who built thirty vessels.",
        "The harbour in winter. Tugs, ice and a steam crane.",
    ),
    "t:bread": (
        "Loaf by loaf",
        "Baking bread at home with rye, water, salt and time.",
        "Sourdough: how bakers kept their bread alive. Recipes for baking in winter.",
        "Flour, water, salt. The oven of a harbour baker and forty recipes.",
    ),
    "t:birds": (
        "Terns and gulls",
        "Birds of the coast: terns, gulls and waders, counted in spring.",
        "The coast and its birds after the storms; gulls follow the ships.",
        "Where waders rest in winter. Terns, mudflats and a warden's diary.",
    ),
}

_UNTAGGED = ("Trains, boats and bread: a day out.", "Wachs und Honig: Imkerei am Meer.", "MINUTES OF THE HARBOUR BOARD")


def vocabulary() -> Vocabulary:
    """The vocabulary of the sample: `TAGS`, the last but one without a document, the last one deprecated."""
    return Vocabulary.from_tags(TAGS, language="en")


def documents() -> list[Document]:
    """Twenty-four tagged documents, ids d00 to d23: some with two tags or none, some without a title or a language."""
    names = list(_TEXTS)
    found = []
    for place, name in enumerate(names):
        title, *texts = _TEXTS[name]
        neighbour = names[(place + 3) % len(names)]
        found += [
            ("en", title, texts[0], (name,)),
            ("en", "", texts[1], (name, neighbour)),
            (None, "", texts[2], (name,)),
        ]
        found += [("en", title.upper(), " ".join(texts[:2]), (name,))] if place < 3 else []
    found += [(None, "", text, ()) for text in _UNTAGGED]
    return [
        Document(f"d{number:02d}", text, title, language, tags)
        for number, (language, title, text, tags) in enumerate(found)
    ]


@dataclass
class Told:
    """An encoder that is told the vector of each text; any other text gets the one of the longest text it begins with.

    For tests in which cosines are thought out by hand: ``Told({"A": (0.6, 0.8), "B": (1, 0)})``.
    """

    vectors: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Length of the vectors."""
        return len(next(iter(self.vectors.values()), ()))

    @property
    def fingerprint(self) -> str:
        """The vectors themselves."""
        return json.dumps({text: list(vector) for text, vector in self.vectors.items()}, sort_keys=True)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width) float32, rows of length 1; zeros for a text of which nothing was told."""
        rows = np.zeros((len(texts), self.width), dtype=np.float32)
        for row, text in enumerate(texts):
            known = max((key for key in self.vectors if text.startswith(key)), key=len, default=None)
            if known is not None and text.strip():
                rows[row] = self.vectors[known]
        return unit_rows(rows)

    def save(self, folder: Path) -> None:
        """Writes ``told.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "told.json").write_text(self.fingerprint, encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.vectors = json.loads((folder / "told.json").read_text(encoding="utf-8"))
        return self
