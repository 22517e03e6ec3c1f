"""Evaluates a model, and logs metrics and files to a run."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from runyard._lazy import public_function
from runyard.core.tags import DATASETS_TAG
from runyard.data.evaluation_dataset import EvaluationDataset
from runyard.evaluation import files
from runyard.evaluation.artifacts import EvaluationArtifact, JsonEvaluationArtifact
from runyard.evaluation.dataset import evaluation_dataset
from runyard.evaluation.evaluation import Evaluation, table_content
from runyard.evaluation.evaluators import settings_by_evaluator
from runyard.evaluation.metric import EvaluationMetric
from runyard.evaluation.result import TABLE, EvaluationResult
from runyard.evaluation.subject import Subject, subject_of
from runyard.exceptions import InvalidParameter
from runyard.fluent.active import active_run
from runyard.fluent.files import get_artifact_uri, log_artifacts, log_table
from runyard.fluent.runs import get_run
from runyard.fluent.values import log_input, log_metrics, set_tag


def evaluate(
    model: Any = None,
    data: Any = None,
    *,
    model_type: str | None = None,
    targets: Any = None,
    predictions: str | None = None,
    dataset_path: str | None = None,
    feature_names: list[str] | None = None,
    evaluators: str | Sequence[str] | None = None,
    evaluator_config: Mapping[str, Any] | None = None,
    extra_metrics: Sequence[EvaluationMetric] | None = None,
    custom_artifacts: Sequence[Callable[..., Any]] | None = None,
    env_manager: str = "local",
    model_config: dict[str, Any] | None = None,
    inference_params: dict[str, Any] | None = None,
    model_id: str | None = None,
) -> EvaluationResult:
    """Evaluate a model, and log metrics, plots and the dataset to the active run, or to a new one.

    Parameters
    ----------
    model: A model's URI, what `runyard.pyfunc.load_model` gives, a function from features to predictions, or None when
        the data has a column of predictions.
    data: A DataFrame, an array or nested lists of two dimensions, or a dataset of `runyard.data`.
    model_type: ``regressor``, ``classifier`` or ``retriever`` (whose predictions are lists). With None only
        `extra_metrics` are computed.
    targets: The column of targets; for arrays, the values.
    predictions: The column with the predictions; for a model whose answer has several columns, the one to use.
    dataset_path: Where the data came from, in your words.
    feature_names: The columns to use; for arrays, the names of their columns.
    evaluators: Names of `list_evaluators`; all that fit when left out.
    evaluator_config: Settings such as ``pos_label``, ``label_list``, ``average``, ``sample_weights``,
        ``metric_prefix``, ``log_model_explainability``, ``explainability_algorithm``, ``explainability_nsamples``,
        ``log_explainer``, ``max_classes_for_multiclass_roc_pr``, ``retriever_k`` and ``col_mapping``. With
        ``average=None`` precision, recall and F1 are those of each class, such as ``f1_score_setosa``.
    extra_metrics: Metrics of your own, made with `make_metric`.
    custom_artifacts: Functions that are given a DataFrame of predictions and targets, the metrics and a folder for
        files, and give artifacts by name.
    env_manager: ``local``: the model is asked in this process.
    model_config: For a URI: the configuration the model is loaded with.
    inference_params: Parameters of every prediction, for models that take some.
    model_id: The logged model that the metrics are of; found by itself for a logged model's URI.

    Returns
    -------
    The metrics and artifacts, by name.

    Raises
    ------
    InvalidParameter: The arguments or the data do not fit together; the message says what does not.
    RunyardException: The model cannot be loaded, or a function of yours failed.
    """
    settings = settings_by_evaluator(model_type, evaluators, evaluator_config)
    if model_type is None and not extra_metrics:
        raise InvalidParameter("Nothing is to be computed: give a model_type, or extra_metrics.")
    if env_manager not in ("local", None):
        raise InvalidParameter(
            f"env_manager is {env_manager!r}; models are evaluated in this process (local). To predict in the model's "
            "own environment run `runyard models predict`, and evaluate its answers as a column of predictions."
        )
    dataset = evaluation_dataset(data, targets, predictions, feature_names, dataset_path, has_model=model is not None)
    _check(model, model_type, dataset)
    subject = _with_params(subject_of(model, model_config), inference_params)
    if model_id and subject.model_id and model_id != subject.model_id:
        raise InvalidParameter(f"model_id is {model_id!r}, but the model's own id is {subject.model_id!r}.")
    evaluation = Evaluation(subject, dataset, model_type, settings, predictions)
    with _run() as run_id:
        log_input(dataset.logged)
        _tag(run_id, subject, dataset)
        metrics = evaluation.metrics(extra_metrics or ())
        named = evaluation.named_metrics()
        if named:
            log_metrics(named, dataset=dataset.logged, model_id=model_id or subject.model_id)
        return EvaluationResult(named, _logged(evaluation, metrics, custom_artifacts or ()), run_id)


def _logged(
    evaluation: Evaluation, metrics: Mapping[str, Any], functions: Sequence[Callable[..., Any]]
) -> dict[str, EvaluationArtifact]:
    """Make all files, and log them together."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [
            *files.plots_and_tables(evaluation, folder),
            *files.explanation(evaluation, folder),
            *files.of_functions(functions, evaluation, metrics, folder),
        ]
        if made:
            log_artifacts(name)
        found = {each.name: each.artifact(get_artifact_uri(each.path.relative_to(folder).as_posix())) for each in made}
    table = evaluation.row_scores()
    if table is not None:
        file = f"{evaluation.prefix}{TABLE}.json"
        log_table(table, file)
        found[TABLE] = JsonEvaluationArtifact(get_artifact_uri(file), table_content(table))
    return found


def _check(model: Any, model_type: str | None, dataset: EvaluationDataset) -> None:
    if model is None and dataset.predictions is None:
        raise InvalidParameter(
            "There is no model and there are no predictions. Give a model, or name the column of the data that has "
            "the predictions: evaluate(predictions=...)."
        )
    if dataset.targets is None and model_type is not None:
        raise InvalidParameter(f"A {model_type} is evaluated against what is true: give targets.")
    if len(dataset.features) == 0:
        raise InvalidParameter("There is nothing to evaluate: the data has no rows.")


def _with_params(subject: Subject, params: dict[str, Any] | None) -> Subject:
    if params is None:
        return subject
    if subject.known_as is None or subject.predict is None:
        raise InvalidParameter("inference_params are for models; a function or a column of predictions takes none.")
    return Subject(partial(subject.predict, params=params), subject.raw, subject.model_id, subject.known_as)


@contextmanager
def _run() -> Iterator[str]:
    active = active_run()
    if active is not None:
        yield active.info.run_id
        return
    with public_function("start_run")() as run:
        yield run.info.run_id


def _tag(run_id: str, subject: Subject, dataset: EvaluationDataset) -> None:
    """Note the dataset and the model in the run's tag, as MLflow does for models."""
    if subject.known_as is None:
        return
    known = json.loads(get_run(run_id).data.tags.get(DATASETS_TAG) or "[]")
    entry = {"name": dataset.name, "hash": dataset.hash, "path": dataset.path, "model": subject.known_as}
    entry = {name: value for name, value in entry.items() if value is not None}
    if entry not in known:
        set_tag(DATASETS_TAG, json.dumps([*known, entry], separators=(",", ":")))
