"""`runyard experiments`, on the local store of the working directory."""

import csv
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from tests.cli.conftest import Runyard


@pytest.fixture
def experiment_id(runyard: Runyard) -> str:
    """A new experiment, made from the command line."""
    return runyard("experiments", "create", "-n", "vision").out.split()[-1]


def test_created_experiment_is_found_by_id_and_by_name(runyard: Runyard, experiment_id: str) -> None:
    """The printed id is the one to go on with."""
    by_id = runyard("experiments", "get", "-x", experiment_id, "--output", "json").json
    by_name = runyard("experiments", "get", "-n", "vision", "--output", "json").json

    assert by_id == by_name
    assert ("vision", "active") == (by_id["name"], by_id["lifecycle_stage"])


def test_creating_a_name_twice_fails(runyard: Runyard, experiment_id: str) -> None:
    """The second caller must notice that the name is taken."""
    done = runyard("experiments", "create", "-n", "vision")

    assert done.code == 1
    assert "vision" in done.err


def test_get_needs_an_id_or_a_name(runyard: Runyard) -> None:
    """Neither, or both, is wrong usage."""
    assert 2 == runyard("experiments", "get").code
    assert 2 == runyard("experiments", "get", "-x", "0", "-n", "Default").code


def test_search_lists_what_the_view_says(runyard: Runyard, experiment_id: str) -> None:
    """Deleted experiments show up only when asked for."""
    runyard("experiments", "delete", "-x", experiment_id)

    shown = {
        view: {found["name"] for found in runyard("experiments", "search", "-v", view, "--output", "json").json}
        for view in ("active_only", "deleted_only", "all")
    }

    assert shown == {"active_only": {"Default"}, "deleted_only": {"vision"}, "all": {"Default", "vision"}}


def test_search_prints_an_aligned_table(runyard: Runyard, experiment_id: str) -> None:
    """People read columns."""
    lines = runyard("experiments", "search").out.splitlines()

    start_of_name = lines[0].index("Name")
    assert lines[0].startswith("Experiment Id  ")
    assert {"Default", "vision"} == {line[start_of_name:].split()[0] for line in lines[2:]}


def test_search_stops_at_the_wanted_number(runyard: Runyard) -> None:
    """A limit is a limit over all pages."""
    for number in range(5):
        runyard("experiments", "create", "-n", f"e{number}")

    assert 3 == len(runyard("experiments", "search", "--max-results", "3", "--output", "json").json)


def test_renamed_experiment_has_the_new_name(runyard: Runyard, experiment_id: str) -> None:
    """And the old name is free again."""
    runyard("experiments", "rename", "-x", experiment_id, "--new-name", "sight")

    assert experiment_id == runyard("experiments", "get", "-n", "sight", "--output", "json").json["experiment_id"]
    assert 0 == runyard("experiments", "create", "-n", "vision").code


def test_restored_experiment_is_active_again(runyard: Runyard, experiment_id: str) -> None:
    """Nothing deleted is lost until `gc` runs."""
    runyard("experiments", "delete", "-x", experiment_id)
    runyard("experiments", "restore", "-x", experiment_id)

    assert "active" == runyard("experiments", "get", "-x", experiment_id, "--output", "json").json["lifecycle_stage"]


def test_csv_has_a_row_a_run_and_a_column_a_key(runyard: Runyard, experiment_id: str, tmp_path: Path) -> None:
    """It is opened in a spreadsheet, so keys that only some runs have leave empty cells."""
    columns = "run_id,experiment_id,status,artifact_uri,start_time,end_time"
    assert f"{columns}\n" == runyard("experiments", "csv", "-x", experiment_id).out  # before there are runs
    client = RunyardClient()
    for params in ({"depth": "2"}, {"rate": '0,1 "quoted"'}):
        run = client.create_run(experiment_id)
        for key, value in params.items():
            client.log_param(run.info.run_id, key, value)
        client.log_metric(run.info.run_id, "loss", 0.5)

    runyard("experiments", "csv", "-x", experiment_id, "-o", "runs.csv")

    with (tmp_path / "runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {("2", ""), ("", '0,1 "quoted"')} == {(row["params.depth"], row["params.rate"]) for row in rows}
    assert ["0.5", "0.5"] == [row["metrics.loss"] for row in rows]


def test_an_experiment_is_removed_for_good_only_with_yes(runyard: Runyard, experiment_id: str) -> None:
    """There is no way back. A store without a server names the command that removes it."""
    runyard("experiments", "delete", "-x", experiment_id)

    unsure = runyard("experiments", "remove", "-x", experiment_id)
    refused = runyard("experiments", "remove", "-x", experiment_id, "--yes")

    assert (2, True) == (unsure.code, "Repeat with --yes" in unsure.err)
    assert (1, True) == (refused.code, f"runyard gc --experiment-ids {experiment_id}" in refused.err)
    assert 0 == runyard("experiments", "restore", "-x", experiment_id).code
