"""The models of runs side by side: what MLmodel files say, signature and size among it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runyard.core.tags import MODEL_HISTORY_TAG
from runyard.exceptions import RunyardException
from runyard.search.writing import value_text
from runyard.tracking.logged_models.entities import LoggedModel
from runyard.tracking.logged_models.messages import SearchLoggedModels
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.compare_table import Compared
from runyard.ui.parts.files import beginning
from runyard.ui.parts.format import exact_size
from runyard.ui.parts.mlmodel import Field, Summary, summary_at
from runyard.ui.parts.presentation import artifact_root, model_name, model_status
from runyard.ui.site import Site

MAX_MODELS = 1_000
_REQUIREMENTS = "requirements.txt"
_MAX_HISTORY = 100_000


@dataclass(frozen=True)
class ModelFiles:
    """The newest model of a run.

    Attributes
    ----------
    name: Its name; its folder where it is one of older clients.
    logged: The logged model; None for a model of older clients.
    count: How many models the run has.
    requirements: Lines of its requirements.txt.
    """

    name: str
    logged: LoggedModel | None
    summary: Summary | None
    count: int
    requirements: tuple[str, ...] = ()

    @property
    def python(self) -> str:
        """The version of Python that it was saved with; empty when it does not say."""
        flavors = self.summary.flavors if self.summary else ()
        return next((version.removeprefix("Python ") for name, version in flavors if name == "python_function"), "")


def model_files(site: Site, runs: Sequence[Run], *, requirements: bool = False) -> list[ModelFiles | None]:
    """The newest model of each run: one question for all, and a file or two of each.

    Parameters
    ----------
    requirements: Whether to read what they require.
    """
    listed = ", ".join(value_text(run.info.run_id) for run in runs)
    question = SearchLoggedModels(
        experiment_ids=list(dict.fromkeys(run.info.experiment_id for run in runs)),
        filter=f"source_run_id IN ({listed})",
        max_results=MAX_MODELS,
    )
    made: dict[str, list[LoggedModel]] = {}
    for model in site.ask(question).models:
        made.setdefault(model.source_run_id or "", []).append(model)
    return [_newest(site, run, made.get(run.info.run_id, []), requirements) for run in runs]


def _newest(site: Site, run: Run, made: Sequence[LoggedModel], requirements: bool) -> ModelFiles | None:
    if made:
        logged = max(made, key=lambda model: (model.creation_timestamp, model.model_id))
        name, location, count = model_name(logged), logged.artifact_location, len(made)
    else:
        folders = older_models(run)
        if not folders:
            return None
        logged, name, count = None, folders[-1], len(folders)
        location = f"{artifact_root(run).rstrip('/')}/{name}"
    lines = tuple(_lines(site, location)) if requirements else ()
    return ModelFiles(name, logged, summary_at(site, location), count, lines)


def older_models(run: Run) -> list[str]:
    """The folders of the models that a client 2.x noted on a run, oldest first."""
    text = run.data.tags.get(MODEL_HISTORY_TAG, "")
    try:
        listed = json.loads(text) if text and len(text) < _MAX_HISTORY else []
    except (ValueError, RecursionError):
        return []
    paths = [one.get("artifact_path") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return list(dict.fromkeys(path for path in paths if isinstance(path, str) and path))


def _lines(site: Site, location: str) -> Iterator[str]:
    try:
        text = beginning(site, location, _REQUIREMENTS).decode("utf-8", "replace")
    except RunyardException:  # kept elsewhere, or a model without it
        return
    yield from (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def models_of(models: Sequence[ModelFiles | None]) -> list[Compared]:
    """What is compared of models: what they are, their inputs, outputs and parameters, and what they were made with."""
    parts: dict[str, list[Mapping[str, str]]] = {
        "Model": [dict(_facts(model)) if model else {} for model in models],
        "Inputs": [_fields(model.summary.inputs) if model and model.summary else {} for model in models],
        "Outputs": [_fields(model.summary.outputs) if model and model.summary else {} for model in models],
        "Parameters of the signature": [
            _fields(model.summary.params) if model and model.summary else {} for model in models
        ],
        "Params of the model": [dict(model.logged.params) if model and model.logged else {} for model in models],
    }
    return [Compared(title, tuple(columns), in_order=True) for title, columns in parts.items()]


def _facts(model: ModelFiles) -> Iterator[tuple[str, str]]:
    yield "name", model.name
    if model.logged is not None:
        if model.logged.model_type:
            yield "type", model.logged.model_type
        yield "status", model_status(model.logged)
    if model.count > 1:
        yield "models of the run", f"{model.count:,}, the newest is shown"
    if model.summary is None:
        yield "MLmodel", "cannot be read here"
        return
    yield "size", exact_size(model.summary.size) if model.summary.size is not None else "not said"
    yield "signature", "yes" if model.summary.has_signature else "none"
    for name, version in model.summary.flavors:
        yield f"flavor {name}", version or "yes"
    if model.summary.mlflow_version:
        yield "saved by", f"MLflow {model.summary.mlflow_version}"


def _fields(fields: Sequence[Field]) -> Mapping[str, str]:
    """Types by name; those without a name by their place."""
    return {
        one.name or f"no. {place + 1}": one.type + ("" if one.required else " (optional)")
        for place, one in enumerate(fields)
    }
