"""Searching registered models and versions: what is found, in which order, and what is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import DescribeModelVersions, SearchModelVersions
from runyard.registry.registered_models.messages import (
    SearchRegisteredModels,
    SetRegisteredModelAlias,
    UpdateRegisteredModel,
)
from tests.registry.building import BAD, a_model, a_version, names, numbers, refusal
from tests.support import sqlite
from tests.support.checked_gate import CheckedGate

PROMPT = {"mlflow.prompt.is_prompt": "true"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def gate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """A registry that the tests only read, on SQLite and on PostgreSQL in turn."""
    folder = tmp_path_factory.mktemp("store")
    cluster = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    artifacts = folder / "artifacts"
    uri = cluster.store(str(artifacts)) if cluster else sqlite.new_store(folder / "store.db", artifacts)
    opened = CheckedGate.open(uri, artifact_root=str(artifacts))
    fill(opened)
    yield opened
    opened.close()
    if cluster:
        cluster.give_back(uri)


def fill(gate: Gate) -> None:
    """Two models with versions, one without, two prompts, one that was a prompt."""
    a_model(gate, "Unicorn_1", {"team": "red", "a.b": "x", "a b": "y"})
    a_model(gate, "unicorn%2", {"team": "blue"})
    a_model(gate, "zebra")
    a_model(gate, "greeting", PROMPT)
    a_model(gate, "Grüße", {"mlflow.prompt.is_prompt": "TRUE", "team": "red"})
    a_model(gate, "once a prompt", {"mlflow.prompt.is_prompt": "false"})
    a_version(gate, "Unicorn_1", "s3://b/1", {"stage": "gold"}, run_id="r1")
    a_version(gate, "Unicorn_1", "s3://b/2", run_id="r2")
    a_version(gate, "unicorn%2", "s3://c/1", {"stage": "Gold"}, run_id="r1")
    for _ in range(9):
        a_version(gate, "unicorn%2", "s3://c/x")
    a_version(gate, "greeting", "dummy-source", PROMPT)
    gate.perform(SetRegisteredModelAlias(name="unicorn%2", alias="champion", version="10"))
    gate.perform(UpdateRegisteredModel(name="zebra", description="changed last"))


MODELS = ["Unicorn_1", "once a prompt", "unicorn%2", "zebra"]
PROMPTS = ["Grüße", "greeting"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, MODELS),
        ("", MODELS),
        ("name = 'zebra'", ["zebra"]),
        ("attribute.name = 'zebra'", ["zebra"]),
        ("name != 'zebra'", MODELS[:3]),
        ("name LIKE 'Unicorn%'", ["Unicorn_1"]),
        ("name like 'unicorn%'", ["unicorn%2"]),
        ("name ILIKE 'uNICORN%'", ["Unicorn_1", "unicorn%2"]),
        ("name ILIKE 'UNICORN__'", ["Unicorn_1", "unicorn%2"]),
        ("name IN ('zebra', 'Unicorn_1', 'x')", ["Unicorn_1", "zebra"]),
        ("name NOT IN ('zebra')", MODELS[:3]),
        ("tags.team = 'red'", ["Unicorn_1"]),
        ("tag.team != 'red'", ["unicorn%2"]),
        ("tags.team LIKE '%e%'", ["Unicorn_1", "unicorn%2"]),
        ("tags.team ILIKE 'R%' AND name LIKE 'U%'", ["Unicorn_1"]),
        ("tags.a.b = 'x' AND tags.`a b` = 'y' AND tags.\"a b\" = 'y'", ["Unicorn_1"]),
        ("tags.team IS NULL", ["once a prompt", "zebra"]),
        ("tags.team IS NOT NULL", ["Unicorn_1", "unicorn%2"]),
        ("tags.none = 'x'", []),
        ("tags.mlflow.prompt.is_prompt = 'true'", PROMPTS),
        ("tags.`mlflow.prompt.is_prompt` != 'false'", PROMPTS),
        ("tag.`mlflow.prompt.is_prompt` != 'true'", MODELS),
        ("tag.`mlflow.prompt.is_prompt` = 'false'", MODELS),
        ("name = 'greeting' AND tags.`mlflow.prompt.is_prompt` = 'true'", ["greeting"]),
        ("name = 'greeting'", []),
        ("tags.team = 'red' AND tags.`mlflow.prompt.is_prompt` != 'false'", ["Grüße"]),
        ("name = 'zebra' OR tags.team = 'red'", ["Unicorn_1", "zebra"]),
        ("name = 'greeting' OR name = 'zebra' AND tag.`mlflow.prompt.is_prompt` != 'true'", ["zebra"]),
        ("NOT name LIKE '%i%'", ["once a prompt", "zebra"]),
        ("name NOT LIKE '%i%'", ["once a prompt", "zebra"]),
        ("name ~ '^[Uu]nicorn'", ["Unicorn_1", "unicorn%2"]),
        ("tags.team IN ('red', 'blue')", ["Unicorn_1", "unicorn%2"]),
        ("tags.team > 1", []),
        ("description = 'changed last'", ["zebra"]),
        ("description ILIKE '%LAST%'", ["zebra"]),
        ("creation_timestamp > '2020-01-01' AND last_updated_timestamp <= now()", MODELS),
        ("creation_timestamp > now() + 1d", []),
        ("UNICORN", ["Unicorn_1", "unicorn%2"]),
        ("red OR last", ["Unicorn_1", "zebra"]),
    ],
)
def test_models_are_found(gate: Gate, text: str | None, found: list[str]) -> None:
    """By name, whose order is that of the characters' numbers; prompts only when asked for."""
    assert found == names(gate, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name = 'Unicorn_1'", ["Unicorn_1/2", "Unicorn_1/1"]),
        ("run_id = 'r1'", ["Unicorn_1/1", "unicorn%2/1"]),
        ("run_id != 'r1'", ["Unicorn_1/2"]),
        ("run_id IN ('r1', 'r2') AND name LIKE 'U%'", ["Unicorn_1/2", "Unicorn_1/1"]),
        ("run_id NOT IN ('r1')", ["Unicorn_1/2"]),
        ("source_path = 's3://b/1'", ["Unicorn_1/1"]),
        ("source_path ILIKE 'S3://B/%'", ["Unicorn_1/2", "Unicorn_1/1"]),
        ("version_number = 2 AND name LIKE 'U%'", ["Unicorn_1/2"]),
        ("version_number = '2' AND name LIKE 'U%'", ["Unicorn_1/2"]),
        ("version_number > 9", ["unicorn%2/10"]),
        ("version_number >= '9'", ["unicorn%2/10", "unicorn%2/9"]),
        ("version_number < 2 AND run_id LIKE 'r%'", ["Unicorn_1/1", "unicorn%2/1"]),
        ("version_number != 1 AND name = 'Unicorn_1'", ["Unicorn_1/2"]),
        ("version_number < -1", []),
        ("tags.stage = 'gold'", ["Unicorn_1/1"]),
        ("tags.stage != 'gold'", ["unicorn%2/1"]),
        ("tag.stage ILIKE 'GOLD'", ["Unicorn_1/1", "unicorn%2/1"]),
        ("tags.stage IS NULL AND name = 'Unicorn_1'", ["Unicorn_1/2"]),
        ("tags.`mlflow.prompt.is_prompt` = 'true'", ["greeting/1"]),
        ("run_id = 'r2' OR version_number BETWEEN 9 AND 10", ["Unicorn_1/2", "unicorn%2/9", "unicorn%2/10"]),
        ("NOT (version_number > 1 OR tags.stage ~ '^g' OR name = 'greeting')", ["unicorn%2/1"]),
        ("source_path IN ('s3://b/1')", ["Unicorn_1/1"]),
        ("run_id !~ '1$'", ["Unicorn_1/2"]),
        ("run_id NOT LIKE '%1'", ["Unicorn_1/2"]),
        ("creation_timestamp < '2020-01-01'", []),
        ("stage = 'Production'", []),
        ("stage IN ('None') AND name = 'Unicorn_1'", ["Unicorn_1/2", "Unicorn_1/1"]),
        ("unicorn gold", ["Unicorn_1/1", "unicorn%2/1"]),
        ("r2", ["Unicorn_1/2"]),
        ("tags.`mlflow.prompt.is_prompt` != 'true' AND name = 'greeting'", []),
    ],
)
def test_versions_are_found(gate: Gate, text: str, found: list[str]) -> None:
    """By every key there is."""
    assert sorted(found) == sorted(numbers(gate, text))


@pytest.mark.parametrize(
    "text",
    [
        "name = zebra",
        "name > 'a'",
        "name IS NULL",
        "name IN ()",
        "name IN ('a'",
        "name == 'a'",
        "names = 'a'",
        "attributes.name = 'a'",
        "aliases = 'a'",
        "params.x = 'a'",
        "tags.x > 'a'",
        "name = 'a';",
        "   ",
        "name LIKE",
        "name = 'a' name = 'b'",
        "name = 'nul\0'",
    ],
)
def test_what_cannot_be_searched_is_refused(gate: Gate, text: str) -> None:
    """Of models and of versions, with a 400 that points at the place."""
    assert BAD == refusal(gate, SearchRegisteredModels(filter=text))
    assert BAD == refusal(gate, SearchModelVersions(filter=text))


@pytest.mark.parametrize(
    "text",
    [
        "current_stage = 'Production'",
        "version = 1",
        "version_number = 'one'",
        "version_number = 1.5",
        "version_number LIKE '1%'",
        "version_number IN ('1')",
        "source = 's3://b'",
        "run_id > 'a'",
        f"version_number = {10**30}",
    ],
)
def test_what_versions_lack_is_refused(gate: Gate, text: str) -> None:
    """Stages, numbers that are none, and comparisons that make no sense."""
    assert BAD == refusal(gate, SearchModelVersions(filter=text))


def test_models_have_neither_runs_nor_numbers(gate: Gate) -> None:
    """Those are keys of versions."""
    for text in ("run_id = 'a'", "version_number = 1", "source_path = 'a'"):
        assert BAD == refusal(gate, SearchRegisteredModels(filter=text))


def test_models_are_ordered(gate: Gate) -> None:
    """By name, or by the time of their last change; the one changed last may have come in the same millisecond."""
    assert MODELS == names(gate, order_by=["name"]) == names(gate, order_by=["attribute.name asc"])
    assert MODELS[::-1] == names(gate, order_by=["name DESC"])
    for key in ("last_updated_timestamp", "timestamp"):
        found = gate.perform(SearchRegisteredModels(order_by=[f"{key} DESC"]))["registered_models"]
        shown = [(-model["last_updated_timestamp"], model["name"]) for model in found]
        assert shown == sorted(shown)
        assert sorted(MODELS) == sorted(name for _, name in shown)


def test_versions_are_ordered(gate: Gate) -> None:
    """By name, number or time; ties go by name, then the highest number first. Numbers are not texts."""
    of_one = "name = 'unicorn%2'"
    down = [f"unicorn%2/{number}" for number in range(10, 0, -1)]

    assert down == numbers(gate, of_one, ["name"])
    assert down == numbers(gate, of_one, ["version_number DESC"])
    assert down[::-1] == numbers(gate, of_one, ["version_number ASC"])
    assert down == numbers(gate, of_one, ["name DESC", "version_number DESC"])
    by_number = numbers(gate, "version_number = 1", ["version_number", "name DESC"])
    assert ["unicorn%2/1", "greeting/1", "Unicorn_1/1"] == by_number
    every = set(numbers(gate))
    for key in ("creation_timestamp", "last_updated_timestamp DESC"):
        assert every == set(numbers(gate, None, [key]))


@pytest.mark.parametrize(
    "order",
    [
        ["name", "name DESC"],
        ["timestamp", "last_updated_timestamp"],
        ["tags.team"],
        ["name,timestamp"],
        ["name up"],
        [""],
    ],
)
def test_orders_that_make_no_sense_are_refused(gate: Gate, order: list[str]) -> None:
    """Keys named twice, which MLflow answers with a 500, tags, lists in one text."""
    assert BAD == refusal(gate, SearchRegisteredModels(order_by=order))


@pytest.mark.parametrize(
    "order", [["version_number", "version_number"], ["run_id"], ["source_path"], ["current_stage"]]
)
def test_orders_that_versions_lack_are_refused(gate: Gate, order: list[str]) -> None:
    """Only names, numbers and times sort."""
    assert BAD == refusal(gate, SearchModelVersions(order_by=order))


def test_creation_time_does_not_order_models(gate: Gate) -> None:
    """As with MLflow."""
    assert BAD == refusal(gate, SearchRegisteredModels(order_by=["creation_timestamp"]))


def pages(gate: Gate, asking: Callable[[str | None], AnyMessage]) -> Iterator[dict[str, Any]]:
    """The answers from the first page to the last."""
    token = None
    while True:
        answer = gate.perform(asking(token))
        yield answer
        token = answer.get("next_page_token")
        if token is None:
            return


def names_in(page: dict[str, Any]) -> list[str]:
    """What a page holds."""
    models = [model["name"] for model in page.get("registered_models", [])]
    return models or [f"{version['name']}/{version['version']}" for version in page["model_versions"]]


@pytest.mark.parametrize("order", [[], ["last_updated_timestamp"], ["name DESC"]])
def test_pages_hold_everything_once(gate: Gate, order: list[str]) -> None:
    """In the order of one large page, and without a token behind the last row."""
    models = [
        name
        for page in pages(gate, lambda token: SearchRegisteredModels(max_results=2, order_by=order, page_token=token))
        for name in names_in(page)
    ]
    found = [
        name
        for page in pages(gate, lambda token: SearchModelVersions(max_results=3, order_by=order, page_token=token))
        for name in names_in(page)
    ]

    assert models == names(gate, order_by=order)
    assert found == numbers(gate, order_by=order)


def test_a_token_belongs_to_its_search(gate: Gate) -> None:
    """Neither to another filter, order or entity; MLflow's own tokens, which count, are taken."""
    token = gate.perform(SearchRegisteredModels(max_results=1))["next_page_token"]

    for message in (
        SearchRegisteredModels(filter="name != 'x'", page_token=token),
        SearchRegisteredModels(order_by=["name DESC"], page_token=token),
        SearchModelVersions(page_token=token),
        SearchRegisteredModels(page_token="nonsense"),
    ):
        assert BAD == refusal(gate, message)
    assert MODELS[1:] == names(gate, page_token="eyJvZmZzZXQiOiAxfQ==")


def test_only_our_own_search_shows_what_aliases_versions_have(gate: Gate) -> None:
    """Code over MLflow's client writes what it finds as JSON, which the aliases of a found version would break."""
    one = "name = 'unicorn%2' AND version_number = 10"
    [model] = gate.perform(SearchRegisteredModels(filter="name = 'unicorn%2'"))["registered_models"]
    [version] = gate.perform(SearchModelVersions(filter=one))["model_versions"]
    [described] = gate.perform(DescribeModelVersions(filter=one))["model_versions"]

    assert [{"alias": "champion", "version": "10"}] == model["aliases"]
    assert "aliases" not in version
    assert "aliases" not in model["latest_versions"][0]
    assert {**version, "aliases": ["champion"]} == described
