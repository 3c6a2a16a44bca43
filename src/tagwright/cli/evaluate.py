"""``tagwright eval``: how good the suggestions are, on documents whose tags are known."""

from __future__ import annotations

from tagwright.cli.options import HERE, AsJson, ProjectFolder


def evaluate(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """Compare the suggestions for documents with the tags that they have."""
    raise NotImplementedError(project, as_json)
