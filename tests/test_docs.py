"""What README and docs show can be run: every page that says ``<!-- runnable -->`` is run from top to bottom.

In such a page a fence ```` ```console ```` shows commands (lines that begin with ``$ ``, continued by lines that begin
with ``> ``) and what they print; a fence ```` ```python ```` is a script, or with ``>>>`` a session whose results are
compared. All of a page runs in one empty folder, in order. Other fences (``sh``, ``text``, …) are only shown.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tagwright.cli.config import as_toml, components

ROOT = Path(__file__).resolve().parents[1]
MARK = "<!-- runnable -->"
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGES = [
    path
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if path.is_file() and MARK in path.read_text(encoding="utf-8")
]


def commands(block: str) -> str:
    """The commands of a console block as a shell script; what they print is left out."""
    kept = [line[2:] for line in block.splitlines() if line.startswith(("$ ", "> "))]
    return "\n".join(kept)


def script(page: str, folder: Path) -> str:
    """The page as one shell script; its Python blocks are written into ``folder``."""
    parts = ["set -euo pipefail"]
    for number, (language, block) in enumerate(FENCE.findall(page)):
        if language == "console":
            parts.append(commands(block))
        elif language == "python":
            path = folder / f"block{number}.{'txt' if '>>> ' in block else 'py'}"  # doctest imports what ends in .py
            path.write_text(block, encoding="utf-8")
            parts.append(f"python {'-m doctest ' if '>>> ' in block else ''}'{path}'")
    return "\n".join(parts)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_the_page_shows_can_be_run(page: Path, tmp_path: Path) -> None:
    blocks, folder = tmp_path / "blocks", tmp_path / "here"
    blocks.mkdir()
    folder.mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", script(page.read_text(encoding="utf-8"), blocks)],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{page.name}: {done.stdout}\n{done.stderr}"


def test_every_link_between_pages_leads_to_a_file() -> None:
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert dead == []


def test_a_page_becomes_a_script_of_its_commands_in_order(tmp_path: Path) -> None:
    console = "```console\n$ cat > a <<'END'\n> line\n> END\n$ cat a\nline\n```\n"
    page = console + "\n```sh\nmake\n```\n```python\nprint(1)\n```\n"
    assert script(page, tmp_path).splitlines()[1:] == [
        "cat > a <<'END'",
        "line",
        "END",
        "cat a",
        f"python '{tmp_path}/block2.py'",
    ]


def test_the_settings_page_lists_every_component_with_its_options() -> None:
    page = ROOT / "docs" / "settings.md"
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition("<!-- components -->\n")
    _, end, after = rest.partition("<!-- end of components -->")
    expected = "".join([before, begin, components_table(), end, after])
    if os.environ.get("TAGWRIGHT_UPDATE_DOCS"):
        page.write_text(expected, encoding="utf-8")
    assert text == expected, "TAGWRIGHT_UPDATE_DOCS=1 pytest tests/test_docs.py brings the page up to date"


def components_table() -> str:
    rows = ["| kind | name | what it is | options |", "|---|---|---|---|"]
    for one in components():
        options = ", ".join(f"`{key} = {as_toml(value)}`".replace(" = `", "`") for key, value in one["options"].items())
        rows.append(
            f"| {one['kind']} | `{one['name']}` | {one['what'].replace('``', '`').replace('|', ' ')} | {options} |"
        )
    return "\n".join(rows) + "\n"
