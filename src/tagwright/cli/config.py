"""``tagwright config``: every value in force, with its origin."""

from __future__ import annotations

from tagwright.cli import show
from tagwright.cli.options import HERE, AsJson, Overrides, ProjectFolder


def config(
    overrides: Overrides = [],
    project: ProjectFolder = HERE,
    as_json: AsJson = False,
) -> None:
    """Print every setting in force, and where its value comes from."""
    from tagwright.project import Project

    rows = Project.open(project, overrides=overrides).settings.rows()
    if as_json:
        show.emit([{"key": key, "value": value, "origin": origin} for key, value, origin in rows])
        return
    show.table(["setting", "value", "from"], [(key, _as_toml(value), origin) for key, value, origin in rows])


def _as_toml(value: object) -> str:
    """The value as one would write it into tagwright.toml."""
    import tomli_w

    return "" if value is None else tomli_w.dumps({"x": show.plain(value)}).removeprefix("x = ").strip()
