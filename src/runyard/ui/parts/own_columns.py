"""The columns of what every run has, beside its name: when it ran, whose it is, what it was made of and became."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from runyard.core.clock import now_ms
from runyard.core.lifecycle import LifecycleStage
from runyard.core.tags import COMMIT_TAG, SOURCE_NAME_TAG
from runyard.registry.model_versions.messages import SearchModelVersions
from runyard.search.writing import key_text, value_text
from runyard.tracking.logged_models.messages import SearchLoggedModels
from runyard.tracking.many_runs.entities import RunDeletion, RunDeletions
from runyard.tracking.many_runs.messages import ListRunDeletions
from runyard.tracking.run_trees.messages import ChildrenRange
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.format import MISSING, age, cut_middle, duration, instant, shortened, status_class, status_label
from runyard.ui.parts.html import Html, escaped
from runyard.ui.parts.presentation import datasets, ended, lasted, took, user
from runyard.ui.site import Site

NAME_COLUMN = "run_name"
"""The column of names, always the first: an address that names it names all columns of the table."""
USUAL = ("status", "start_time", "duration", "user_id")
"""Those that stand in front of the values where the address names none."""
OWN_COLUMNS: Mapping[str, tuple[str, str]] = {
    "status": ("Status", "status"),
    "start_time": ("Started", "start_time"),
    "end_time": ("Ended", "end_time"),
    "duration": ("Took", "duration"),
    "user_id": ("User", "user_id"),
    "run_id": ("Id", "run_id"),
    "experiment": ("Experiment", ""),
    "source": ("Source", key_text("tags", SOURCE_NAME_TAG)),
    "version": ("Version", key_text("tags", COMMIT_TAG)),
    "dataset": ("Dataset", ""),
    "models": ("Models", ""),
    "deleted_time": ("Deleted", ""),
}
"""By the name in the address: what the head says, and what it sorts by; empty for nothing."""
_NOTHING = Html("")
_ASKED_AT_ONCE, _MOST_MODELS = 100, 1000
"""Runs whose models are asked for at once, and how many models of them are shown."""


@dataclass(frozen=True)
class Made:
    """A model that came of a run: a version in the registry, or a logged model."""

    label: str
    address: str


@dataclass(frozen=True)
class Around:
    """What cells say of a run that the run itself does not have.

    Attributes
    ----------
    experiments: Names of experiments, by id.
    made: Models that came of runs, by the id of the run.
    deletions: When runs were deleted, by their ids.
    below: What metrics come to in the runs that are nested in a run, by its id and the key of the metric.
    """

    site: Site
    experiments: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, Sequence[Made]] = field(default_factory=dict)
    deletions: Mapping[str, RunDeletion] = field(default_factory=dict)
    below: Mapping[tuple[str, str], ChildrenRange] = field(default_factory=dict)
    now: int = field(default_factory=now_ms)


def around(site: Site, names: Collection[str], runs: Sequence[Run], experiments: Mapping[str, str]) -> Around:
    """What cells of these columns say of these runs; models and deletions are looked for where they are shown.

    Parameters
    ----------
    experiments: Names of experiments, by id.
    """
    made = _models_made(site, runs) if "models" in names else {}
    return Around(site, experiments, made, _deletions(site, runs) if "deleted_time" in names else {})


def _deletions(site: Site, runs: Sequence[Run]) -> dict[str, RunDeletion]:
    """When runs were deleted, by id; nothing is asked where all are active."""
    deleted = [run.info.run_id for run in runs if run.info.lifecycle_stage == LifecycleStage.DELETED]
    answer = site.ask(ListRunDeletions(run_ids=deleted)) if deleted else RunDeletions()
    return {one.run_id: one for one in answer.runs}


def _models_made(site: Site, runs: Sequence[Run]) -> dict[str, list[Made]]:
    """The models that came of runs, by the id of the run: two questions for a hundred of them."""
    made: dict[str, list[Made]] = {}
    for first in range(0, len(runs), _ASKED_AT_ONCE):
        some = runs[first : first + _ASKED_AT_ONCE]
        listed = ", ".join(value_text(run.info.run_id) for run in some)
        versions = SearchModelVersions(filter=f"run_id IN ({listed})", max_results=_MOST_MODELS)
        for version in site.ask(versions).model_versions:
            address = site.urls("models", version.name, "versions", version.version)
            made.setdefault(version.run_id or "", []).append(Made(f"{version.name} v{version.version}", address))
        models = SearchLoggedModels(
            experiment_ids=list(dict.fromkeys(run.info.experiment_id for run in some)),
            filter=f"source_run_id IN ({listed})",
            max_results=_MOST_MODELS,
        )
        for model in site.ask(models).models:
            address = site.urls("experiments", model.experiment_id, "models", model.model_id)
            made.setdefault(model.source_run_id or "", []).append(Made(model.name or model.model_id, address))
    return made


def own_cell(name: str, sized: str, around: Around) -> Callable[[Run], Html]:
    """What makes the cells of a column, with their tags.

    Parameters
    ----------
    sized: The class of the column's width; empty for none.
    """
    if name == "status":
        return lambda run: Html(f'<td class="{f"s {_look(run)} {sized}".strip()}">{_status(run)}')
    write, opened = _CELLS[name], f'<td class="o {sized}"' if sized else "<td class=o"

    def cell(run: Run) -> Html:
        shown, title = write(run, around)
        if not title:
            return Html(f"{opened}>{shown or MISSING}")
        return Html(f'{opened} title="{escaped(title)}">{shown or MISSING}')

    return cell


def own_value(name: str, run: Run, around: Around) -> Any:
    """The value of a column as files have it: times in milliseconds, durations in seconds; None for none."""
    return _VALUES[name](run, around)


def _look(run: Run) -> str:
    return status_class(run.info.status) if run.info.lost_since is None else "warn"


def _status(run: Run) -> Html:
    label = status_label(run.info.status)
    return escaped(label if run.info.lost_since is None else f"{label}, lost")


def _text(text: str, most: int) -> tuple[Html, str]:
    short = cut_middle(text, most)
    return escaped(short), text if short != text else ""


def _time(milliseconds: int | None, around: Around) -> tuple[Html, str]:
    if milliseconds is None:
        return _NOTHING, ""
    return Html(age(milliseconds, around.now)), instant(milliseconds)


def _link(address: str, text: str) -> Html:
    return Html(f'<a href="{escaped(address)}">{escaped(cut_middle(text, 30))}</a>')


def _experiment(run: Run, around: Around) -> tuple[Html, str]:
    number = run.info.experiment_id
    name = around.experiments.get(number, number)
    return _link(around.site.urls("experiments", number), name), name if len(name) > 30 else ""


def _models(run: Run, around: Around) -> tuple[Html, str]:
    made = around.made.get(run.info.run_id, ())
    links = [_link(one.address, one.label) for one in made[:3]]
    more = [f"+{len(made) - 3}"] if len(made) > 3 else []
    return Html(", ".join([*links, *more])), ", ".join(one.label for one in made) if len(made) > 3 else ""


def _deleted(run: Run, around: Around) -> tuple[Html, str]:
    deletion = around.deletions.get(run.info.run_id)
    if deletion is None:
        return _NOTHING, ""
    shown, moment = _time(deletion.deleted_time, around)
    if deletion.being_removed:
        return Html("being deleted for good"), moment
    return shown, f"{moment}, with its experiment" if deletion.with_experiment else moment


def _deleted_time(run: Run, around: Around) -> int | None:
    deletion = around.deletions.get(run.info.run_id)
    return deletion.deleted_time if deletion else None


def _tag(name: str, run: Run) -> str:
    return run.data.tags.get(name, "")


def _named_datasets(run: Run) -> str:
    return ", ".join(dict.fromkeys(used.dataset.name for used in datasets(run)))


def _commit(commit: str) -> tuple[Html, str]:
    return (_code(commit[:7]), commit) if commit else (_NOTHING, "")


def _code(text: str) -> Html:
    return Html(f"<code>{escaped(text)}</code>")


_Cell = Callable[[Run, Around], tuple[Html, str]]
_CELLS: Mapping[str, _Cell] = {
    "start_time": lambda run, around: _time(run.info.start_time, around),
    "end_time": lambda run, around: _time(ended(run), around),
    "duration": lambda run, around: (Html(duration(lasted(run, around.now))), ""),
    "user_id": lambda run, around: (escaped(shortened(user(run), 20)), ""),
    "run_id": lambda run, around: (_code(run.info.run_id[:8]), run.info.run_id),
    "experiment": _experiment,
    "source": lambda run, around: _text(_tag(SOURCE_NAME_TAG, run), 30),
    "version": lambda run, around: _commit(_tag(COMMIT_TAG, run)),
    "dataset": lambda run, around: _text(_named_datasets(run), 30),
    "models": _models,
    "deleted_time": _deleted,
}
_VALUES: Mapping[str, Callable[[Run, Around], Any]] = {
    "status": lambda run, around: run.info.status,
    "start_time": lambda run, around: run.info.start_time,
    "end_time": lambda run, around: ended(run),
    "duration": lambda run, around: None if (milliseconds := took(run)) is None else milliseconds / 1000,
    "user_id": lambda run, around: user(run) or None,
    "run_id": lambda run, around: run.info.run_id,
    "experiment": lambda run, around: around.experiments.get(run.info.experiment_id, run.info.experiment_id),
    "source": lambda run, around: _tag(SOURCE_NAME_TAG, run) or None,
    "version": lambda run, around: _tag(COMMIT_TAG, run) or None,
    "dataset": lambda run, around: _named_datasets(run) or None,
    "models": lambda run, around: ", ".join(one.label for one in around.made.get(run.info.run_id, ())) or None,
    "deleted_time": _deleted_time,
}
