"""A tag that is added works from the next text on, and a tagged document teaches at once."""

import tempfile
from pathlib import Path

from tagwright import Document, Project, Tag
from tagwright.corpus import open_corpus
from tagwright.demo.library import train_path, vocabulary_path

project = Project.create(Path(tempfile.mkdtemp()) / "shelf", vocabulary_path())
project.train(open_corpus([train_path()]))
text = "A repair café where volunteers mend toasters and radios"
print("before:", [suggestion.name for suggestion in project.suggest(text, k=3)[0]])

project.add_tags([Tag("https://example.org/t/repair", "Repair", synonyms={"en": ("mending",)})])
print("after: ", [suggestion.name for suggestion in project.suggest(text, k=3)[0]])

project.add_documents(
    [
        Document(
            "d1",
            "Volunteers help neighbours to get old radios going again: soldering irons, spare parts, patience",
            title="The Thursday workshop",
            tags=("https://example.org/t/repair",),
        )
    ]
)
print("taught:", [suggestion.name for suggestion in project.suggest("Spare parts for old radios", k=4)[0]])
