"""A model in a process of its own, with the Python of an environment. Questions and answers go through pipes."""

import os
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from runyard.exceptions import RunyardException
from runyard.pyfunc.loading import load_model
from runyard.scoring import columns

_SIZE = struct.Struct("<Q")
_LEFT_OUT = ("PYTHONPATH", "PYTHONHOME")
"""Variables that would bring modules of this environment into the other."""
_LINES = 20
"""How many of the last lines that the process printed an error shows."""


class ChildModel:
    """A model that another process predicts with. Ends with this object, or with this process.

    Parameters
    ----------
    python: The interpreter that runs it; Runyard is installed there.
    folder: The model's files.
    model_config: Overrides the configuration it was saved with.
    say: Called with each line that the process prints.

    Raises
    ------
    RunyardException: The model cannot be loaded there.
    """

    def __init__(
        self,
        python: Path,
        folder: Path,
        model_config: Mapping[str, Any] | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        command = [str(python), "-m", "runyard.scoring.child", str(folder)]
        environment = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
        self._printed: deque[str] = deque(maxlen=_LINES)
        self._say = say
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self._reading = threading.Thread(target=self._read_printed, daemon=True)
        self._reading.start()
        self._ask(dict(model_config or {}))

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """What the model gives for an input.

        Raises
        ------
        RunyardException: It raised something, or its process ended.
        """
        return self._ask({"data": data, "params": None if params is None else dict(params)})

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reading.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:  # it died with a question unread
                continue

    def __del__(self) -> None:
        if hasattr(self, "_reading"):
            self.close()

    def _ask(self, question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _write(self._process.stdin, columns.packed(question))
            answer = _read(self._process.stdout)
        except BrokenPipeError:
            answer = None
        if answer is None:
            code = self._process.wait()
            self._reading.join()
            printed = "\n".join(self._printed)
            raise RunyardException(
                f"The process with the model's environment ended with {code}: {printed or 'silently'}"
            )
        outcome = columns.unpacked(answer)
        if "problem" in outcome:
            raise RunyardException(outcome["problem"])
        return outcome["prediction"]

    def _read_printed(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._printed.append(line.decode(errors="replace").rstrip())
            if self._say:
                self._say(self._printed[-1])


def main(folder: str) -> None:
    """Load the model, then answer questions until there are no more."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what the model prints does not belong to the answers
    model: Any = None
    while (data := _read(questions)) is not None:
        try:
            question = columns.unpacked(data)
            if model is None:
                model, prediction = load_model(folder, model_config=question or None), None
            else:
                prediction = model.predict(question["data"], params=question["params"])
            answer = columns.packed({"prediction": prediction})
        except Exception as problem:  # noqa: BLE001  (an edge: models may raise anything)
            name = "" if isinstance(problem, RunyardException) else f"{type(problem).__name__}: "
            answer = columns.packed({"problem": f"{name}{problem}"})
        _write(answers, answer)


def _write(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_SIZE.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """The next piece; None when the other side is gone."""
    head = pipe.read(_SIZE.size)
    if len(head) < _SIZE.size:
        return None
    (size,) = _SIZE.unpack(head)
    data = pipe.read(size)
    return data if len(data) == size else None


if __name__ == "__main__":
    main(*sys.argv[1:])
