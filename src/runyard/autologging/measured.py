"""Values that a program measures after a training: logged to the training's run, with the call they came from."""

from typing import Any

from runyard.autologging.reports import attempt
from runyard.autologging.trained import Training
from runyard.core.libraries import np

CALLS_FILE = "metric_info.json"


def log_measured(integration: str, training: Training, metric: str, dataset_name: str, call: Any, value: Any) -> None:
    """Log a value under the next free name, and its call. Other results than numbers are left alone.

    Parameters
    ----------
    integration: The library's name.
    metric: What was measured.
    dataset_name: What the data is called that it was measured on.
    call: The call, as text or as what becomes JSON.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return
    notes = training.notes
    key = notes.metric_name(metric, dataset_name)
    training.client.log_metric(training.run_id, key, float(value), model_id=training.model_id)
    with attempt(integration, CALLS_FILE):
        notes.calls[key] = call
        training.client.log_text(training.run_id, notes.calls_as_json(), CALLS_FILE)
