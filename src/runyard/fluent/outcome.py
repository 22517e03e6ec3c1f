"""How the program ends: what its last exception or its exit code says, whoever else listens to them.

Python tells nobody the exit code. What is known: which function was called to exit, with what; the exception that
was printed last; and whether the outermost frame of the program came to its end or was left by an exception.
"""

import dis
import signal
import sys
import threading
import time
from collections.abc import Iterable
from types import CodeType, FrameType, TracebackType
from typing import Any, NoReturn

from runyard.fluent.stack import status_after

WATCHED_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU)
"""Signals that end a program, sent by schedulers, closed terminals and limits of time."""

_RETURNS = ("RETURN_VALUE", "RETURN_CONST")
_LOADS_OF_NAMES = ("LOAD_NAME", "LOAD_GLOBAL")
_LOADS_OF_VALUES = ("LOAD_CONST", "LOAD_SMALL_INT")
_WITHOUT_VALUE = ("CACHE", "PRECALL", "PUSH_NULL", "EXTENDED_ARG", "NOP")


class _Program:
    """What is known about the program.

    Attributes
    ----------
    outermost: The frame in which everything else runs.
    exit_status: The status that the last call of an exit function means, and
    exit_at: when that was, on the monotonic clock.
    failed: Was the exception seen that ended it?
    exit: `sys.exit`, as it was.
    """

    outermost: FrameType | None = None
    exit_status: str | None = None
    exit_at = 0.0
    failed = False
    exit: Any = None


def watch() -> None:
    """From now on remember what the program exits with."""
    if _Program.exit is not None:
        return
    _Program.outermost = _outermost_frame()
    _Program.exit, sys.exit = sys.exit, _exit
    main = vars(sys.modules.get("__main__", sys))
    main.update({name: _exit for name, value in main.items() if value is _Program.exit})
    quitter = getattr(sys.modules.get("_sitebuiltins"), "Quitter", None)  # of `exit` and `quit`
    if quitter is not None:
        quit_with = quitter.__call__

        def noted(self: Any, code: Any = None) -> None:
            _note(code)
            quit_with(self, code)

        quitter.__call__ = noted


def forget_exit() -> None:
    """In a forked child: what the parent was about to exit with is not the child's."""
    _Program.exit_status = None


def _exit(status: Any = None, /) -> NoReturn:
    """Exit the interpreter by raising SystemExit(status)."""
    _note(status)
    _Program.exit(status)
    raise AssertionError  # it never returns


def _note(status: Any) -> None:
    """The program is asked to exit. Threads that do so end themselves only."""
    if threading.current_thread() is threading.main_thread():
        exit_of = SystemExit(status)
        exit_of.__context__ = sys.exc_info()[1]
        asked_by_signal = _handles_a_signal(frame.f_code for frame in _frames(sys._getframe(1)))
        _Program.exit_status = "KILLED" if asked_by_signal else status_after(exit_of)
        _Program.exit_at = time.monotonic()


def note_exception(error: BaseException, traceback: TracebackType | None) -> str | None:
    """An exception that nobody caught: the status it means if it ends the program. At a prompt none does."""
    frame = traceback.tb_frame if traceback is not None else None
    if frame is None or frame.f_back is not None or hasattr(sys, "ps1") or frame in _frames(sys._getframe()):
        return None
    _Program.failed = True
    return _status_of(error, traceback)


def _status_of(error: BaseException, traceback: TracebackType | None) -> str:
    """What an exception means that ended the program: one out of a signal's handler kills."""
    codes = []
    while traceback is not None:
        codes.append(traceback.tb_frame.f_code)
        traceback = traceback.tb_next
    return "KILLED" if _handles_a_signal(codes) else status_after(error)


def status_at_exit(since: float) -> str:
    """The status of a run that is open when the program ends.

    Parameters
    ----------
    since: When it began, on the monotonic clock. What happened before does not concern it.
    """
    noted = _Program.exit_status if _Program.exit_at >= since else "FINISHED" if _Program.exit_status else None
    frame = _Program.outermost
    if frame is None or hasattr(sys, "ps1") or frame in _frames(sys._getframe()):
        return noted or "FINISHED"  # at a prompt, or when the end is played while the program runs
    if _Program.failed or _last_instruction(frame) in _RETURNS:
        return "FINISHED"
    error, traceback = getattr(sys, "last_value", None), getattr(sys, "last_traceback", None)
    if error is not None and traceback is not None and traceback.tb_frame is frame:
        return _status_of(error, traceback)
    return noted or _status_of_unnoted_exit(frame)


def _status_of_unnoted_exit(frame: FrameType) -> str:
    """What ``raise SystemExit(…)`` means, as far as the instruction that left the outermost frame tells.

    Raised further inside it is an error mostly. In the outermost frame a value that is computed is mostly that of
    ``raise SystemExit(main())``, and fine.
    """
    if _last_instruction(frame) != "RAISE_VARARGS":
        return "FAILED"
    before = [
        step
        for step in dis.get_instructions(frame.f_code)
        if step.offset < frame.f_lasti and step.opname not in _WITHOUT_VALUE
    ]
    value = before[-2] if before[-1].opname == "CALL" else before[-1]
    if value.opname in _LOADS_OF_NAMES:
        known = frame.f_globals.get(value.argval)
        return status_after(SystemExit(known))
    if value.opname in _LOADS_OF_VALUES:
        return status_after(SystemExit(value.argval))
    return "FAILED" if value.opname == "BUILD_STRING" else "FINISHED"


def _last_instruction(frame: FrameType) -> str:
    return dis.opname[frame.f_code.co_code[frame.f_lasti]]


def _outermost_frame() -> FrameType | None:
    """The frame of the main thread in which everything runs; None when something else than a program began it."""
    *_, last = _frames(sys._current_frames().get(threading.main_thread().ident or 0)) or (None,)
    is_program = last is not None and (last.f_code.co_name == "<module>" or last.f_globals.get("__name__") == "runpy")
    return last if is_program else None


def _frames(frame: FrameType | None) -> list[FrameType]:
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def _handles_a_signal(codes: Iterable[CodeType]) -> bool:
    """Is code among these that the program installed as the handler of a signal which ends programs?"""
    handlers = {_code_of(signal.getsignal(number)) for number in (*WATCHED_SIGNALS, signal.SIGINT)} - {None}
    return bool(handlers) and any(code in handlers for code in codes)


def _code_of(handler: Any) -> CodeType | None:
    """The code of a handler: a function, a method, a partial function or an object that can be called."""
    function = getattr(handler, "func", handler)
    code = getattr(function, "__code__", None) or getattr(vars(type(function)).get("__call__"), "__code__", None)
    return code if isinstance(code, CodeType) else None
