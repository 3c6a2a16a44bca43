"""Where the demonstration library lies, and three texts that nobody has tagged yet."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from tagwright.types import Document

NEW_TEXTS: tuple[Document, ...] = (
    Document(
        id="new-1",
        title="Home before the Ice",
        text=(
            "Long-legged, grey and loud, the cranes have stayed late on the flooded meadows beyond Lower Wick this "
            "year. Wardens of the nature reserve counted sixty birds at the roost and explain how the warming climate "
            "has put off their journey south, why dogs must stay on the lead, and where visitors may watch them "
            "without driving them up."
        ),
        language="en",
    ),
    Document(
        id="new-2",
        title="The Harbour in Ninety Pictures",
        text=(
            "An exhibition in the old lifeboat house shows photographs from the family album of a trawler skipper: "
            "ice on the quay, herring by the ton, the steam crane that fell in, and the evening in 1953 when the sea "
            "came over the wall. The pictures were found by his great-granddaughter while she was looking for her "
            "ancestors in the parish registers."
        ),
        language="en",
    ),
    Document(
        id="new-3",
        title="Honig vom Dach der Bücherei",
        text=(
            "Seit dem Frühjahr stehen zwei Bienenvölker über dem Lesesaal. Der Imker erklärt Kindern jeden Mittwoch, "
            "wie aus Lindenblüten Honig wird und welche Pflanzen im Garten und auf dem Balkon den Tieren helfen. "
            "Im Winter wird gemeinsam gebacken: Lebkuchen nach alten Rezepten."
        ),
        language="de",
    ),
)


def vocabulary_path() -> Path:
    """The vocabulary: a SKOS file in Turtle, English and German."""
    return _path("vocabulary.ttl")


def train_path() -> Path:
    """The tagged documents to learn from, as JSON lines."""
    return _path("documents-train.jsonl")


def dev_path() -> Path:
    """The tagged documents to choose settings with, as JSON lines."""
    return _path("documents-dev.jsonl")


def test_path() -> Path:
    """The tagged documents to report figures on, as JSON lines."""
    return _path("documents-test.jsonl")


def _path(name: str) -> Path:
    # A wheel is always unpacked, so the resource is a real file and needs no temporary copy.
    return Path(str(resources.files(__package__) / name))
