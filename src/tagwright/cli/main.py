"""The command ``tagwright``: its verbs, and the one place where errors become messages and exit codes.

Exit codes: 0 done, 1 an error (message and hint on standard error), 2 wrong use of the command line, 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, NoReturn

import typer

import tagwright.cli.compare as compare
import tagwright.cli.config as config
import tagwright.cli.decisions as decisions
import tagwright.cli.demo as demo
import tagwright.cli.doctor as doctor
import tagwright.cli.encoder as encoder
import tagwright.cli.enrich as enrich
import tagwright.cli.evaluate as evaluate
import tagwright.cli.init as init
import tagwright.cli.jobs as jobs
import tagwright.cli.keys as keys
import tagwright.cli.llm as llm
import tagwright.cli.serve as serve
import tagwright.cli.suggest as suggest
import tagwright.cli.tag as tag
import tagwright.cli.train as train
import tagwright.cli.tune as tune
import tagwright.cli.vocab as vocab
from tagwright.cli.show import clean
from tagwright.errors import TagwrightError
from tagwright.version import VERSION as __version__

app = typer.Typer(
    name="tagwright",
    help="Tag documents with the tags of your own vocabulary: calibrated, explained, on a laptop.",
    epilog="Begin with 'tagwright demo', or with 'tagwright init DIR --vocab FILE' for your own vocabulary.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("init")(init.init)
app.add_typer(vocab.app, name="vocab")
app.command("train")(train.train)
app.command("suggest")(suggest.suggest)
app.command("tag")(tag.tag)
app.command("tune")(tune.tune)
app.command("eval")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.add_typer(encoder.app, name="encoder")
app.add_typer(llm.app, name="llm")
app.add_typer(enrich.app, name="enrich")
app.add_typer(decisions.app, name="decisions")
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.command("serve")(serve.serve)
app.command("config")(config.config)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tagwright {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error (anywhere on the line).")
    ] = False,
) -> None:
    """Hold the options that stand before a verb; both have done their work before this is called."""


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Carry out one command line (by default this process's own) and leave with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options_end = words.index("--") if "--" in words else len(words)
    debug = "--debug" in words[:options_end]
    words = [word for number, word in enumerate(words) if word != "--debug" or number > options_end]
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal cannot show must not end the work (and in JSON "\udc80" is still right).
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    # Threads of numeric libraries that wait by spinning take ten times as long where the cores are shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    code = _carry_out(words, debug=debug)
    try:
        sys.stdout.flush()
    except OSError:
        # The reader has gone (`| head`): nothing may be written any more, not even by Python on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _carry_out(words: list[str], *, debug: bool) -> int:
    with _interrupts() as interrupted:
        try:
            typer.main.get_command(app)(words, prog_name="tagwright")
        except SystemExit as done:
            return done.code if isinstance(done.code, int) else int(done.code is not None)
        except KeyboardInterrupt:
            return 130
        except BrokenPipeError:
            return 1
        except Exception as error:
            if interrupted.is_set():  # a library met it while it was being imported, and made another error of it
                return 130
            if debug:
                raise
            _complain(*_in_words(error))
            return 1
        return 0


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """An event that is set once the user has pressed Ctrl-C; the work ends by `KeyboardInterrupt` as ever."""
    interrupted = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    ours = before is signal.default_int_handler and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGINT, end)
    try:
        yield interrupted
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)


def _in_words(error: Exception) -> tuple[str, str]:
    """The message and the hint of an error."""
    if isinstance(error, TagwrightError):
        return error.message, error.hint
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror, ""
    if isinstance(error, MemoryError):
        return "there is not enough memory for this", "close other programs, or work on fewer documents at once"
    what = f"this is a fault of tagwright {__version__}: {type(error).__name__}: {error}"
    return what, "run the same command with --debug and report what it prints"


def _complain(message: str, hint: str) -> None:
    typer.echo(f"error: {clean(message, keep_lines=True)}", err=True)
    if hint:
        typer.echo(f"hint: {clean(hint, keep_lines=True)}", err=True)
