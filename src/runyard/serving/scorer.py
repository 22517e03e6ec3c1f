"""From the body of a request to the body of its answer: reads, predicts, writes. Runs in the threads of the pool."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from runyard.exceptions import BadRequest, RunyardException
from runyard.http.request_ids import incident_id
from runyard.models.scoring_input import ScoringInput, parse_csv, parse_json
from runyard.serving import batches
from runyard.serving.encoding import encode

log = logging.getLogger("runyard.serving")

_MAX_MESSAGE = 1000


class ServedModel(Protocol):
    """What is served: a loaded pyfunc model, or anything of its shape.

    Attributes
    ----------
    metadata: Holds `signature`, which may be None.
    """

    metadata: Any

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict for the rows of `data`."""


@dataclass(frozen=True)
class ScoringRequest:
    """One request: its body, whether that is CSV, and whether NaN may be written bare."""

    body: bytes
    is_csv: bool = False
    bare_nan: bool = False


class ModelFailed(BadRequest):
    """The model raised something while it predicted."""


Outcome = bytes | RunyardException


class Scorer:
    """Answers requests with one model.

    Parameters
    ----------
    model: The model.
    observe: Called after every call of `predict` with its seconds and the number of requests it answered.
    """

    def __init__(
        self, model: ServedModel, observe: Callable[[float, int], None] = lambda _seconds, _requests: None
    ) -> None:
        self._model, self._observe = model, observe
        signature = model.metadata.signature
        self._schema = None if signature is None else signature.inputs
        self._as_given = bool(getattr(signature, "_is_signature_from_type_hint", False))

    def answer(self, requests: Sequence[ScoringRequest]) -> list[Outcome]:
        """The answers to these requests, in order; those that fit together share a call of `predict`."""
        inputs = [self._read(request) for request in requests]
        outcomes: list[Outcome] = [one if isinstance(one, RunyardException) else b"" for one in inputs]
        for places in batches.groups(inputs):
            found = self._together([one for place in places if isinstance(one := inputs[place], ScoringInput)])
            for place, prediction in zip(places, found, strict=True):
                outcomes[place] = self._written(prediction, inputs[place], requests[place])
        return outcomes

    def _read(self, request: ScoringRequest) -> ScoringInput | RunyardException:
        try:
            if request.is_csv:
                return ScoringInput(parse_csv(request.body, self._schema), None)
            return parse_json(request.body, self._schema, as_given=self._as_given)
        except RunyardException as error:
            return error
        except Exception as error:  # noqa: BLE001  (an edge: one request's body must not end a thread of the pool)
            return self._failed(error, "the request's body could not be read")

    def _together(self, inputs: Sequence[ScoringInput]) -> Sequence[Any]:
        """Predictions for inputs of one group; each for itself when the model does not take them together."""
        if len(inputs) > 1:
            whole, sizes = batches.join([one.data for one in inputs])
            found = self._predict(whole, inputs[0].params, len(inputs))
            parts = None if isinstance(found, RunyardException) else batches.part(found, sizes)
            if parts is not None:
                return parts
        return [self._predict(one.data, one.params, 1) for one in inputs]

    def _predict(self, data: Any, params: dict[str, Any] | None, requests: int) -> Any:
        begun = time.perf_counter()
        try:
            return self._model.predict(data, params=params)
        except RunyardException as error:
            return error
        except (Exception, SystemExit) as error:  # noqa: BLE001  (an edge: models may raise anything)
            return self._failed(error, "the model raised")
        finally:
            self._observe(time.perf_counter() - begun, requests)

    def _written(self, prediction: Any, given: Any, request: ScoringRequest) -> Outcome:
        if isinstance(prediction, RunyardException):
            return prediction
        try:
            return encode(prediction, is_bare=given.is_bare, bare_nan=request.bare_nan)
        except RunyardException as error:
            return error
        except Exception as error:  # noqa: BLE001  (an edge: so may the objects they return)
            return self._failed(error, "the predictions could not be written")

    def _failed(self, error: BaseException, what: str) -> ModelFailed:
        """The error a caller sees: its type and message. Where it came from is in the log."""
        incident = incident_id()
        log.error("%s, incident %s", what, incident, exc_info=error)
        text = f"{type(error).__name__}: {error}"[:_MAX_MESSAGE]
        return ModelFailed(f"{what[0].upper()}{what[1:]} {text} (the server's log has more under incident {incident})")
