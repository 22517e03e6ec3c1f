"""SQL in filters, orders and values: refused, or taken as the text it is."""

import pytest

from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import SearchExperiments
from runyard.tracking.runs.messages import SearchRuns
from tests.factories import a_run, an_experiment

INJECTIONS = [
    "1=1",
    "metrics.a = 1 OR 1=1",
    "metrics.a = 1; DROP TABLE runs",
    "metrics.a = 1 UNION SELECT * FROM runs",
    "metrics.a = (SELECT 1)",
    "name = 'a' OR 'a' = 'a'",
    "name = 'a' --",
    "name = 'a' /*",
    "run_id = 'a') OR (1=1",
    "tags.`a` = 'b' OR TRUE = TRUE",
    "lower(name) = 'a'",
    "params.x RLIKE '(a+)+$'",
    "params.x REGEXP 'a'",
    "params.x GLOB '*'",
    "name = :x",
    "name = ?",
    "name = %(x)s",
]
VALUES = [
    "' OR 1=1 --",
    "'; DROP TABLE runs; --",
    "%(x)s",
    ":x",
    "?",
    "$1",
    "\\",
    "a'||'b",
    "{}",
    "%s",
    "${jndi}",
    "][",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_filters(gate: Gate, text: str) -> None:
    """SQL is not part of the language; the text never reaches the database."""
    with pytest.raises(InvalidParameter):
        gate.perform(SearchRuns(experiment_ids=["0"], filter=text))
    with pytest.raises(InvalidParameter):
        gate.perform(SearchExperiments(max_results=10, filter=text))


@pytest.mark.parametrize(
    "item",
    ["run_name; DROP TABLE runs", "run_name, (SELECT 1)", "(SELECT 1)", "1", "run_name COLLATE C", "length(run_name)"],
)
def test_order_by(gate: Gate, item: str) -> None:
    """Nor in order_by."""
    with pytest.raises(InvalidParameter):
        gate.perform(SearchRuns(experiment_ids=["0"], order_by=[item]))
    with pytest.raises(InvalidParameter):
        gate.perform(SearchExperiments(max_results=10, order_by=[item.replace("run_name", "name")]))


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("operator", ["=", "LIKE", "ILIKE"])
def test_values_are_bound(gate: Gate, value: str, operator: str) -> None:
    """A value finds the run that has it, and no other, whatever it looks like."""
    experiment = an_experiment(gate)
    a_run(gate, experiment, tags={"k": "something else"})
    found = a_run(gate, experiment, tags={"k": value})
    text = f'tags.k {operator} "{value}"'
    answer = gate.perform(SearchRuns(experiment_ids=[experiment], filter=text))
    assert [found] == [run["info"]["run_id"] for run in answer.get("runs", [])]


@pytest.mark.parametrize("key", ["a' OR 1=1 --", "a) OR (1=1", "%s", ":x", "?"])
def test_keys_are_bound(gate: Gate, key: str) -> None:
    """A key in backticks is a key, in filters and in orders."""
    experiment = an_experiment(gate)
    a_run(gate, experiment)
    answer = gate.perform(
        SearchRuns(
            experiment_ids=[experiment],
            filter=f"metrics.`{key}` > 0 AND params.`{key}` = 'x' AND tags.`{key}` != 'x'",
            order_by=[f"metrics.`{key}`", f"params.`{key}` DESC"],
        )
    )
    assert {} == answer


@pytest.mark.parametrize("bad", [0, 0xD800, 0xDFFF])
@pytest.mark.parametrize("text", ["status = 'A{}'", "tags.`A{}` = 'x'", "{}"])
def test_bad_unicode(gate: Gate, text: str, bad: int) -> None:
    """Characters no database can hold are an error of the filter, which is never ignored."""
    with pytest.raises(InvalidParameter, match="cannot be searched for"):
        gate.perform(SearchRuns(experiment_ids=["0"], filter=text.format(chr(bad))))
    with pytest.raises(InvalidParameter):
        gate.perform(SearchRuns(experiment_ids=["0"], order_by=[f"tags.`{chr(bad)}`"]))
