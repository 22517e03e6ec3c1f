"""Notebooks of two runs, cell by cell."""

from typing import Any

import pytest

from runyard.ui.parts.compare_notebooks import MAX_CELLS, MAX_LINES, is_notebook, notebook_difference


def code(source: str, *outputs: dict[str, Any], count: int = 1) -> dict[str, Any]:
    """A cell of code."""
    return {"cell_type": "code", "source": source, "execution_count": count, "outputs": list(outputs)}


def printed(text: str) -> dict[str, Any]:
    """An output of text."""
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def book(*cells: dict[str, Any]) -> dict[str, Any]:
    """A notebook."""
    return {"nbformat": 4, "cells": list(cells)}


TITLE = {"cell_type": "markdown", "source": "# Title"}


def test_cells_are_matched_by_what_was_written() -> None:
    """A cell that was put in between makes no difference to those behind it; numbers of execution make none at all."""
    old = book(
        TITLE, code("import x\nlr = 0.1\nfit()", printed("loss 1\nok\n")), code("same()", count=3), code("gone()\nnow")
    )
    new = book(
        TITLE, code("put_in_between(1)"), code("import x\nlr = 0.2\nfit()", printed("loss 2\nok\n")), code("same()")
    )

    found = notebook_difference(old, new, only=True)

    assert [("new", None, 2), ("changed", 2, 3), ("old", 4, None)] == [(at.kind, at.old, at.new) for at in found.cells]
    assert (1, 1, 1, 2) == (found.changed, found.removed, found.added, found.equal)
    changed = found.cells[1]
    assert [("same", "import x"), ("old", "lr = 0.1"), ("new", "lr = 0.2"), ("same", "fit()")] == [
        (line.kind, line.text) for line in changed.source.lines
    ]
    assert ["loss 1", "loss 2"] == [line.text for line in changed.outputs.lines if line.kind != "same"]
    assert ["markdown", "code", "code", "code", "code"] == [
        cell.what for cell in notebook_difference(old, new, only=False).cells
    ]


def test_outputs_alone_make_a_difference() -> None:
    """Pictures are told apart by what they hold, errors by what they say."""
    pictures = [{"output_type": "display_data", "data": {"image/png": text, "text/plain": "Figure"}} for text in "ab"]
    error = {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["\x1b[31mlong"]}

    found = notebook_difference(book(code("plot()", pictures[0])), book(code("plot()", pictures[1], error)), only=True)

    [cell] = found.cells
    assert ("changed", True, False) == (cell.kind, cell.source.equal, cell.outputs.equal)
    texts = [line.text for line in cell.outputs.lines]
    assert "Figure" == texts[0]
    assert texts[1].startswith("[image/png, 1 characters, SHA-256 ca978112ca1b")
    assert "ValueError: bad" == texts[-1]


def test_what_is_shown_is_bounded() -> None:
    """Of thousands of cells the first are compared, and of these as much is shown as one reads; the page says so."""
    old, new = (book(*(code("\n".join(f"{way} {n} {at}" for at in range(9))) for n in range(400))) for way in "ab")

    found = notebook_difference(old, new, only=True)

    assert found.cut
    assert 2 * MAX_CELLS == found.removed + found.added
    assert found.hidden == 2 * MAX_CELLS - len(found.cells) > 0
    assert MAX_LINES >= sum(len(cell.source.lines) for cell in found.cells)


@pytest.mark.parametrize("document", [None, [], {"cells": []}, {"nbformat": 9, "cells": []}, {"nbformat": []}])
def test_other_documents_are_no_notebooks(document: Any) -> None:
    """Files promise by their names what they do not hold."""
    assert not is_notebook(document)


@pytest.mark.parametrize("cells", [None, "x", [1, None, {"source": 3, "outputs": [0, {"data": 1}]}]])
def test_broken_cells_are_passed_over(cells: Any) -> None:
    """A notebook that a program wrote badly is compared as far as it is one."""
    assert 0 == notebook_difference({"nbformat": 4, "cells": cells}, {"nbformat": 4, "cells": cells}, only=True).changed
