"""Public things are documented where they are and on a page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from runyard import settings
from runyard.cli.main import COMMANDS, cli
from runyard.gate.slices import load_messages
from runyard.protocol.message import OPERATIONS
from tests.architecture.limits import ROOT, tracked

_REFERENCE = ROOT / "web" / "docs" / "reference"
_WITH_SENTENCE = re.compile(r'^def test_\w+\((?:[^\n]|\n(?=[ )]))*?\) -> None:[^\n]*\n    """', re.MULTILINE)


def _undocumented(path: Path) -> Iterator[str]:
    for name, node in _public_definitions(ast.parse(path.read_text(encoding="utf-8")), ""):
        if ast.get_docstring(node) is None and not _is_exempt(node):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {name}"


def _public_definitions(
    tree: ast.AST, prefix: str
) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _public_definitions(node, f"{prefix}{node.name}.")


def _is_exempt(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Overridden methods have their text on the base; `check` of a message is one of those."""
    marks = {getattr(decorator, "id", getattr(decorator, "attr", "")) for decorator in node.decorator_list}
    return bool(marks & {"override", "overload", "setter"}) or node.name in ("check", "deliver")


def test_public_functions_and_classes_have_docstrings() -> None:
    """Who reads a name in an editor must learn what it gives."""
    assert [line for path in tracked("src/*.py") for line in _undocumented(path)] == []


def test_test_functions_have_a_docstring_of_one_sentence() -> None:
    """It tells why a user cares, where the name tells what happens."""
    assert [line for path in tracked("tests/*.py") for line in _silent(path)] == []


def _silent(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if len(_WITH_SENTENCE.findall(text)) == text.count("def test_"):
        return  # to parse it takes far longer
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and ast.get_docstring(node) is None:
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


@pytest.mark.parametrize("setting", settings.ALL, ids=lambda setting: setting.name)
def test_setting_is_documented(setting: settings.Setting) -> None:
    """A variable nobody can look up may as well not exist."""
    assert setting.help.strip()
    assert f"`{setting.names[0]}`" in (_REFERENCE / "settings.md").read_text(encoding="utf-8")


def test_operations_are_documented() -> None:
    """Every route has a heading on the page of REST operations."""
    load_messages()
    page = (_REFERENCE / "rest.md").read_text(encoding="utf-8")

    assert [name for name, message in OPERATIONS.items() if f"## `{message.operation.path}`" not in page] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_is_listed_with_its_own_summary_and_every_option_has_help(name: str) -> None:
    """The list of commands is a table of its own, so that help is quick; it must not drift from the commands."""
    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    assert command.help
    parts = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    options = [option for part in parts for option in part.params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []
