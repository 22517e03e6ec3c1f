"""A run's status tells how its program ended: real programs, ended in real ways."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from runyard.client import RunyardClient

READY = "ready"


def start(folder: Path, body: str) -> "subprocess.Popen[str]":
    """Start a program that logs to a database in the folder."""
    program = f"import os, signal, sys, threading, time\nimport runyard as mlflow\n{textwrap.dedent(body)}"
    environment = {**os.environ, "RUNYARD_TRACKING_URI": f"sqlite:///{folder / 'runyard.db'}"}
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]", number: signal.Signals | None = None) -> tuple[int, str, str]:
    """Wait for the program, after sending it a signal when it is ready."""
    if number is not None:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == READY
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def statuses(folder: Path) -> list[str]:
    """The runs' statuses, in the order of their start."""
    client = RunyardClient(f"sqlite:///{folder / 'runyard.db'}")
    return [run.info.status for run in client.search_runs(["0"], order_by=["start_time ASC"])]


def test_a_program_that_just_ends_has_finished(tmp_path: Path) -> None:
    """Nobody has to call end_run; what was logged last is there."""
    code, _, err = finish(start(tmp_path, "mlflow.start_run()\nmlflow.log_metric('m', 1.0)"))

    assert (code, err) == (0, "")
    assert ["FINISHED"] == statuses(tmp_path)
    (run,) = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}").search_runs(["0"])
    assert run.data.metrics == {"m": 1.0}
    assert run.info.end_time is not None


def test_an_exception_that_nobody_catches_fails_the_run(tmp_path: Path) -> None:
    """The traceback is printed as ever."""
    code, _, err = finish(start(tmp_path, "mlflow.start_run()\nraise ValueError('broken')"))

    assert code == 1
    assert "ValueError: broken" in err
    assert ["FAILED"] == statuses(tmp_path)


def test_nested_runs_fail_together(tmp_path: Path) -> None:
    """All that were open when it happened."""
    finish(start(tmp_path, "mlflow.start_run()\nmlflow.start_run(nested=True)\nraise ValueError"))

    assert ["FAILED", "FAILED"] == statuses(tmp_path)


def test_sigterm_kills_the_run_and_the_program(tmp_path: Path) -> None:
    """As a scheduler ends jobs; the exit status still says it was the signal."""
    process = start(
        tmp_path, "mlflow.start_run()\nmlflow.log_metric('m', 1)\nprint('ready', flush=True)\ntime.sleep(60)"
    )

    assert finish(process, signal.SIGTERM)[0] == -signal.SIGTERM
    assert ["KILLED"] == statuses(tmp_path)


def test_sigterm_in_a_with_block_kills_the_run(tmp_path: Path) -> None:
    """No exception leaves the block, so the signal has to do it."""
    process = start(tmp_path, "with mlflow.start_run():\n    print('ready', flush=True)\n    time.sleep(60)")

    assert finish(process, signal.SIGTERM)[0] == -signal.SIGTERM
    assert ["KILLED"] == statuses(tmp_path)


def test_a_programs_own_handler_of_sigterm_is_called(tmp_path: Path) -> None:
    """It was there first, and decides how the program ends."""
    body = """
    signal.signal(signal.SIGTERM, lambda *_: (print("own handler", flush=True), sys.exit(7)))
    mlflow.start_run()
    print("ready", flush=True)
    time.sleep(60)
    """
    code, out, _ = finish(start(tmp_path, body), signal.SIGTERM)

    assert (code, out.strip()) == (7, "own handler")
    assert ["KILLED"] == statuses(tmp_path)


def test_a_program_that_ignores_sigterm_goes_on(tmp_path: Path) -> None:
    """What it chose is left alone."""
    body = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    mlflow.start_run()
    print("ready", flush=True)
    time.sleep(0.5)
    """
    assert finish(start(tmp_path, body), signal.SIGTERM)[0] == 0
    assert ["FINISHED"] == statuses(tmp_path)


@pytest.mark.parametrize("block", [True, False], ids=["with", "plain"])
def test_an_interrupt_kills_the_run(tmp_path: Path, block: bool) -> None:
    """Ctrl-C in a with block, and without one."""
    begin = "with mlflow.start_run():" if block else "mlflow.start_run()\nif True:"
    handler = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # a shell's background jobs ignore interrupts
    body = f"{handler}\n{begin}\n    print('ready', flush=True)\n    time.sleep(60)"

    code, _, err = finish(start(tmp_path, body), signal.SIGINT)

    assert code in (1, -signal.SIGINT)  # Python forgets that it was an interrupt when exit handlers run text as code
    assert "KeyboardInterrupt" in err
    assert ["KILLED"] == statuses(tmp_path)


def test_a_thread_that_dies_fails_its_own_run_only(tmp_path: Path) -> None:
    """The program goes on and finishes."""
    body = """
    mlflow.start_run()
    def work():
        mlflow.start_run()
        raise ValueError("in a thread")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    """
    _, _, err = finish(start(tmp_path, body))

    assert "in a thread" in err
    assert ["FINISHED", "FAILED"] == statuses(tmp_path)


def test_runs_left_open_by_threads_finish_with_the_program(tmp_path: Path) -> None:
    """They must not look as if they were running for ever."""
    finish(start(tmp_path, "thread = threading.Thread(target=mlflow.start_run)\nthread.start()\nthread.join()"))

    assert ["FINISHED"] == statuses(tmp_path)


def test_a_forked_child_does_not_end_its_parents_run(tmp_path: Path) -> None:
    """Workers of a data loader come and go; also when they are terminated."""
    body = """
    run = mlflow.start_run()
    for ending in (lambda: sys.exit(0), lambda: os.kill(os.getpid(), signal.SIGTERM)):
        child = os.fork()
        if child == 0:
            ending()
        os.waitpid(child, 0)
    print(mlflow.get_run(run.info.run_id).info.status)
    mlflow.log_param("after", 1)
    """
    code, out, err = finish(start(tmp_path, body))

    assert (code, out.strip(), err) == (0, "RUNNING", "")
    assert ["FINISHED"] == statuses(tmp_path)


def test_a_forked_child_can_log_to_its_parents_run(tmp_path: Path) -> None:
    """It sees the run as active."""
    body = """
    mlflow.start_run()
    child = os.fork()
    if child == 0:
        mlflow.log_metric("in child", 1.0)
        mlflow.log_param("in child", "yes")
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
    """
    code, _, err = finish(start(tmp_path, body))

    assert (code, err) == (0, "")
    (run,) = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}").search_runs(["0"])
    assert (run.data.metrics, run.data.params) == ({"in child": 1.0}, {"in child": "yes"})
    assert run.info.status == "FINISHED"


def test_a_process_that_vanishes_leaves_its_run_running(tmp_path: Path) -> None:
    """Nobody was there to say how it ended; what it logged is kept."""
    finish(start(tmp_path, "mlflow.start_run()\nmlflow.log_param('p', 1)\nos._exit(0)"))

    assert ["RUNNING"] == statuses(tmp_path)
