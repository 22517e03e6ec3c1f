"""A watched function is called exactly once and behaves as before, whatever its watcher does."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runyard.autologging import integrations
from runyard.autologging.watchers import Call, Watch, is_watched, watched


@pytest.fixture(autouse=True)
def library() -> Iterator[None]:
    """The options of a library called ``lib``, for one test."""
    integrations.configure("lib", {"disable": False})
    yield
    integrations.AUTOLOGGING_INTEGRATIONS.pop("lib")


class Recorder:
    """A function that counts its calls, and a watcher that notes what it sees."""

    def __init__(self, fails: BaseException | None = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.seen: list[Any] = []
        self._fails = fails

    def function(self, *args: Any, **kwargs: Any) -> str:
        """Note the arguments; fail if that was asked for."""
        self.calls.append((*args, kwargs))
        if self._fails:
            raise self._fails
        return "result"

    def watch(self, call: Call) -> Watch:
        """Note what goes in and what comes out."""
        self.seen.append(call.args)
        try:
            result = yield
        except BaseException as error:
            self.seen.append(error)
            raise
        self.seen.append(result)


def test_a_watcher_sees_arguments_and_result() -> None:
    """The caller gets the result; the watcher gets what went in and came out."""
    recorder = Recorder()

    assert watched(recorder.function, "lib", recorder.watch)(1, two=2) == "result"
    assert recorder.calls == [(1, {"two": 2})]
    assert recorder.seen == [(1,), "result"]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, StopIteration, GeneratorExit])
def test_an_exception_of_the_function_passes_unchanged(kind: type[BaseException]) -> None:
    """The very same exception reaches the caller; the function was called once."""
    error = kind("training failed")
    recorder = Recorder(fails=error)

    with pytest.raises(kind) as caught:
        watched(recorder.function, "lib", recorder.watch)()

    assert caught.value is error
    assert len(recorder.calls) == 1
    assert recorder.seen == [(), error]


def _fail(error: Exception) -> None:
    raise error


def _fails_before(call: Call) -> Watch:
    _fail(RuntimeError(f"before {call.function.__name__}"))
    yield


def _fails_after(call: Call) -> Watch:
    yield
    raise RuntimeError(f"after {call.function.__name__}")


def _swallows(_: Call) -> Watch:
    try:
        yield
    except ValueError:
        return


def _fails_instead(_: Call) -> Watch:
    try:
        yield
    except ValueError as error:
        raise RuntimeError("ours") from error


def _goes_on(_: Call) -> Watch:
    yield
    yield


def _does_not_watch(call: Call) -> Watch:
    if not call.kwargs:
        return
    yield


WATCHERS: list[Callable[[Call], Watch]] = [
    _fails_before,
    _fails_after,
    _swallows,
    _fails_instead,
    _goes_on,
    _does_not_watch,
]


@pytest.mark.parametrize("watcher", WATCHERS)
def test_no_watcher_changes_a_result(watcher: Callable[[Call], Watch]) -> None:
    """Watchers that fail, go on or give up do not show in what the function gives."""
    recorder = Recorder()

    assert watched(recorder.function, "lib", watcher)() == "result"
    assert len(recorder.calls) == 1


@pytest.mark.parametrize("watcher", WATCHERS)
def test_no_watcher_changes_an_exception(watcher: Callable[[Call], Watch]) -> None:
    """Nor in what it raises."""
    error = ValueError("training failed")
    recorder = Recorder(fails=error)

    with pytest.raises(ValueError, match="training failed") as caught:
        watched(recorder.function, "lib", watcher)()

    assert caught.value is error
    assert len(recorder.calls) == 1


def test_a_failure_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """The same failure of a watcher is a warning the first time."""

    def told_once(call: Call) -> Watch:
        _fail(RuntimeError(f"cannot watch {call.function}"))
        yield

    def only_here() -> None:
        """A function that no other test watches."""

    function = watched(only_here, "lib", told_once)
    with caplog.at_level(logging.INFO):
        function()
        function()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "lib failed at the start of only_here: RuntimeError: cannot watch" in caplog.text


def test_a_silent_library_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """With ``silent`` not even failures are shown."""
    integrations.configure("lib", {"disable": False, "silent": True})

    def fails_silently(_: Call) -> Watch:
        _fail(LookupError("nobody hears this"))
        yield

    with caplog.at_level(logging.INFO):
        watched(Recorder().function, "lib", fails_silently)()

    assert caplog.records == []


def test_an_interrupt_while_logging_reaches_the_program() -> None:
    """Ctrl-C during our own work is the user's wish to stop."""

    def interrupted(_: Call) -> Watch:
        yield
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watched(Recorder().function, "lib", interrupted)()


def test_what_a_watched_call_calls_is_part_of_it() -> None:
    """An inner watched function is not watched on its own; after the outer one it is again."""
    inner, outer = Recorder(), Recorder()
    watched_inner = watched(inner.function, "lib", inner.watch)
    watched_outer = watched(lambda: watched_inner(1), "lib", outer.watch)

    watched_outer()
    assert inner.seen == []
    watched_inner(2)
    assert inner.seen == [(2,), "result"]
    assert len(inner.calls) == 2


def test_threads_are_watched_on_their_own() -> None:
    """A call in another thread is watched though this one is inside of a watched call."""
    inner = Recorder()
    watched_inner = watched(inner.function, "lib", inner.watch)

    def outer() -> None:
        thread = threading.Thread(target=watched_inner, args=(1,))
        thread.start()
        thread.join()

    watched(outer, "lib", Recorder().watch)()

    assert inner.seen == [(1,), "result"]


def test_a_disabled_library_is_not_watched() -> None:
    """Neither when it is disabled, nor inside of the blocks that suspend watching."""
    recorder = Recorder()
    function = watched(recorder.function, "lib", recorder.watch)

    with integrations.disable_autologging():
        function()
    with integrations.disable_discrete_autologging(["lib"]):
        function()
    integrations.configure("lib", {"disable": True})
    function()

    assert recorder.seen == []
    assert len(recorder.calls) == 3


def test_a_watched_function_looks_like_the_original() -> None:
    """Name, text and signature stay."""
    recorder = Recorder()
    function = watched(recorder.function, "lib", recorder.watch)

    assert function.__name__ == "function"
    assert function.__doc__ == recorder.function.__doc__
    assert is_watched(function)
    assert not is_watched(recorder.function)


def test_a_step_is_watched_inside_of_its_librarys_calls_alone() -> None:
    """A library's outer function may call the inner one that has the settings; others may call that, too."""
    step, whole = Recorder(), Recorder()
    inner = watched(step.function, "lib", step.watch, step=True)

    def outer() -> None:
        inner(1)

    inner(0)
    watched(outer, "other", whole.watch)()
    watched(outer, "lib", whole.watch)()

    assert [(1,), "result"] == step.seen
    assert [(0, {}), (1, {}), (1, {})] == step.calls
