"""Writes the reference pages of web/docs from the code, so that they cannot say anything else.

`python tests/docs/reference.py` (or `make docs`) writes them; a test compares them with what it would write.
"""

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from runyard import settings
from runyard.cli.main import COMMANDS, cli
from runyard.protocol.catalog import load_messages
from runyard.protocol.message import OPERATIONS, AnyMessage, Part
from runyard.protocol.types import Choice

FOLDER = Path(__file__).resolve().parents[2] / "web" / "docs" / "reference"


def pages() -> dict[Path, str]:
    """File of each reference page → its Markdown."""
    return {
        FOLDER / "cli.md": "\n".join(_command_line()) + "\n",
        FOLDER / "settings.md": "\n".join(_settings()) + "\n",
        FOLDER / "rest.md": "\n".join(_operations()) + "\n",
    }


def _cell(value: object) -> str:
    """Text that fits into one cell of a Markdown table."""
    return " ".join(str(value).split()).replace("|", "\\|")


# ------------------------------------------------------------------------------------------------------- command line


def _command_line() -> Iterator[str]:
    yield "# Command line"
    yield ""
    yield "`runyard --help` and `--help` after every command show the same. A command ends with 0 when it did what was"
    yield "asked, with 1 and one line on standard error when it could not, and with 2 when it was called wrongly."
    context = click.Context(cli, info_name="runyard")
    for name, command in _commands(context):
        yield ""
        yield f"## `{name}`"
        yield ""
        yield inspect.cleandoc(command.help or "").replace("\f", "")
        rows = [row for option in command.params if (row := _option_row(option))]
        if rows:
            yield ""
            yield "| Option | Meaning | Default | Environment |"
            yield "|---|---|---|---|"
            yield from rows


def _commands(context: click.Context) -> Iterator[tuple[str, click.Command]]:
    yield "runyard", cli
    for name in sorted(COMMANDS):
        command = cli.get_command(context, name)
        assert command is not None, name
        if name == "ui":  # the same command under MLflow's name
            continue
        yield f"runyard {name}", command
        if isinstance(command, click.Group):
            for child, sub_command in sorted(command.commands.items()):
                yield f"runyard {name} {child}", sub_command


def _option_row(parameter: click.Parameter) -> str | None:
    if isinstance(parameter, click.Argument):
        required = "required" if parameter.required else ""
        return f"| `{parameter.make_metavar(click.Context(cli))}` | argument | {required} | |"
    if not isinstance(parameter, click.Option) or parameter.hidden:
        return None
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    variables = [parameter.envvar] if isinstance(parameter.envvar, str) else list(parameter.envvar or ())
    choices = ""
    if isinstance(parameter.type, click.Choice):
        choices = " One of " + ", ".join(f"`{choice}`" for choice in parameter.type.choices) + "."
    shown = ", ".join(f"`{name}`" for name in variables)
    return f"| {names} | {_cell(parameter.help or '')}{choices} | {_default(parameter)} | {shown} |"


def _default(option: click.Option) -> str:
    if option.required:
        return "required"
    value = option.default
    if value is None or option.is_flag or option.multiple or not isinstance(value, str | int | float) or value == "":
        return ""
    return f"`{value}`"


# ----------------------------------------------------------------------------------------------------------- settings


def _settings() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "Environment variables. Each is read under its `RUNYARD_` name first and, unless it is ours alone, under"
    yield "MLflow's name second."
    yield ""
    yield "| Variable | Also read as | Meaning | Default |"
    yield "|---|---|---|---|"
    for setting in settings.ALL:
        also = f"`{setting.names[1]}`" if len(setting.names) > 1 else ""
        yield f"| `{setting.names[0]}` | {also} | {_cell(setting.help)} | {_shown(setting.default)} |"


def _shown(default: object) -> str:
    if default is None or default in ("", ()):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


# --------------------------------------------------------------------------------------------------------- operations


def _operations() -> Iterator[str]:
    load_messages()
    yield "# REST operations"
    yield ""
    yield "Each operation takes and gives JSON; those with GET take their fields from the query. Unset fields may be"
    yield "left out. An error is an object with `error_code` and `message`. Where a path starts with"
    yield "`/api/2.0/mlflow`, the other prefixes that MLflow's clients and pages use work as well. A running server"
    yield "describes all of them, for programs too, at `/api/docs`."
    for _, message in sorted(OPERATIONS.items(), key=lambda item: (item[1].operation.family, item[1].operation.path)):
        yield ""
        yield f"## `{message.operation.path}`"
        yield ""
        yield inspect.getdoc(message) or ""
        yield ""
        methods = " or ".join(f"`{method} {message.operation.main_path}`" for method in message.operation.methods)
        yield f"{methods}, permission `{message.operation.needs}`."
        rows = list(_field_rows(message, ""))
        if rows:
            yield ""
            yield "| Field | Type | Default |"
            yield "|---|---|---|"
            yield from rows


def _field_rows(kind: type[AnyMessage] | type[Part], prefix: str) -> Iterator[str]:
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # every message is a dataclass
        shown, part = _type_name(hints[field.name])
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = "" if field.default is dataclasses.MISSING else _shown(field.default)
        yield f"| `{prefix}{field.name}` | {shown} | {'required' if required else default} |"
        if part is not None:
            yield from _field_rows(part, f"{prefix}{field.name}[].")


_NAMES = {str: "text", int: "integer", float: "number", bool: "true or false", dict: "object"}


def _type_name(hint: Any) -> tuple[str, type[Part] | None]:
    """How a type is called on the page, and the kind of its parts when it is made of such."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _type_name(next(argument for argument in arguments if argument is not type(None)))
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments), None
    if origin is list:
        name, part = _type_name(arguments[0])
        return f"list of {name}", part
    if origin is typing.Annotated:
        choice = next((mark for mark in arguments[1:] if isinstance(mark, Choice)), None)
        return (", ".join(f"`{name}`" for name in choice.names), None) if choice else _type_name(arguments[0])
    if isinstance(hint, type) and issubclass(hint, Part):
        return "object", hint
    return _NAMES.get(origin or hint, getattr(hint, "__name__", str(hint))), None


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"Wrote {FOLDER}\n")
