"""Methods of the client for logged models."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runyard.core.clock import now_ms
from runyard.core.entity import listed_tags
from runyard.core.ids import new_run_id
from runyard.core.limits import MAX_BATCH_PARAMS
from runyard.core.listed import listed, listed_ids
from runyard.core.names import random_run_name
from runyard.core.paged_list import PagedList
from runyard.exceptions import InvalidParameter
from runyard.protocol.client_part import ClientPart, pages_of
from runyard.tracking.experiments.messages import pending_name
from runyard.tracking.filters.client import warn_of_filter
from runyard.tracking.inputs.entities import LoggedModelOutput
from runyard.tracking.logged_models.entities import LoggedModel, LoggedModelStatus
from runyard.tracking.logged_models.messages import (
    DatasetFilter,
    DeleteLoggedModel,
    DeleteLoggedModelTag,
    FinalizeLoggedModel,
    GetLoggedModel,
    LoggedModelsFound,
    LogLoggedModelParams,
    LogOutputs,
    ModelOrder,
    SearchLoggedModels,
    SetLoggedModelTags,
    StartLoggedModel,
)
from runyard.tracking.runs.entities import Param

MAX_RESULTS = 100


class LoggedModelsClient(ClientPart):
    """Logged models: create, finish, search and describe them."""

    def create_logged_model(
        self,
        experiment_id: str,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        model_type: str | None = None,
    ) -> LoggedModel:
        """Create a model in an experiment. It is pending until `finalize_logged_model`.

        Parameters
        ----------
        experiment_id: Its experiment; when empty, that of the run that creates it.
        name: Its name, which need not be unique; a random one when left out.
        source_run_id: The run that creates it.
        tags, params: Values are stored as text.
        model_type: What kind of model it is, such as ``"Agent"``.

        Raises
        ------
        InvalidParameter: The name is empty or holds one of ``/ : . %`` and quotes.
        DoesNotExist: There is no such experiment.
        """
        if name is not None and not _is_text(name):
            raise InvalidParameter(f"Invalid name of a logged model {name!r}: use text with at least one character.")
        first, *others = pages_of(_params(params), MAX_BATCH_PARAMS) or [[]]
        pending = pending_name(str(experiment_id))
        later = StartLoggedModel(
            model_id=f"m-{new_run_id()}",
            experiment_id="" if pending is not None else str(experiment_id),
            experiment_name=pending or "",
            name=name or random_run_name(),
            source_run_id=source_run_id or "",
            model_type=model_type or "",
            tags=listed_tags(tags),
            params=_params(params),
        )
        now = replace(later.described(str(experiment_id)), name=name or "", params=list(first))
        further = [LogLoggedModelParams(model_id="-", params=list(page)) for page in others]
        for page in further:
            page.check_once()  # checked before anything is created
        at_once = experiment_id != "" and pending is None
        answer = self.connection.begin(now if at_once else later, later)
        if answer is None:
            return _remembered(later, str(experiment_id))
        model = now.answered(answer).model
        for page in further if at_once else ():
            page.model_id = model.model_id
            self.send(page)
        return self.get_logged_model(model.model_id) if further else model

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """A model with its params, tags and metrics.

        Raises
        ------
        DoesNotExist: There is none, or it is deleted.
        """
        unseen = _unseen.get(checked_model_id(model_id))
        if unseen is not None and self.connection.is_away():
            return unseen
        return self.send(GetLoggedModel(model_id=model_id)).model

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus | str) -> LoggedModel:
        """Set the final status of a model.

        Parameters
        ----------
        status: ``"READY"`` or ``"FAILED"``.

        Raises
        ------
        InvalidParameter: There is no such status.
        DoesNotExist: There is no such model.
        """
        name = LoggedModelStatus.of(status).to_wire()
        message = FinalizeLoggedModel(model_id=checked_model_id(model_id), status=name)
        answer = self.connection.write(message)
        if answer:
            return message.answered(answer).model
        model = _unseen.get(model_id) or LoggedModel("", model_id, "", f"models:/{model_id}", 0, 0)
        model.status = LoggedModelStatus.of(status)
        return model

    def delete_logged_model(self, model_id: str) -> None:
        """Mark a model as deleted. Repeating it changes nothing.

        Raises
        ------
        DoesNotExist: There never was one.
        """
        self.send(DeleteLoggedModel(model_id=checked_model_id(model_id)))

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, Any]) -> None:
        """Set or replace tags, as text.

        Raises
        ------
        DoesNotExist: There is no such model.
        """
        self.connection.write(SetLoggedModelTags(model_id=checked_model_id(model_id), tags=listed_tags(tags)))

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Remove a tag.

        Raises
        ------
        DoesNotExist: There is no such tag or model.
        """
        self.connection.write(DeleteLoggedModelTag(model_id=checked_model_id(model_id), tag_key=key))

    def log_model_params(self, model_id: str, params: Mapping[str, Any]) -> None:
        """Add params, as text. A param cannot be changed.

        Raises
        ------
        BadRequest: The model has a param with one of the keys.
        DoesNotExist: There is no such model.
        """
        pages = [
            LogLoggedModelParams(model_id=checked_model_id(model_id), params=list(page))
            for page in pages_of(_params(params), MAX_BATCH_PARAMS)
        ]
        for page in pages:
            page.check_once()  # all are checked before the first is logged
        for page in pages:
            self.connection.write(page)

    def search_logged_models(
        self,
        experiment_ids: list[str],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, Any]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """A page of logged models; its ``token`` leads to the next.

        Parameters
        ----------
        experiment_ids: One or more experiment ids.
        filter_string: Such as ``metrics.accuracy > 0.9 AND params.depth = '3'``.
        datasets: Dictionaries with ``dataset_name`` and maybe ``dataset_digest``: the metrics in the filter must have
            been logged with one of these.
        max_results: Maximum number of models; 100 when left out.
        order_by: Dictionaries with ``field_name``, maybe ``ascending``, and for a metric maybe ``dataset_name`` and
            ``dataset_digest``; the newest first when left out.
        page_token: The token from the page before.

        Raises
        ------
        InvalidParameter: The filter does not parse, or a dictionary lacks its key.
        """
        ids = listed_ids(experiment_ids)
        message = SearchLoggedModels(
            experiment_ids=ids,
            filter=filter_string or None,
            datasets=[_dataset(entry) for entry in listed(datasets)],
            max_results=MAX_RESULTS if max_results is None else max_results,
            order_by=[_order(entry) for entry in listed(order_by)],
            page_token=page_token,
        )
        answer = self.send(message) if ids else LoggedModelsFound()
        if ids and not answer.models and not page_token:
            warn_of_filter(self.send, filter_string, "logged-models")
        return PagedList(answer.models, answer.next_page_token)

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Note models as outputs of a run, each with its training step."""
        outputs = [LoggedModelOutput(model_id=model.model_id, step=getattr(model, "step", 0)) for model in models]
        if outputs:
            self.connection.write(LogOutputs(run_id=run_id, models=outputs))


_unseen: dict[str, LoggedModel] = {}
"""Models that this process created while their server was away."""
_MAX_UNSEEN = 1000


def _remembered(begun: StartLoggedModel, experiment_id: str) -> LoggedModel:
    """What this process knows of a model while its server is away."""
    now = now_ms()
    model = LoggedModel(
        experiment_id,
        begun.model_id,
        begun.name,
        f"models:/{begun.model_id}",
        now,
        now,
        begun.model_type or None,
        begun.source_run_id or None,
        LoggedModelStatus.PENDING,
        tags={tag.key: tag.value for tag in begun.tags},
        params={param.key: param.value for param in begun.params},
    )
    if len(_unseen) < _MAX_UNSEEN:
        _unseen[model.model_id] = model
    return model


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def checked_model_id(model_id: Any) -> str:
    """The id of a logged model.

    Raises
    ------
    InvalidParameter: It is not text, or empty.
    """
    if not isinstance(model_id, str) or not model_id:
        raise InvalidParameter(f"Invalid model_id {model_id!r}: give the id of a logged model, such as 'm-…'.")
    return model_id


def _params(params: Mapping[str, Any] | None) -> list[Param]:
    return [Param(key=str(key), value=str(value)) for key, value in (params or {}).items()]


def _dataset(entry: Mapping[str, Any]) -> DatasetFilter:
    return DatasetFilter(
        dataset_name=_required(entry, "dataset_name", "datasets"), dataset_digest=entry.get("dataset_digest")
    )


def _order(entry: Mapping[str, Any]) -> ModelOrder:
    return ModelOrder(
        field_name=_required(entry, "field_name", "order_by"),
        ascending=bool(entry.get("ascending", True)),
        dataset_name=entry.get("dataset_name"),
        dataset_digest=entry.get("dataset_digest"),
    )


def _required(entry: object, key: str, argument: str) -> str:
    value = entry.get(key) if isinstance(entry, Mapping) else None
    if not isinstance(value, str) or not value:
        raise InvalidParameter(f"Invalid entry {entry!r} of {argument!r}: use a dictionary with {key!r}.")
    return value
