"""`runyard runs`, on the local store of the working directory."""

import json
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.core.lifecycle import ViewType
from runyard.core.origin import user
from tests.cli.conftest import Runyard
from tests.support.server import RunningServer


@pytest.fixture
def run_id(runyard: Runyard) -> str:
    """A finished run, made from the command line."""
    created = runyard("runs", "create", "--experiment-id", "0", "--run-name", "first", "-t", "team=vision")
    return str(created.json["run_id"])


def test_created_run_has_ended_and_has_its_tags(runyard: Runyard, run_id: str) -> None:
    """A run noted by hand must not look as if it were still going on."""
    run = runyard("runs", "describe", "-r", run_id).json

    assert ("FINISHED", "first") == (run["info"]["status"], run["info"]["run_name"])
    assert "vision" == run["data"]["tags"]["team"]


def test_create_makes_the_experiment_that_it_names(runyard: Runyard) -> None:
    """As `set_experiment` does."""
    created = runyard("runs", "create", "--experiment-name", "by-hand", "--description", "Noted.", "--status", "FAILED")

    run = runyard("runs", "describe", "-r", created.json["run_id"]).json
    assert "FAILED" == run["info"]["status"]
    assert "Noted." == run["data"]["tags"]["mlflow.note.content"]


def test_nested_run_names_its_parent(runyard: Runyard, run_id: str) -> None:
    """A parent that is not there is an error, not a dangling tag."""
    child = runyard("runs", "create", "--experiment-id", "0", "--parent-run-id", run_id).json["run_id"]

    tags = runyard("runs", "describe", "-r", child).json["data"]["tags"]
    assert run_id == tags["mlflow.parentRunId"]
    assert 1 == runyard("runs", "create", "--experiment-id", "0", "--parent-run-id", "0" * 32).code


def test_tag_without_equals_sign_is_wrong_usage(runyard: Runyard) -> None:
    """The message shows what was given."""
    done = runyard("runs", "create", "--experiment-id", "0", "-t", "team")

    assert done.code == 2
    assert "'team' is not of the form KEY=VALUE" in done.err


def test_list_filters_and_sorts(runyard: Runyard) -> None:
    """The search language works from the command line too."""
    client = RunyardClient()
    for loss in (0.3, 0.1, 0.2):
        client.log_metric(client.create_run("0", run_name=f"loss-{loss}").info.run_id, "loss", loss)

    options = ("--experiment-id", "0", "--filter", "metrics.loss < 0.25", "--order-by", "metrics.loss ASC")
    names = [run["info"]["run_name"] for run in runyard("runs", "list", *options, "--output", "json").json]

    assert ["loss-0.1", "loss-0.2"] == names


def test_experiment_of_the_environment_is_listed(
    runyard: Runyard, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLFLOW_EXPERIMENT_ID works as it does in MLflow's command line."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "0")

    done = runyard("runs", "list")

    assert run_id in done.out
    assert ["Date", "Name", "Status", "ID"] == done.out.splitlines()[0].split()


def test_deleted_run_is_hidden_until_it_is_restored(runyard: Runyard, run_id: str) -> None:
    """Nothing deleted is lost until `gc` runs."""
    runyard("runs", "delete", "--run-id", run_id)
    hidden = runyard("runs", "list", "--experiment-id", "0", "--output", "json").json
    runyard("runs", "restore", "--run-id", run_id)
    shown = runyard("runs", "list", "--experiment-id", "0", "--output", "json").json

    assert [] == hidden
    assert [run_id] == [run["info"]["run_id"] for run in shown]


def test_wrong_filter_says_what_is_wrong(runyard: Runyard) -> None:
    """A search that fails silently is worse than none."""
    done = runyard("runs", "list", "--experiment-id", "0", "--filter", "metrics.loss <")

    assert done.code == 1
    assert done.err.startswith("Error: ")


def test_many_are_deleted_restored_and_tagged(runyard: Runyard, tmp_path: Path) -> None:
    """By ids, by a file of ids, by a filter; the numbers are told, and a run that is not there is an error."""
    client = RunyardClient()
    made = [client.create_run("0", tags={"half": str(number % 2)}).info.run_id for number in range(6)]
    chosen = ("--experiment-id", "0", "--filter", "tags.half = '1'")
    assert "3 runs have been deleted.\n" == runyard("runs", "delete", *chosen).out
    assert "1 run has been deleted, 1 was deleted already.\n" == runyard(
        "runs", "delete", "-r", made[0], "-r", made[1]
    ).out  # fmt: skip
    ids = tmp_path / "ids"
    ids.write_text("\n".join(made[:2]) + "\n")
    assert "2 runs have been restored.\n" == runyard("runs", "restore", "--run-ids-from", str(ids)).out
    tagged = runyard("runs", "tag", "--experiment-id", "0", "--filter", "", "-t", "team=red", "--remove", "half").out
    assert tagged.startswith("4 runs have been tagged.\nTo take this back, within seven days: runyard runs undo ")
    assert "red" == client.get_run(made[0]).data.tags["team"]
    assert "half" not in client.get_run(made[0]).data.tags

    done = runyard("runs", "delete", "-r", made[0], "-r", "f" * 32)
    assert done.code == 1
    assert "1 run has been deleted.\n" == done.out
    assert "No run has the id" in done.err


def test_many_are_renamed_and_moved_and_given_back(runyard: Runyard) -> None:
    """Each prints what takes it back; a dry run changes nothing."""
    client = RunyardClient()
    archive = client.create_experiment("archive")
    run_id = client.create_run("0", run_name="old", tags={"team": "red"}).info.run_id
    client.create_run("0", run_name="below", tags={"mlflow.parentRunId": run_id})
    pattern = ("-r", run_id, "--template", "{name} {tags.team}", "--find", "old", "--replace", "new")
    assert "new red" in runyard("runs", "rename", *pattern, "--dry-run").out
    assert "old" == client.get_run(run_id).info.run_name

    renamed = runyard("runs", "rename", *pattern).out
    assert "1 run has been renamed." in renamed
    assert "new red" == client.get_run(run_id).info.run_name
    moved = runyard("runs", "move", "-r", run_id, "--to", archive).out
    assert "1 nested run went along." in moved
    for printed in (moved, renamed):
        change_id = printed.partition("--change-id ")[2].split()[0]
        assert "set back" in runyard("runs", "undo", "--change-id", change_id).out
    run = client.get_run(run_id)
    assert ("old", "0") == (run.info.run_name, run.info.experiment_id)


@pytest.mark.parametrize("options", [(), ("--experiment-id", "0"), ("--filter", "")])
def test_runs_must_be_chosen(runyard: Runyard, options: tuple[str, ...]) -> None:
    """An experiment without a filter would be all of its runs by mistake."""
    assert runyard("runs", "delete", *options).code == 2


def test_groups_of_runs_are_a_table_and_json(runyard: Runyard) -> None:
    """Seeds of one setting are one line."""
    for name in ("a", "a", "b"):
        runyard("runs", "create", "--experiment-id", "0", "-t", f"team={name}")

    table = runyard("runs", "group", "-x", "0", "--by", "tags.team", "--metric", "loss").out
    groups = runyard("runs", "group", "-x", "0", "--by", "tags.team", "--output", "json").json["groups"]

    assert [["a", "2"], ["b", "1"]] == [line.split() for line in table.splitlines()[2:]]
    assert [2, 1] == [group["runs"] for group in groups]


def test_a_pipeline_logs_a_run_without_python(
    runyard: Runyard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started, logged to and ended by one command each; the id goes along in the environment."""
    started = runyard("runs", "start", "--experiment-name", "ci", "--run-name", "build 7", "-t", "team=vision")
    monkeypatch.setenv("RUNYARD_RUN_ID", started.out.strip())
    batch = tmp_path / "batch.json"
    points = [{"key": "loss", "value": 1 / step, "step": step} for step in range(1, 1101)]
    batch.write_text(json.dumps({"metrics": points, "params": {"layers": [3, 5], "lr": 0.1}, "tags": {"ok": "yes"}}))
    said = [
        runyard("runs", *command)
        for command in (
            ("log-metric", "size", "12.5", "--step", "2", "--timestamp", "1000"),
            ("log-metric", "change", "--", "-0.5"),
            ("log-param", "seed", "7"),
            ("set-tag", "stage", "two words"),
            ("log-batch", str(batch)),
            ("log-param", "seed", "7", "--output", "json"),
            ("end", "--status", "failed"),
        )
    ]

    assert [0] * 7 == [done.code for done in said], said
    assert "Logged 1,100 metrics, 2 params and 1 tag.\n" == said[4].out
    assert started.out.strip() == said[5].json["run_id"]
    run = runyard("runs", "describe", "-r", started.out.strip()).json
    assert ("FAILED", "build 7", user()) == tuple(run["info"][name] for name in ("status", "run_name", "user_id"))
    assert {"size": 12.5, "change": -0.5, "loss": 1 / 1100} == run["data"]["metrics"]
    assert {"layers": "[3, 5]", "lr": "0.1", "seed": "7"} == run["data"]["params"]
    assert {"team": "vision", "stage": "two words", "ok": "yes"}.items() <= run["data"]["tags"].items()
    assert 1100 == len(RunyardClient().get_metric_history(started.out.strip(), "loss"))


def test_what_cannot_be_logged_is_said(runyard: Runyard, run_id: str, tmp_path: Path) -> None:
    """Nothing of it is stored; JSON is asked for, so the error is JSON too."""
    file = tmp_path / "batch.json"
    for text, reason in (
        ("[1]", "must hold one object"),
        ("{", "is not JSON"),
        ('{"metric": {}}', "must hold one object with metrics, params, tags"),
        ('{"metrics": {"loss": "much"}}', "loss"),
        ('{"metrics": [{"key": "loss", "value": 1, "step": 1.5}]}', "step"),
        ('{"metrics": [{"key": "loss", "value": 1, "steps": 1}]}', "metrics[0] must be an object"),
        ('{"params": "lr"}', "'params' must be an object"),
        ('{"params": {"lr": 1}, "tags": {"": "no key"}}', "key"),
    ):
        file.write_text(text)
        done = runyard("runs", "log-batch", "-r", run_id, str(file), "--output", "json")
        assert (1, True) == (done.code, reason in done.json["message"]), done
    assert {} == runyard("runs", "describe", "-r", run_id).json["data"]["params"]

    absent = runyard("runs", "log-metric", "-r", "0" * 32, "loss", "1", "--output", "json")
    assert (1, "RESOURCE_DOES_NOT_EXIST") == (absent.code, absent.json["error_code"])
    assert 2 == runyard("runs", "log-metric", "-r", run_id, "loss", "much").code
    assert 2 == runyard("runs", "log-metric", "loss", "1").code


def test_deleted_runs_are_removed_for_good_only_when_sure(
    runyard: Runyard, monkeypatch: pytest.MonkeyPatch, server: RunningServer
) -> None:
    """There is no way back: without a terminal it takes --yes. What is refused is named, and an error in the end."""
    monkeypatch.setenv("RUNYARD_TRACKING_URI", server.url)
    client = RunyardClient(server.url)
    active, *deleted = [str(client.create_run("0").info.run_id) for _ in range(4)]
    client.delete_runs(deleted)
    chosen = ("runs", "remove", "-x", "0", "--filter", "")

    unsure = runyard(*chosen)

    assert (2, True) == (unsure.code, "Repeat with --yes to remove 3 runs for good." in unsure.err)
    assert 3 == len(client.search_runs(["0"], run_view_type=ViewType.DELETED_ONLY))
    assert "3 runs have been removed for good.\n" == runyard(*chosen, "--yes").out
    refused = runyard("runs", "remove", "--yes", "--run-id", active)
    assert (1, True) == (refused.code, f"Run {active}: Run {active!r} is not deleted." in refused.err)
    assert "active" == client.get_run(active).info.lifecycle_stage
