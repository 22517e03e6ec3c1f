"""Methods of the client for runs, params and tags."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runyard import settings
from runyard.core.clock import now_ms
from runyard.core.entity import Tag
from runyard.core.ids import new_run_id
from runyard.core.lifecycle import ViewType
from runyard.core.limits import MAX_BATCH_ENTRIES, MAX_BATCH_METRICS, MAX_BATCH_PARAMS, MAX_BATCH_TAGS, check_is_text
from runyard.core.listed import listed, listed_ids
from runyard.core.names import random_run_name
from runyard.core.paged_list import PagedList
from runyard.core.tags import PARENT_TAG, RUN_NAME_TAG, USER_TAG
from runyard.protocol.client_part import ClientPart, RunOperations, pages_of
from runyard.protocol.message import AnyMessage
from runyard.tracking.experiments.messages import PENDING, pending_name
from runyard.tracking.filters.client import warn_of_filter
from runyard.tracking.filters.messages import ExplainFilter
from runyard.tracking.metrics.client import as_integer, as_number, buffer_point, measured_on
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param, Run, RunTag
from runyard.tracking.runs.messages import (
    CreateRun,
    DeleteRun,
    DeleteTag,
    GetRun,
    LogBatch,
    LogParam,
    RestoreRun,
    SearchRuns,
    SetTag,
    StartRun,
    UpdateRun,
)


def search_for(
    experiment_ids: Sequence[str],
    filter_string: str,
    run_view_type: int,
    max_results: int,
    order_by: list[str] | None,
    page_token: str | None,
) -> SearchRuns:
    """The message of `RunsClient.search_runs` with these arguments."""
    return SearchRuns(
        experiment_ids=listed_ids(experiment_ids),
        filter=filter_string,
        run_view_type=ViewType.to_string(run_view_type).upper(),
        max_results=max_results,
        order_by=listed(order_by),
        page_token=page_token,
    )


class RunsClient(ClientPart):
    """Runs: start, end, find, log params and tags."""

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Start a run, without making it active.

        Parameters
        ----------
        experiment_id: Its experiment.
        start_time: Milliseconds since 1970; now by default.
        tags: Tags to set; ``mlflow.user`` is its user too.
        run_name: Its name; a random one when left out.
        """
        texts = {str(key): str(value) for key, value in (tags or {}).items()}
        message = CreateRun(
            experiment_id=str(experiment_id),
            user_id=texts.get(USER_TAG, "unknown"),
            run_name="" if run_name is None else run_name,
            start_time=now_ms() if start_time is None else start_time,
            tags=[Tag(key=key, value=value) for key, value in texts.items()],
        )
        return self.send(message).run

    def begin_run(self, experiment_id: str, tags: Mapping[str, Any] | None = None, run_name: str | None = None) -> Run:
        """Start a run. While its server is away, it gets an id here and is created when the server is back.

        Unless RUNYARD_OFFLINE says ``never``. The parameters are those of `create_run`.
        """
        if run_name is not None:
            check_is_text("run_name", run_name)
        name = pending_name(experiment_id)
        if name is None and settings.OFFLINE.get() == "never":
            return self.create_run(experiment_id, None, tags, run_name)
        texts = {str(key): str(value) for key, value in (tags or {}).items()}
        later = StartRun(
            run_id=new_run_id(),
            experiment_id="" if name else experiment_id,
            experiment_name=name or "",
            user_id=texts.get(USER_TAG, "unknown"),
            run_name=run_name or texts.get(RUN_NAME_TAG) or random_run_name(),
            start_time=now_ms(),
            tags=[Tag(key=key, value=value) for key, value in texts.items()],
        )
        now = later if name else replace(later.described(experiment_id), run_name=run_name or "")
        answer = self.connection.begin(now, later)
        return now.answered(answer).run if answer else _unseen(later, experiment_id)

    def resume_run(self, run_id: str, name: str | None = None) -> Run:
        """A resumed run of which only the id is known: its server is away."""
        self.update_run(run_id, status="RUNNING", name=name)
        return _unseen(StartRun(run_id=run_id, run_name=name or "", start_time=now_ms()), PENDING)

    def get_run(self, run_id: str) -> Run:
        """A run with its latest metrics, params, tags and inputs; deleted ones too.

        Raises
        ------
        DoesNotExist: There is none.
        """
        return self.send(GetRun(run_id=run_id)).run

    def get_parent_run(self, run_id: str) -> Run | None:
        """The run this one is nested in; None if there is none."""
        parent = self.get_run(run_id).data.tags.get(PARENT_TAG)
        return self.get_run(parent) if parent else None

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Change a run's status or name.

        Raises
        ------
        InvalidParameter: There is no such status, or the run is deleted.
        """
        if name is not None:
            check_is_text("name", name)
        fields = {"run_id": run_id, "status": status, "run_name": name}
        self.connection.write(UpdateRun.from_wire(fields))

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """End a run.

        Parameters
        ----------
        status: FINISHED when left out, else FAILED or KILLED.
        end_time: Milliseconds since 1970; now by default.
        """
        ended = now_ms() if end_time is None else end_time
        fields = {"run_id": run_id, "status": status or "FINISHED", "end_time": ended}
        self.connection.write(UpdateRun.from_wire(fields))

    def delete_run(self, run_id: str) -> None:
        """Mark a run as deleted."""
        self.send(DeleteRun(run_id=run_id))

    def restore_run(self, run_id: str) -> None:
        """Bring back a deleted run."""
        self.send(RestoreRun(run_id=run_id))

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: list[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """A page of runs; its ``token`` leads to the next.

        Parameters
        ----------
        experiment_ids: One or more experiment ids.
        filter_string: Such as ``metrics.loss < 0.1 AND params.optimizer = 'adam'``.
        run_view_type: Active ones, deleted ones or all.
        max_results: Maximum number of runs, 1 to 50,000.
        order_by: Such as ``["metrics.loss ASC"]``; the newest first when left out.
        page_token: The token from the page before.
        """
        answer = self.send(search_for(experiment_ids, filter_string, run_view_type, max_results, order_by, page_token))
        if not answer.runs and not page_token:
            self.warn_of_filter(filter_string)
        return PagedList(answer.runs, answer.next_page_token)

    def explain_filter(self, filter_string: str) -> list[str]:
        """Why a filter of runs may find nothing: a sentence for each key that no run has, with the nearest there are.

        Raises
        ------
        InvalidParameter: The filter is not valid, or compares with a value that a field never has.
        """
        return self.send(ExplainFilter(filter=filter_string)).notes

    def warn_of_filter(self, filter_string: str) -> None:
        """Log what is odd about a filter that found nothing, once for each filter.

        Raises
        ------
        InvalidParameter: It compares with a value that a field never has, such as the status 'failed'.
        """
        warn_of_filter(self.send, filter_string)

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Log a param once; returns its value.

        Raises
        ------
        InvalidParameter: It was logged before with another value.
        """
        entries = self._written(LogParam(run_id=run_id, key=key, value=str(value)), synchronous)
        return RunOperations(self, entries) if synchronous is False else value

    def set_tag(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Set or replace a tag."""
        entries = self._written(SetTag(run_id=run_id, key=key, value=str(value)), synchronous)
        return RunOperations(self, entries) if synchronous is False else None

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag.

        Raises
        ------
        DoesNotExist: There is no such tag.
        """
        self.connection.write(DeleteTag(run_id=run_id, key=key))

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> Any:
        """Log many metrics, params and tags, in several batches if there are too many for one.

        Metrics alone are buffered as with `log_metric`; params and tags are stored when this returns.

        Raises
        ------
        InvalidParameter: A key or value breaks the rules, or a param was logged before with another value.
        """
        messages = _batches(run_id, metrics, params, tags, self.active_model.model_id)
        for message in messages:
            message.check_once()  # all are checked before the first is logged
        entries: list[int] = []
        for message in messages:
            if message.params or message.tags or self.connection.waits(synchronous):
                entries += self._written(message, synchronous)
                continue
            for point in message.metrics:
                measured = measured_on(point.model_id, point.dataset_name, point.dataset_digest)
                entries.append(
                    buffer_point(self, run_id, point.key, point.value, point.timestamp, point.step, measured)
                )
        return RunOperations(self, entries) if synchronous is False else None

    def _written(self, message: AnyMessage, synchronous: bool | None) -> list[int]:
        """Send a change with or without waiting, as the caller or the settings choose; its number if not waited for."""
        if synchronous is False or (synchronous is None and settings.ENABLE_ASYNC_LOGGING.get()):
            return [self.connection.write_behind(message)]
        self.connection.write(message, synchronous)
        return []


def _unseen(begun: StartRun, experiment_id: str) -> Run:
    """What this process knows of a run while its server is away."""
    info = {"experiment_id": experiment_id, "status": "RUNNING", "artifact_uri": f"runs:/{begun.run_id}"}
    tags = {tag.key: tag.value for tag in begun.tags} | {RUN_NAME_TAG: begun.run_name}
    listed = [{"key": key, "value": value} for key, value in tags.items() if value]
    return Run.from_wire({"info": {**begun.to_wire(), **info}, "data": {"tags": listed}})


def _point(metric: Metric, active_model: str | None) -> Metric:
    measured = measured_on(metric.model_id or active_model, metric.dataset_name, metric.dataset_digest)
    step: Any = metric.step  # MLflow's own loggers leave it out
    return Metric(
        metric.key,
        as_number(metric.key, metric.value),
        as_integer("timestamp", metric.timestamp),
        0 if step is None else as_integer("step", step),
        *(measured or ()),
    )


def _batches(
    run_id: str,
    metrics: Sequence[Metric],
    params: Sequence[Param],
    tags: Sequence[RunTag],
    active_model: str | None,
) -> list[LogBatch]:
    """As few messages as the limits allow: params and tags first, so that a refused param leaves no metrics behind."""
    points = [_point(metric, active_model) for metric in metrics]
    texts = [Param(key=param.key, value=str(param.value)) for param in params]
    labels = [Tag(key=tag.key, value=str(tag.value)) for tag in tags]
    whole = len(points) + len(texts) + len(labels) <= MAX_BATCH_ENTRIES
    if whole and len(texts) <= MAX_BATCH_PARAMS and len(labels) <= MAX_BATCH_TAGS:
        return [LogBatch(run_id=run_id, metrics=points, params=texts, tags=labels)]
    return [
        *(LogBatch(run_id=run_id, params=list(page)) for page in pages_of(texts, MAX_BATCH_PARAMS)),
        *(LogBatch(run_id=run_id, tags=list(page)) for page in pages_of(labels, MAX_BATCH_TAGS)),
        *(LogBatch(run_id=run_id, metrics=list(page)) for page in pages_of(points, MAX_BATCH_METRICS)),
    ]
