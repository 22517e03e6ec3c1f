"""Writes the reference pages of web/docs from the code, so that they cannot say anything else.

`python tests/docs/reference.py` (or `make docs`) writes them; a test compares them with what it would write.
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

import click

from runyard import settings
from runyard._missing import EXTRAS
from runyard.cli.main import COMMANDS, cli
from runyard.flavors.autolog import LIBRARIES
from runyard.flavors.table import FLAVORS
from runyard.gate.gate import Gate
from runyard.models.flavor import Flavor
from runyard.protocol.message import OPERATIONS, AnyMessage
from runyard.server.artifact_routes import artifact_router
from runyard.server.openapi_examples import examples
from runyard.server.outages import ARTIFACTS, Outage
from runyard.server.settings import ServerSettings
from runyard.server.web import whole_description

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "web" / "docs" / "reference"
LINE = 112
"""Characters of a line of an example."""


def pages() -> dict[Path, str]:
    """File of each reference page → its Markdown."""
    return {
        FOLDER / "flavors.md": "\n".join(_flavors()) + "\n",
        FOLDER / "cli.md": "\n".join(_command_line()) + "\n",
        FOLDER / "settings.md": "\n".join(_settings()) + "\n",
        FOLDER / "rest.md": "\n".join(_operations()) + "\n",
    }


def _cell(value: object) -> str:
    """Text that fits into one cell of a Markdown table."""
    return " ".join(str(value).split()).replace("|", "\\|")


# ------------------------------------------------------------------------------------------------------------ flavors


_FLAVORS = """\
Every model named here is trained by the tests, then saved, logged, registered, loaded again as its library's own object
and as a pyfunc, and served over `/invocations`. MLflow 3.17.2 loads what Runyard saved and the other way round, with
equal predictions, files and MLmodel keys. Other versions of the library, damaged files and models of other flavors are
told in words. `tests/flavors/` holds these tests; `make test` and `make test-flavors` run them.
"""


def _flavors() -> Iterator[str]:
    yield "# Flavors"
    yield ""
    yield from _FLAVORS.splitlines()
    yield ""
    yield "| Flavor | Install | Models tried | Logs trainings |"
    yield "|---|---|---|---|"
    yield from sorted(_flavor_row(flavor) for flavor in FLAVORS.values() if flavor.library)
    yield ""
    yield "Any other model is a `runyard.pyfunc.PythonModel`, or a module of its own with `_load_pyfunc`."
    yield "`runyard.autolog()` turns on the logging of trainings for all libraries that a program imports."


def _flavor_row(flavor: Flavor) -> str:
    folder = flavor.module.rpartition(".")[2]
    page = ROOT / "web" / "docs" / "flavors" / f"{folder}.md"
    name = f"[`{folder}`](../flavors/{page.name})" if page.exists() else f"`{folder}`"
    extra = EXTRAS[flavor.imported_as][1]
    logs = "yes" if any(ours.startswith(flavor.module) for ours in LIBRARIES.values()) else "no"
    return f"| {name} | `runyard[{extra}]` | {', '.join(_examples_of(folder))} | {logs} |"


def _examples_of(folder: str) -> list[str]:
    """The names of a flavor's examples, read from their file: only its family's environment can import it."""
    tree = ast.parse((ROOT / "tests" / folder / "examples.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    named = [(call.lineno, call.args[0]) for call in calls if getattr(call.func, "id", "") == "Example"]
    return [str(first.value) for _, first in sorted(named, key=itemgetter(0)) if isinstance(first, ast.Constant)]


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
    yield "MLflow's name second. `RUNYARD_…_FILE` names a file that holds the value, as secrets of containers do; it is"
    yield "read where the variable itself is not set."
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


_REST = """\
Each operation takes and gives JSON; those with GET take their fields from the query. Unset fields may be
left out. Where a path starts with `/api/2.0/mlflow`, the other prefixes that MLflow's clients and pages use work as
well. A running server describes all of them, for programs too, at `/api/docs`.

The examples follow each other as in a team's work, and the suite runs them so. `$RUNYARD_URL` is the server's address,
such as `http://127.0.0.1:5000`. Other variables come from the answers of the examples that say so; in a shell,
`RUN_ID=$(curl … | jq -r .run.info.run_id)`. `$S3_RUN_ID` is a run of an experiment whose `artifact_location` is in S3,
`$OTHER_UPLOAD_ID` an upload that was begun and is not wanted any more. Answers show the first two entries of a list;
those that are empty or a file are left out.

An error is an object with `error_code` and `message`, and its status is one of this table. Each operation names those
that it can give.
"""


def _operations() -> Iterator[str]:
    described = description()
    shown = [one for methods in described["paths"].values() for one in methods.values()]
    statuses = {status: one["description"] for each in shown for status, one in each["responses"].items()}
    yield "# REST operations"
    yield ""
    yield from _REST.splitlines()
    yield ""
    yield "| Status | Meaning |"
    yield "| --- | --- |"
    yield from (f"| {status} | {_meaning(status, statuses)} |" for status in sorted(statuses))
    for _, message in sorted(OPERATIONS.items(), key=_by_resource):
        yield from _operation(message, described)
    yield ""
    yield "# Files"
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            if one["tags"] == ["artifacts"] and "operationId" in one and one["operationId"] not in OPERATIONS:
                yield from _file_route(path, method.upper(), one)
    yield ""
    yield "# Objects"
    for name, schema in described["components"]["schemas"].items():
        yield ""
        yield f"## {name}"
        yield ""
        yield schema["description"]
        yield from _table(schema)


@cache
def description() -> dict[str, Any]:
    """What a server says of itself; its routes are described and not called."""
    router = artifact_router(ServerSettings(), cast("Gate", None), Outage(ARTIFACTS))
    return whole_description(router.routes)


def _meaning(status: str, found: dict[str, str]) -> str:
    return {"200": "Done.", "409": "What is there does not allow it; the operation says what."}.get(
        status, found[status]
    )


def _by_resource(item: tuple[str, type[AnyMessage]]) -> tuple[str, str]:
    operation = item[1].operation
    return operation.path.partition("/")[0], operation.path


def _operation(message: type[AnyMessage], described: dict[str, Any]) -> Iterator[str]:
    operation = message.operation
    shown = described["paths"][operation.main_path][operation.methods[0].lower()]
    yield ""
    yield f"## `{operation.path}`"
    yield ""
    yield shown["description"]
    yield ""
    methods = " or ".join(f"`{method} {operation.main_path}`" for method in operation.methods)
    yield f"{methods}, answered with {_link(message.answer.__name__)}. {_statuses(shown)}"
    content = shown.get("requestBody", {}).get("content", {}).get("application/json", {})
    fields = {one["name"]: one["schema"] for one in shown.get("parameters", ())}
    required = [one["name"] for one in shown.get("parameters", ()) if one["required"]]
    body = content.get("schema", {"properties": {}})
    properties = {**fields, **body["properties"]}
    yield from _table({"properties": properties, "required": [*required, *body.get("required", ())]}, needs=True)
    yield from _example(operation.name)


def compact(value: Any, indent: str = "") -> str:
    """JSON in lines that are not too long."""
    text = json.dumps(value, ensure_ascii=False)
    if len(indent + text) <= LINE or not isinstance(value, dict | list):
        return text
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(name)}: {compact(one, inner)}" for name, one in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + compact(one, inner) for one in value) + f"\n{indent}]"


def _file_route(path: str, method: str, shown: dict[str, Any]) -> Iterator[str]:
    yield ""
    yield f"## `{method} {path}`"
    yield ""
    yield shown["description"]
    yield ""
    yield _statuses(shown)
    fields = {one["name"]: one["schema"] for one in shown["parameters"]}
    required = [one["name"] for one in shown["parameters"] if one["required"]]
    yield from _table({"properties": fields, "required": required}, needs=True)
    if "requestBody" in shown:
        yield ""
        yield "In its body:"
        yield from _table(shown["requestBody"]["content"]["application/json"]["schema"], needs=True)
    yield from _example(shown["operationId"])


def _statuses(shown: dict[str, Any]) -> str:
    last = " 409: " + shown["responses"]["409"]["description"] if "409" in shown["responses"] else ""
    return f"Statuses: {', '.join(sorted(shown['responses']))}.{last}"


def _example(name: str) -> Iterator[str]:
    """The request of an operation as a curl line, and its answer."""
    example = examples().get(name)
    if example is None:
        raise LookupError(f"{name} has no example: write one in tests/docs/rest_story.py, then run make docs.")
    yield ""
    yield "```bash"
    yield example["curl"]
    yield "```"
    if example.get("answer"):
        yield ""
        yield "```json"
        yield compact(example["answer"])
        yield "```"
    if "keeps" in example:
        kept = " and ".join(f"`{place}` as `${variable}`" for variable, place in example["keeps"].items())
        yield ""
        yield f"Other examples use its {kept}."


def _table(schema: dict[str, Any], needs: bool = False) -> Iterator[str]:
    """The fields of an object: their default where it is what callers send, whether they are always there else."""
    rows = list(_rows(schema, "", needs))
    if not rows:
        return
    columns = 4 if any(row[3] for row in rows) else 3
    yield ""
    for row in (("Field", "Type", "Default" if needs else "Always there", "Meaning"), ("---",) * 4, *rows):
        yield f"| {' | '.join(row[:columns])} |"


def _rows(schema: dict[str, Any], prefix: str, needs: bool) -> Iterator[tuple[str, str, str, str]]:
    for name, one in schema["properties"].items():
        if "properties" in one:
            yield from _rows(one, f"{prefix}{name}.", needs)
            continue
        is_required = name in schema.get("required", ())
        default = _shown(one.get("default")) if needs else ""
        last = ("required" if needs else "yes") if is_required else default
        yield f"`{prefix}{name}`", _type_name(one), last, _cell(one.get("description", ""))


_NAMES = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false", "object": "object"}


def _type_name(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type_name(one) for one in schema["anyOf"])
    if "oneOf" in schema:  # a double, whose infinities are texts
        return "number"
    if schema.get("type") == "array":
        return f"list of {_type_name(schema['items'])}"
    if "additionalProperties" in schema:
        return f"object of {_type_name(schema['additionalProperties'])} by name"
    return _NAMES.get(schema.get("type", ""), str(schema.get("type")))


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"Wrote {FOLDER}\n")
