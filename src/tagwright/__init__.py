"""tagwright tags documents with the tags of your own vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tagwright.version import VERSION as __version__

__all__ = ["Document", "Evidence", "Project", "Suggestion", "Tag", "__version__"]

if TYPE_CHECKING:
    from tagwright.project import Project
    from tagwright.types import Document, Evidence, Suggestion, Tag


def __getattr__(name: str) -> Any:
    """Imports the public names only when they are used, so that ``tagwright --help`` stays quick."""
    if name == "Project":
        from tagwright.project import Project

        return Project
    if name in __all__:
        import tagwright.types as types

        return getattr(types, name)
    raise AttributeError(f"module 'tagwright' has no attribute {name!r}")
