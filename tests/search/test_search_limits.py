"""Hostile filters, orders and page tokens: refused quickly, by one kind of error."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import SearchModelVersions
from runyard.registry.registered_models.messages import SearchRegisteredModels
from runyard.search.errors import InvalidSearch
from runyard.search.fields import EXPERIMENT_FIELDS, RUN_FIELDS
from runyard.search.parser import parse_filter, parse_order_by
from runyard.tracking.experiments.messages import SearchExperiments
from runyard.tracking.logged_models.messages import SearchLoggedModels
from runyard.tracking.runs.messages import SearchRuns
from tests.factories import a_run, an_experiment
from tests.support.http import Caller
from tests.support.server import RunningServer

WORDS = """metrics params tags dataset . a `k` 'v' "v" 1 -2.5e3 = != > <= LIKE IN NOT IS NULL AND OR ( ) , ; status name
start_time experiment_id DESC \\ % -- é 0x1 1e ' " `""".split()
PIECES = st.sampled_from([*WORDS, " ", "\n", "\x00", "\ud800"])
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join), st.lists(PIECES, max_size=20).map(" ".join)
)


@given(TEXTS)
def test_any_text_is_understood_or_refused(text: str) -> None:
    """No text at all makes the parser fail in another way, and what it says can be sent as JSON."""
    for entity in (RUN_FIELDS, EXPERIMENT_FIELDS):
        for parse in (parse_filter, lambda item, fields: parse_order_by([item], fields)):
            try:
                parse(text, entity)
            except InvalidParameter as error:
                error.message.encode()


@pytest.mark.parametrize(
    "text",
    [
        "(" * 9_999,
        "metrics.a = " + "1" * 9_900 + "x",
        "metrics.a = 1" + " " * 9_980,
        "params.a = '" + "a" * 9_980,
        "`" * 9_999,
        "a." * 4_999,
        "AND " * 2_500,
        "run_id IN (" + "'a'," * 2_490,
        "params.a LIKE '" + "%a" * 4_900 + "' AND x",
        "metrics.a = " + "-" * 9_900,
        "é" * 9_999,
        " " * 10_000,
        " AND ".join(["metrics.a > 1"] * 555),
        "metrics.a > 1 AND " * 100 + "metrics.a > 1",
        "x" * 10_001,
        "x" * 3_000_000,
        "a." * 200_000,
        "run_id IN (" + "'a'," * 100_000,
        "('a')" * 100_000,
        "run_id IN (('a'), " + "('a')," * 100_000,
        "x" * 40_000_000,
    ],
)
def test_hostile_filters(text: str) -> None:
    """Brackets, digits, quotes and terms without end cost less than 100 ms of the processor, and are not echoed."""
    assert any(seconds_of(lambda: refusal(text)) < 0.1 for _ in range(10))  # once the collector is not in between
    assert len(refusal(text)) < 1_000


def seconds_of(work: Callable[[], Any]) -> float:
    """How long this thread had the processor for it."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def refusal(text: str) -> str:
    """What is said against a filter; nothing when it is taken."""
    try:
        parse_filter(text, RUN_FIELDS)
    except InvalidSearch as error:
        return error.message
    return ""


def test_a_hundred_terms_are_taken() -> None:
    """The limit is generous: 100 terms, and the 101st is one too many."""
    assert 100 == len(parse_filter(" AND ".join(["metrics.a > 1"] * 100), RUN_FIELDS))
    with pytest.raises(InvalidSearch, match="more than 100 conditions"):
        parse_filter(" AND ".join(["metrics.a > 1"] * 101), RUN_FIELDS)


def test_time_grows_with_length_only() -> None:
    """Ten times the text takes about ten times the time, not a hundred times."""

    def seconds(terms: int) -> float:
        text = "run_id IN (" + ",".join(["'a'"] * terms) + ")"
        return min(seconds_of(lambda: parse_filter(text, RUN_FIELDS)) for _ in range(10))

    assert seconds(24_000) < 40 * seconds(2_400)


def _token(content: object) -> str:
    return base64.b64encode(json.dumps(content).encode()).decode()


JUNK: list[Any] = [
    "xx",
    "%%%",
    "é",
    "\x00",
    "A" * 100_000,
    base64.b64encode(b"\xff\xfe").decode(),
    base64.b64encode(b"[" * 5_000).decode(),
    base64.b64encode(b'{"offset": 1').decode(),
    base64.b64encode(b'{"offset": ' + b"9" * 5_000 + b"}").decode(),
    *map(
        _token,
        [
            None,
            7,
            [],
            {},
            "text",
            {"offset": 0},
            {"offset": -1},
            {"offset": 10**30},
            {"offset": 1.5},
            {"offset": True},
            {"offset": None},
            {"offset": [1]},
            {"offset": "1"},
            {"offset": 1, "after": [1, "a"]},
            {"after": [1, "a"]},
            {"after": None, "of": "x"},
            {"after": [1, "a"], "of": "x"},
        ],
    ),
]


@pytest.mark.parametrize("token", JUNK, ids=range(len(JUNK)))
def test_page_tokens(gate: Gate, token: str) -> None:
    """Junk, negative, huge, lists and null: 400, for runs and for experiments."""
    experiment = an_experiment(gate)
    with pytest.raises(InvalidParameter, match="page token"):
        gate.perform(SearchRuns(experiment_ids=[experiment], page_token=token))
    with pytest.raises(InvalidParameter, match="page token"):
        gate.perform(SearchExperiments(max_results=10, page_token=token))


@pytest.fixture
def searched(gate: Gate) -> SearchRuns:
    """A search with two pages."""
    experiment = an_experiment(gate)
    for number in range(3):
        a_run(gate, experiment, start_time=number)
    return SearchRuns(experiment_ids=[experiment], filter="start_time > 0", order_by=["run_name"], max_results=1)


@pytest.mark.parametrize(
    "changed",
    [
        {"filter": "start_time >= 0"},
        {"filter": None},
        {"order_by": ["run_name desc"]},
        {"order_by": []},
        {"run_view_type": "ALL"},
        {"experiment_ids": ["0"]},
    ],
    ids=str,
)
def test_a_token_is_good_for_its_own_search_only(gate: Gate, searched: SearchRuns, changed: dict[str, Any]) -> None:
    """Another filter, order, view or experiment: 400, for the page would be nonsense."""
    token = gate.perform(searched)["next_page_token"]
    with pytest.raises(InvalidParameter, match="another search"):
        gate.perform(SearchRuns.from_wire({**searched.to_wire(), **changed, "page_token": token}))


@pytest.mark.parametrize(
    "after",
    [
        [],
        ["a"],
        ["a", 1],
        ["a", 1, "b", 2],
        [1, 1, "b"],
        [None, 1, "b"],
        [True, 1, "b"],
        ["a", "1", "b"],
        ["a", 1.5, "b"],
        ["a", 2**63, "b"],
        ["a", 1, ["b"]],
        ["a\x00", 1, "b"],
        ["\ud800", 1, "b"],
        ["a", float("nan"), "b"],
    ],
    ids=str,
)
def test_a_forged_token_is_refused(gate: Gate, searched: SearchRuns, after: list[Any]) -> None:
    """Keys of other types or lengths never reach the database."""
    content = json.loads(base64.b64decode(gate.perform(searched)["next_page_token"]))
    forged = _token({**content, "after": after})
    with pytest.raises(InvalidParameter):
        gate.perform(SearchRuns.from_wire({**searched.to_wire(), "page_token": forged}))


@pytest.mark.parametrize("most", [0, -1, 50_001, 2**63 - 1])
def test_max_results(gate: Gate, most: int) -> None:
    """Outside 1 to 50,000: 400."""
    with pytest.raises(InvalidParameter, match="max_results"):
        gate.perform(SearchRuns(experiment_ids=["0"], max_results=most))
    with pytest.raises(InvalidParameter, match="max_results"):
        gate.perform(SearchExperiments(max_results=most))


@pytest.mark.parametrize("count", [100, 101, 290, 5_000, 110_000])
def test_long_lists_of_ids(gate: Gate, count: int) -> None:
    """Tools ask for all the runs they know of at once, thousands of them."""
    experiment = an_experiment(gate)
    wanted, other = a_run(gate, experiment), a_run(gate, experiment)
    ids = ", ".join(f"'{number:032x}'" for number in range(count - 1))

    def found(text: str) -> list[str]:
        answer = gate.perform(SearchRuns(experiment_ids=[experiment], filter=text))
        return [run["info"]["run_id"] for run in answer.get("runs", [])]

    assert [wanted] == found(f"run_id IN ({ids}, '{wanted}')")
    assert [other] == found(f"run_id NOT IN ({ids}, '{wanted}')")


@pytest.mark.parametrize("entity", ["experiments", "models", "versions", "logged models", "datasets"])
def test_long_lists_of_everything(gate: Gate, entity: str) -> None:
    """Wherever a list may stand it may be long."""
    texts = ", ".join(f"'{number}'" for number in range(9_000, 11_000))
    asked: dict[str, AnyMessage] = {
        "experiments": SearchExperiments(filter=f"experiment_id IN ({texts})", max_results=5),
        "models": SearchRegisteredModels(filter=f"name IN ({texts})"),
        "versions": SearchModelVersions(filter=f"run_id IN ({texts})"),
        "logged models": SearchLoggedModels(
            experiment_ids=["0"], filter=f"name IN ({texts}) AND params.x IN ({texts})"
        ),
        "datasets": SearchRuns(
            experiment_ids=["0"], filter=f"dataset.name IN ({texts}) AND dataset.digest IN ({texts})"
        ),
    }

    assert gate.perform(asked[entity]) == {}


def test_a_long_list_in_an_address(server: RunningServer) -> None:
    """Registry searches have no other place for it."""
    with Caller(server.url) as caller:
        names = ",".join(f"'{number:032x}'" for number in range(1_200))
        status, _ = caller.get(f"model-versions/search?{urlencode({'filter': f'run_id IN ({names})'})}")

    assert status == 200
