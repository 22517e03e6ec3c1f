"""search_runs: the table has MLflow's columns."""

from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from runyard.entities import Run
from runyard.exceptions import InvalidParameter
from tests.support.clock import wait_for_the_clock

FIXED = ["run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time"]


@pytest.fixture
def three(mlflow: ModuleType) -> ModuleType:
    """Three runs in experiment "a", each with something of its own."""
    mlflow.set_experiment("a")
    for number in range(3):
        with mlflow.start_run(run_name=f"r{number}"):
            mlflow.log_params({f"q{number}": 1, "c": number})
            mlflow.log_metrics({f"w{number}": 1, "m": number})
        wait_for_the_clock()
    return mlflow


def test_the_table_has_a_column_for_everything_that_occurs(three: ModuleType) -> None:
    """Newest run first; what a run does not have is missing."""
    table = three.search_runs()

    assert list(table.columns[:6]) == FIXED
    assert {"metrics.m", "metrics.w0", "metrics.w1", "metrics.w2"} <= set(table.columns)
    assert {"params.c", "params.q0", "tags.mlflow.runName", "tags.mlflow.user"} <= set(table.columns)
    assert list(table["tags.mlflow.runName"]) == ["r2", "r1", "r0"]
    assert list(table["metrics.m"]) == [2.0, 1.0, 0.0]
    assert pd.isna(table["params.q0"].iloc[0])
    assert pd.isna(table["metrics.w0"].iloc[0])


def test_the_table_says_what_the_list_says(three: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over several pages; NaN and infinities, and runs that lack what others have, among them."""
    with three.start_run(tags={"only": "here"}):
        three.log_metrics({"m": float("nan"), "w0": float("inf")})
    monkeypatch.setattr("runyard.fluent.search.PAGE", 2)

    table, runs = three.search_runs(), three.search_runs(output_format="list")

    wanted = {
        **{name: [getattr(run.info, name) for run in runs] for name in FIXED[:4]},
        **{name: pd.to_datetime([getattr(run.info, name) for run in runs], unit="ms", utc=True) for name in FIXED[4:]},
        **_spread("metrics", [run.data.metrics for run in runs], np.nan),
        **_spread("params", [run.data.params for run in runs], None),
        **_spread("tags", [run.data.tags for run in runs], None),
    }
    assert 4 == len(runs)
    pd.testing.assert_frame_equal(pd.DataFrame(wanted), table)


def _spread(kind: str, rows: list[dict[str, Any]], missing: Any) -> dict[str, list[Any]]:
    keys = dict.fromkeys(key for row in rows for key in row)
    return {f"{kind}.{key}": [row.get(key, missing) for row in rows] for key in keys}


def test_times_are_utc(three: ModuleType) -> None:
    """And a run that goes on has no end."""
    with three.start_run():
        table = three.search_runs()

    assert str(table["start_time"].dtype).endswith("UTC]")
    assert pd.isna(table["end_time"].iloc[0])
    assert table["end_time"].iloc[1] >= table["start_time"].iloc[1]


def test_filter_order_and_limit(three: ModuleType) -> None:
    """The search language of the server."""
    table = three.search_runs(filter_string="metrics.m >= 1", order_by=["metrics.m ASC"])

    assert list(table["metrics.m"]) == [1.0, 2.0]
    assert len(three.search_runs(max_results=2)) == 2
    assert len(three.search_runs(max_results=0)) == 0


def test_nothing_found_is_a_table_without_rows(three: ModuleType) -> None:
    """With the columns that every run has."""
    table = three.search_runs(filter_string="metrics.m > 100")

    assert list(table.columns) == FIXED
    assert table.empty


def test_runs_can_be_had_as_a_list(three: ModuleType) -> None:
    """Without pandas."""
    runs = three.search_runs(output_format="list")

    assert [Run] * 3 == [type(run) for run in runs]
    with pytest.raises(InvalidParameter, match="'output_format': use 'pandas' or 'list'"):
        three.search_runs(output_format="zip")


def test_where_to_search(three: ModuleType) -> None:
    """By id, by name, everywhere, or in the current experiment."""
    experiment = three.get_experiment_by_name("a")
    three.set_experiment("b")
    with three.start_run():
        pass

    assert len(three.search_runs()) == 1
    assert len(three.search_runs([experiment.experiment_id])) == 3
    assert len(three.search_runs([int(experiment.experiment_id)])) == 3
    assert len(three.search_runs(search_all_experiments=True)) == 4
    with pytest.raises(InvalidParameter, match="not both"):
        three.search_runs(["1"], experiment_names=["a"])


def test_one_text_is_one_id_or_name(three: ModuleType) -> None:
    """Text taken letter by letter finds the runs of other experiments: those of 1 and 7 for "17"."""
    ids = [three.create_experiment(f"e{number}") for number in range(2, 12)]
    assert ids[-1] == "11"

    assert len(three.search_runs("1")) == len(three.search_runs(1)) == 3
    assert len(three.search_runs("11")) == 0
    assert len(three.search_runs(experiment_names="a")) == 3
    assert len(three.MlflowClient().search_runs("1")) == 3
    assert len(three.search_runs(np.int64(1))) == 3
    with pytest.raises(InvalidParameter, match="of type bytes"):
        three.search_runs(b"1")
    models = [three.initialize_logged_model("m", experiment_id="11").model_id]
    for found in (
        three.search_logged_models("11", output_format="list"),
        three.search_logged_models("11", order_by={"field_name": "creation_timestamp"}, output_format="list"),
        three.MlflowClient().search_logged_models("11"),
        three.MlflowClient().search_logged_models([11]),
    ):
        assert models == [model.model_id for model in found]


def test_the_default_experiment_can_be_searched_by_its_number(three: ModuleType) -> None:
    """0 is an id, not nothing."""
    with three.start_run(experiment_id="0"):
        pass

    assert len(three.search_runs(0)) == 1


def test_one_text_is_one_order(three: ModuleType) -> None:
    """In every search that is ordered."""
    client = three.MlflowClient()
    for name in ("x", "y"):
        client.create_registered_model(name)
        client.create_model_version(name, "/elsewhere")

    assert [2.0, 1.0, 0.0] == list(three.search_runs(order_by="metrics.m DESC")["metrics.m"])
    assert ["a", "Default"] == [one.name for one in three.search_experiments(order_by="name DESC")]
    assert ["y", "x"] == [one.name for one in three.search_registered_models(order_by="name DESC")]
    assert ["y", "x"] == [one.name for one in three.search_model_versions(order_by="name DESC")]
    with pytest.warns(FutureWarning, match="stages"):
        assert 1 == len(client.get_latest_versions("x", "None"))


def test_names_that_are_none_of_an_experiment_are_reported(three: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    """A typo among good names must not pass for "no runs"."""
    assert len(three.search_runs(experiment_names=["a", "nope"])) == 3
    assert len(three.search_runs(experiment_names=[None])) == 0

    assert ["no experiment named 'nope'", "no experiment named None"] == [
        record.getMessage().removeprefix("There is ").partition(":")[0] for record in caplog.records
    ]


def test_deleted_runs_are_shown_on_demand(three: ModuleType) -> None:
    """By the view type."""
    first = three.search_runs(output_format="list")[0]
    three.delete_run(first.info.run_id)

    deleted = three.search_runs(run_view_type=three.entities.ViewType.DELETED_ONLY, output_format="list")
    assert [first.info.run_id] == [run.info.run_id for run in deleted]
