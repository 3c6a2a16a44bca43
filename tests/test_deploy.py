"""What deploy/ and docs/deployment.md say is true of the program: commands, options, addresses and names exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from tagwright.cli.main import app

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def instruction(name):
    """The last instruction of that name in the Dockerfile, as a list of words."""
    said = re.findall(rf"^\s*{name} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    return shlex.split(said[-1].strip("[]").replace(",", " "))


def options(verb):
    """All options of a verb, by name."""
    found = get_command(app).commands[verb].params
    return {name for one in found for name in (*one.opts, *one.secondary_opts)}


def test_the_image_serves_where_others_reach_it_with_options_that_exist():
    assert instruction("ENTRYPOINT") == ["tagwright"]
    verb, *words = instruction("CMD")
    assert verb == "serve" and words[words.index("--host") + 1] == "0.0.0.0"
    assert {word for word in words if word.startswith("-")} <= options(verb)
    assert f"EXPOSE {words[words.index('--port') + 1]}" in DOCKERFILE


def test_the_image_does_not_run_as_root_and_keeps_projects_in_a_volume():
    assert (
        DOCKERFILE.index("USER tagwright") < DOCKERFILE.index("VOLUME /srv/projects") < DOCKERFILE.index('CMD ["serve')
    )


def test_what_is_copied_into_the_image_is_there_and_its_extras_exist():
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        assert all((ROOT / one).exists() for one in source.split())
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(re.search(r'EXTRAS="(.+)"', DOCKERFILE)[1].split(",")) <= set(extras)


def test_the_health_check_asks_an_address_that_answers_without_a_key(tmp_path):
    pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    from tagwright.server.app import create
    from tagwright.server.house import House

    path = re.search(r"http://127\.0\.0\.1:8000(/\w+)", DOCKERFILE)[1]
    assert f"health_uri {path}" in (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    with TestClient(create(House([])), base_url="http://127.0.0.1") as client:
        assert client.get(path).status_code == 200


def test_the_services_of_compose_fit_the_image_and_the_settings_that_the_page_shows():
    said = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    served, proxy, llm = (said["services"][name] for name in ("tagwright", "proxy", "llm"))
    assert (DEPLOY / served["build"]["context"] / served["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    volume, place = served["volumes"][0].split(":")
    assert f"VOLUME {place}" in DOCKERFILE and volume in said["volumes"]
    replicas = range(1, served["deploy"]["replicas"] + 1)
    assert proxy["environment"]["UPSTREAM"].split() == [f"{said['name']}-tagwright-{n}:8000" for n in replicas]
    assert (DEPLOY / proxy["volumes"][0].split(":")[0]).is_file()
    shown = tomllib.loads(re.search(r"```toml\n(\[llm\].*?)```", PAGE, re.DOTALL)[1])["llm"]
    assert shown["model"] == llm["command"][-1] and shown["key"] in served["environment"]


def test_proxies_let_in_what_the_server_takes():
    from tagwright.project.serving import ServerOptions
    from tagwright.server.limits import Limits

    size = int(ServerOptions().most_megabytes * 2**20)
    most = Limits(None, None, at_once=1, most_bytes=size, seconds=1)._most / 2**20
    for name, pattern in (("nginx.conf", r"client_max_body_size (\d+)m"), ("Caddyfile", r"max_size (\d+)MiB")):
        assert most <= int(re.search(pattern, (DEPLOY / name).read_text(encoding="utf-8"))[1]) <= most + 2


def test_commands_and_options_on_the_page_exist():
    for line in re.findall(r"tagwright ((?:init|train|keys|serve|tag) .*)", PAGE):
        verb, *words = shlex.split(line.split("`")[0], comments=True)
        if verb == "keys":
            said = subprocess.run(
                [sys.executable, "-m", "tagwright", "keys", words[0], "--help"],
                capture_output=True, text=True, check=True, env={"COLUMNS": "200", "TERM": "dumb"},
            ).stdout  # fmt: skip
            assert all(word in said for word in words if word.startswith("-"))
        else:
            assert {word for word in words if word.startswith("-")} <= options(verb), line
