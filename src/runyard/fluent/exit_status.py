"""How the program ends: by an uncaught exception, or with an exit code.

Python has no hook for the exit code. But the interpreter reads `SystemExit.code` when such an exception ends the
program, and the attribute is replaced by one that notes this.
"""

import atexit
import dis
import gc
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import CodeType, FrameType, TracebackType
from typing import Any, NoReturn

from runyard.fluent.stack import status_after

WATCHED_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU)
"""Terminating signals, sent by schedulers, closed terminals and time limits."""

_RETURNS = ("RETURN_VALUE", "RETURN_CONST")


class _Program:
    """What is known of the program's end.

    Attributes
    ----------
    outermost: The frame in which everything else runs.
    exit_status: The run status for its exit code, and
    exit_at: when it was read, on the monotonic clock.
    failed: Whether the exception that ended it was seen.
    exit: The original `sys.exit`.
    """

    outermost: FrameType | None = None
    exit_status: str | None = None
    exit_at = 0.0
    failed = False
    exit: Any = sys.exit


class _ExitCode:
    """The attribute `SystemExit.code`; notes when the interpreter reads it, which no Python frame does."""

    def __init__(self, attribute: Any) -> None:
        self.attribute = attribute

    def __get__(self, error: SystemExit | None, kind: type[SystemExit]) -> Any:
        if error is not None and sys._getframe().f_back is None:
            _Program.exit_status = _status_of(error)
            _Program.exit_at = time.monotonic()
        return self.attribute.__get__(error, kind)

    def __set__(self, error: SystemExit, code: Any) -> None:
        self.attribute.__set__(error, code)

    def __delete__(self, error: SystemExit) -> None:
        self.attribute.__delete__(error)


def watch() -> None:
    """Note from now on what the program exits with."""
    if not hasattr(sys, "_clear_type_cache"):
        return  # another Python than CPython
    _Program.outermost = _outermost_frame()
    if _Program.outermost is None:
        return
    attribute = vars(SystemExit)["code"]
    _set_attribute(_ExitCode(attribute))
    atexit.register(_set_attribute, attribute)
    if sys.version_info < (3, 12):  # its `sys.exit` raises a bare value, which has no attributes
        sys.exit = _exit
        main = vars(sys.modules.get("__main__", sys))
        main.update({name: _exit for name, value in main.items() if value is _Program.exit})


def _set_attribute(attribute: Any) -> None:
    """Set `SystemExit.code`. Types written in C reject that, but the garbage collector gives their dictionary."""
    attributes = gc.get_referents(vars(SystemExit))[0]
    attributes["code"] = attribute
    sys._clear_type_cache()  # drops cached look-ups


def _exit(status: Any = None, /) -> NoReturn:
    """Exit the interpreter by raising SystemExit(status)."""
    try:
        _Program.exit(status)
    except SystemExit:
        raise  # here it is an object
    raise AssertionError  # it never returns


def note_exception(error: BaseException, traceback: TracebackType | None) -> str | None:
    """The run status for an uncaught exception if it ends the program; None if not, as at a prompt."""
    frame = traceback.tb_frame if traceback is not None else None
    if frame is None or frame.f_back is not None or hasattr(sys, "ps1") or frame in _frames(sys._getframe()):
        return None
    _Program.failed = True
    return _status_of(error)


def _status_of(error: BaseException) -> str:
    """The run status for an exception that ended the program; KILLED when a signal handler raised it."""
    return "KILLED" if _handles_a_signal(error) else status_after(error)


def status_at_exit(since: float) -> str:
    """The status of a run that is open when the program ends.

    Parameters
    ----------
    since: When it began, on the monotonic clock. Earlier events are ignored.
    """
    exit_status = _Program.exit_status if _Program.exit_at >= since else "FINISHED" if _Program.exit_status else None
    frame = _Program.outermost
    if frame is None or hasattr(sys, "ps1") or frame in _frames(sys._getframe()):
        return exit_status or "FINISHED"  # at a prompt, or when a test simulates the end
    if _Program.failed or _last_instruction(frame) in _RETURNS:
        return "FINISHED"
    error, traceback = getattr(sys, "last_value", None), getattr(sys, "last_traceback", None)
    if error is not None and traceback is not None and traceback.tb_frame is frame:
        return _status_of(error)
    return exit_status or "FAILED"  # Python 3.11 raised a bare value, mostly an error


def _last_instruction(frame: FrameType) -> str:
    return dis.opname[frame.f_code.co_code[frame.f_lasti]]


def _outermost_frame() -> FrameType | None:
    """The outermost frame of the main thread; None when it is not a program's."""
    *_, last = _frames(sys._current_frames().get(threading.main_thread().ident or 0)) or (None,)
    is_program = last is not None and (last.f_code.co_name == "<module>" or last.f_globals.get("__name__") == "runpy")
    return last if is_program else None


def _frames(frame: FrameType | None) -> list[FrameType]:
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _handles_a_signal(error: BaseException) -> bool:
    """Whether the exception passed through the program's own handler of a terminating signal."""
    handlers = {_code_of(signal.getsignal(number)) for number in (*WATCHED_SIGNALS, signal.SIGINT)} - {None}
    return bool(handlers) and any(code in handlers for code in _passed(error))


def _passed(error: BaseException) -> Iterator[CodeType]:
    """The code that an exception passed through. Python 3.11 adds the part after the last catch late, or never."""
    begun: list[Any] = [error.__traceback__]
    if error.__traceback__ is None or error.__traceback__.tb_frame is not _Program.outermost:
        begun += gc.get_referrers(_Program.outermost)
    for traceback in begun:
        while isinstance(traceback, TracebackType):
            yield traceback.tb_frame.f_code
            traceback = traceback.tb_next


def _code_of(handler: Any) -> CodeType | None:
    """The code of a handler: a function, a method, a partial function or an object that can be called."""
    function = getattr(handler, "func", handler)
    code = getattr(function, "__code__", None) or getattr(vars(type(function)).get("__call__"), "__code__", None)
    return code if isinstance(code, CodeType) else None
