"""Statuses, stages and views: numbers as MLflow's, errors that list what is allowed."""

import pytest

from runyard.entities import LifecycleStage, LoggedModelStatus, RunStatus, SourceType, ViewType
from runyard.exceptions import InvalidParameter
from runyard.registry.model_versions.entities import ModelVersion, ModelVersionStatus


def test_statuses_have_mlflows_numbers() -> None:
    """Integrations pass them as numbers and as text."""
    assert [1, 2, 3, 4, 5] == RunStatus.all_status()
    assert RunStatus.to_string(RunStatus.KILLED) == "KILLED"
    assert RunStatus.from_string("FAILED") == RunStatus.FAILED == 4
    assert RunStatus.is_terminated(RunStatus.FINISHED)
    assert not RunStatus.is_terminated(RunStatus.RUNNING)


def test_statuses_of_versions_have_mlflows_numbers() -> None:
    """The usual loop that waits for READY compares numbers, and must end."""
    assert [1, 2, 3] == ModelVersionStatus.all_status()
    assert ModelVersionStatus.from_string("READY") == ModelVersionStatus.READY == 3
    assert "READY" == ModelVersionStatus.to_string(ModelVersionStatus.READY) == ModelVersion("churn", "1", 1).status


def test_statuses_of_logged_models_have_mlflows_numbers() -> None:
    """Members and names both convert."""
    assert (2, 2) == (LoggedModelStatus.READY.to_int(), LoggedModelStatus.to_int("READY"))  # type: ignore[arg-type]
    assert LoggedModelStatus.from_int(3) is LoggedModelStatus.FAILED
    assert LoggedModelStatus.from_proto(LoggedModelStatus.FAILED.to_proto()) is LoggedModelStatus.FAILED
    with pytest.raises(InvalidParameter, match="GONE"):
        LoggedModelStatus.to_int("GONE")  # type: ignore[arg-type]


def test_source_types_have_mlflows_numbers() -> None:
    """They are written to the tag mlflow.source.type."""
    assert SourceType.to_string(SourceType.JOB) == "JOB"
    assert SourceType.from_string("NOTEBOOK") == 1


def test_views_are_named_both_ways() -> None:
    """The wire spells them in capitals."""
    assert (ViewType.from_string("all"), ViewType.to_string(1)) == (ViewType.ALL, "active_only")
    assert ViewType.to_wire(ViewType.DELETED_ONLY) == "DELETED_ONLY"
    assert ViewType.from_proto(ViewType.to_proto(ViewType.ALL)) == ViewType.ALL


@pytest.mark.parametrize("stage", ["active", "deleted"])
def test_a_view_shows_the_stages_it_names(stage: str) -> None:
    """Clients filter lists with it."""
    assert LifecycleStage.is_valid(stage)
    assert LifecycleStage.matches_view_type(ViewType.ALL, stage)
    assert LifecycleStage.view_type_to_stages(ViewType.ACTIVE_ONLY) == ["active"]
    assert LifecycleStage.view_type_to_stages(ViewType.DELETED_ONLY) == ["deleted"]


@pytest.mark.parametrize(
    ("ask", "value"),
    [
        (RunStatus.from_string, "DONE"),
        (RunStatus.to_string, 9),
        (SourceType.from_string, "DONE"),
        (SourceType.to_string, 9),
        (ViewType.from_string, "DONE"),
        (ViewType.to_string, 9),
        (ModelVersionStatus.from_string, "DONE"),
        (ModelVersionStatus.to_string, 9),
    ],
)
def test_a_value_that_does_not_exist_is_refused_by_name(ask, value) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The message shows the value and what is allowed."""
    with pytest.raises(InvalidParameter, match=f"{value!r}: use one of"):
        ask(value)


def test_a_stage_that_does_not_exist_is_refused() -> None:
    """A typo must not look like an empty list."""
    with pytest.raises(InvalidParameter, match="Invalid lifecycle stage 'gone'"):
        LifecycleStage.matches_view_type(ViewType.ALL, "gone")
