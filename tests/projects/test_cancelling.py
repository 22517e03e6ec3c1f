"""Cancelling: every process that a project started ends, and the run is marked as killed."""

import os
import shutil
import signal
import textwrap
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import ExecutionException
from tests.projects.building import all_runs, artifacts, command, ids_in, lives, output, project, until, written_ids
from tests.support.programs import Program, start_program

NOTE = "import os, signal, sys, time\nopen('ids', 'a').write(f'{os.getpid()}\\n')\n"
WAIT = NOTE + "time.sleep(600)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAIT
DEEP = NOTE + textwrap.dedent("""
    import subprocess
    subprocess.Popen([sys.executable, 'wait.py'])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, 'wait.py'])
        os._exit(0)
    os.wait()
    time.sleep(600)
    """)


def waiting(folder: Path, main: str = WAIT, text: str = "python main.py; echo after") -> Path:
    """A project that goes on until it is ended, and notes the ids of its processes."""
    return project(folder / "code", command(text), main__py=main, wait__py=WAIT)


def test_cancelling_ends_the_whole_tree(mlflow: ModuleType, tmp_path: Path) -> None:
    """Children, grandchildren, and those that became daemons with a session of their own."""
    folder = waiting(tmp_path, DEEP)
    run = mlflow.projects.run(str(folder), synchronous=False)
    ids = written_ids(folder / "ids", 3)
    run.cancel()

    assert [] == [one for one in ids if lives(one)]
    assert ("KILLED", "KILLED", False) == (run.get_status(), mlflow.get_run(run.run_id).info.status, run.wait())
    assert {} == artifacts(run.run_id, "logs")
    run.cancel()


def test_a_process_that_does_not_want_to_end_is_killed(mlflow: ModuleType, tmp_path: Path) -> None:
    """A program stuck in a library ignores every request."""
    folder = waiting(tmp_path, STUBBORN)
    run = mlflow.projects.run(str(folder), synchronous=False)
    ids = written_ids(folder / "ids", 1)
    run.cancel(grace=0.3)

    assert [] == [one for one in ids if lives(one)]
    assert "KILLED" == mlflow.get_run(run.run_id).info.status


def test_a_program_may_put_things_in_order_first(mlflow: ModuleType, tmp_path: Path) -> None:
    """It is asked once, and what it still says and logs is kept: also its own nested runs are marked."""
    main = "import mlflow\nmlflow.start_run()\nmlflow.start_run(nested=True)\n" + textwrap.dedent("""
        def tidy(*_):
            print('tidying', flush=True); time.sleep(.5); mlflow.log_metric('m', 1); sys.exit(3)
        import sys, signal, time
        signal.signal(signal.SIGTERM, tidy)
        """)
    folder = waiting(tmp_path, main + WAIT, "exec python main.py")
    run = mlflow.projects.run(str(folder), synchronous=False)
    written_ids(folder / "ids", 1)
    run.cancel()

    assert "tidying\n" == output(run.run_id)
    assert ["KILLED", "KILLED"] == [one.info.status for one in all_runs()]
    assert {"m": 1.0} == all_runs()[1].data.metrics


def test_nested_runs_of_a_cancelled_program_are_killed(mlflow: ModuleType, tmp_path: Path) -> None:
    """No run below is left running for ever."""
    main = "import mlflow\nmlflow.start_run()\nmlflow.start_run(nested=True)\n"
    folder = waiting(tmp_path, main + WAIT)
    run = mlflow.projects.run(str(folder), synchronous=False)
    written_ids(folder / "ids", 1)
    run.cancel()

    assert ["KILLED", "KILLED"] == [one.info.status for one in all_runs()]


def test_cancelling_at_once_starts_nothing_more(mlflow: ModuleType, tmp_path: Path) -> None:
    """Whatever it was doing at that moment."""
    folder = waiting(tmp_path)
    for seconds in (0, 0.01, 0.03, 0.1):
        run = mlflow.projects.run(str(folder), synchronous=False)
        time.sleep(seconds)
        run.cancel()

        assert ("KILLED", "KILLED") == (run.get_status(), mlflow.get_run(run.run_id).info.status)
    assert [] == [one for one in ids_in(folder / "ids") if lives(one)]


def test_several_runs_at_a_time_are_cancelled_one_by_one(mlflow: ModuleType, tmp_path: Path) -> None:
    """One's end is not another's."""
    folders = [waiting(tmp_path / name) for name in ("a", "b")]
    first, second = (mlflow.projects.run(str(folder), synchronous=False) for folder in folders)
    ids = [written_ids(folder / "ids", 1)[0] for folder in folders]
    first.cancel()

    assert [False, True] == [lives(one) for one in ids]
    assert ("KILLED", "RUNNING") == (first.get_status(), second.get_status())
    second.cancel()


@pytest.mark.parametrize("reaches", ["process", "another thread"])
def test_a_synchronous_run_can_be_interrupted(mlflow: ModuleType, tmp_path: Path, reaches: str) -> None:
    """The stop button of a notebook ends the training too, whichever thread the system gives the signal to."""
    folder = waiting(tmp_path)

    def interrupt() -> None:
        written_ids(folder / "ids", 1)
        if reaches == "process":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        mlflow.projects.run(str(folder))
    thread.join()

    assert not lives(written_ids(folder / "ids", 1)[0])
    assert ["KILLED"] == [run.info.status for run in all_runs()]


def test_a_cancelled_run_says_so(mlflow: ModuleType, tmp_path: Path) -> None:
    """A program that waits for it elsewhere learns that it did not fail by itself."""
    folder = waiting(tmp_path)
    run = mlflow.projects.run(str(folder), synchronous=False)
    written_ids(folder / "ids", 1)
    canceller = threading.Timer(0.1, run.cancel)
    canceller.start()

    assert run.wait() is False
    assert isinstance(run.failure(), ExecutionException)
    assert "was cancelled" in str(run.failure())
    canceller.join()


def calling(folder: Path, body: str, main: str = WAIT) -> Program:
    """A program that runs such a project, `p`, and does something else."""
    waiting(folder, main, "python main.py")
    text = (
        f"import os, signal, sys, time\nimport runyard as mlflow\np = {str(folder / 'code')!r}\n{textwrap.dedent(body)}"
    )
    environment = {**os.environ, "RUNYARD_TRACKING_URI": f"sqlite:///{folder}/store/runyard.db"}
    return start_program(text, folder=folder, environment=environment)


ASYNCHRONOUS = "run = mlflow.projects.run(p, synchronous=False)\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "body",
    ["mlflow.projects.run(p)", ASYNCHRONOUS + "time.sleep(600)", ASYNCHRONOUS],
    ids=["waiting for it", "doing something else", "waiting at its end"],
)
def test_a_signal_to_the_calling_program_ends_the_tree(
    mlflow: ModuleType, tmp_path: Path, number: signal.Signals, body: str
) -> None:
    """Ctrl-C, and the scheduler that stops the job: nothing goes on unwatched."""
    caller = calling(tmp_path, body, DEEP)
    ids = written_ids(tmp_path / "code" / "ids", 3)
    caller.send_signal(number)
    code, _, _ = caller.finish()

    assert [] == [one for one in ids if lives(one)]
    assert ["KILLED"] == [run.info.status for run in all_runs()]
    assert code != 0 or body == ASYNCHRONOUS


def test_a_signal_ends_what_does_not_want_to_end(mlflow: ModuleType, tmp_path: Path) -> None:
    """In the ten seconds that schedulers give."""
    caller = calling(tmp_path, "mlflow.projects.run(p)", STUBBORN)
    ids = written_ids(tmp_path / "code" / "ids", 1)
    started = time.monotonic()
    caller.send_signal(signal.SIGTERM)
    caller.finish()

    assert [] == [one for one in ids if lives(one)]
    assert ["KILLED"] == [run.info.status for run in all_runs()]
    assert time.monotonic() - started < 10


def test_a_program_waits_for_its_runs_when_it_ends(mlflow: ModuleType, tmp_path: Path) -> None:
    """A script of one line may start a run and end; an error of its own does not end what it started."""
    main = NOTE + "time.sleep(.5)\nprint('done')"
    endings = ("", "raise ValueError", "sys.exit(3)")
    for caller in [calling(tmp_path, ASYNCHRONOUS + ending, main) for ending in endings]:
        caller.finish()

    assert ["FINISHED"] * 3 == [run.info.status for run in all_runs()]
    assert [b"done\n"] * 3 == [artifacts(run.info.run_id, "logs")["output.log"] for run in all_runs()]


def test_a_forked_child_ends_nothing(mlflow: ModuleType, tmp_path: Path) -> None:
    """Worker processes come and go while a run goes on."""
    body = ASYNCHRONOUS + "if os.fork() == 0: sys.exit()\nos.wait()\nrun.wait()"
    caller = calling(tmp_path, body, NOTE + "time.sleep(1)")
    code, _, _ = caller.finish()

    assert 0 == code
    assert ["FINISHED"] == [run.info.status for run in all_runs()]


def test_steps_that_were_killed_outright_are_marked(mlflow: ModuleType, tmp_path: Path, temporary: Path) -> None:
    """Nobody is left to do it for them: programs that ignore requests are killed with the workflow."""
    workflow = "import mlflow\nwith mlflow.start_run():\n  mlflow.projects.run('.', 'step')\n"
    text = command("exec python main.py") + '  step: {command: "exec python stubborn.py"}\n'
    ignore = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    folder = project(tmp_path / "code", text, main__py=ignore + workflow, stubborn__py=STUBBORN)
    run = mlflow.projects.run(str(folder), synchronous=False)
    written_ids(folder / "ids", 1)
    run.cancel(grace=0.3)

    assert ["KILLED", "KILLED"] == [one.info.status for one in all_runs()]
    shutil.rmtree(next(temporary.glob("runyard-output-*")))  # the killed workflow could not


def test_cancelling_does_not_wait_for_an_environment(
    mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packages may take minutes to fetch; the run is marked at once, and its command never starts."""
    monkeypatch.setenv("RUNYARD_ENV_ROOT", str(tmp_path / "environments"))
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "uv").write_text(
        f"#!/bin/sh\ntouch {tmp_path}/begun\nwhile [ ! -e {tmp_path}/go ]; do sleep 0.05; done\n"
    )
    (programs / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(programs), os.environ["PATH"]]))
    folder = project(tmp_path / "code", command("touch started"))
    run = mlflow.projects.run(str(folder), env_manager="uv", synchronous=False)
    until((tmp_path / "begun").exists)
    run.cancel()

    assert ("KILLED", "KILLED") == (run.get_status(), mlflow.get_run(run.run_id).info.status)
    (tmp_path / "go").touch()
    assert not run.wait()
    assert "KILLED" == mlflow.get_run(run.run_id).info.status
    assert not (folder / "started").exists()
