"""Which columns a table of runs has."""

from urllib.parse import parse_qs

import pytest

from runyard.tracking.runs.messages import MetricKey, ParamKey, RunsDescribed
from runyard.ui.parts.column_settings import ColumnSettings
from runyard.ui.parts.columns import ValueColumn, choose_columns
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.metric_names import Goal, natural
from runyard.ui.parts.run_names import short_names
from runyard.ui.parts.sorting import column_of
from tests.ui.parts.runs import a_named_run


def test_system_metrics_are_not_default_columns() -> None:
    """Utilisation of disks would push losses off the table."""
    metrics = [MetricKey("system/cpu", runs=2), MetricKey("loss", runs=1)]
    described = RunsDescribed(runs=2, described=2, metric_keys=metrics, param_keys=[])

    choice = choose_columns(described, (), with_equal=False)

    assert (ValueColumn("metrics", "loss"),) == choice.shown
    assert 2 == len(choice.metrics)


def test_a_param_that_only_some_runs_have_varies() -> None:
    """Having it or not is the difference."""
    described = RunsDescribed(runs=2, described=2, metric_keys=[], param_keys=[ParamKey("extra", runs=1, distinct=1)])

    assert (ValueColumn("params", "extra"),) == choose_columns(described, (), with_equal=False).shown


def test_columns_that_tell_most_come_first() -> None:
    """Metrics that few runs have, counters and params of no meaning do not push them off the page."""
    metrics = [
        MetricKey("best_val_rmse", runs=10), MetricKey("epoch", runs=100), MetricKey("val_rmse", runs=95),
        MetricKey("train_loss", runs=100), MetricKey("weights", runs=99),
    ]  # fmt: skip
    params = [
        ParamKey("a_path", runs=100, distinct=100, differing=1000, example="/runs/1"),
        ParamKey("almost_equal", runs=100, distinct=2, differing=20, example="32"),
        ParamKey("equal", runs=100, distinct=1, differing=0, example="a"),
        ParamKey("lr", runs=100, distinct=7, differing=850, example="0.1"),
        ParamKey("seed", runs=100, distinct=100, differing=1000, example="1"),
        ParamKey("weight_decay", runs=100, distinct=100, differing=1000, example="1e-05"),
    ]
    described = RunsDescribed(runs=100, described=100, metric_keys=metrics, param_keys=params)

    shown = [column.key for column in choose_columns(described, (), with_equal=False).shown]

    assert ["val_rmse", "train_loss", "weights"] == shown[:3]
    assert ["weight_decay", "lr", "seed", "a_path", "almost_equal"] == shown[3:]


def test_what_an_address_says_of_columns_is_read_with_care() -> None:
    """Names may have colons; what is wrong, too large, or of no column is let be."""
    shown = [ValueColumn("metrics", "loss"), ValueColumn("metrics", "loss:val"), ValueColumn("params", "lr")]
    query = [
        ("pin", "9"), ("width", "metrics.loss:155"), ("width", "metrics.loss:val:99999"), ("width", "params.lr:x"),
        ("label", "metrics.loss:val:The loss: of val"), ("label", "params.none:x"), ("best", "metrics.loss:most"),
        ("best", "metrics.loss:val:worst"), ("width", "params.lr:²"), ("width", "run_name:301"),
    ]  # fmt: skip

    settings = ColumnSettings.of(ListState(tuple(query)), shown)

    assert 3 == settings.pinned
    assert {"metrics.loss": 160, "metrics.loss:val": 600, "run_name": 300} == settings.widths
    assert {"metrics.loss:val": "The loss: of val"} == settings.labels
    assert ["most", "least", None] == [settings.goal(column) for column in shown]


def test_keys_are_ordered_by_the_numbers_in_them() -> None:
    """People look for m2 before m10; what has no number comes where its letters put it."""
    assert ["a", "layer1/w9", "layer1/w10", "m", "m2", "m10", "m10b"] == sorted(
        ["m10", "layer1/w10", "m2", "m10b", "a", "m", "layer1/w9"], key=natural
    )


@pytest.mark.parametrize(
    ("key", "goal", "first"),
    [
        ("metrics.loss", "least", "ASC"),
        ("metrics.acc", "most", "DESC"),
        ("metrics.size", None, "DESC"),
        ("start_time", None, "DESC"),
        ("run_name", None, "ASC"),
    ],
)
def test_the_first_click_on_a_head_sorts_the_best_to_the_top(key: str, goal: Goal | None, first: str) -> None:
    """The second click turns it, and so does each one after that."""
    numeric, state = key.startswith("metrics."), ListState(())
    turned = {"ASC": "DESC", "DESC": "ASC"}
    orders = [""]
    for _ in range(3):
        head = column_of(key, "A", orders[-1], state, "/runs", numeric=numeric, goal=goal)
        orders.append(parse_qs(head.href.partition("?")[2])["order"][0])

    assert [f"{key} {way}" for way in (first, turned[first], first)] == orders[1:]


def test_a_wide_column_of_names_shows_more_of_them() -> None:
    """Up to all of it: somebody made it wide for that."""
    run = a_named_run("x" * 40 + " " + "y" * 29)

    assert [34, 50, 70] == [len(short_names([run], width)[run.info.run_id]) for width in (None, 400, 600)]
