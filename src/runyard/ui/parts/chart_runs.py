"""What the charts of a page know of its runs: names, looks, what can give them colours, and marks at steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from runyard.core.tags import EVENT_TAG
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.format import cut_middle, shortened
from runyard.ui.parts.looks import looks_of
from runyard.ui.parts.presentation import names_of, own_run_tags
from runyard.ui.parts.run_names import cut_apart

SETTINGS = ("x", "xlog", "y", "smooth", "outliers", "range", "band", "sofar", "zoom", "hide", "colour")
"""The settings of charts in an address, which ``web/static/js/chart-state.js`` reads and writes."""
MAX_KEYS = 30
MAX_METRICS = 200
_NAME, _VALUE, _EVENTS = 80, 60, 100


@dataclass(frozen=True)
class ChartRuns:
    """The runs of the charts of a page, and what their settings offer.

    Attributes
    ----------
    runs: What ``<chart-legend>`` takes, an object a run; a long name is ``short``, too, where it tells runs apart.
    keys: The params and tags that can give colours, those in which the runs differ: ``params.KEY``, ``tags.KEY``.
    metrics: The metrics that can be the horizontal axis.
    """

    runs: tuple[dict[str, Any], ...]
    keys: tuple[str, ...]
    metrics: tuple[str, ...]


def chart_runs(runs: Sequence[Run]) -> ChartRuns:
    """The runs of a page's charts, in the order of its legend."""
    ids = [run.info.run_id for run in runs]
    looks, names = looks_of(ids), {run_id: cut_middle(name, _NAME) for run_id, name in names_of(runs).items()}
    short = cut_apart(names)
    texts = [dict(_texts(run)) for run in runs]
    keys = _differing(texts)
    return ChartRuns(
        runs=tuple(
            {
                "id": run_id,
                "name": names[run_id],
                **({} if short[run_id] == names[run_id] else {"short": short[run_id]}),
                "look": looks[run_id],
                "values": {key: shortened(text[key], _VALUE) for key in keys if key in text},
                "events": list(_events(run)),
            }
            for run, run_id, text in zip(runs, ids, texts, strict=True)
        ),
        keys=keys,
        metrics=tuple(sorted({key for run in runs for key in run.data.metrics})[:MAX_METRICS]),
    )


def _texts(run: Run) -> Iterator[tuple[str, str]]:
    yield from ((f"params.{key}", value) for key, value in sorted(run.data.params.items()))
    for key, value in own_run_tags(run.data.tags).items():
        if not key.startswith(EVENT_TAG):
            yield f"tags.{key}", value


def _differing(texts: Sequence[dict[str, str]]) -> tuple[str, ...]:
    """The keys in which runs differ; those that make the fewest groups first, if there are more than are offered."""
    values: dict[str, set[str | None]] = {}
    for key in {key for text in texts for key in text}:
        values[key] = {text.get(key) for text in texts}
    differing = sorted(
        (key for key, found in values.items() if len(found) > 1), key=lambda key: (len(values[key]), key)
    )
    return tuple(sorted(differing[:MAX_KEYS]))


def _events(run: Run) -> Iterator[dict[str, Any]]:
    """The models that a run logged, by step, and what it said itself: a tag ``runyard.event.STEP``."""
    models = run.outputs.model_outputs if run.outputs else []
    found = [(model.step, f"model {model.model_id}") for model in models]
    for key, value in run.data.tags.items():
        step = key.removeprefix(EVENT_TAG)
        if step != key and step.removeprefix("-").isdecimal() and len(step) < 20:
            found.append((int(step), value))
    for at, name in sorted(found)[:_EVENTS]:
        yield {"step": at, "name": shortened(name, _VALUE)}
