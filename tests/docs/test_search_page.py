"""The page about the search language: its railroads and the filters in its tables."""

import re
from collections.abc import Callable

import pytest

from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import SearchModelVersions
from runyard.registry.registered_models.messages import SearchRegisteredModels
from runyard.tracking.experiments.messages import SearchExperiments
from runyard.tracking.filters.messages import ExplainFilter
from runyard.tracking.logged_models.messages import SearchLoggedModels
from runyard.tracking.runs.messages import SearchRuns
from tests.docs.railroad import PAGE, with_railroads

TEXT = PAGE.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.*?) \| (.*) \|$", TEXT, re.MULTILINE)
SEARCHES: dict[str, Callable[[str], AnyMessage]] = {
    "runs": lambda text: SearchRuns(experiment_ids=["0"], filter=text),
    "experiments": lambda text: SearchExperiments(max_results=5, filter=text),
    "registered models": lambda text: SearchRegisteredModels(filter=text),
    "model versions": lambda text: SearchModelVersions(filter=text),
    "logged models": lambda text: SearchLoggedModels(experiment_ids=["0"], filter=text),
}


def code(cell: str) -> str:
    """The code in a cell."""
    return cell.strip("`").strip()


def test_the_railroads_are_those_of_the_script() -> None:
    """Changed in one place, they would go astray."""
    assert with_railroads(TEXT) == TEXT, "The page is stale. Write it with: make docs"


@pytest.mark.parametrize("text", [code(first) for first, _ in ROWS if first.startswith("`")])
def test_every_filter_in_the_tables_is_taken(gate: Gate, text: str) -> None:
    """With values that its fields can have."""
    gate.perform(SEARCHES["runs"](text))
    gate.perform(ExplainFilter(filter=text))


@pytest.mark.parametrize(("entity", "text"), [(first, code(last)) for first, last in ROWS if first in SEARCHES])
def test_every_field_is_found_by(gate: Gate, entity: str, text: str) -> None:
    """Of whatever is searched."""
    gate.perform(SEARCHES[entity](text))


def test_the_tables_are_read() -> None:
    """A page in another form would be tested by nothing."""
    assert len([first for first, _ in ROWS if first.startswith("`")]) > 20
    assert set(SEARCHES) <= {first for first, _ in ROWS}
