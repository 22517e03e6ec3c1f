"""What a program prints is kept with its runs, and the terminal loses nothing of it."""

import json
import os
import pty
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.client.journal import spool_folder
from runyard.core.tags import OUTPUT_TAG
from tests.client.test_sync import run_sync
from tests.support.clock import wait_until
from tests.support.programs import Program, start_program
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

_BEGIN = """
import ctypes, json, os, signal, subprocess, sys, threading, time
import runyard
from runyard import start_run, end_run
runyard.set_tracking_uri(sys.argv[1])
def flushed(text):
    sys.stdout.write(text + "\\n"); sys.stdout.flush()
"""


def a_program(address: str, text: str, *arguments: str, **environment: str) -> Program:
    """Start a program that logs to a server."""
    quiet = {**os.environ, "RUNYARD_SUPPRESS_PRINTING_URL_TO_STDOUT": "1", **environment}
    return start_program(_BEGIN + text, address, *arguments, environment=quiet)


def output(address: str, run_id: str) -> str:
    """What is kept with a run, in order of the parts' names."""
    client = RunyardClient(address)
    parts = sorted(file.path for file in client.list_artifacts(run_id, "logs"))
    return "".join(Path(client.download_artifacts(run_id, path)).read_text() for path in parts)


def by_name(address: str) -> dict[str, str]:
    """The output of all runs of a server, by the names of the runs."""
    runs = RunyardClient(address).search_runs(["0"])
    return {run.info.run_name or "": output(address, run.info.run_id) for run in runs}


EVERY_WAY = """
with start_run(run_name="every way", log_output=True):
    print("from Python")
    os.write(1, b"by the descriptor\\n")
    ctypes.CDLL(None).puts(b"from C")
    ctypes.CDLL(None).fflush(None)
    subprocess.run(["echo", "from a child"])
    child = os.fork()
    if not child:
        flushed("from a fork")
        os._exit(0)
    os.waitpid(child, 0)
    ctypes.CDLL(None).puts(b"in the buffer of C")
    print("the end", end="")
print(" and behind it")
with start_run(run_name="without"):
    print("not recorded")
"""


def test_whatever_prints_is_kept_and_shown(server: RunningServer) -> None:
    """Python, compiled libraries, child processes and forks, to the last byte; and only while the run is open."""
    code, out, errors = a_program(server.url, EVERY_WAY).finish()

    kept = "from Python\nby the descriptor\nfrom C\nfrom a child\nfrom a fork\nthe end\nin the buffer of C\n"
    assert (0, "") == (code, errors)
    assert sorted(kept.splitlines()) == sorted(by_name(server.url)["every way"].splitlines())
    assert kept.splitlines()[:5] == out.splitlines()[:5]
    assert "not recorded" == out.splitlines()[-1]
    assert "" == by_name(server.url)["without"]


ENDINGS = """
try:
    with start_run(run_name="outer"):
        print("in the outer")
        with start_run(run_name="inner", nested=True):
            print("in the inner")
            raise ValueError("what went wrong")
except ValueError:
    print("caught")
run = start_run(run_name="uncaught")
with start_run(run_id=run.info.run_id, nested=True):
    print("opened twice")
print("near the end")
1 / 0
"""


def test_tracebacks_are_in_the_log(server: RunningServer) -> None:
    """Those of the blocks that they leave, and the one that ends the program; each run has what was printed in it."""
    code, _, errors = a_program(server.url, ENDINGS, RUNYARD_LOG_OUTPUT="1").finish()
    found = by_name(server.url)

    assert 1 == code
    assert errors.rstrip().endswith("ZeroDivisionError: division by zero")
    assert found["inner"].startswith("in the inner\nTraceback (most recent call last):\n")
    assert found["inner"].endswith("ValueError: what went wrong\n")
    assert found["outer"].startswith("in the outer\nin the inner\nTraceback")
    assert "caught" not in found["outer"]
    assert found["uncaught"].startswith("opened twice\nnear the end\nTraceback")
    assert found["uncaught"].endswith("ZeroDivisionError: division by zero\n")


def test_a_resumed_run_keeps_its_earlier_output(server: RunningServer) -> None:
    """What was printed before is in files of its own."""
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    text = "with start_run(sys.argv[2], log_output=True): print(sys.argv[3])"
    for word in ("first", "second"):
        a_program(server.url, text, run_id, word).finish()

    client = RunyardClient(server.url)
    names = sorted(file.path for file in client.list_artifacts(run_id, "logs"))
    assert ["logs/output-1-", "logs/output-2-"] == [name[:14] for name in names]
    assert "first\nsecond\n" == output(server.url, run_id)
    assert "7" == client.get_run(run_id).data.tags[OUTPUT_TAG]  # of the process that printed last


def test_processes_that_resume_a_run_at_once_lose_no_line(server: RunningServer, tmp_path: Path) -> None:
    """As the ranks of one training do: each line arrives whole and once, long ones too."""
    run_id = RunyardClient(server.url).create_run("0").info.run_id
    text = """
with start_run(sys.argv[2], log_output=True):
    flushed("in the run")
    while not os.path.exists(sys.argv[4]): time.sleep(0.02)
    for number in range(200):
        flushed(f"{sys.argv[3]} {number} " + sys.argv[3] * (9_000 if number % 50 == 0 else 20))
"""
    programs = [a_program(server.url, text, run_id, rank, str(tmp_path / "go")) for rank in "abc"]
    assert 3 * ["in the run\n"] == [program.stdout.readline() for program in programs]
    (tmp_path / "go").touch()
    assert 3 * [0] == [program.finish()[0] for program in programs]

    expected = [
        f"{rank} {number} " + rank * (9_000 if number % 50 == 0 else 20) for rank in "abc" for number in range(200)
    ]
    lines = output(server.url, run_id).splitlines()
    assert sorted([*expected, *3 * ["in the run"]]) == sorted(lines)
    for rank in "abc":
        assert [line for line in expected if line[0] == rank] == [line for line in lines if line[0] == rank]


def test_the_last_words_of_a_killed_program_are_kept(server: RunningServer) -> None:
    """A machine without memory kills without a warning, and what was printed before says why."""
    text = "start_run(run_name='killed', log_output=True)\nprint('allocating')\nos.kill(os.getpid(), signal.SIGKILL)"
    code, out, _ = a_program(server.url, text).finish()

    assert (-signal.SIGKILL, "allocating\n") == (code, out)
    assert "allocating\n" == by_name(server.url)["killed"]


def test_output_is_there_while_the_program_runs(server: RunningServer, tmp_path: Path) -> None:
    """Live, with its size in a tag, which tells open pages of it."""
    text = "with start_run(run_name='live', log_output=True) as run:\n  flushed(run.info.run_id)\n"
    text += f"  while not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.02)"
    program = a_program(server.url, text)
    run_id = program.stdout.readline().strip()

    assert wait_until(lambda: output(server.url, run_id) == f"{run_id}\n")
    client = RunyardClient(server.url)
    assert wait_until(lambda: client.get_run(run_id).data.tags.get(OUTPUT_TAG) == "33")
    assert "RUNNING" == client.get_run(run_id).info.status
    (tmp_path / "go").touch()
    program.finish()


def test_an_outage_loses_no_output(start_server: Callable[..., RunningServer], tmp_path: Path) -> None:
    """The program is not held up, and what it printed meanwhile is delivered with the rest."""
    server, go = start_server(), tmp_path / "go"
    text = f"""
run = start_run(log_output=True)
flushed(run.info.run_id)
while not os.path.exists({str(go)!r}): time.sleep(0.02)
began = time.monotonic()
for number in range(20_000): print("line", number)
assert time.monotonic() - began < 20
end_run()
"""
    program = a_program(server.url, text, RUNYARD_OFFLINE_AFTER="0.5")
    run_id = program.stdout.readline().strip()
    server.kill()
    go.touch()
    code, out, errors = program.finish()
    assert (0, 20_000) == (code, out.count("line"))
    assert "runyard sync" in errors

    server.start()
    assert 0 == run_sync().exit_code

    assert [run_id, *(f"line {number}" for number in range(20_000))] == output(server.url, run_id).splitlines()
    assert not list(spool_folder().rglob("*"))


def test_without_its_recorder_a_program_goes_on(server: RunningServer) -> None:
    """Somebody may kill it: the terminal has everything, and training does not stop."""
    text = """
from runyard.fluent import log_output
with start_run(run_name="alone", log_output=True):
    flushed("before")
    recorder = log_output._recorder.process
    os.kill(recorder._process.pid, signal.SIGSTOP)
    flushed("unread " * 5000)
    os.kill(recorder._process.pid, signal.SIGKILL)
    while not recorder.is_gone: time.sleep(0.02)
    print("after")
with start_run(run_name="again", log_output=True):
    print("recorded again")
"""
    code, out, errors = a_program(server.url, text).finish()

    assert 0 == code
    assert (1, 5000, 1, 1) == tuple(out.count(word) for word in ("before", "unread", "after", "recorded again"))
    assert "it is not recorded any more" in errors
    assert "recorded again\n" == by_name(server.url)["again"]


ON_A_TERMINAL = """
with start_run(run_name="terminal", log_output=True):
    print(json.dumps([sys.stdout.isatty(), os.isatty(1), os.get_terminal_size(1).columns]))
    print("an error", file=sys.stderr)
print(sys.stdout.isatty())
"""


def test_a_terminal_stays_one(server: RunningServer) -> None:
    """Progress bars and colours are made for terminals only; both streams keep their order."""
    quiet = {"RUNYARD_SUPPRESS_PRINTING_URL_TO_STDOUT": "1"}
    child, terminal = pty.fork()
    if not child:
        os.execvpe(sys.executable, [sys.executable, "-c", _BEGIN + ON_A_TERMINAL, server.url], {**os.environ, **quiet})
    shown = b""
    while piece := _read(terminal):
        shown += piece
    os.waitpid(child, 0)
    os.close(terminal)

    lines = shown.decode().split("\r\n")
    assert ["an error", "True", ""] == lines[1:]
    assert [True, True, os.terminal_size((0, 0)).columns] == json.loads(lines[0])
    assert f"{lines[0]}\nan error\n" == by_name(server.url)["terminal"]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how a terminal ends
        return b""


IN_A_NOTEBOOK = """
class Stream:
    encoding, shown = "utf-8", ""
    def write(self, text): Stream.shown += text; return len(text)
    def flush(self): pass
before, sys.stdout = sys.stdout, Stream()
with start_run(run_name="notebook", log_output=True):
    print("in a cell \\N{SNOWMAN}")
print("behind it")
sys.stdout, shown = before, Stream.shown
print(json.dumps(shown))
"""


def test_streams_of_notebooks_are_recorded(server: RunningServer) -> None:
    """They lead to no descriptor of the process."""
    _, out, _ = a_program(server.url, IN_A_NOTEBOOK).finish()
    shown = json.loads(out.splitlines()[-1])

    assert "in a cell \N{SNOWMAN}\n" == shown[: shown.index("\n") + 1]
    assert "behind it" in shown
    assert "in a cell \N{SNOWMAN}\n" == by_name(server.url)["notebook"]


def test_nothing_of_it_is_loaded_unless_it_is_asked_for(server: RunningServer) -> None:
    """A program that does not want it pays nothing, and a project's run is recorded by who runs the project."""
    text = "run = start_run()\nassert 'runyard.fluent.log_output' not in sys.modules\nend_run()\n"
    text += "os.environ['RUNYARD_PROJECT_RUN_ID'] = run.info.run_id\n"
    text += "with start_run(run.info.run_id, log_output=True) as run: assert run.output is None"

    assert 0 == a_program(server.url, text).finish()[0]
