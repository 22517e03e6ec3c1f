"""`runyard runs start`, `log-metric`, … `end`: what a pipeline without Python needs to log a run."""

import json
from collections.abc import Mapping
from typing import IO, Any

import click

from runyard.cli.choices import experiment_options, run_id_option, status_option, tags_of
from runyard.cli.output import output_option, show_json
from runyard.client import RunyardClient
from runyard.core.amounts import plural
from runyard.core.clock import now_ms
from runyard.core.origin import user
from runyard.core.tags import NOTE_TAG, PARENT_TAG, USER_TAG
from runyard.entities import Metric, Param, RunTag
from runyard.exceptions import InvalidParameter
from runyard.fluent.experiments import chosen_experiment_id

BATCH = 1000
"""Entries of a request; a file with more is sent in several."""

_NOT_FINITE = ("NaN", "Infinity", "-Infinity")
_PARTS = ("metrics", "params", "tags")


def new_run(
    client: RunyardClient,
    experiment_id: str | None,
    experiment_name: str | None,
    run_name: str | None,
    description: str | None,
    tags: tuple[str, ...],
    parent_run_id: str | None,
) -> Any:
    """Create a run of this user in an experiment, which is made if it is named and does not exist.

    Raises
    ------
    UsageError: None or two experiments are chosen.
    DoesNotExist: There is no such parent, or no experiment with the id.
    """
    if (experiment_id is None) == (experiment_name is None):
        raise click.UsageError("Give either --experiment-id or --experiment-name.")
    all_tags = {USER_TAG: user()} | tags_of(tags)
    if description is not None:
        all_tags[NOTE_TAG] = description
    if parent_run_id is not None:
        all_tags[PARENT_TAG] = client.get_run(parent_run_id).info.run_id
    experiment = chosen_experiment_id(experiment_name, None) if experiment_id is None else experiment_id
    return client.create_run(experiment, start_time=now_ms(), tags=all_tags, run_name=run_name)


@click.command()
@experiment_options
@output_option()
def start(output: str, **chosen: Any) -> None:
    """Start a run and print its id.

    Put it where the other commands find it: export RUNYARD_RUN_ID=$(runyard runs start --experiment-name ci)
    """
    info = new_run(RunyardClient(), **chosen).info
    if output == "json":
        shown = ("run_id", "experiment_id", "status", "run_name", "artifact_uri")
        show_json({name: getattr(info, name) for name in shown})
    else:
        click.echo(info.run_id)


@click.command(name="log-metric")
@run_id_option
@click.argument("key")
@click.argument("value", type=float)
@click.option("--step", type=int, default=0, show_default=True, help="Step of the point.")
@click.option("--timestamp", type=int, help="Milliseconds since 1970; now by default.")
@output_option()
def log_metric(run_id: str, key: str, value: float, step: int, timestamp: int | None, output: str) -> None:
    """Log a point of a metric; a value that begins with - goes after --."""
    RunyardClient().log_metric(run_id, key, value, timestamp, step, synchronous=True)
    _say(output, run_id, f"Logged {key}.")


@click.command(name="log-param")
@run_id_option
@click.argument("key")
@click.argument("value")
@output_option()
def log_param(run_id: str, key: str, value: str, output: str) -> None:
    """Log a param; one that was logged before keeps its value, and another is an error."""
    RunyardClient().log_param(run_id, key, value, synchronous=True)
    _say(output, run_id, f"Logged {key}.")


@click.command(name="set-tag")
@run_id_option
@click.argument("key")
@click.argument("value")
@output_option()
def set_tag(run_id: str, key: str, value: str, output: str) -> None:
    """Set or replace a tag."""
    RunyardClient().set_tag(run_id, key, value, synchronous=True)
    _say(output, run_id, f"Set {key}.")


@click.command(name="log-batch")
@run_id_option
@click.argument("file", type=click.File(encoding="utf-8"))
@output_option()
def log_batch(run_id: str, file: IO[str], output: str) -> None:
    """Log the metrics, params and tags of a JSON file; - is standard input.

    The file holds an object: {"metrics": {"loss": 0.1}, "params": {"lr": 0.01}, "tags": {"team": "vision"}}. Points
    with steps are a list, as in the REST API: {"metrics": [{"key": "loss", "value": 0.1, "step": 3}]}. Up to 1,000
    entries are stored whole or, if one is refused, not at all; more are sent in several requests.
    """
    found = _read(file)
    now = now_ms()
    metrics = [_metric(entry, now) for entry in _entries(found, "metrics")]
    params = [Param(_text(entry["key"]), _text(entry["value"])) for entry in _entries(found, "params")]
    tags = [RunTag(_text(entry["key"]), _text(entry["value"])) for entry in _entries(found, "tags")]
    client = RunyardClient()
    if len(metrics) + len(params) + len(tags) <= BATCH:
        client.log_batch(run_id, metrics, params, tags, synchronous=True)
    else:
        for start in range(0, max(len(params), len(tags)), 100):
            client.log_batch(run_id, (), params[start : start + 100], tags[start : start + 100], synchronous=True)
        for start in range(0, len(metrics), BATCH):
            client.log_batch(run_id, metrics[start : start + BATCH], synchronous=True)
    amounts = [plural(len(each), name) for each, name in ((metrics, "metric"), (params, "param"), (tags, "tag"))]
    _say(output, run_id, f"Logged {amounts[0]}, {amounts[1]} and {amounts[2]}.")


@click.command()
@run_id_option
@status_option
@output_option()
def end(run_id: str, status: str, output: str) -> None:
    """End a run."""
    RunyardClient().set_terminated(run_id, status)
    _say(output, run_id, f"The run is {status}.")


COMMANDS = (start, log_metric, log_param, set_tag, log_batch, end)


def _say(output: str, run_id: str, text: str) -> None:
    if output == "json":
        show_json({"run_id": run_id, "message": text})
    else:
        click.echo(text)


def _read(file: IO[str]) -> Mapping[str, Any]:
    try:
        found = json.load(file)
    except ValueError as problem:
        raise InvalidParameter(f"{file.name} is not JSON: {problem}.") from None
    if not isinstance(found, dict) or not found.keys() <= set(_PARTS):
        raise InvalidParameter(f"{file.name} must hold one object with {', '.join(_PARTS)}, and nothing else.")
    return found


def _entries(found: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    """The entries of a part, given as a mapping or as a list of objects."""
    given = found.get(part) or []
    if isinstance(given, dict):
        return [{"key": key, "value": value} for key, value in given.items()]
    allowed = {"key", "value", "timestamp", "step"} if part == "metrics" else {"key", "value"}
    if not isinstance(given, list):
        raise InvalidParameter(f"{part!r} must be an object of keys and values, or a list of objects.")
    for place, entry in enumerate(given):
        if not isinstance(entry, dict) or not {"key", "value"} <= entry.keys() <= allowed:
            raise InvalidParameter(
                f"{part}[{place}] must be an object with key and value and no other than {', '.join(sorted(allowed))}."
            )
    return given


def _metric(entry: Mapping[str, Any], now: int) -> Metric:
    value, timestamp, step = entry["value"], entry.get("timestamp", now), entry.get("step", 0)
    is_number = value in _NOT_FINITE if isinstance(value, str) else type(value) in (int, float)
    if not is_number or type(timestamp) is not int or type(step) is not int:
        raise InvalidParameter(
            f"The metric {json.dumps(entry)} cannot be logged: its value must be a number, and its timestamp and "
            "step whole numbers."
        )
    return Metric(_text(entry["key"]), float(value), timestamp, step)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
