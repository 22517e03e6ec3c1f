"""Experiments, and which one new runs belong to."""

import os
import threading
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import AlreadyExists, DoesNotExist, InvalidParameter
from runyard.fluent.experiments import active_experiment_id


def home_of_a_new_run(mlflow: ModuleType) -> str:
    """The experiment id of a run started now."""
    with mlflow.start_run() as run:
        return str(run.info.experiment_id)


def test_without_a_choice_runs_go_to_the_default_experiment(mlflow: ModuleType) -> None:
    """Its id is 0."""
    assert home_of_a_new_run(mlflow) == "0"
    assert mlflow.get_experiment("0").name == "Default"


def test_an_experiment_is_made_when_it_is_first_chosen(mlflow: ModuleType) -> None:
    """Choosing it again finds it; children of the process inherit the choice."""
    first = mlflow.set_experiment("vision")

    assert first.name == "vision"
    assert mlflow.set_experiment("vision").experiment_id == first.experiment_id == home_of_a_new_run(mlflow)
    assert os.environ["MLFLOW_EXPERIMENT_ID"] == active_experiment_id() == first.experiment_id


def test_an_experiment_can_be_chosen_by_id(mlflow: ModuleType) -> None:
    """It must be there."""
    experiment_id = mlflow.create_experiment("by id", tags={"team": "blue"})

    assert mlflow.set_experiment(experiment_id=experiment_id).tags == {"team": "blue"}
    with pytest.raises(DoesNotExist, match="77"):
        mlflow.set_experiment(experiment_id="77")


@pytest.mark.parametrize("given", [{}, {"experiment_name": "a", "experiment_id": "0"}, {"experiment_name": ""}])
def test_a_choice_is_one_name_or_one_id(mlflow: ModuleType, given: dict[str, str]) -> None:
    """Neither, both, and an empty name are refused."""
    with pytest.raises(InvalidParameter):
        mlflow.set_experiment(**given)


def test_a_deleted_experiment_is_not_chosen(mlflow: ModuleType) -> None:
    """The message says how to get it back."""
    mlflow.delete_experiment(mlflow.create_experiment("gone"))

    with pytest.raises(InvalidParameter, match=r"'gone'.*deleted.*restore_experiment"):
        mlflow.set_experiment("gone")

    mlflow.restore_experiment(mlflow.get_experiment_by_name("gone").experiment_id)
    assert mlflow.set_experiment("gone").lifecycle_stage == "active"


def test_many_workers_choosing_a_new_experiment_get_the_same(mlflow: ModuleType) -> None:
    """One of them makes it."""
    chosen: list[str] = []
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        chosen.append(mlflow.set_experiment("race").experiment_id)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(chosen) == 8
    assert len(set(chosen)) == 1


def test_the_name_is_what_was_chosen_whatever_store_comes_later(
    mlflow: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The id of one store means somebody else's experiment in another."""
    first = mlflow.get_tracking_uri()
    before = mlflow.set_experiment("mine")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'other.db'}")
    mlflow.create_experiment("somebody else's")
    assert (os.environ["MLFLOW_EXPERIMENT_NAME"], "MLFLOW_EXPERIMENT_ID" in os.environ) == ("mine", False)

    home = home_of_a_new_run(mlflow)

    assert mlflow.get_experiment(home).name == "mine"
    assert mlflow.get_experiment(before.experiment_id).name == "somebody else's"
    assert (os.environ["MLFLOW_EXPERIMENT_ID"], "MLFLOW_EXPERIMENT_NAME" in os.environ) == (home, False)
    assert len(mlflow.search_runs()) == 1
    mlflow.set_tracking_uri(first)
    assert home_of_a_new_run(mlflow) == before.experiment_id


def test_an_experiment_chosen_by_id_is_not_looked_for_in_another_store(mlflow: ModuleType, tmp_path: Path) -> None:
    """Unless both addresses lead to the same one."""
    first = mlflow.get_tracking_uri()
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("mine"))
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'other.db'}")
    mlflow.create_experiment("somebody else's")

    with pytest.raises(InvalidParameter, match=r"'mine'.* chosen by its id in .*Call set_experiment again"):
        mlflow.start_run()
    (tmp_path / "same.db").symlink_to(first.removeprefix("sqlite:///"))
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'same.db'}")
    assert home_of_a_new_run(mlflow) == "1"


def test_a_name_that_is_deleted_in_the_other_store_is_refused(mlflow: ModuleType, tmp_path: Path) -> None:
    """As set_experiment would refuse it."""
    mlflow.set_experiment("mine")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'other.db'}")
    mlflow.delete_experiment(mlflow.create_experiment("mine"))

    with pytest.raises(InvalidParameter, match=r"'mine'.*deleted.*restore_experiment"):
        mlflow.start_run()


def test_the_last_run_is_found_in_its_own_store(mlflow: ModuleType, tmp_path: Path) -> None:
    """Another store has no run of that id."""
    with mlflow.start_run() as run:
        pass
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'other.db'}")

    assert mlflow.last_active_run().info.run_id == run.info.run_id


def test_what_is_chosen_replaces_the_name_in_the_environment(
    mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs that are started would find two experiments named, and refuse to choose."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from outside")
    experiment = mlflow.set_experiment("chosen")

    assert home_of_a_new_run(mlflow) == experiment.experiment_id == os.environ["MLFLOW_EXPERIMENT_ID"]
    assert "MLFLOW_EXPERIMENT_NAME" not in os.environ


def test_the_environment_chooses_by_name(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made when it is not there."""
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from outside")

    assert home_of_a_new_run(mlflow) == mlflow.get_experiment_by_name("from outside").experiment_id


def test_the_environment_chooses_by_id(mlflow: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that does not exist, or that contradicts the name, is an error."""
    experiment_id = mlflow.create_experiment("e")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment_id)
    assert home_of_a_new_run(mlflow) == experiment_id

    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "another")
    with pytest.raises(InvalidParameter, match="Unset one"):
        mlflow.start_run()

    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "99")
    with pytest.raises(DoesNotExist, match="MLFLOW_EXPERIMENT_ID is '99'"):
        mlflow.start_run()


def test_a_name_is_taken_once(mlflow: ModuleType) -> None:
    """The second creation fails."""
    mlflow.create_experiment("once")

    with pytest.raises(AlreadyExists, match="once"):
        mlflow.create_experiment("once")


def test_looking_for_a_name_that_is_not_there_gives_none(mlflow: ModuleType) -> None:
    """By id it is an error."""
    assert mlflow.get_experiment_by_name("nope") is None
    with pytest.raises(DoesNotExist):
        mlflow.get_experiment("99")


def test_experiments_are_found_by_filter_and_counted_by_pages(mlflow: ModuleType) -> None:
    """A limit is kept, and None means all."""
    for number in range(5):
        mlflow.create_experiment(f"e{number}", tags={"odd": str(number % 2)})

    found = mlflow.search_experiments(filter_string="tags.odd = '1'", order_by=["name ASC"])
    assert ["e1", "e3"] == [experiment.name for experiment in found]
    assert len(mlflow.search_experiments(max_results=2)) == 2
    assert len(mlflow.search_experiments()) == 6


def test_tags_of_the_current_experiment(mlflow: ModuleType) -> None:
    """Set one, several, remove one."""
    experiment = mlflow.set_experiment("tagged")
    mlflow.set_experiment_tag("a", 1)
    mlflow.set_experiment_tags({"b": 2, "c": "3"})
    mlflow.delete_experiment_tag("a")

    assert mlflow.get_experiment(experiment.experiment_id).tags == {"b": "2", "c": "3"}
