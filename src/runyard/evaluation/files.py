"""The files that an evaluation makes."""

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from runyard.evaluation import explanations, plots
from runyard.evaluation.artifacts import CsvEvaluationArtifact, EvaluationArtifact, ImageEvaluationArtifact, written
from runyard.evaluation.classifier import per_class_metrics
from runyard.evaluation.evaluation import Evaluation
from runyard.evaluation.evaluators import CLASSIFIER, REGRESSOR, SHAP
from runyard.evaluation.subject import PREDICTION
from runyard.exceptions import RunyardException

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """A file that was made.

    Parameters
    ----------
    name: The artifact's.
    kind: What it is.
    path: Where it is, until it is logged.
    """

    name: str
    kind: type[EvaluationArtifact]
    path: Path

    def artifact(self, uri: str) -> EvaluationArtifact:
        """The artifact, with its content, now kept at a URI."""
        found = self.kind(uri)
        found._load(self.path)
        return found


def plots_and_tables(evaluation: Evaluation, folder: Path) -> Iterator[Made]:
    """A classifier's pictures, and for more than two classes the metrics of each."""
    if evaluation.model_type != CLASSIFIER:
        return
    most = int(evaluation.config.get("max_classes_for_multiclass_roc_pr", plots.MAX_CLASSES))
    for name, picture in plots.plots(evaluation.classified, most):
        path = _target(evaluation, folder, f"{name}.png")
        with _optional(name):
            plots.draw(picture, path)
            yield Made(name, ImageEvaluationArtifact, path)
    if not evaluation.classified.is_binary:
        path = _target(evaluation, folder, "per_class_metrics.csv")
        per_class_metrics(evaluation.classified, most).to_csv(path, index=False)
        yield Made("per_class_metrics", CsvEvaluationArtifact, path)


def explanation(evaluation: Evaluation, folder: Path) -> Iterator[Made]:
    """The pictures of which features a model's answers come from, if shap can tell."""
    config = evaluation.settings.get(SHAP)
    wanted = None if config is None else config.get("log_model_explainability")
    if config is None or wanted is False or (evaluation.subject.predict is None and not wanted):
        return
    if evaluation.model_type not in (CLASSIFIER, REGRESSOR):
        if wanted:
            log.warning("The answers are not explained: only those of classifiers and regressors are.")
        return
    with _optional("explanation of the answers", raises=config.get("ignore_exceptions") is False):
        try:
            found = explanations.explained(
                evaluation.subject,
                evaluation.dataset.features,
                config,
                is_classifier=evaluation.model_type == CLASSIFIER,
            )
        except explanations.UnexplainedError as reason:
            missing = isinstance(reason, explanations.NoShapError) and not wanted
            log.log(logging.INFO if missing else logging.WARNING, "The answers are not explained: %s.", reason)
            return
        for name in explanations.PLOTS:
            path = _target(evaluation, folder, f"{name}.png")
            with _optional(name, raises=config.get("ignore_exceptions") is False):
                explanations.draw(name, found, path)
                yield Made(name, ImageEvaluationArtifact, path)


def of_functions(
    functions: Sequence[Callable[..., Any]], evaluation: Evaluation, metrics: Mapping[str, Any], folder: Path
) -> Iterator[Made]:
    """What the functions of ``custom_artifacts`` make.

    Raises
    ------
    InvalidParameter: What one gives cannot be stored.
    RunyardException: One raised an error.
    """
    both = {PREDICTION: evaluation.predictions, "target": evaluation.dataset.targets}
    frame = pd.DataFrame({name: values for name, values in both.items() if values is not None})
    for number, function in enumerate(functions, start=1):
        said_by = f"{getattr(function, '__name__', repr(function))!r} (number {number} of custom_artifacts)"
        with tempfile.TemporaryDirectory() as work:
            try:
                given = function(frame.copy(), dict(metrics), work)
            except Exception as problem:
                raise RunyardException(f"{said_by} failed: {type(problem).__name__}: {problem}") from problem
            if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
                log.warning("%s gave no dictionary of artifacts by name, but a %s.", said_by, type(given).__name__)
                continue
            for name, content in given.items():
                yield Made(name, *written(name, content, folder, said_by))


def _target(evaluation: Evaluation, folder: Path, file: str) -> Path:
    """Where a file goes; the prefix may lead into a folder."""
    path = folder / f"{evaluation.prefix}{file}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _optional(what: str, *, raises: bool = False) -> Iterator[None]:
    """A part whose failure leaves the rest of the evaluation as it is, unless it is to be raised."""
    try:
        yield
    except Exception as problem:
        if raises:
            raise
        log.warning("There is no %s: %s: %s", what, type(problem).__name__, problem)
