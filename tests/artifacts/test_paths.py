"""The one check of paths from outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.artifacts.paths import joined, safe_path
from runyard.exceptions import InvalidParameter
from tests.artifacts import hostile


def assert_refused(path: str) -> None:
    """It is an error of the caller that says so without repeating unprintable characters."""
    with pytest.raises(InvalidParameter, match=r"^Invalid path ") as refusal:
        safe_path(path)
    assert refusal.value.message.isprintable()


@pytest.mark.parametrize("path", hostile.DOTDOT)
def test_dotdot_in_every_encoding(path: str) -> None:
    """Whatever anybody later might read as "up" is refused, not cleaned."""
    assert_refused(path)


@pytest.mark.parametrize("path", hostile.ABSOLUTE)
def test_absolute_forms(path: str) -> None:
    """Absolute on any platform, and empty names between slashes."""
    assert_refused(path)


@pytest.mark.parametrize("path", hostile.CONTROL)
def test_control_characters(path: str) -> None:
    """Also what is not Unicode text at all."""
    assert_refused(path)


@pytest.mark.parametrize("path", hostile.OVERLONG, ids=range(len(hostile.OVERLONG)))
def test_overlong_names(path: str) -> None:
    """Counted in bytes, as file systems do."""
    assert_refused(path)


def test_bytes_that_are_not_text_are_refused() -> None:
    """Decoding has put the replacement character for them: two names would become one."""
    assert_refused("a\ufffdb")


@pytest.mark.parametrize(
    "path",
    [
        "model/MLmodel",
        "sub/b c.txt",
        "..hidden",
        "a..b",
        "...",
        ".config/x",
        "100%.txt",
        "a%20b",
        "日本語/ü.txt",
        "👩‍🔬.png",
        "a;b",
        "a?b#c",
        "x" * 255,
        "/".join(["x" * 203] * 5),
        "step=3/loss:0.1",
    ],
)
def test_ordinary_names_are_kept_as_they_are(path: str) -> None:
    """People use all of Unicode, and dots that lead nowhere."""
    assert path == safe_path(path)


@pytest.mark.parametrize("path", [None, ""])
def test_nothing_names_the_root(path: str | None) -> None:
    """What that means is the caller's business."""
    assert "" == safe_path(path)


def test_one_slash_at_the_end_is_dropped() -> None:
    """Clients write folders so."""
    assert "a/b" == safe_path("a/b/")


@given(st.text(alphabet=st.sampled_from(list("ab.%/\\2e5cfF;:#? \0é")), max_size=24))
def test_what_passes_never_leads_up(path: str) -> None:
    """However often somebody decodes it again, and whichever slash they split at."""
    try:
        checked = safe_path(path)
    except InvalidParameter:
        return
    names = checked.split("/") if checked else []
    assert not [name for name in names if name in ("", ".", "..") or "\\" in name or "\0" in name]
    assert not checked.startswith("/")


def test_joining_leaves_out_what_is_empty() -> None:
    """Roots are empty, and no path begins with a slash for that."""
    assert "a/b" == joined("", "a", "", "b")
    assert "" == joined("", "")
