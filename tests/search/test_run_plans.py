"""What a page of runs reads in a large experiment: a part of it, whatever the database knows of its tables."""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.tracking.run_groups.messages import GroupRuns
from runyard.tracking.run_groups.operations import group_runs
from runyard.tracking.run_trees.messages import SearchRunTree
from runyard.tracking.run_trees.operations import search_run_tree
from runyard.tracking.runs import pages, search
from runyard.tracking.runs.description import describe
from runyard.tracking.runs.messages import DescribeRuns
from runyard.tracking.runs.search import FIRST_STEP, MAX_WALKED, search_run_ids
from runyard.tracking.runs.tables import tags
from tests.factories import an_experiment
from tests.search.plans import listening, nodes_of, plan_of, read_by

RUNS = 20_000

_FILLING = """
INSERT INTO runs (
    id, run_uuid, experiment_id, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, document
) SELECT
    i, 'r' || (i * 7919 % {runs}), {experiment}, 'name-' || i, '', 'FINISHED', i / 3,
    CASE WHEN i % 1000 > 0 THEN i * 7 END, 'active', '', '{document}' FROM n;
INSERT INTO metric_series (run_id, key, value, step, timestamp, document)
    SELECT i, 'm', (i * 7919 % {runs}) * 1.0 / {runs}, 0, 0, '' FROM n;
INSERT INTO run_params (run_id, key, value) SELECT i, 'p', 'v' || (i % 4) FROM n;
INSERT INTO run_params (run_id, key, value) SELECT i, 'lr', '0.' || (i * 7919 % {runs}) FROM n;
INSERT INTO run_tags (run_id, key, value) SELECT i, 't', 'parent-' || (i / 10) FROM n;
INSERT INTO run_tags (run_id, key, value)
    SELECT i, 'mlflow.parentRunId', 'r' || ((i - i % 10) * 7919 % {runs}) FROM n WHERE i > 10 AND i % 10 > 0
"""
NESTED = RUNS * 9 // 10 - 9
_DOCUMENT = '"tags":[{"key":"note","value":"%s"}]' % ("x" * 200)
"""Rows without one are so small that to read them from end to end may be the best plan."""
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {runs})"

QUESTIONS = [
    ("", "metrics.m"),
    ("", "metrics.m DESC"),
    ("", "params.p"),
    ("", "params.p DESC"),
    ("", "tags.t"),
    ("", "run_name DESC"),
    ("", "end_time"),
    ("", "duration"),
    ("metrics.m > 0.5", "duration DESC"),
    ("", "number(params.lr)"),
    ("params.lr > 0.5 and metrics.m > 0.2", "number(params.lr) DESC"),
    ("", "number(params.p) DESC"),
    ("", "params.p; metrics.m DESC"),
    ("", "number(params.p); duration"),
    ("", "status; metrics.m DESC"),
    ("", "user_id DESC"),
    ("", "user_id; metrics.m"),
    ("", "run_id DESC"),
    ("metrics.m > 0.5", "run_id"),
    ("status = 'FINISHED'", "status DESC"),
    ("", "starred DESC; metrics.m"),
    ("metrics.m > 0.2", "starred DESC; start_time DESC"),
    ("", "tags.none; params.p; duration DESC"),
    ("metrics.m > 0.5 and params.p = 'v3'", "metrics.m DESC"),
    ("params.p = 'v3'", "metrics.m"),
    ("metrics.m > 0.5", ""),
    ("metrics.m > 0.9999", ""),
    ("params.p = 'v1'", ""),
    ("params.p = 'none'", "metrics.m"),
    ("tags.t = 'parent-77'", ""),
    ("params.p LIKE '%nowhere%'", ""),
    ("'parent-1'", ""),
    ("params.p LIKE 'v%'", "metrics.m"),
    ("params.p = 'v3' and metrics.m < 0.2", ""),
    ("params.p = 'v3' and metrics.m > 0.1 and metrics.m < 0.9", "metrics.m"),
    ("run_name = 'name-12'", ""),
    ("params.lr < 0.0002", ""),
    ("params.lr > 0.5 and params.lr < 0.5001", "run_name"),
    ("end_time = 7000", ""),
    ("end_time > 139000", "metrics.m"),
    ("dataset.name = 'none'", ""),
    ("status = 'FAILED'", ""),
    ("user_id = 'nobody'", "user_id"),
    ("status = 'FINISHED'", ""),
]


SHORT = tuple(f"SCAN {name}" for name in "found newest datasets experiments CONSTANT ( anon grouped".split())
"""What is read from end to end: the few values of a key, the first start times of each experiment, runs that have
children, groups, datasets, and experiments, of which the database knows that there are three."""

SEVERAL = [("", "metrics.m"), ("", "end_time DESC"), ("", "status; run_name"), ("metrics.m > 0.5", ""), ("", "")]
"""What is asked of two experiments."""


@pytest.fixture(scope="module")
def experiment(gate: Gate) -> str:
    """An experiment with many runs, in a database that has looked at its tables."""
    experiment = an_experiment(gate)
    with gate.engines.writing.begin() as connection:
        for statement in _FILLING.split(";"):
            text = f"{_NUMBERS} {statement}".format(runs=RUNS, experiment=experiment, document=_DOCUMENT)
            connection.execute(sa.text(text))
        connection.exec_driver_sql("ANALYZE")
    return experiment


@pytest.mark.parametrize(("text", "order_by"), QUESTIONS)
def test_a_page_reads_a_part_of_the_experiment(gate: Gate, experiment: str, text: str, order_by: str) -> None:
    """The first page and the next one: no table is read from end to end, and nothing is sorted that is not shown."""
    _assert_pages_read_a_part(gate, [experiment], "ACTIVE_ONLY", text, order_by)


@pytest.mark.parametrize("gate", ["sqlite"], indirect=True)
def test_a_short_range_of_a_metric_is_read_once_for_all_runs(
    gate: Gate, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where matches are far between: a value of a run is a page of the table, of the index it has hundreds of runs."""
    monkeypatch.setattr(search, "FIRST_STEP", 100)
    text = "metrics.m > 0.9 and metrics.m <= 0.97 and params.p = 'v3'"
    found = (
        "SELECT m.run_id FROM metric_series AS m JOIN runs ON runs.id = m.run_id "
        "JOIN run_params AS p ON p.run_id = runs.id "
        "WHERE p.key = 'p' AND p.value = 'v3' AND m.value > 0.9 AND m.value <= 0.97 "
        "ORDER BY start_time DESC, run_uuid LIMIT 20"
    )
    with gate.engines.reading.connect() as connection:
        expected = list(connection.execute(sa.text(found)).scalars())
        with listening(connection) as asked:
            numbers, _ = search_run_ids(
                Transaction(connection, gate.settings), [experiment], "ACTIVE_ONLY", text, [], 20, None
            )
        plan = [
            step for each in asked if each[0].startswith("SELECT run_params") for step in read_by(connection, *each)
        ]

    assert expected == numbers
    assert [step for step in plan if "metric_series" in step] == [
        "SEARCH metric_series USING COVERING INDEX ix_metric_series_key_value (key=? AND value>? AND value<?)"
    ]
    assert (
        "SEARCH run_params USING INDEX ix_run_params_key_value (key=? AND <expr>=? AND run_id>? AND run_id<?)"
    ) in plan


@pytest.mark.parametrize("gate", ["postgresql"], indirect=True)
def test_a_run_is_looked_at_where_its_values_match(gate: Gate, experiment: str) -> None:
    """On PostgreSQL too: it would begin with whether a run is in view, which costs least, and which nearly all are."""
    with gate.engines.reading.connect() as connection:
        with listening(connection) as asked:
            tx = Transaction(connection, gate.settings)
            text = "metrics.m > 0.5 and params.p = 'v3'"
            search_run_ids(tx, [experiment], "ACTIVE_ONLY", text, ["metrics.m DESC"], 20, None)
        walked = [each for each in asked if each[0].startswith("SELECT metric_series.run_id")][-1]
        nodes = list(nodes_of(connection, *walked))

    params, runs = (
        sum(node["Actual Loops"] for node in nodes if name == node.get("Relation Name"))
        for name in ("run_params", "runs")
    )
    assert params > 3 * runs > 0


@pytest.mark.parametrize("gate", ["postgresql"], indirect=True)
def test_runs_behind_a_few_are_not_taken_to_be_as_rare(gate: Gate, experiment: str) -> None:
    """Behind three runs with a tag come all others, newest first: a page of them is near, not thousands of runs on."""
    with gate.engines.writing.begin() as connection:
        for number in (3, 4_000, 19_000):
            connection.execute(tags.insert().values(run_id=number, key="few", value="x"))
    with gate.engines.reading.connect() as connection:
        with listening(connection) as asked:
            tx = Transaction(connection, gate.settings)
            found, _ = search_run_ids(tx, [experiment], "ACTIVE_ONLY", "", ["tags.few"], 50, None)
        read = [list(read_by(connection, *each)) for each in asked]

    assert [19_000, 4_000, 3] == found[:3]
    assert 50 == len(found)
    assert sum(map(sum, read)) < 4 * FIRST_STEP


def test_an_experiment_of_many_runs_is_known_for_a_while(gate: Gate, experiment: str) -> None:
    """Whether it has so few that these are all read is asked once on each connection."""
    asked_for = []
    with gate.engines.reading.connect() as connection:
        connection.info.pop("wide_ranges", None)
        tx = Transaction(connection, gate.settings)
        for view_type in ("ACTIVE_ONLY", "ACTIVE_ONLY", "DELETED_ONLY"):
            with listening(connection) as asked:
                found, _ = search_run_ids(tx, [experiment], view_type, "", ["metrics.m"], 20, None)
            asked_for.append((len(asked), len(found)))

    first, again, deleted = asked_for
    assert (first[0] - 1, 20) == again
    assert 0 == deleted[1]


@pytest.mark.parametrize("gate", ["postgresql"], indirect=True)
def test_reads_start_no_compiler_and_no_workers(gate: Gate) -> None:
    """Each takes longer to start than a read that is bounded, and a server answers many of these at once."""
    with gate.engines.reading.connect() as connection:
        names = ("jit", "max_parallel_workers_per_gather")
        of_reads = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names]

    assert ["off", "0"] == of_reads


@pytest.mark.parametrize("gate", ["postgresql"], indirect=True)
def test_runs_are_counted_in_the_smallest_index(gate: Gate, experiment: str) -> None:
    """Of one experiment and of several, in each stage: an entry of any other index takes twice as long."""
    with gate.engines.writing.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM runs")  # as PostgreSQL does by itself after a while
    for experiments, view_type in (([experiment], "ACTIVE_ONLY"), ([experiment, an_experiment(gate)], "ALL")):
        with gate.engines.reading.connect() as connection:
            with listening(connection) as asked:
                message = DescribeRuns(experiment_ids=experiments, run_view_type=view_type)
                found = describe(Transaction(connection, gate.settings), message)
            [counted] = [each for each in asked if each[0].startswith("SELECT count(*)")]
            scans = [node for node in nodes_of(connection, *counted) if node.get("Relation Name") == "runs"]

        assert RUNS == found["runs"]
        # Where there are none, all indexes are alike.
        assert [("Index Only Scan", "ix_runs_view")] == [
            (node["Node Type"], node["Index Name"]) for node in scans if node["Actual Rows"]
        ]


@pytest.mark.parametrize(
    ("kind", "place", "text", "table", "many"),
    [
        ("attribute", None, "name-77", "runs", 1),
        ("param", "lr", "0.77", "run_params", 1),
        ("tag", "t", "parent-77", "run_tags", 10),
    ],
)
def test_runs_of_a_value_are_read_from_its_index(
    gate: Gate, experiment: str, kind: str, place: str | None, text: str, table: str, many: int
) -> None:
    """By the prepared statement, which listeners do not hear of; no other entry is looked at."""
    with gate.engines.reading.connect() as connection:
        tx = Transaction(connection, gate.settings)
        sql, arrange = pages._of_text(kind, tx.dialect)._sql(tx)
        given = (int(experiment) if place is None else place, text, 1_001)
        values = tuple(given if arrange is None else arrange(given))
        found = connection.exec_driver_sql(sql, values).all()
        read = list(read_by(connection, sql, values))

    assert many == len(found)
    if gate.engines.reading.dialect.name == "sqlite":
        assert [f"ix_{'runs_name' if place is None else table + '_key_value'}"] == [
            name for step in read for name in re.findall(r"ix_\w+", step)
        ]
    else:
        assert [many] == read


@pytest.mark.parametrize("text", ["", "metrics.m > 0.2"])
def test_groups_of_the_newest_read_their_values_alone(gate: Gate, experiment: str, text: str) -> None:
    """A key's values of all runs of the store are not read for the sake of some of these."""
    question = {"experiment_ids": [experiment], "filter": text, "group_by": ["params.p"], "metrics": ["m"]}
    with gate.engines.reading.connect() as connection:
        with listening(connection) as asked:
            tx = Transaction(connection, gate.settings)
            found: Any = group_runs(tx, GroupRuns(**question, max_runs=600))  # type: ignore[arg-type]
        read = [list(read_by(connection, *each)) for each in asked]

    assert 4 == len(found["groups"])
    assert found["more"]
    _assert_a_part(gate, read)


LASTING = ("metrics.m IS NULL", "params.lr LIKE '%nowhere%'", "artifact_uri LIKE '%nowhere%'")


@pytest.mark.parametrize("text", LASTING)
def test_what_no_index_tells_is_read_from_all_runs_once(
    gate: Gate, experiment: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first search looks at every run, the next ones at none: a run that does not match never will."""
    monkeypatch.setattr(search, "MAX_NEWEST", 0)
    read = []
    for _ in range(3):
        with gate.engines.reading.connect() as connection:
            with listening(connection) as asked:
                tx = Transaction(connection, gate.settings)
                found, _ = search_run_ids(tx, [experiment], "ACTIVE_ONLY", text, [], 20, None)
            read.append([list(read_by(connection, *each)) for each in asked])
        assert [] == found
        assert len(asked) <= 10

    _assert_a_part(gate, read[-1])
    if gate.engines.dialect == "postgresql":
        assert sum(map(sum, read[0])) >= RUNS


def test_a_page_far_between_reads_values_of_texts_once(
    gate: Gate, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL too: of a param that one run in four has, what the newest runs have of it, in one range."""
    monkeypatch.setattr(search, "FIRST_STEP", 100)
    text = "params.p = 'v3' and not tags.t LIKE '%7'"
    with gate.engines.reading.connect() as connection:
        with listening(connection) as asked:
            tx = Transaction(connection, gate.settings)
            numbers, _ = search_run_ids(tx, [experiment], "ACTIVE_ONLY", text, [], 50, None)
        plan = json.dumps([plan_of(connection, *each) for each in asked])

    matching = [i for i in range(1, RUNS + 1) if i % 4 == 3 and str(i // 10)[-1] != "7"]
    newest = sorted(matching, key=_newest_first)
    assert newest[:50] == numbers
    assert "run_id>? AND run_id<?" in plan or "(run_id >= " in plan


@pytest.mark.parametrize("text", ["", "status = 'FINISHED'", "user_id = ''", "status = 'FAILED'", "user_id = 'nobody'"])
def test_the_newest_of_a_status_or_a_user_are_read_alone(gate: Gate, experiment: str, text: str) -> None:
    """One statement: an index has just these in order, however many there are; none but those shown are looked at."""
    expected = [] if "FAILED" in text or "nobody" in text else sorted(range(1, RUNS + 1), key=_newest_first)
    token, found = None, list[int]()
    for _ in range(2):
        with gate.engines.reading.connect() as connection:
            tx = Transaction(connection, gate.settings)
            with listening(connection) as asked:
                numbers, token = search_run_ids(tx, [experiment], "ACTIVE_ONLY", text, [], 20, token)
            found += numbers
            [read] = [list(read_by(connection, *each)) for each in asked]
        if gate.engines.dialect == "postgresql":
            assert sum(read) <= 30
        else:
            assert [step for step in read if step.startswith("SEARCH runs USING")] == read
        if token is None:
            break

    assert expected[:40] == found


def _newest_first(number: int) -> tuple[int, str]:
    return -(number // 3), f"r{number * 7919 % RUNS}"


@pytest.mark.parametrize(("text", "order_by"), SEVERAL)
def test_a_page_of_several_experiments_reads_a_part_of_each(
    gate: Gate, experiment: str, text: str, order_by: str
) -> None:
    """As well as one of runs in both stages: they are read in the order of each."""
    _assert_pages_read_a_part(gate, [experiment, an_experiment(gate)], "ALL", text, order_by)


def _assert_pages_read_a_part(gate: Gate, experiments: list[str], view: str, text: str, order_by: str) -> None:
    token = None
    for _ in range(2):
        with gate.engines.reading.connect() as connection:
            order, tx = order_by.split("; ") if order_by else [], Transaction(connection, gate.settings)
            with listening(connection) as asked:
                _, token = search_run_ids(tx, experiments, view, text, order, 20, token)
            read = [list(read_by(connection, *each)) for each in asked]
        assert len(asked) <= 20
        _assert_a_part(gate, read)
        if gate.engines.dialect == "sqlite":
            steps = [step for of_statement in read for step in of_statement]
            if order_by.startswith(("duration", "end_time", "run_name")):  # in whose order that index is not
                assert not [step for step in steps if "USING INDEX ix_runs_newest" in step]
            if text.startswith("params.lr <"):
                assert any("ix_run_params_number (key=? AND <expr>" in step for step in steps)
        if token is None:
            break


@pytest.mark.parametrize("order_by", ["", "metrics.m DESC", "tags.t", "run_name DESC", "duration"])
def test_a_level_of_the_tree_reads_a_part_of_the_experiment(gate: Gate, experiment: str, order_by: str) -> None:
    """The top, where nine of ten runs are nested, and the children of one run."""
    question = {"experiment_ids": [experiment], "order_by": [order_by] if order_by else [], "max_results": 20}
    for parent in ("", "r" + str(50 * 7919 % RUNS)):
        with gate.engines.reading.connect() as connection:
            with listening(connection) as asked:
                message = SearchRunTree(**question, parent_run_id=parent)  # type: ignore[arg-type]
                found = search_run_tree(Transaction(connection, gate.settings), message)
            read = [list(read_by(connection, *each)) for each in asked]
        total = json.loads(found)["total"]  # type: ignore[arg-type]
        assert (RUNS - NESTED if not parent else 9) == total
        assert len(asked) <= 15
        _assert_a_part(gate, read[:-1])  # the last counts the runs of the level


def _assert_a_part(gate: Gate, read: list[list[Any]]) -> None:
    """No table is read from end to end."""
    if gate.engines.dialect == "sqlite":
        scans = [step for steps in read for step in steps if step.startswith("SCAN") and "VIRTUAL" not in step]
        assert not [step for step in scans if not step.startswith(SHORT)]
    else:
        assert sum(map(sum, read)) < 2 * MAX_WALKED
