"""Candidates of a search for the best settings, as runs below the search's own."""

from collections.abc import Mapping
from typing import Any

from runyard.autologging.datasets import note_dataset
from runyard.autologging.texts import as_texts
from runyard.autologging.training import TrainingRun
from runyard.core import origin
from runyard.core.clock import now_ms
from runyard.core.tags import AUTOLOGGING_TAG, PARENT_TAG
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param


def log_candidate(
    training: TrainingRun,
    tags: Mapping[str, str],
    params: Mapping[str, Any],
    scores: Mapping[str, float],
    model_id: str | None = None,
    context: str | None = None,
) -> None:
    """Log one candidate of a search.

    Parameters
    ----------
    training: The search's own training.
    tags: What kind of estimator it is.
    params: Its settings.
    scores: What was measured.
    model_id: The logged model that the scores are about, too.
    context: Note the training data as its input, for this use.
    """
    client, dataset = training.client, training.dataset
    named = {PARENT_TAG: training.run_id, AUTOLOGGING_TAG: training.integration, **tags}
    run_id = client.create_run(training.run.info.experiment_id, tags=origin.resolve_tags(named)).info.run_id
    name, digest = (dataset.name, dataset.digest) if dataset is not None else (None, None)
    when = now_ms()
    client.log_batch(
        run_id,
        metrics=[Metric(key, value, when, 0, model_id, name, digest) for key, value in scores.items()],
        params=[Param(key, value) for key, value in as_texts(params).items()],
        synchronous=False,
    )
    if dataset is not None and context is not None:
        note_dataset(client, run_id, dataset, context)
    client.set_terminated(run_id)
