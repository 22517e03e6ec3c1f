"""Explaining a function's predictions, and keeping that with the run."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runyard.autologging.reports import own_warnings_hidden
from runyard.core.libraries import np, required
from runyard.fluent.files import get_artifact_uri, log_artifacts

_FOLDER = "model_explanations_shap"
_MAX_BACKGROUND = 100


def log_explanation(predict_function: Callable[[Any], Any], features: Any, artifact_path: str | None = None) -> str:
    """Explain a function's predictions by its features, and log values and a plot to the active run.

    Parameters
    ----------
    predict_function: Gives a number, or a probability for each class, for each row.
    features: A table or an array of shape (rows, features). At most 100 groups of them are the background that
        contributions are measured against.
    artifact_path: The folder in the run's artifacts; ``model_explanations_shap`` when left out.

    Returns
    -------
    The address of the folder. It has ``base_values.npy``, ``shap_values.npy`` and ``summary_bar_plot.png``.

    Raises
    ------
    MissingPackage: shap is not installed.
    """
    shap = required("shap", "log_explanation")
    figures = required("matplotlib.pyplot", "log_explanation")
    target = artifact_path or _FOLDER
    with own_warnings_hidden(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        background = shap.kmeans(features, min(_MAX_BACKGROUND, len(features)))
        explainer = shap.KernelExplainer(predict_function, background)
        values = explainer.shap_values(features, silent=True)
        np.save(folder / "base_values.npy", explainer.expected_value)
        np.save(folder / "shap_values.npy", values)
        figure = figures.figure()
        try:
            shap.summary_plot(_by_output(values), features, plot_type="bar", show=False)
            figures.gcf().savefig(folder / "summary_bar_plot.png", bbox_inches="tight")
        finally:
            figures.close(figure)
        log_artifacts(str(folder), target)
    return get_artifact_uri(target)


def _by_output(values: Any) -> Any:
    """Several outputs as a list, as the plot takes them."""
    return [values[..., output] for output in range(values.shape[2])] if np.ndim(values) == 3 else values
