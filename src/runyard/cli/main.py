"""The ``runyard`` command itself: the list of sub-commands, global options, and how errors leave the program."""

import atexit
import contextlib
import importlib
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from runyard import settings
from runyard._missing import did_you_mean
from runyard.exceptions import RunyardException
from runyard.version import __version__

_log = logging.getLogger("runyard.cli")


@dataclass(frozen=True)
class LazyCommand:
    """Where a sub-command lives, and the line that `runyard --help` shows without importing it."""

    target: str
    summary: str


COMMANDS: dict[str, LazyCommand] = {
    "artifacts": LazyCommand("runyard.cli.artifacts:artifacts", "Upload, list and download artifacts of runs."),
    "check": LazyCommand("runyard.cli.check:check", "Compare the store with its artifacts and journals."),
    "db": LazyCommand("runyard.cli.db:db", "Look after the schema and the contents of a backend store."),
    "demo": LazyCommand("runyard.cli.demo:demo", "Start a server and train real models while it runs."),
    "doctor": LazyCommand("runyard.cli.doctor:doctor", "Print versions and settings for a bug report."),
    "experiments": LazyCommand("runyard.cli.experiments:experiments", "Create, find and change experiments."),
    "gc": LazyCommand("runyard.cli.gc:gc", "Remove deleted runs, logged models and experiments for good."),
    "models": LazyCommand("runyard.cli.models:models", "Serve models, predict with them, build images of them."),
    "registry": LazyCommand("runyard.cli.registry:registry", "Register models, move aliases and stages, promote."),
    "run": LazyCommand("runyard.cli.run:run", "Run a project from a folder or git repository, or a sweep of it."),
    "runs": LazyCommand("runyard.cli.runs:runs", "List, group, log, tag, rename, move, delete and remove runs."),
    "server": LazyCommand("runyard.cli.server:server", "Run the tracking server with its pages."),
    "sync": LazyCommand("runyard.cli.sync:sync", "Deliver what was logged while the server was away."),
    "ui": LazyCommand("runyard.cli.server:server", "The same as `runyard server`."),
}


class ReaderGoneError(Exception):
    """What reads the output has ended, as `head` does. click would end the program itself, with 1."""


@contextlib.contextmanager
def _reader_may_go() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderGoneError from None


class LazyGroup(click.Group):
    """A group that imports a sub-command when it is called, so that `runyard --help` stays quick."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Read the options; `--help` prints."""
        with _reader_may_go():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command."""
        with _reader_may_go():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all sub-commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The sub-command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of sub-commands from the table, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in sorted(COMMANDS.items())])


def _print_version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        click.echo(f"runyard, version {__version__}")
        ctx.exit()


def _load_environment(_ctx: click.Context, _param: click.Parameter, path: Path | None) -> None:
    """Put the variables of a file into the environment, before any option reads its own variable."""
    if path is not None:
        try:
            from dotenv import load_dotenv  # noqa: PLC0415  (only when it is asked for: `--help` is quick)

            load_dotenv(path)
        except UnicodeDecodeError:
            raise click.BadParameter(f"File '{path}' is not text in UTF-8.") from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_load_environment,
    help="File of NAME=value lines to read settings from; what the environment already has wins.",
)
def cli() -> None:
    """Track experiments and models: a server, its pages, and tools for the command line."""
    settings.read_files()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with 0 (done), 1 (failed, one line on stderr), 2 (wrong usage) or 130 (Ctrl-C)."""
    code = 1
    # It is registered before all others, and so called after them.
    atexit.register(lambda: _leave_threads(code))
    code = run(arguments)
    sys.exit(code)


def _leave_threads(code: int) -> None:
    """End the process where threads still work.

    Python ends such a thread when it next runs Python code. One that was called from C++ or Rust (pydantic, a model)
    cannot be ended so: the whole process would abort.
    """
    if any(thread.daemon for thread in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # its reader is gone, or it is closed
                stream.flush()
        os._exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        outcome = cli.main(args=arguments, prog_name="runyard", standalone_mode=False)
        with _reader_may_go():
            sys.stdout.flush()
        return outcome if isinstance(outcome, int) else 0
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        return 130
    except click.ClickException as problem:
        _with_suggestion(problem).show()
        return problem.exit_code
    except RunyardException as problem:
        return _fail(problem.message)
    except ReaderGoneError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest when it ends
        return 0
    except OSError as problem:
        return _fail(f"{problem.filename}: {problem.strerror}" if problem.filename else str(problem))
    except Exception as problem:  # noqa: BLE001  (the edge: nothing above can report it)
        _log.debug("unexpected error", exc_info=True)
        text = f"unexpected {type(problem).__name__}: {problem}. Please report it with what `runyard doctor` says."
        return _fail(text)


def _with_suggestion(problem: click.ClickException) -> click.ClickException:
    """Suggest a command for a misspelt one, where click does not."""
    context = getattr(problem, "ctx", None)
    typed = re.fullmatch(r"No such command '(.*)'\.?", problem.message)
    if typed is None or context is None or not isinstance(context.command, click.Group):
        return problem
    hint = did_you_mean(typed[1], context.command.list_commands(context))
    return click.UsageError(f"{problem.message.rstrip('.')}{hint}", context) if hint else problem


def _fail(message: str) -> int:
    """Print the error in one line, and return its exit code. A caret under a filter would point at nothing."""
    message = re.sub(r"\n.*\n *\^$", "", message)
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    return 1
