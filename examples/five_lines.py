"""From a vocabulary and tagged documents to suggestions, in Python."""

import tempfile
from pathlib import Path

from tagwright import Project
from tagwright.corpus import open_corpus
from tagwright.demo.library import train_path, vocabulary_path

folder = Path(tempfile.mkdtemp()) / "shelf"
project = Project.create(folder, vocabulary_path())
print(*project.train(open_corpus([train_path()])).lines, sep="\n")
for suggestion in project.suggest("How hedges keep the wind from carrying off the soil", k=5, why=True)[0]:
    reasons = "; ".join(f"{evidence.kind}: {evidence.text}" for evidence in suggestion.evidence)
    print(f"{suggestion.confidence:.2f}  {suggestion.name}  ({reasons})")
