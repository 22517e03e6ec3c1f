"""Which experiments a search finds and in which order, on both databases."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from runyard.core.entity import Tag
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import DeleteExperiment, SearchExperiments
from tests.factories import an_experiment
from tests.support.clock import wait_for_the_clock

Find = Callable[..., list[str]]


@pytest.fixture(scope="module")
def prefix() -> str:
    """What the names of this module's experiments begin with."""
    return uuid4().hex


@pytest.fixture(scope="module")
def ids(gate: Gate, prefix: str) -> dict[str, str]:
    """Four experiments by the end of their name; the last is deleted."""
    tags = {"Alpha": [Tag(key="k", value="v")], "alpha": [Tag(key="k", value="V"), Tag(key="Ä b", value="ÄÖ")]}
    made = {}
    for name in ("Alpha", "alpha", "βeta", "gone"):
        made[name] = an_experiment(gate, prefix + name, tags=tags.get(name, []))
        wait_for_the_clock()  # those of one millisecond go by their ids
    gate.perform(DeleteExperiment(experiment_id=made["gone"]))
    return made


@pytest.fixture(scope="module")
def find(gate: Gate, prefix: str, ids: dict[str, str]) -> Find:
    """Searches; returns the ends of the names of this module's experiments, in order."""

    def search(text: str | None = None, *order_by: str, max_results: int = 1_000, **fields: Any) -> list[str]:
        message = SearchExperiments(filter=text, order_by=list(order_by), max_results=max_results, **fields)
        names = [str(found["name"]) for found in gate.perform(message).get("experiments", [])]
        return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]

    assert ids
    return search


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ["βeta", "alpha", "Alpha"]),
        ("name = '{prefix}Alpha'", ["Alpha"]),
        ("attribute.name != '{prefix}Alpha'", ["βeta", "alpha"]),
        ("name LIKE '{prefix}a%'", ["alpha"]),
        ("name ILIKE '{prefix}A%'", ["alpha", "Alpha"]),
        ("name ilike '{prefix}ΒE__'", ["βeta"]),
        ("experiment_id = '{Alpha}'", ["Alpha"]),
        ("experiment_id = '000{Alpha}'", ["Alpha"]),
        ("experiment_id IN ('{Alpha}', '{gone}', '999999999999')", ["Alpha"]),
        ("experiment_id NOT IN ('{Alpha}')", ["βeta", "alpha"]),
        ("creation_time > 0 AND last_update_time < 99999999999999", ["βeta", "alpha", "Alpha"]),
        ("creation_time <= 0", []),
        ("tags.k = 'v'", ["Alpha"]),
        ("tags.k != 'v'", ["alpha"]),
        ("tag.k LIKE 'v%'", ["Alpha"]),
        ("tag.k ILIKE 'v%'", ["alpha", "Alpha"]),
        ("tags.`Ä b` ILIKE 'äö'", ["alpha"]),
        ("tags.k IS NULL", ["βeta"]),
        ("tags.k IS NOT NULL", ["alpha", "Alpha"]),
        ("name = '{prefix}Alpha' OR tags.k IS NULL", ["βeta", "Alpha"]),
        ("NOT (tags.k = 'v' OR name ILIKE '%βeta')", ["alpha"]),
        ("tags.k NOT IN ('v')", ["alpha"]),
        ("name IN ('{prefix}Alpha', '{prefix}gone')", ["Alpha"]),
        ("name ~ 'lpha$' AND tags.k ~ '(?i)^V$'", ["alpha", "Alpha"]),
        ("tags.k > 0", []),
        ("creation_time > '2020-01-01' AND creation_time <= now()", ["βeta", "alpha", "Alpha"]),
        ("last_update_time < now() - 1d", []),
        ("{prefix}ALPHA", ["alpha", "Alpha"]),
        ("'{prefix}' ÄÖ", ["alpha"]),
        ("'{prefix}β' OR ÄÖ", ["βeta", "alpha"]),
    ],
)
def test_a_filter_finds(find: Find, ids: dict[str, str], prefix: str, text: str | None, expected: list[str]) -> None:
    """Newest first; a lacking tag makes a condition false, but for IS NULL."""
    assert expected == find(text and text.format(prefix=prefix, **ids))


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        (["name"], ["Alpha", "alpha", "βeta"]),
        (["name DESC"], ["βeta", "alpha", "Alpha"]),
        (["attribute.name", "name desc"], ["Alpha", "alpha", "βeta"]),
        (["experiment_id"], ["Alpha", "alpha", "βeta"]),
        (["experiment_id DESC"], ["βeta", "alpha", "Alpha"]),
        (["creation_time", "experiment_id"], ["Alpha", "alpha", "βeta"]),
        (["last_update_time DESC"], ["βeta", "alpha", "Alpha"]),
    ],
)
def test_an_order_puts(find: Find, order_by: list[str], expected: list[str]) -> None:
    """Names go by their characters' numbers; ties go newest first."""
    assert expected == find(None, *order_by)


def test_views(find: Find) -> None:
    """Active experiments, deleted ones, or both."""
    assert ["gone"] == find(view_type="DELETED_ONLY")
    assert ["gone", "βeta", "alpha", "Alpha"] == find(view_type="ALL")


@pytest.mark.parametrize("order_by", [[], ["name"], ["name DESC"], ["last_update_time"], ["experiment_id"]], ids=str)
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.usefixtures("ids")
def test_pages_hold_every_experiment_once_in_order(gate: Gate, order_by: list[str], size: int) -> None:
    """Page by page, as at once."""
    whole = gate.perform(SearchExperiments(order_by=order_by, max_results=1_000))["experiments"]
    found = []
    token: str | None = ""
    while token is not None:
        answer = gate.perform(SearchExperiments(order_by=order_by, max_results=size, page_token=token))
        found += answer["experiments"]
        token = answer.get("next_page_token")
    assert whole == found


def test_a_hundred_conditions(find: Find) -> None:
    """The most that is taken is also answered."""
    assert ["alpha", "Alpha"] == find(" AND ".join(["tags.k IS NOT NULL", "name LIKE '%'"] * 50))
