"""The beginnings of files, which are compared."""

import pytest

from runyard.ui.parts.preview import MAX_BYTES, look_into


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"text", "text"),
        ("a.json", b'{"a": 1}', "text"),
        ("a.json", b"[" * 100_000, "text"),
        ("a.csv", b"a,b\n1,2", "table"),
        ("a.csv", b"", "text"),
        ("a.csv", b'"' + b"x" * 140_000, "table"),
        ("a", b"\x00\x01", "none"),
        ("a", b"\xff\xfe\xfd", "none"),
        ("a.txt", "é".encode() * MAX_BYTES, "text"),
    ],
)
def test_previews_take_whatever_a_file_holds(name: str, content: bytes, kind: str) -> None:
    """The name of a file is a promise that many files break."""
    assert kind == look_into(name, content[: MAX_BYTES + 1], len(content)).kind
