"""Looks into files of all kinds, true to their names or not."""

import base64
import csv
import io
import json
from typing import Any

import pytest

from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.ui.parts.previews import look as looks
from runyard.ui.parts.previews import tables
from runyard.ui.parts.previews.preview import preview_of
from tests.ui.parts.looks import Counted, a_look, followed

PNG = base64.b64encode(b"\x89PNG").decode()
SVG = "<svg onload='alert(1)'/>"


def shown(name: str, content: bytes, **state: Any) -> Any:
    """A look into a file."""
    return preview_of(a_look(name, content, **state))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"text", "text"),
        ("a.json", b'{"a": 1}', "tree"),
        ("a.json", b"[" * 100_000, "text"),
        ("a.json", b"1" * 100_000, "text"),
        ("a.json", b'{"columns": ["a"], "data": [[1]]}', "table"),
        ("a.json", b'{"columns": ["a"], "data": [1]}', "tree"),
        ("a.csv", b"a,b\n1,2", "table"),
        ("a.csv", b"", "text"),
        ("a.csv", b"\0", "none"),
        ("a.csv", b'"' + b"x" * 140_000, "table"),
        ("a.ipynb", b'{"cells": []}', "text"),
        ("a.ipynb", b'{"nbformat": 4, "cells": [1, {"cell_type": [], "outputs": {}}]}', "notebook"),
        ("a.md", b"# hello", "markdown"),
        ("a.html", b"<p>", "page"),
        ("a.svg", b"<svg>", "image"),
        ("a.PNG", b"\x89PNG", "image"),
        ("a.wav", b"RIFF\0", "audio"),
        ("a.mp4", b"\0", "video"),
        ("a.pkl", b"text", "none"),
        ("a", b"\x00\x01", "none"),
        ("a", b"\xff\xfe\xfd", "none"),
        ("a.txt", "caf\xe9".encode("latin-1"), "text"),
        ("a.csv", "ort\nK\xf6ln".encode("latin-1"), "table"),
        ("a.txt", b"\xe9\x01\x02", "none"),
        ("a.txt", "é".encode() * 200_000, "text"),
    ],
)
def test_previews_take_whatever_a_file_holds(name: str, content: bytes, kind: str) -> None:
    """The name of a file is a promise that many files break."""
    assert kind == shown(name, content).kind


@pytest.mark.parametrize("name", ["a.json", "a.ipynb", "a.md", "a.png", "a.html"])
def test_large_files_wait_to_be_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page must not load a gigabyte because of a click in a tree; a small part tells the kind of file."""
    content = b'{"nbformat": 4, "cells": []}' + b" " * 100_000
    monkeypatch.setattr(looks, "UNASKED", 100_000)
    monkeypatch.setattr("runyard.ui.parts.previews.preview.UNASKED", 100_000)
    file = Counted(content)

    waiting = preview_of(a_look(name, content, file))

    assert ("ask", True, "") == (waiting.kind, "all=1" in waiting.ask, waiting.digest)
    assert file.taken <= 4096
    asked = preview_of(followed(a_look(name, content), waiting.ask, content))
    assert asked.kind != "ask"
    assert 64 == len(preview_of(followed(a_look(name, content), waiting.digest_link, content)).digest)


def test_a_document_too_large_to_be_read_whole_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page one can still read all of it."""
    monkeypatch.setattr("runyard.ui.parts.previews.preview.WHOLE", 10)

    found = shown("a.json", b'{"a": 1, "b": 2}')

    assert ("text", True) == (found.kind, "shown as text" in found.note)


ROWS = [["id", "text", "n"], *([str(n), f'say "{n}"\nand, {"é" * (n % 7)}', str(-n % 101)] for n in range(1, 5001))]


def written(rows: list[list[str]], delimiter: str = ",") -> bytes:
    """Rows as a file."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    return file.getvalue().encode()


def test_texts_of_windows_are_read_as_such() -> None:
    """Spreadsheets write tables that way; the page says what it did, and a table shows each letter."""
    text = shown("a.txt", "caf\xe9 \u20ac\n".encode("cp1252")).body
    table = shown("a.csv", "ort,n\nK\xf6ln,1\n".encode("cp1252")).body
    found = shown("a.txt", "tea\ncaf\xe9\n".encode("cp1252"), find="caf\xe9", **{"from": 0}).body

    assert (("caf\xe9 \u20ac",), "The file is not UTF-8: it is read as Windows-1252.") == (text.lines, text.note)
    assert ["K\xf6ln", "1"] == [cell.text for cell in table.rows[0][1]]
    assert 2 == found.here


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked as UTF-8"])
def test_a_large_table_is_read_page_by_page(monkeypatch: pytest.MonkeyPatch, mark: bytes) -> None:
    """All rows once, quoted line ends too, and never more than a part of the file at a time."""
    monkeypatch.setattr(looks, "UNASKED", 1000)
    monkeypatch.setattr(tables, "_WINDOW", 20_000)
    content = mark + written(ROWS)
    look, found, number = a_look("a.csv", content), list[list[str]](), 1
    page = tables.delimited_table(look)
    while page is not None:
        assert [*range(number, number + len(page.rows))] == [place for place, _ in page.rows]
        number += len(page.rows)
        found += [[cell.text for cell in cells] for _, cells in page.rows]
        page = tables.delimited_table(followed(look, page.pages.next, content)) if page.pages.next else None

    assert [[cell.replace("\n", " ") for cell in row] for row in ROWS[1:]] == found


def test_tables_are_sorted_by_value() -> None:
    """Numbers as numbers, what is missing last in both directions, and rows keep their numbers."""
    content = b"n,t\n10,b\n,a\n9,c\nx,d\n-1.5,\n"

    up, down = (shown("a.csv", content, sort=sign).body for sign in (1, -1))

    assert [5, 3, 1, 4, 2] == [number for number, _ in up.rows]
    assert [4, 1, 3, 5, 2] == [number for number, _ in down.rows]
    assert ["ascending", None] == [column.sorted for column in up.columns]


def test_only_some_columns_of_a_wide_table_are_shown() -> None:
    """A page of a thousand columns would be too much for a browser."""
    content = written([[f"c{n}" for n in range(1000)], ["x" * 1000] * 1000])
    page = shown("a.tsv", content.replace(b",", b"\t")).body

    last = shown("a.csv", content, columns=990).body

    assert (40, 1, 1000) == (len(page.columns), page.first_column, page.width)
    assert ("c999", "") == (last.columns[-1].label, last.columns_after)
    assert sum(len(cell.text) for _, cells in page.rows for cell in cells) <= 100_000


def test_a_file_too_large_to_be_sorted_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is only large is read whole when it is to be sorted."""
    monkeypatch.setattr(looks, "UNASKED", 100)
    content = written(ROWS)

    assert 5000 == shown("a.csv", content, sort=-1).body.rows[0][0]
    monkeypatch.setattr(tables, "WHOLE", 1000)
    with pytest.raises(InvalidParameter, match="are not sorted"):
        shown("a.csv", content, sort=-1)


@pytest.mark.parametrize("unasked", [1_000_000, 1000], ids=["read whole", "page by page"])
def test_a_row_can_be_read_in_full(monkeypatch: pytest.MonkeyPatch, unasked: int) -> None:
    """Questions and answers are longer than a cell."""
    monkeypatch.setattr(looks, "UNASKED", unasked)
    long = "word \n" * 1000
    content = written([["id", "text", "empty"], *([str(n), f"{n} {long}", ""] for n in range(1, 300))])
    table = shown("a.csv", content).body

    record = preview_of(followed(a_look("a.csv", content), table.links[1], content)).body

    assert [("id", "2"), ("text", f"2 {long}"), ("empty", "")] == [(name, cell.text) for name, cell in record.record]
    assert 160 == len(table.rows[1][1][1].text)
    assert [True, False, False] == [column.numeric for column in table.columns]
    following = preview_of(followed(a_look("a.csv", content), record.pages.next, content)).body
    assert "3" == following.record[0][1].text
    with pytest.raises(DoesNotExist, match="no row 400"):
        shown("a.csv", content, one=400)


@pytest.mark.parametrize("sort", [3, -99])
def test_a_column_that_is_not_there_is_refused(sort: int) -> None:
    """A changed address is answered with what is wrong with it."""
    with pytest.raises(InvalidParameter, match="2 columns"):
        shown("a.csv", b"a,b\n1,2", sort=sort)


def test_tables_of_log_table_show_their_pictures() -> None:
    """A cell names the file that the picture was stored in; others with such keys are what they are."""
    picture = {"type": "image", "filepath": "table_images/a.png", "compressed_filepath": "table_images/a.webp"}
    content = json.dumps({"columns": ["p", "q"], "data": [[picture, {"type": "image"}], [None, "\ud800"]]}).encode()

    (_, (first, other)), (_, (empty, broken)) = shown("a.json", content).body.rows

    assert ("/raw?path=table_images/a.webp", True) == (first.picture, "a.png" in first.href)
    assert ("", '{"type": "image"}') == (other.picture, other.text)
    assert ("", "?") == (empty.text, broken.text)


def test_a_large_tree_opens_piece_by_piece() -> None:
    """Each value can be reached, and no page has more than a browser lays out at once."""
    document = {"list": [{"n": n, "a/b~c": ["\ud800"]} for n in range(1000)]}
    content = json.dumps(document).encode()

    def nodes(node: Any) -> int:
        return 1 + sum(map(nodes, node.children))

    whole = shown("a.json", content).body
    inner = shown("a.json", content, at="/list", first=901).body
    value = shown("a.json", content, at="/list/999/a~1b~0c").body

    assert nodes(whole.root) <= 500
    assert ("900", "999") == (inner.root.children[0].label, inner.root.children[-1].label)
    assert ("", True) == (inner.next, "first=801" in inner.previous)
    assert ["a.json", "list", "999", "a/b~c"] == [label for label, _ in value.way]
    for at in ("/list/1000", "/nope", "/list/x", "list"):
        with pytest.raises(DoesNotExist):
            shown("a.json", content, at=at if at.startswith("/") else "/list/-1")


def test_notebooks_are_data() -> None:
    """Code, texts, pictures and tables are shown; nothing of them acts."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a>"
    outputs = [
        {"output_type": "stream", "text": ["\x1b[31mred\x1b[0m\n", evil]},
        {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": "no"}},
        {"output_type": "display_data", "data": {"image/png": '"><script>', "text/html": f"<table><tr><td>1{evil}"}},
        {"output_type": "display_data", "data": {"image/svg+xml": evil, "text/plain": "an svg"}},
        {"output_type": "display_data", "data": {"image/svg+xml": SVG, "text/plain": "no"}},
        {"output_type": "error", "traceback": ["\x1b[0;31mZeroDivisionError\x1b[0m"]},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
    ]
    cells = [
        {"cell_type": "markdown", "source": [f"# T\n{evil}"]},
        {"cell_type": "code", "source": "1/0", "execution_count": 7, "outputs": outputs},
    ]

    book = shown("a.ipynb", json.dumps({"nbformat": 4, "cells": cells}).encode()).body

    text, code = book.cells
    assert "&lt;script&gt;" in text.html
    assert ("1/0", "7") == (code.source, code.number)
    assert ["text", "picture", "html", "text", "picture", "error"] == [output.kind for output in code.outputs]
    assert f"data:image/png;base64,{PNG}" == code.outputs[1].text
    assert code.outputs[0].text.startswith("red\n")
    assert ["an svg", "ZeroDivisionError"] == [output.text for output in code.outputs[3::2]]
    assert f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}" == code.outputs[4].text
    for bad in ("<script", "onerror", "javascript:", "<img"):
        assert bad not in code.outputs[2].html


def test_a_long_notebook_has_pages() -> None:
    """Of sixty cells each."""
    content = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": str(n)} for n in range(130)]})

    book = shown("a.ipynb", content.encode(), cell=121).body

    assert ("120", 121, 130, "") == (book.cells[0].source, book.first, book.total, book.next)


def test_links_of_markdown_lead_to_the_files_beside_it() -> None:
    """A report names its plots as its author's editor sees them; nothing leads out of the artifacts."""
    text = (
        b"[a](../plots/a%20b.csv) ![p](p.png) [up](../../etc/passwd) ![web](https://x.example/i.png) [j](javascript:x)"
    )
    text += b" ![large](large.png) ![gone](gone.png)"

    html = shown("docs/README.md", text).body

    assert 'href="/page?path=plots%2Fa+b.csv"' in html
    assert 'src="/raw?path=docs/p.png"' in html
    assert 1 == html.count("<img")
    assert "javascript" not in html.replace("[j](javascript:x)", "")
