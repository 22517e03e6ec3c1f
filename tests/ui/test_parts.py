"""The small parts of pages: numbers, times, columns, nesting, previews, templates."""

import re

import pytest
from jinja2 import Environment, FileSystemLoader

from runyard import _resources
from runyard.core.tags import PARENT_TAG
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import MetricKey, ParamKey, RunsDescribed
from runyard.ui import format as formats
from runyard.ui import presentation
from runyard.ui.columns import ValueColumn, choose_columns
from runyard.ui.nesting import nested
from runyard.ui.preview import MOST_BYTES, look_into

WEB = _resources.web()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (12000.0, "12,000"),
        (0.123456, "0.1235"),
        (1234.5678, "1235"),
        (0.00001234, "1.234e-05"),
        (2.5e9 + 0.5, "2.500e+09"),
        (-0.5, "-0.5"),
        (1e300, "1.000e+300"),
        (float("nan"), "NaN"),
        (float("-inf"), "-∞"),
        (None, formats.MISSING),
    ],
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    """A table of metrics is read by their first digits."""
    assert text == formats.number(value)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 ms"),
        (4200, "4.2 s"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h"),
        (187_200_000, "2 d 4 h"),
        (-5, formats.MISSING),
    ],
)
def test_durations_have_two_units_at_most(milliseconds: int, text: str) -> None:
    """Nobody needs the seconds of a day."""
    assert text == formats.duration(milliseconds)


@pytest.mark.parametrize("milliseconds", [2**63 - 1, -(2**63), 0, None])
def test_times_out_of_this_world_are_shown_as_missing(milliseconds: int | None) -> None:
    """A client may log any 64-bit integer as a time."""
    assert formats.instant(milliseconds) == formats.age(milliseconds, 1_700_000_000_000) == formats.MISSING


def test_system_metrics_are_no_default_columns() -> None:
    """Utilisation of disks would push losses off the table."""
    metrics = [MetricKey("system/cpu", runs=2), MetricKey("loss", runs=1)]
    described = RunsDescribed(runs=2, metric_keys=metrics, param_keys=[])

    choice = choose_columns(described, (), with_equal=False)

    assert (ValueColumn("metrics", "loss"),) == choice.shown
    assert 2 == len(choice.metrics)


def test_a_param_that_only_some_runs_have_varies() -> None:
    """Having it or not is the difference."""
    described = RunsDescribed(runs=2, metric_keys=[], param_keys=[ParamKey("extra", runs=1, distinct=1)])

    assert (ValueColumn("params", "extra"),) == choose_columns(described, (), with_equal=False).shown


def a_nested_run(run_id: str, parent: str | None = None) -> Run:
    """A run with an id and perhaps a parent."""
    tags = [{"key": PARENT_TAG, "value": parent}] if parent else []
    return Run.from_wire({"info": {"run_id": run_id, "experiment_id": "0"}, "data": {"tags": tags}})


def test_runs_that_are_their_own_ancestors_are_listed_once() -> None:
    """A tag may name anything, a circle too."""
    rows = nested([a_nested_run("a", "b"), a_nested_run("b", "a"), a_nested_run("c", "c")])

    assert ["a", "b", "c"] == sorted(row.run.info.run_id for row in rows)


def test_depth_grows_with_each_parent() -> None:
    """Grandchildren stand below children."""
    rows = nested([a_nested_run("c", "b"), a_nested_run("b", "a"), a_nested_run("a")])

    assert [("a", 0), ("b", 1), ("c", 2)] == [(row.run.info.run_id, row.depth) for row in rows]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"text", "text"),
        ("a.json", b'{"a": 1}', "text"),
        ("a.json", b"[" * 100_000, "text"),
        ("a.csv", b"a,b\n1,2", "table"),
        ("a.csv", b"", "text"),
        ("a.csv", b'"' + b"x" * 140_000, "text"),
        ("a", b"\x00\x01", "none"),
        ("a", b"\xff\xfe\xfd", "none"),
        ("a.txt", "é".encode() * MOST_BYTES, "text"),
    ],
)
def test_previews_take_whatever_a_file_holds(name: str, content: bytes, kind: str) -> None:
    """The name of a file is a promise that many files break."""
    assert kind == look_into(name, content[: MOST_BYTES + 1], len(content)).kind


def test_every_page_has_a_view_of_its_name() -> None:
    """One finds the view of a template without searching."""
    views = {path.stem for path in (WEB.parent / "src" / "runyard" / "ui").glob("*.py")}

    assert {path.stem for path in (WEB / "templates" / "pages").glob("*.html")} <= views


def test_every_template_compiles_and_extends_the_layout() -> None:
    """A page outside of the layout would have no way back."""
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True)
    environment.filters.update(formats.FILTERS | presentation.FILTERS)
    environment.tests.update(presentation.TESTS)
    for name in environment.list_templates():
        environment.get_template(name)
        source = (WEB / "templates" / name).read_text()
        assert not name.startswith("pages/") or source.startswith('{% extends "layout.html" %}'), name
        assert "|safe" not in re.sub(r"\s", "", source), name


def test_icons_that_templates_name_are_in_the_sprite() -> None:
    """A missing icon is an empty square."""
    sprite = (WEB / "static" / "vendor" / "lucide-static@1.62.0" / "icons.svg").read_text()
    for path in (WEB / "templates").rglob("*.html"):
        for name in re.findall(r'icon\("([\w-]+)"', path.read_text()):
            assert f'id="{name}"' in sprite, (path.name, name)


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` as WCAG defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_have_the_contrast_that_people_need(theme: int) -> None:
    """4.5:1 for text on every ground it stands on, 3:1 for edges of fields."""
    tokens = dict(re.findall(r"--([\w-]+): light-dark\((.+?)\);", (WEB / "static" / "css" / "tokens.css").read_text()))
    colours = {name: pair.split(", ")[theme] for name, pair in tokens.items() if re.fullmatch(r"#\w{6}, #\w{6}", pair)}
    for text in ("text", "soft", "accent", "ok", "bad", "warn", "live", "edge"):
        for ground in ("ground", "surface", "raised", "hover", "chosen"):
            lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= (3.0 if text == "edge" else 4.5), (text, ground)
