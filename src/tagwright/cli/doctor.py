"""``tagwright doctor``: whether all that is needed is here, and the project is as it was saved."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

import tagwright.cli.probing as probing
import tagwright.cli.show as show
from tagwright.cli.options import HERE, AsJson, ProjectFolder
from tagwright.errors import TagwrightError
from tagwright.version import VERSION as __version__

# "lightgbm>=4.5" or "omikuji>=0.5.1; extra == 'trees'", as the package's own metadata has it
_NAME = re.compile(r"[\w.-]+")
_EXTRA = re.compile(r"extra == ['\"]([\w-]+)['\"]")
_SIGNS = {"ok": "green", "warning": "yellow", "error": "bold red"}


Llm = Annotated[bool, typer.Option("--llm", help="Find out by a few questions what the language model really can.")]
LlmUrl = Annotated[str, typer.Option("--llm-url", metavar="URL", help="Ask this server: http://localhost:8080/v1.")]
LlmModel = Annotated[str, typer.Option("--llm-model", metavar="NAME", help="The name of the model at that server.")]
LlmKey = Annotated[str, typer.Option("--llm-key", metavar="VARIABLE", help="The variable that holds its key.")]


def doctor(
    project: ProjectFolder = HERE,
    llm: Llm = False,
    llm_url: LlmUrl = "",
    llm_model: LlmModel = "",
    llm_key: LlmKey = "",
    as_json: AsJson = False,
) -> None:
    """Check this installation, and every file of the project.

    With --llm also the language model of the project, or that of a server. Leaves with exit code 1 where something is
    wrong.
    """
    environment, extras, findings = _environment(), _extras(), _findings(project)
    measured: dict[str, Any] = {}
    if llm or llm_url:
        said, measured = probing.probed(project, llm_url, llm_model, llm_key)
        findings += said
    findings += [_missing(name) for name, version in extras.pop("core", {}).items() if version is None]
    healthy = all(finding["level"] != "error" for finding in findings)
    if as_json:
        show.emit({**environment, "extras": extras, "findings": findings, "llm": measured, "healthy": healthy})
    else:
        show.table(["this machine", ""], environment.items())
        show.say()
        show.table(["extra", "libraries"], [(name, _in_words(found)) for name, found in extras.items()])
        show.say()
        _show_findings(findings)
    if not healthy:
        raise typer.Exit(1)


def _environment() -> dict[str, str]:
    return {
        "tagwright": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
    }


def _extras() -> dict[str, dict[str, str | None]]:
    """The version of every library of the core and of each extra; ``None`` = not installed."""
    found: dict[str, dict[str, str | None]] = {"core": {}}
    for requirement in metadata.requires("tagwright") or ():
        extra = _EXTRA.search(requirement)
        name = _NAME.match(requirement)
        if name is not None:
            found.setdefault(extra[1] if extra else "core", {})[name[0]] = _version(name[0])
    found.pop("dev", None)
    return found


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _in_words(libraries: dict[str, str | None]) -> str:
    return ", ".join(f"{name} {version or '—'}" for name, version in libraries.items())


def _missing(library: str) -> dict[str, Any]:
    hint = "install tagwright again"
    return {"level": "error", "what": f"the library {library!r} is not installed", "hint": hint}


def _findings(folder: Path) -> list[dict[str, Any]]:
    """What the project's own check found; a project that cannot be opened is a finding, too."""
    from tagwright.project import Project

    if folder == HERE and not (folder / "tagwright.toml").is_file():
        return [{"level": "ok", "what": "the current folder is no project; this is about the installation", "hint": ""}]
    try:
        return [show.plain(finding) for finding in Project.open(folder).doctor()]
    except TagwrightError as error:
        return [{"level": "error", "what": error.message, "hint": error.hint}]


def _show_findings(findings: list[dict[str, Any]]) -> None:
    rows = []
    for finding in findings:
        what = f"{finding['what']}\n  {finding['hint']}" if finding["hint"] else finding["what"]
        rows.append([show.styled((finding["level"], _SIGNS.get(finding["level"], ""))), what])
    show.table(["", ""], rows)
