"""``mlflow.utils.autologging_utils``: what other packages build their own ``autolog`` of."""

import functools
import inspect
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Self

from runyard.autologging.integrations import AUTOLOGGING_INTEGRATIONS, autologging_is_disabled, configure
from runyard.autologging.managed_run import must_leave_run_alone, run_for
from runyard.autologging.patches import put, revert
from runyard.autologging.reports import report_failure
from runyard.client import RunyardClient
from runyard.core.clock import now_ms
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.entities import Param, RunTag

Autolog = Callable[..., Any]


def autologging_integration(name: str) -> Callable[[Autolog], Autolog]:
    """A decorator for the ``autolog`` function of a package.

    Its arguments become the options that `get_autologging_config` gives. When they disable it, the package's functions
    are restored instead of calling it.

    Parameters
    ----------
    name: The package's name among those that log automatically.

    Raises
    ------
    InvalidParameter: The function has no parameters `disable` and `silent`.
    """

    def decorate(autolog: Autolog) -> Autolog:
        signature = inspect.signature(autolog)
        if missing := {"disable", "silent"} - set(signature.parameters):
            raise InvalidParameter(f"The autolog function of {name!r} needs the parameters {sorted(missing)}.")
        AUTOLOGGING_INTEGRATIONS.setdefault(name, {})

        @functools.wraps(autolog)
        def configured(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            configure(name, given.arguments)
            revert(name)
            return None if given.arguments["disable"] else autolog(*args, **kwargs)

        configured.__dict__["integration_name"] = name
        return configured

    return decorate


@dataclass
class _Original:
    """The function that a patch stands for, and how it went. It is called once, however the patch goes.

    Attributes
    ----------
    function: The function.
    called: Whether the patch called it.
    result, error: What it gave, or raised.
    """

    function: Callable[..., Any]
    called: bool = False
    result: Any = None
    error: BaseException | None = None

    def __post_init__(self) -> None:
        functools.update_wrapper(self, self.function)  # patches look at its signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.called, self.error = True, None
        try:
            self.result = self.function(*args, **kwargs)
        except BaseException as error:
            self.error = error
            raise
        return self.result


def safe_patch(
    autologging_integration: str,
    destination: Any,
    function_name: str,
    patch_function: Callable[..., Any],
    manage_run: bool = False,
    extra_tags: Mapping[str, str] | None = None,
) -> None:
    """Put a function in the place of a library's that calls it and logs what it does.

    A failure of the patch is reported, and the caller gets what the library's own function gives or raises.

    Parameters
    ----------
    autologging_integration: The name that the package's ``autolog`` was decorated with.
    destination: The module or class.
    function_name: The function in it.
    patch_function: Called with the library's function, and with the arguments of the call.
    manage_run: Start a run for the call when none is active.
    extra_tags: Tags of such a run.

    Raises
    ------
    AttributeError: There is no such function.
    """
    function = inspect.getattr_static(destination, function_name)
    is_static = isinstance(function, staticmethod | classmethod)
    original = function.__func__ if is_static else getattr(destination, function_name)

    @functools.wraps(original)
    def patched(*args: Any, **kwargs: Any) -> Any:
        if autologging_is_disabled(autologging_integration) or must_leave_run_alone(autologging_integration):
            return original(*args, **kwargs)
        call = _Original(original)
        tags = {str(key): str(value) for key, value in (extra_tags or {}).items()}
        try:
            with run_for(autologging_integration, tags) if manage_run else nullcontext():
                return patch_function(call, *args, **kwargs)
        except Exception as problem:
            if call.error is not None:
                raise
            report_failure(autologging_integration, f"the patch of {function_name}", problem)
            return call.result if call.called else original(*args, **kwargs)

    put(autologging_integration, destination, function_name, type(function)(patched) if is_static else patched)


@dataclass
class _Waiting:
    """What is to be logged to a run."""

    metrics: list[Metric] = field(default_factory=list)
    params: list[Param] = field(default_factory=list)
    tags: list[RunTag] = field(default_factory=list)


class _Flushed:
    """What was sent, and what of it the server refused."""

    def __init__(self, problems: Sequence[RunyardException]) -> None:
        self._problems = problems

    def await_completion(self) -> None:
        """Wait until it is stored.

        Raises
        ------
        RunyardException: Something of it was refused.
        """
        if self._problems:
            raise self._problems[0]


class MlflowAutologgingQueueingClient:
    """Gathers what is logged to runs, and sends it at once.

    Parameters
    ----------
    tracking_uri: The server or database; that of the program when left out.
    """

    def __init__(self, tracking_uri: str | None = None) -> None:
        self._client = RunyardClient(tracking_uri)
        self._waiting: dict[str, _Waiting] = defaultdict(_Waiting)
        self._last: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.flush()

    def create_run(
        self,
        experiment_id: str,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> str:
        """Create a run now; returns its id."""
        return self._client.create_run(experiment_id, start_time, dict(tags or {}), run_name).info.run_id

    def log_params(self, run_id: str, params: Mapping[str, Any]) -> None:
        """Log params with the next `flush`."""
        self._waiting[run_id].params += [Param(key, str(value)) for key, value in params.items()]

    def log_metrics(self, run_id: str, metrics: Mapping[str, float], step: int | None = None, **about: Any) -> None:
        """Log metrics with the next `flush`.

        Parameters
        ----------
        about: ``model_id``, and ``dataset`` that they were measured on.
        """
        data, now = about.get("dataset"), now_ms()
        self._waiting[run_id].metrics += [
            Metric(
                key,
                value,
                now,
                step or 0,
                about.get("model_id"),
                getattr(data, "name", None),
                getattr(data, "digest", None),
            )
            for key, value in metrics.items()
        ]

    def set_tags(self, run_id: str, tags: Mapping[str, Any]) -> None:
        """Set tags with the next `flush`."""
        self._waiting[run_id].tags += [RunTag(key, str(value)) for key, value in tags.items()]

    def log_inputs(
        self, run_id: str, datasets: Sequence[Any] | None = None, models: Sequence[Any] | None = None
    ) -> None:
        """Note inputs with the next `flush`."""
        self._last.append(lambda: self._client.log_inputs(run_id, datasets, models))

    def set_terminated(self, run_id: str, status: str | None = None, end_time: int | None = None) -> None:
        """End a run with the next `flush`."""
        self._last.append(lambda: self._client.set_terminated(run_id, status, end_time))

    def flush(self, synchronous: bool = True) -> _Flushed:
        """Send what was gathered.

        Parameters
        ----------
        synchronous: Raise what is refused, instead of keeping it for ``await_completion()`` of what is returned.

        Raises
        ------
        RunyardException: Something was refused; the rest is stored.
        """
        sending: list[Callable[[], Any]] = [
            functools.partial(self._client.log_batch, run_id, each.metrics, each.params, each.tags)
            for run_id, each in self._waiting.items()
        ]
        problems = []
        for send in (*sending, *self._last):
            try:
                send()
            except RunyardException as problem:
                problems.append(problem)
        self._waiting.clear()
        self._last.clear()
        done = _Flushed(problems)
        if synchronous:
            done.await_completion()
        return done
