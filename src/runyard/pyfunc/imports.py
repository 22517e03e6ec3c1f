"""Run as a program of its own: loads a model, predicts its example, and writes down who imported what for that.

A library that only looks whether another one is installed does not need it, so what libraries try to import while they
are imported themselves is not a requirement of the model.
"""

import ast
import builtins
import gc
import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import runyard.models.scoring_input  # noqa: F401  (so that what it needs is not taken for the model's need)
from runyard.models.mlmodel import MLMODEL
from runyard.models.model import Model
from runyard.pyfunc.folder import in_words
from runyard.pyfunc.loading import load_described

_OURS = "runyard"
_FOR_MODELS = frozenset(("runyard.models.loading", "runyard.models.unpickler", "runyard.pyfunc.pickles"))
"""Where we import what a model names."""
_PASSED_OVER = ("importlib", "_frozen_importlib", "runyard.models.modules")
_CAUGHT = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))
_MAY_CATCH = re.compile(rf"except\s*:|except\b[^:]*\b(?:{'|'.join(_CAUGHT)})\b".encode())
_BEGINS_STATEMENT = re.compile(rb"(?!else\b|elif\b|except\b|finally\b)[^\s#)\]}\"']")

_plain_import, _plain_import_module = builtins.__import__, importlib.import_module
_found: set[tuple[str, str]] = set()
_libraries: set[str] = set()


def main(folder: str, answer: str, libraries: str) -> None:
    """Load the model in `folder`, and write to `answer` what was imported, and what went wrong.

    The file `libraries` lists the modules of installed packages: who starts this program knows them, and to find them
    out takes a tenth of its time.
    """
    _libraries.update(json.loads(Path(libraries).read_text(encoding="utf-8")))
    builtins.__import__ = _import
    importlib.import_module = _import_module
    problem: str | None = None
    try:
        for _step in _use(Path(folder)):
            _write(Path(answer), None)
    except Exception as found:  # noqa: BLE001  (a model's code may fail in any way)
        problem = in_words(found)
    finally:
        _write(Path(answer), problem)


def _write(answer: Path, problem: str | None) -> None:
    partial = answer.with_suffix(".partial")
    partial.write_text(json.dumps({"imports": sorted(_found), "problem": problem}))
    partial.replace(answer)


def _use(folder: Path) -> Iterator[None]:
    model = Model.read(folder / MLMODEL)
    gc.disable()  # modules stay, and to look for garbage among them takes an eighth of the time
    loaded = load_described(folder, model)
    gc.freeze()
    gc.enable()
    yield
    if model.saved_input_example_info:
        loaded.predict(model.load_input_example(str(folder)))


def _import(
    name: str,
    globals: Mapping[str, Any] | None = None,  # noqa: A002  (Python's names)
    locals: Mapping[str, Any] | None = None,  # noqa: A002
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """What ``import`` does, written down."""
    module = _plain_import(name, globals, locals, fromlist, level)
    if not level:
        _note(name, sys._getframe(1))
    return module


def _import_module(name: str, package: str | None = None) -> ModuleType:
    """What ``importlib.import_module`` does, written down."""
    module = _plain_import_module(name, package)
    if not name.startswith("."):
        _note(name, sys._getframe(1))
    return module


def _note(name: str, frame: FrameType | None) -> None:
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == _OURS:
        return
    while frame is not None and (not _module_of(frame) or _module_of(frame).startswith(_PASSED_OVER)):
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename == __file__:
        return
    module = _module_of(frame)
    importer = module.partition(".")[0]
    if importer == top or (importer == _OURS and module not in _FOR_MODELS) or (importer, top) in _found:
        return
    if not _is_only_tried(frame):
        _found.add(("" if importer == _OURS or importer in sys.stdlib_module_names else importer, top))


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__") or "")


def _is_only_tried(frame: FrameType | None) -> bool:
    """Whether this import happens only because a library is imported, and is optional there."""
    is_being_imported = is_tried = False
    while frame is not None and (frame.f_code.co_filename == __file__ or _is_of_library(frame)):
        is_being_imported |= frame.f_code.co_name == "<module>"
        is_tried = is_tried or _stands_in_try(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return is_being_imported and is_tried


def _is_of_library(frame: FrameType) -> bool:
    top = _module_of(frame).partition(".")[0]
    return not top or (top not in (_OURS, "__main__") and (top in sys.stdlib_module_names or top in _libraries))


@cache
def _stands_in_try(file: str, line: int) -> bool:
    """Whether this line is in a ``try`` that continues when an import fails.

    Most imports begin their line and so are in no block at all: their files need not be parsed, which takes as long as
    to import them. Of the others, the statement of the module is parsed that the line is in.
    """
    lines = _lines_of(file)
    begins = lines[line - 1][:3] if 0 < line <= len(lines) else b""
    if not begins[:1].isspace() and begins != b"try":
        return False
    first, last = line - 1, line
    while first and not _BEGINS_STATEMENT.match(lines[first]):
        first -= 1
    while last < len(lines) and not _BEGINS_STATEMENT.match(lines[last]):
        last += 1
    try:
        tried = _tried_in(b"\n".join(lines[first:last]))
    except (SyntaxError, ValueError):  # a line of a text looked like a statement
        first, tried = 0, _tried_in_file(file)
    return any(begin <= line - first <= end for begin, end in tried)


@cache
def _lines_of(file: str) -> list[bytes]:
    try:
        return Path(file).read_bytes().splitlines()
    except OSError:
        return []


@cache
def _tried_in_file(file: str) -> list[tuple[int, int]]:
    try:
        return _tried_in(b"\n".join(_lines_of(file)))
    except (SyntaxError, ValueError):
        return []


def _tried_in(text: bytes) -> list[tuple[int, int]]:
    """The lines of each such ``try``, the first and the last."""
    tree = ast.parse(text if _MAY_CATCH.search(text) else b"")
    tried = [node for node in ast.walk(tree) if isinstance(node, ast.Try) and any(map(_catches, node.handlers))]
    return [(one.lineno, one.body[-1].end_lineno or one.lineno) for one in tried]


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(one, ast.Name) and one.id in _CAUGHT for one in named)


if __name__ == "__main__":
    main(*sys.argv[1:])
