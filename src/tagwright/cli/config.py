"""``tagwright config``: every value in force, with its origin; and what else could be named."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import MISSING
from typing import Annotated, Any

import typer

import tagwright.cli.show as show
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

    opened = Project.open(project, overrides=overrides)
    templates = opened.llm.templates().values()
    rows = [
        *opened.settings.rows(),
        *((f"prompts.{template.name}", template.fingerprint, template.origin) for template in templates),
    ]
    if as_json:
        show.emit([{"key": key, "value": _finite(value), "origin": origin} for key, value, origin in rows])
        return
    show.table(["setting", "value", "from"], [(key, as_toml(value), origin) for key, value, origin in rows])


def _finite(value: Any) -> Any:
    """What JSON can tell: no limit is null, and so is a value that must be given."""
    return None if value is MISSING or value == float("inf") else value


def _show_available(as_json: bool) -> None:
    found = components()
    if as_json:
        show.emit(found)
        return
    rows = [(one["kind"], one["name"], one["what"], _options(one["options"])) for one in found]
    show.table(["kind", "name", "what it is", "options"], rows)


def components() -> list[dict[str, Any]]:
    """Every registered component, strangers' ones, too: kind, name, what it is, its options with their defaults."""
    import tagwright.registry as registry

    found = []
    for kind in registry.BUILT_IN:
        for name in registry.names(kind):
            cls = registry.resolve(kind, name)
            options = {
                key: None if value is MISSING else _finite(value) for key, value in registry.options(cls).items()
            }
            what = (inspect.getdoc(cls) or "").partition("\n")[0]
            found.append({"kind": kind, "name": name, "what": what, "options": options})
    return found


def _options(options: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {as_toml(value)}" if value is not None else key for key, value in options.items())


def as_toml(value: object) -> str:
    """The value as one would write it into tagwright.toml; "" where there is none."""
    import tomli_w

    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {as_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    return "" if value is None else tomli_w.dumps({"x": show.plain(value)}).removeprefix("x = ").strip()
