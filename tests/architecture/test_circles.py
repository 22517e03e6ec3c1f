"""No module needs itself, over however many others: one can be read, tested and moved without the rest."""

from collections.abc import Iterable

from tests.architecture.statements import modules, statements

FACE = ("runyard", "runyard.mlflow")
"""The public face says how the package for MLflow's names is loaded, which knows the whole face."""


def circles() -> list[list[str]]:
    """Modules that import each other, directly or over others (Tarjan's strongly connected components)."""
    known: dict[str, set[str]] = {module: set() for module in modules()}
    for one in statements():
        if one.imported in known and one.imported != one.module:
            known[one.module].add(one.imported)
    known[FACE[0]].discard(FACE[1])
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        waiting.append(module)
        for other in sorted(known[module]):
            if other not in order:
                visit(other)
            if other in waiting:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == order[module]:
            first = waiting.index(module)
            found.append(sorted(waiting[first:]))
            del waiting[first:]

    for module in sorted(known):
        if module not in order:
            visit(module)
    return [circle for circle in found if len(circle) > 1]


def _drawn(found: Iterable[list[str]]) -> str:
    lines = [
        f"{one.path}:{one.line} imports {one.imported}"
        for circle in found
        for one in statements()
        if one.module in circle and one.imported in circle
    ]
    return "\n".join(lines)


def test_there_is_no_import_circle() -> None:
    """Imports in functions and for type checkers count: they hide a circle, and do not end it."""
    found = circles()

    assert found == [], _drawn(found)
