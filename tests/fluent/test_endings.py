"""A run's status tells how its program ended: real programs, ended in real ways."""

import signal
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from tests.fluent.programs import finish, program, start, start_python, statuses


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU])
def test_a_signal_kills_the_run_and_the_program(tmp_path: Path, number: signal.Signals) -> None:
    """As schedulers, closed terminals and limits end jobs; the exit status still says it was the signal."""
    process = start(
        tmp_path, "mlflow.start_run()\nmlflow.log_metric('m', 1)\nprint('ready', flush=True)\ntime.sleep(60)"
    )

    assert finish(process, number)[0] == -number
    assert ["KILLED"] == statuses(tmp_path)


def test_sigterm_in_a_with_block_kills_the_run(tmp_path: Path) -> None:
    """No exception leaves the block, so the signal has to do it."""
    process = start(tmp_path, "with mlflow.start_run():\n    print('ready', flush=True)\n    time.sleep(60)")

    assert finish(process, signal.SIGTERM)[0] == -signal.SIGTERM
    assert ["KILLED"] == statuses(tmp_path)


def test_a_programs_own_handler_of_sigterm_is_called(tmp_path: Path) -> None:
    """It was there first, and decides how the program ends."""
    body = """
    signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"own handler"), sys.exit(7)))  # a print may be going on
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
    os.kill(os.getpid(), signal.SIGTERM)
    """
    assert finish(start(tmp_path, body))[0] == 0
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


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_worker_starts_runs_of_its_own(tmp_path: Path) -> None:
    """Workers of a pool log a run each, as they do when they are spawned; nested ones are children of the parent's."""
    body = """
    import multiprocessing
    def work(number):
        with mlflow.start_run(run_name=f"own {number}"):
            mlflow.log_param("number", number)
        print(mlflow.last_active_run().info.run_name, mlflow.active_run().info.run_name)
        with mlflow.start_run(run_name=f"child {number}", nested=True):
            pass
    with mlflow.start_run(run_name="parent") as parent:
        worker = multiprocessing.get_context("fork").Process(target=work, args=(1,))
        worker.start()
        worker.join()
        assert mlflow.active_run() is parent
    sys.exit(worker.exitcode)
    """
    code, out, err = finish(start(tmp_path, body))

    assert (code, out.strip(), err) == (0, "own 1 parent", "")
    found = RunyardClient(f"sqlite:///{tmp_path / 'runyard.db'}").search_runs(["0"])
    runs = {run.info.run_name: run for run in found}
    assert {"FINISHED"} == {run.info.status for run in runs.values()}
    assert runs["own 1"].data.params == {"number": "1"}
    assert "mlflow.parentRunId" not in runs["own 1"].data.tags
    assert runs["child 1"].data.tags["mlflow.parentRunId"] == runs["parent"].info.run_id


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_worker_dies_of_signals_as_it_would_without_us(tmp_path: Path) -> None:
    """A pool ends its workers while they wait for a lock of a dead one, where no handler of Python is called."""
    body = """
    import multiprocessing
    def work():
        print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)
        with mlflow.start_run():
            os.kill(os.getpid(), signal.SIGTERM)
    mlflow.start_run()
    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start()
    worker.join()
    os.kill(os.getpid(), worker.exitcode == -signal.SIGTERM and signal.SIGTERM)
    """
    code, out, err = finish(start(tmp_path, body))

    assert (code, out.strip(), err) == (-signal.SIGTERM, "True", "")
    assert ["KILLED", "KILLED"] == statuses(tmp_path)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_process_ends_the_runs_it_leaves_open(tmp_path: Path, method: str) -> None:
    """Workers of multiprocessing end without atexit and without excepthook."""
    (tmp_path / "work.py").write_text(
        "import os, signal, sys, runyard as mlflow\n"
        "def work(how):\n"
        "    mlflow.start_run()\n"
        "    if how == 1: raise ValueError('in a worker')\n"
        "    if how == 2: sys.exit(3)\n"
        "    if how == 3: os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    body = f"""
    import multiprocessing, work
    if __name__ == "__main__":
        mlflow.start_run()
        for how in range(4):
            worker = multiprocessing.get_context({method!r}).Process(target=work.work, args=(how,))
            worker.start()
            worker.join()
    """
    # spawned workers look for the program's file, which a text from standard input does not have
    process = start_python(tmp_path, "-c", program(body)) if method == "spawn" else start(tmp_path, body)
    code, _, _ = finish(process)

    assert code == 0
    assert ["FINISHED", "FINISHED", "FAILED", "FAILED", "KILLED"] == statuses(tmp_path)
