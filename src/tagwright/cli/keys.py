"""``tagwright keys``: who may use a project through a server, and what they may do there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

import tagwright.cli.show as show
from tagwright.cli.options import HERE, AsJson, ProjectFolder, ProjectFolders

if TYPE_CHECKING:
    from tagwright.store.keys import Key

app = typer.Typer(help="Give and take back keys to the project's server.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Who uses the key: a person or a program.")]


@app.command()
def add(
    name: Name,
    role: Annotated[
        str, typer.Option("--role", help="read: suggestions; review: decisions, too; admin: everything.")
    ] = "read",
    projects: ProjectFolders = [],
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once; the same for all projects that are named.

    Example: tagwright keys add anna --role review -p shelf -p archive
    """
    from tagwright.errors import ConfigError
    from tagwright.project import Project
    from tagwright.store.keys import new_key

    secret = new_key()
    stores = [Project.open(folder).store for folder in projects or [HERE]]
    for store in stores:  # all of them or none: a name is looked for everywhere first
        if any(key.name == name for key in store.keys.valid()):
            what = f"{store.path.parent} has a key {name!r} already"
            raise ConfigError(what, hint=f"tagwright keys revoke {name!r} -p {store.path.parent}")
    for store in stores:
        store.keys.add(name, role, secret)
    if as_json:
        show.emit({"name": name, "role": role, "key": secret})
        return
    show.say(secret)
    show.note(f"the key of {name!r} ({role}), shown this once: keep it where only its owner can read it")


@app.command(name="list")
def list_keys(project: ProjectFolder = HERE, as_json: AsJson = False) -> None:
    """List the keys by name and role; what they are is known to their owners alone."""
    from tagwright.project import Project

    keys = Project.open(project).store.keys.all()
    if as_json:
        show.emit([{"name": key.name, "role": key.role, "added": key.time, "revoked": key.revoked} for key in keys])
        return
    if not keys:
        show.say("there are no keys: tagwright keys add NAME --role read")
        return
    show.table(["name", "role", "added", ""], [_row(key) for key in keys])


@app.command()
def revoke(name: Name, projects: ProjectFolders = [], as_json: AsJson = False) -> None:
    """Take a key back: it opens nothing any more, from the next request on."""
    from tagwright.project import Project

    revoked = [Project.open(folder).store.keys.revoke(name) for folder in projects or [HERE]]
    if as_json:
        show.emit([{"name": key.name, "role": key.role, "revoked": key.revoked} for key in revoked])
        return
    show.say(f"revoked {name!r}")


def _row(key: Key) -> tuple[str, str, str, str]:
    return key.name, key.role, _day(key.time), f"revoked {_day(key.revoked)}" if key.revoked else ""


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
