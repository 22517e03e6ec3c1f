"""What is compared of the runs themselves: params, metrics, tags, and how they went."""

from collections.abc import Mapping, Sequence

from runyard.core.tags import COMMIT_TAG, SOURCE_NAME_TAG
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.compare_table import Compared, metrics, texts
from runyard.ui.parts.format import duration, instant, status_label
from runyard.ui.parts.presentation import datasets, own_run_tags, took, user


def params_of(runs: Sequence[Run]) -> Compared:
    """The params."""
    return texts("Params", runs, lambda run: run.data.params)


def metrics_of(runs: Sequence[Run]) -> Compared:
    """The latest values of the runs' own metrics."""
    return metrics("Metrics, latest", runs, lambda key: not key.startswith("system/"))


def system_metrics_of(runs: Sequence[Run]) -> Compared:
    """The latest values of what was measured of the machines."""
    return metrics("System metrics, latest", runs, lambda key: key.startswith("system/"))


def tags_of(runs: Sequence[Run]) -> Compared:
    """The tags that people set."""
    return texts("Tags", runs, lambda run: own_run_tags(run.data.tags))


def details_of(runs: Sequence[Run]) -> Compared:
    """Who made the runs of what, and how they went."""
    return Compared("Details", tuple(_details(run) for run in runs), in_order=True)


def _details(run: Run) -> Mapping[str, str]:
    found = {
        "status": status_label(run.info.status) + (", lost" if run.info.lost_since is not None else ""),
        "started": instant(run.info.start_time),
        "took": duration(took(run)),
        "user": user(run),
        "experiment": run.info.experiment_id,
        "datasets": ", ".join(f"{used.dataset.name} ({used.dataset.digest})" for used in datasets(run)),
        "source.name": run.data.tags.get(SOURCE_NAME_TAG, ""),
        "source.git.commit": run.data.tags.get(COMMIT_TAG, ""),
    }
    return {key: value for key, value in found.items() if value}
