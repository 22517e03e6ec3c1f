"""The standard streams of this program, made to go through a process that records them."""

import contextlib
import fcntl
import os
import select
import stat
import sys
import termios
from collections.abc import Callable
from typing import Any

PIPE_BYTES = 2**20
"""What a program may print before the process has read it; as much as Linux gives to everybody."""
RESCUE_SECONDS = 0.2
_SET_PIPE_SIZE = 1031


class DescriptorStream:
    """A stream at the level of the operating system: what compiled libraries and child processes print goes along.

    Parameters
    ----------
    descriptors: 1, 2, or both when they lead to the same place, so that their order is kept.

    Attributes
    ----------
    source: The end that the recording process reads.
    target: Where the stream led to.
    """

    def __init__(self, descriptors: tuple[int, ...]) -> None:
        self._descriptors = descriptors
        self.is_error = descriptors == (2,)
        self.target = os.dup(descriptors[0])
        self.is_terminal = os.isatty(descriptors[0])
        self.source, self._end = _terminal_like(descriptors[0]) if self.is_terminal else _pipe()
        self._buffered: list[Any] = []

    def described(self) -> dict[str, Any]:
        """What the process must know of it."""
        return _described(self)

    def begin(self) -> None:
        """Lead the stream through the process."""
        self.flush()
        for descriptor in self._descriptors:
            os.dup2(self._end, descriptor)
            stream = self._python_stream(descriptor)
            if stream is not None and not stream.line_buffering:  # nobody could follow it otherwise
                stream.reconfigure(line_buffering=True)
                self._buffered.append(stream)

    def end(self) -> None:
        """Lead the stream to where it led before."""
        self.flush()
        self._lead_back()

    def _lead_back(self) -> None:
        for descriptor in self._descriptors:
            os.dup2(self.target, descriptor)
        for stream in self._buffered:
            with contextlib.suppress(ValueError):
                stream.reconfigure(line_buffering=False)
        self._buffered = []

    def rescue(self) -> None:
        """The process is gone: lead the stream back, and show what was not read."""
        self._lead_back()
        with contextlib.suppress(OSError):
            while select.select([self.source], [], [], RESCUE_SECONDS)[0]:  # a thread may still wait to print the rest
                os.write(self.target, os.read(self.source, 65_536))

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in (self.source, self._end, self.target):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def forget(self) -> None:
        """In a forked child: the stream goes on leading to the process, but all else is the parent's."""
        self.close()

    def flush(self) -> None:
        """Have what Python has printed printed."""
        for descriptor in self._descriptors:
            stream = self._python_stream(descriptor)
            with contextlib.suppress(OSError, ValueError):
                if stream is not None:
                    stream.flush()

    @staticmethod
    def _python_stream(descriptor: int) -> Any:
        stream = sys.stdout if descriptor == 1 else sys.stderr
        return stream if is_descriptors(stream, descriptor) else None


class WrittenStream:
    """A stream that Python code alone writes to, such as a notebook's: what it writes goes to the process besides."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.is_error, self.is_terminal = name == "stderr", False
        self.target = None
        self.source, self._end = _pipe()
        self._stream: Any = None
        self._write: Callable[[str], Any] | None = None
        self._is_on = False

    def described(self) -> dict[str, Any]:
        """What the process must know of it."""
        return _described(self)

    def begin(self) -> None:
        """Have what is written written to the process too."""
        stream = getattr(sys, self._name)
        self._is_on = True
        if stream is self._stream:
            return
        self._stream, before = stream, stream.write

        def write(text: str) -> Any:
            written = before(text)
            if self._is_on and isinstance(text, str):
                with contextlib.suppress(OSError):
                    os.write(self._end, text.encode("utf-8", "backslashreplace"))
            return written

        with contextlib.suppress(AttributeError):  # a stream that takes no attributes is left alone
            stream.write = write

    def end(self) -> None:
        """Have it written to the process no more."""
        self._is_on = False

    def rescue(self) -> None:
        """The process is gone. Nothing is lost: the stream shows all of it."""
        self._is_on = False

    def flush(self) -> None:
        """Nothing waits."""

    def forget(self) -> None:
        """In a forked child: what it writes is recorded too."""
        os.close(self.source)

    def close(self) -> None:
        """Give the descriptors back."""
        self._is_on = False
        for descriptor in (self.source, self._end):
            with contextlib.suppress(OSError):
                os.close(descriptor)


Recorded = DescriptorStream | WrittenStream


def _described(stream: Recorded) -> dict[str, Any]:
    names = ("source", "target", "is_error", "is_terminal")
    return {name: getattr(stream, name) for name in names}


def layout() -> tuple[Any, ...]:
    """Where the standard streams lead now, for comparison."""
    found: list[Any] = [sys.stdout, sys.stderr]
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            state = os.fstat(descriptor)
            found.append((state.st_dev, state.st_ino, state.st_rdev))
    return tuple(found)


def is_descriptors(stream: Any, descriptor: int) -> bool:
    """Whether a stream of Python writes to this descriptor."""
    try:
        return bool(stream.fileno() == descriptor) and hasattr(stream, "reconfigure")
    except (AttributeError, OSError, ValueError):
        return False


def standard_streams() -> list[Recorded]:
    """What is to be recorded of this program."""
    if is_descriptors(sys.stdout, 1) and is_descriptors(sys.stderr, 2) and _are_the_same(1, 2):
        return [DescriptorStream((1, 2))]
    found: list[Recorded] = []
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if is_descriptors(stream, descriptor):
            found.append(DescriptorStream((descriptor,)))
        elif hasattr(stream, "write"):
            found.append(WrittenStream(name))
    return found


def _are_the_same(one: int, other: int) -> bool:
    first, second = os.fstat(one), os.fstat(other)
    return stat.S_IFMT(first.st_mode) == stat.S_IFMT(second.st_mode) and os.path.samestat(first, second)


def _pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    with contextlib.suppress(OSError):
        fcntl.fcntl(writing, _SET_PIPE_SIZE, PIPE_BYTES)
    return reading, writing


def _terminal_like(descriptor: int) -> tuple[int, int]:
    """A terminal of ours, as wide as the one that the stream leads to: programs go on drawing as on that."""
    reading, writing = os.openpty()
    attributes = termios.tcgetattr(writing)
    attributes[1] &= ~termios.OPOST  # the other one does it
    attributes[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG)
    termios.tcsetattr(writing, termios.TCSANOW, attributes)
    with contextlib.suppress(OSError):
        fcntl.ioctl(writing, termios.TIOCSWINSZ, fcntl.ioctl(descriptor, termios.TIOCGWINSZ, b"\0" * 8))
    return reading, writing
