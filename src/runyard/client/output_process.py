"""The process beside a program that records its output: passes on what is printed, and stores it with the open runs.

It is a process of its own so that nothing is lost and nobody waits: the program's lock does not hold up what libraries
print while they hold it, and the last lines of a program that was killed still reach the terminal and the run.

It speaks with the program over a socket, in lines of JSON. It begins with the standard library only: what is printed
passes through at once, while the client is still being loaded.
"""

import contextlib
import fcntl
import importlib
import json
import os
import queue
import select
import socket
import sys
import termios
import threading
import time
from dataclasses import dataclass, field
from typing import Any

PIECE = 65_536
MOST_READS = 256
"""Reads after which all is read that was printed before: a pipe holds a megabyte, and a terminal is read by 4 kB."""
SIZE_SECONDS = 1.0
"""How often the size of the terminal is passed on."""


@dataclass
class Stream:
    """A stream of the program.

    Attributes
    ----------
    source: What it prints comes from here.
    target: It is passed on to here; None when the program does that.
    is_error: Whether it is for errors.
    is_terminal: Whether the source is a terminal of ours, the size of which follows the target's.
    """

    source: int
    target: int | None
    is_error: bool
    is_terminal: bool
    sized: float = 0.0

    def read(self) -> bytes:
        """What there is; nothing at its end."""
        try:
            return os.read(self.source, PIECE)
        except OSError:  # how a terminal ends
            return b""

    def pass_on(self, piece: bytes) -> None:
        """Show a piece where it would have been shown without us. Nobody may be there any more to see it."""
        if self.target is None:
            return
        with contextlib.suppress(OSError):
            while piece:
                piece = piece[os.write(self.target, piece) :]
        if self.is_terminal and time.monotonic() - self.sized > SIZE_SECONDS:
            self.sized = time.monotonic()
            with contextlib.suppress(OSError):
                fcntl.ioctl(self.source, termios.TIOCSWINSZ, fcntl.ioctl(self.target, termios.TIOCGWINSZ, b"\0" * 8))


class RunLog:
    """The output of one run, in a thread of its own."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._asked = asked
        self._pieces: queue.SimpleQueue[tuple[Stream, bytes] | str | None] = queue.SimpleQueue()
        self._ended = threading.Event()
        threading.Thread(target=self._work, name="runyard-run-log").start()

    def take(self, stream: Stream, piece: bytes) -> None:
        """Take in a piece of a stream, unless it could not be recorded and nobody takes it out again."""
        if not self._ended.is_set():
            self._pieces.put((stream, piece))

    def say(self, text: str) -> None:
        """Add text that the program does not print itself."""
        self._pieces.put(text)

    def end(self) -> None:
        """Nothing more comes."""
        self._pieces.put(None)

    def wait(self) -> None:
        """Wait until all of it is stored, or left to the spool."""
        self._ended.wait()

    def _work(self) -> None:
        try:
            self._record()
        except Exception as problem:  # noqa: BLE001  (the edge: it is shown all the same)
            sys.stderr.write(f"The output of run {self._asked['run_id']} is not recorded any more: {problem}\n")
        finally:
            self._ended.set()

    def _record(self) -> None:
        client = importlib.import_module("runyard.client.output_parts")  # what is printed passes through meanwhile
        output = client.opened(**self._asked)
        lines: dict[int, Any] = {}
        try:
            while (piece := self._pieces.get()) is not None:
                if isinstance(piece, str):
                    self._end_lines(output, lines)
                    output.take(piece.encode("utf-8", "backslashreplace"), is_error=True)
                else:
                    stream, content = piece
                    output.take(lines.setdefault(stream.source, client.Lines()).whole(content), stream.is_error)
            self._end_lines(output, lines)
        finally:
            output.close()

    @staticmethod
    def _end_lines(output: Any, lines: dict[int, Any]) -> None:
        for begun in lines.values():
            output.take(begun.rest())


@dataclass
class Recorder:
    """All that is recorded.

    Attributes
    ----------
    control: The socket to the program; None when the program has ended.
    streams: Its streams that are open.
    runs: The open runs, by their ids.
    """

    control: socket.socket | None
    streams: list[Stream]
    runs: dict[str, RunLog] = field(default_factory=dict)
    _all: list[RunLog] = field(default_factory=list)
    _begun: bytes = b""

    def work(self) -> None:
        """Go on until the program has ended and nobody has its streams any more."""
        while self.control is not None or self.streams:
            control = [self.control.fileno()] if self.control is not None else []
            ready = select.select([*(stream.source for stream in self.streams), *control], [], [])[0]
            if control and control[0] in ready:
                self._listen()
            else:
                self._read_from(ready)
        for run in self._all:  # while this thread goes on, they may load what they need
            run.wait()

    def _read_from(self, ready: list[int]) -> None:
        for stream in [stream for stream in self.streams if stream.source in ready]:
            self._read(stream)

    def _read(self, stream: Stream) -> None:
        piece = stream.read()
        if not piece:
            self.streams.remove(stream)
            os.close(stream.source)
            return
        stream.pass_on(piece)
        for run in self.runs.values():
            run.take(stream, piece)

    def _listen(self) -> None:
        """Do what the program asks."""
        assert self.control is not None
        try:
            received = self.control.recv(PIECE)
        except OSError:
            received = b""
        if not received:  # it has ended, in whatever way
            self._drain()
            self.control = None
            for run_id in list(self.runs):
                self.runs.pop(run_id).end()
            return
        *lines, self._begun = (self._begun + received).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def _drain(self) -> None:
        for _ in range(MOST_READS):  # other threads of the program may go on printing for ever
            ready = select.select([stream.source for stream in self.streams], [], [], 0)[0]
            self._read_from(ready)
            if not ready:
                return

    def _obey(self, asked: dict[str, Any]) -> None:
        what = asked.pop("do")
        if what == "begin":  # what comes in the pipes may belong to it
            self.runs[asked["run_id"]] = log = RunLog(asked)
            self._all.append(log)
            return
        self._drain()  # what the program printed before it asked
        if what == "wait":
            self._answer(asked["number"])
        elif what == "say" and asked["run_id"] in self.runs:
            self.runs[asked["run_id"]].say(asked["text"])
        elif what == "end":
            run = self.runs.pop(asked["run_id"], None)
            threading.Thread(target=self._end, args=(run, asked["number"])).start()

    def _end(self, run: RunLog | None, number: int) -> None:
        if run is not None:
            run.end()
            run.wait()
        self._answer(number)

    def _answer(self, number: int) -> None:
        control = self.control
        if control is not None:
            with contextlib.suppress(OSError):
                control.sendall(b"%d\n" % number)


def main() -> None:
    """Record what comes in by the descriptors that the first argument lists."""
    asked = json.loads(sys.argv[1])
    control = socket.socket(fileno=asked["control"])
    Recorder(control, [Stream(**stream) for stream in asked["streams"]]).work()


if __name__ == "__main__":
    main()
