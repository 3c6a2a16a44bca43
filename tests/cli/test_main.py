"""The command line itself: help, version, exit codes, and errors without tracebacks."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tagwright import __version__
from tagwright.cli import main
from tagwright.errors import ConfigError

VERBS = [
    "init", "train", "suggest", "tag", "eval", "config", "doctor", "demo", "encoder export",
    *(f"vocab {verb}" for verb in ("load", "add", "check", "show", "search")),
]  # fmt: skip


def test_the_version_is_that_of_the_package(tagwright):
    assert tagwright("--version").out == f"tagwright {__version__}\n"


def test_without_a_verb_the_help_is_shown(tagwright):
    done = tagwright()
    assert "suggest" in done.out + done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_json_and_a_project(tagwright, verb):
    done = tagwright(*verb.split(), "--help", COLUMNS="200")
    assert done.code == 0
    assert "--json" in done.out
    assert "--project" in done.out


@pytest.mark.parametrize("words", [["sugest"], ["suggest", "-k", "ten", "x"], ["suggest", "-k", "0", "x"], ["tag", "x"],
                                   ["suggest", "--nonsense"], ["init"], ["vocab"]])  # fmt: skip
def test_wrong_use_of_the_command_line_leaves_with_2(tagwright, words):
    done = tagwright(*words)
    assert done.code == 2
    assert done.out == "" or words == ["vocab"]
    assert "Traceback" not in done.err


def test_a_mistyped_verb_is_answered_with_the_right_one(tagwright):
    assert "'suggest'" in tagwright("sugest").err


def test_an_error_is_a_message_and_a_hint_on_standard_error(monkeypatch, capsys):
    assert leave_with(monkeypatch, ConfigError("no option 'kk'", hint="did you mean 'k'?")) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "error: no option 'kk'\nhint: did you mean 'k'?\n")


def test_control_characters_in_an_error_cannot_reach_the_terminal(monkeypatch, capsys):
    leave_with(monkeypatch, ConfigError("\x1b[31mred\x9b \u202e"))
    assert capsys.readouterr().err == "error: \\x1b[31mred\\x9b \\u202e\n"


def test_a_fault_of_our_own_is_named_as_such_without_a_traceback(monkeypatch, capsys):
    assert leave_with(monkeypatch, ZeroDivisionError("division by zero")) == 1
    assert "this is a fault of tagwright" in capsys.readouterr().err


def test_debug_shows_the_traceback_wherever_it_stands(monkeypatch):
    with pytest.raises(ZeroDivisionError):
        leave_with(monkeypatch, ZeroDivisionError(), "suggest", "x", "--debug")


def test_an_error_of_the_system_names_the_file(monkeypatch, capsys):
    leave_with(monkeypatch, PermissionError(13, "Permission denied", "secret.txt"))
    assert capsys.readouterr().err == "error: secret.txt: Permission denied\n"


def test_an_interrupted_command_leaves_with_130(trained):
    command = [str(Path(sys.executable).with_name("tagwright")), "suggest", "-p", str(trained)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen(command, **pipes, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    process.stdin.write(b"honey " * 50_000)  # more than a pipe holds: once all is written, the command is reading
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, b"Traceback" in err) == (130, False)


def test_an_interrupt_that_a_library_turns_into_its_own_error_is_still_an_interrupt(monkeypatch, capsys):
    def work(*_, **__):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("half imported") from None

    monkeypatch.setattr(main.typer.main, "get_command", lambda _: work)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        with pytest.raises(SystemExit) as left:
            main.run(["suggest"])
    finally:
        signal.signal(signal.SIGINT, before)
    assert (left.value.code, capsys.readouterr().err) == (130, "")


def test_a_reader_that_goes_away_is_no_error(trained):
    words = ["vocab", "search", "a", "--json", "-p", str(trained)]
    command = [str(Path(sys.executable).with_name("tagwright")), *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait(timeout=30)


def leave_with(monkeypatch, error: Exception, *words: str) -> int:
    """The exit code of a command that raises ``error``."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(main.typer.main, "get_command", lambda _: fail)
    with pytest.raises(SystemExit) as left:
        main.run(words or ["suggest", "x"])
    return int(left.value.code)
