"""``tagwright config``: every value in force, with its origin; and what else could be named."""

from __future__ import annotations

from dataclasses import MISSING
from typing import Annotated, Any

import typer

from tagwright.cli import show
from tagwright.cli.options import HERE, AsJson, Overrides, ProjectFolder


def config(
    available: Annotated[
        bool, typer.Option("--available", help="List all components and their options instead, with the defaults.")
    ] = False,
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Print every setting in force, and where its value comes from."""
    if available:
        _show_available(as_json)
        return
    from tagwright.project import Project

    rows = Project.open(project, overrides=overrides).settings.rows()
    if as_json:
        show.emit([{"key": key, "value": value, "origin": origin} for key, value, origin in rows])
        return
    show.table(["setting", "value", "from"], [(key, _as_toml(value), origin) for key, value, origin in rows])


def _show_available(as_json: bool) -> None:
    found = _components()
    if as_json:
        show.emit(found)
        return
    rows = [
        (one["kind"], one["name"], ", ".join(f"{key} = {_as_toml(value)}" for key, value in one["options"].items()))
        for one in found
    ]
    show.table(["kind", "name", "options"], rows)


def _components() -> list[dict[str, Any]]:
    """Every component that is registered, strangers' ones, too: kind, name, options with their defaults."""
    from tagwright import registry

    found = []
    for kind in registry.BUILT_IN:
        for name in registry.names(kind):
            options = registry.options(registry.resolve(kind, name))
            known = {key: None if value is MISSING else value for key, value in options.items()}
            found.append({"kind": kind, "name": name, "options": known})
    return found


def _as_toml(value: object) -> str:
    """The value as one would write it into tagwright.toml."""
    import tomli_w

    return "" if value is None else tomli_w.dumps({"x": show.plain(value)}).removeprefix("x = ").strip()
