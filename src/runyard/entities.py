"""Every entity under one roof: ``from runyard.entities import Run, Metric``."""

from typing import TYPE_CHECKING

from runyard._lazy import on_first_use

_PUBLIC = {
    "Dataset": "runyard.tracking.inputs.entities",
    "DatasetInput": "runyard.tracking.inputs.entities",
    "Experiment": "runyard.tracking.experiments.entities",
    "ExperimentTag": "runyard.tracking.experiments.entities",
    "FileInfo": "runyard.artifacts.entities",
    "InputTag": "runyard.tracking.inputs.entities",
    "LifecycleStage": "runyard.core.lifecycle",
    "LoggedModel": "runyard.tracking.logged_models.entities",
    "LoggedModelInput": "runyard.tracking.inputs.entities",
    "LoggedModelOutput": "runyard.tracking.inputs.entities",
    "LoggedModelParameter": "runyard.tracking.logged_models.entities",
    "LoggedModelStatus": "runyard.tracking.logged_models.entities",
    "LoggedModelTag": "runyard.tracking.logged_models.entities",
    "Metric": "runyard.tracking.metrics.entities",
    "Param": "runyard.tracking.runs.entities",
    "Promotion": "runyard.registry.promotion.entities",
    "PromotionComparison": "runyard.registry.promotion.entities",
    "RegisteredModelMove": "runyard.registry.promotion.entities",
    "Run": "runyard.tracking.runs.entities",
    "RunData": "runyard.tracking.runs.entities",
    "RunInfo": "runyard.tracking.runs.entities",
    "RunInputs": "runyard.tracking.inputs.entities",
    "RunOutputs": "runyard.tracking.inputs.entities",
    "RunStatus": "runyard.tracking.runs.entities",
    "RunTag": "runyard.tracking.runs.entities",
    "SourceType": "runyard.tracking.runs.entities",
    "ViewType": "runyard.core.lifecycle",
}

if TYPE_CHECKING:
    from runyard.artifacts.entities import FileInfo as FileInfo
    from runyard.core.lifecycle import LifecycleStage as LifecycleStage
    from runyard.core.lifecycle import ViewType as ViewType
    from runyard.registry.promotion.entities import Promotion as Promotion
    from runyard.registry.promotion.entities import PromotionComparison as PromotionComparison
    from runyard.registry.promotion.entities import RegisteredModelMove as RegisteredModelMove
    from runyard.tracking.experiments.entities import Experiment as Experiment
    from runyard.tracking.experiments.entities import ExperimentTag as ExperimentTag
    from runyard.tracking.inputs.entities import Dataset as Dataset
    from runyard.tracking.inputs.entities import DatasetInput as DatasetInput
    from runyard.tracking.inputs.entities import InputTag as InputTag
    from runyard.tracking.inputs.entities import LoggedModelInput as LoggedModelInput
    from runyard.tracking.inputs.entities import LoggedModelOutput as LoggedModelOutput
    from runyard.tracking.inputs.entities import RunInputs as RunInputs
    from runyard.tracking.inputs.entities import RunOutputs as RunOutputs
    from runyard.tracking.logged_models.entities import LoggedModel as LoggedModel
    from runyard.tracking.logged_models.entities import LoggedModelParameter as LoggedModelParameter
    from runyard.tracking.logged_models.entities import LoggedModelStatus as LoggedModelStatus
    from runyard.tracking.logged_models.entities import LoggedModelTag as LoggedModelTag
    from runyard.tracking.metrics.entities import Metric as Metric
    from runyard.tracking.runs.entities import Param as Param
    from runyard.tracking.runs.entities import Run as Run
    from runyard.tracking.runs.entities import RunData as RunData
    from runyard.tracking.runs.entities import RunInfo as RunInfo
    from runyard.tracking.runs.entities import RunStatus as RunStatus
    from runyard.tracking.runs.entities import RunTag as RunTag
    from runyard.tracking.runs.entities import SourceType as SourceType

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
__path__: list[str] = []  # so that the modules of MLflow's in the table of names can be imported, one for each entity
