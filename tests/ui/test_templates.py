"""Templates and styles: what holds for all of them."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from runyard import _resources
from runyard.ui import pages
from runyard.ui.parts import format as formats
from runyard.ui.parts import presentation

WEB = _resources.web()
LAYOUTS = ('{% extends "layout.html" %}', '{% extends "run_layout.html" %}')


def test_every_page_has_a_view_of_its_name() -> None:
    """One finds the view of a template without searching."""
    views = {path.stem for path in Path(pages.__file__).parent.glob("*.py")} - {"__init__"}

    assert {path.stem for path in (WEB / "templates" / "pages").glob("*.html")} == views - {
        "metric_points",
        "notes",
        "origin",
        "run_changes",
        "run_plots",
        "runs_file",
        "saved_views",
    }  # no pages of their own


def test_every_template_compiles_and_extends_the_layout() -> None:
    """A page outside of the layout would have no way back."""
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True)
    environment.filters.update(formats.FILTERS | presentation.FILTERS)
    environment.tests.update(presentation.TESTS)
    for name in environment.list_templates():
        environment.get_template(name)
        source = (WEB / "templates" / name).read_text()
        assert not name.startswith("pages/") or source.startswith(LAYOUTS), name
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
    """4.5:1 for text on every ground it stands on, 3:1 for edges of fields and for lines of charts."""
    tokens = dict(re.findall(r"--([\w-]+): light-dark\((.+?)\);", (WEB / "static" / "css" / "tokens.css").read_text()))
    colours = {name: pair.split(", ")[theme] for name, pair in tokens.items() if re.fullmatch(r"#\w{6}, #\w{6}", pair)}
    drawn = {name for name in colours if name.startswith("run-")} | {"edge"}
    for text in ("text", "soft", "accent", "ok", "bad", "warn", "live", *drawn):
        for ground in ("ground", "surface", "raised", "hover", "chosen"):
            lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= (3.0 if text in drawn else 4.5), (text, ground)
