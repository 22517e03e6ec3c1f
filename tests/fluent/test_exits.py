"""A run's status follows the exit code and the exception that end the program, whatever else handles them."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.fluent.programs import finish, start, start_python, statuses

pytestmark = pytest.mark.slow

EXITS = {
    "exit 0": ("sys.exit(0)", 0, "FINISHED"),
    "exit 1": ("sys.exit(1)", 1, "FAILED"),
    "exit with text": ("sys.exit('bad options')", 1, "FAILED"),
    "exit as after Ctrl-C": ("sys.exit(130)", 130, "KILLED"),
    "quit": ("quit(2)", 2, "FAILED"),
    "raised": ("raise SystemExit(3)", 3, "FAILED"),
    "raised, in a function": ("def main():\n    raise SystemExit('bad')\nmain()", 1, "FAILED"),
    "raised without a value": ("raise SystemExit", 0, "FINISHED"),
    "raised, good, in a function": ("def main():\n    raise SystemExit(0)\nmain()", 0, "FINISHED"),
    "raised with what a function returns": ("raise SystemExit(int())", 0, "FINISHED"),
    "raised with a failure that a function returns": ("raise SystemExit(len('abc'))", 3, "FAILED"),
    "raised with text": ("raise SystemExit('no data')", 1, "FAILED"),
    "raised with a text made there": ("raise SystemExit(f'no {1}')", 1, "FAILED"),
    "raised from an error": ("try:\n    1 / 0\nexcept Exception as e:\n    raise SystemExit(2) from e", 2, "FAILED"),
    "raised in a finally block": ("try:\n    1 / 0\nfinally:\n    raise SystemExit(int())", 0, "FINISHED"),
    "raised out of a finally block": ("try:\n    raise SystemExit(6)\nfinally:\n    int()", 6, "FAILED"),
    "raised in a class of its own": ("class Stop(SystemExit): pass\nraise Stop(5)", 5, "FAILED"),
    "raised with an object for a code": ("raise SystemExit(SystemExit(0))", 1, "FAILED"),
    "raised in text that is executed": ("exec('raise SystemExit(0)')", 0, "FINISHED"),
    "raised, as after Ctrl-C": ("raise SystemExit(130)", 130, "KILLED"),
    "changed on its way": (
        "try:\n    raise SystemExit(1)\nexcept SystemExit as e:\n    e.code = 0\n    raise",
        0,
        "FINISHED",
    ),
    "a code that was looked at": (
        "try:\n    sys.exit(1)\nexcept SystemExit as e:\n    print(e.code, e.args)",
        0,
        "FINISHED",
    ),
    "an exit out of a block": ("with threading.Lock():\n    sys.exit(0)", 0, "FINISHED"),
    "an exit with an exception": ("sys.exit(SystemExit(4))", 4, "FAILED"),
    "an exit with two codes": ("raise SystemExit(1, 2)", 1, "FAILED"),
    "raised with a variable": ("code = 4\nraise SystemExit(code)", 4, "FAILED"),
    "argparse": ("import argparse\nargparse.ArgumentParser().parse_args(['--nope'])", 2, "FAILED"),
    "click": (
        "import click\n@click.command()\ndef main():\n    raise click.ClickException('bad')\nmain([])",
        1,
        "FAILED",
    ),
    "as hydra does": ("try:\n    1 / 0\nexcept Exception:\n    sys.exit(1)", 1, "FAILED"),
    "an interrupt answered by an exit": (
        "try:\n    raise KeyboardInterrupt\nexcept BaseException:\n    sys.exit(1)",
        1,
        "KILLED",
    ),
    "an exit that is caught": ("try:\n    sys.exit(1)\nexcept SystemExit:\n    pass", 0, "FINISHED"),
    "an exit after one that is caught": ("try:\n    sys.exit(1)\nexcept SystemExit:\n    sys.exit(0)", 0, "FINISHED"),
    "an exit in a thread": ("t = threading.Thread(target=sys.exit, args=(1,))\nt.start()\nt.join()", 0, "FINISHED"),
    "another hook": ("sys.excepthook = lambda *_: None\n1 / 0", 1, "FAILED"),
    "another hook, interrupt": ("sys.excepthook = lambda *_: None\nraise KeyboardInterrupt", None, "KILLED"),
    "the hook called by hand": (
        "try:\n    1 / 0\nexcept Exception:\n    sys.excepthook(*sys.exc_info())",
        0,
        "FINISHED",
    ),
    "an embedded prompt": ("import code\ncode.InteractiveInterpreter().runsource('undefined')", 0, "FINISHED"),
}


@pytest.mark.parametrize("name", EXITS)
def test_the_exit_tells_how_the_run_ended(tmp_path: Path, name: str) -> None:
    """A run that is FINISHED although its program failed is taken for a good one."""
    body, code, status = EXITS[name]

    ended, _, _ = finish(start(tmp_path, "mlflow.start_run()\n" + body))

    assert code in (ended, None)
    assert [status] == statuses(tmp_path)


@pytest.mark.parametrize("how", ["-m", "runpy", "a file"])
@pytest.mark.parametrize(("code", "status"), [(0, "FINISHED"), (3, "FAILED")])
def test_a_main_function_tells_how_its_program_ended(tmp_path: Path, how: str, code: int, status: str) -> None:
    """``raise SystemExit(main())`` stands at the end of many programs, and main() leaves its run open."""
    begin = "import runyard\ndef main():\n    runyard.start_run()\n"
    program = tmp_path / "train.py"
    program.write_text(f"{begin}    return {code}\nif __name__ == '__main__':\n    raise SystemExit(main())\n")
    if how == "runpy":
        ended, _, _ = finish(start(tmp_path, "import runpy; runpy.run_path('train.py', run_name='__main__')"))
    else:
        ended, _, _ = finish(start_python(tmp_path, *(["-m", "train"] if how == "-m" else ["train.py"])))

    assert ended == code
    assert [status] == statuses(tmp_path)


def test_the_next_run_of_a_thread_that_goes_on_is_not_failed(tmp_path: Path) -> None:
    """The exit concerns the runs that were open then."""
    body = """
    def work():
        threading.main_thread().join()
        mlflow.start_run()
    threading.Thread(target=work).start()
    mlflow.start_run()
    raise SystemExit(3)
    """
    assert finish(start(tmp_path, body))[0] == 3
    assert ["FAILED", "FINISHED"] == statuses(tmp_path)


def test_an_exit_function_that_was_imported_by_name_is_seen_too(tmp_path: Path) -> None:
    """``from sys import exit`` stands above the first run in many scripts."""
    finish(start(tmp_path, "from sys import exit\nmlflow.start_run()\nexit(1)"))

    assert ["FAILED"] == statuses(tmp_path)


@pytest.mark.parametrize("exits", ["sys.exit(0)", "raise SystemExit(0)"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_handler_that_exits_kills_the_run(tmp_path: Path, number: signal.Signals, exits: str) -> None:
    """Also one that replaced ours after the run began, and whatever code it chooses."""
    body = f"""
    mlflow.start_run()
    def stop(*_):
        {exits}
    signal.signal(signal.{number.name}, stop)
    print("ready", flush=True)
    time.sleep(60)
    """
    code, _, _ = finish(start(tmp_path, body), number)

    assert code == 0
    assert ["KILLED"] == statuses(tmp_path)


def test_an_interrupted_task_kills_its_run(tmp_path: Path) -> None:
    """Ctrl-C reaches a coroutine as its cancellation."""
    body = """
    import asyncio
    async def main():
        with mlflow.start_run():
            print("ready", flush=True)
            await asyncio.sleep(60)
    asyncio.run(main())
    """
    finish(start(tmp_path, body), signal.SIGINT)

    assert ["KILLED"] == statuses(tmp_path)


def test_a_mistake_at_the_prompt_fails_no_run(tmp_path: Path) -> None:
    """Neither the run that is open nor the next one: the session goes on."""
    typed = "import runyard as mlflow\nr = mlflow.start_run()\nundefined\nmlflow.end_run()\nundefined\n"
    typed += "r = mlflow.start_run()\nmlflow.log_metric('acc', 1)\nundefined\n"

    code, _, err = finish(start_python(tmp_path, "-i", stdin=subprocess.PIPE), typed=typed + "exit()\n")

    assert code == 0
    assert err.count("NameError") == 3
    assert ["FINISHED", "FINISHED"] == statuses(tmp_path)


def test_only_runs_open_at_the_failure_fail(tmp_path: Path) -> None:
    """Another thread goes on after the main one died, and starts a run that is fine."""
    body = """
    def work():
        threading.main_thread().join()
        mlflow.start_run()
    threading.Thread(target=work).start()
    mlflow.start_run()
    raise ValueError("in the main thread")
    """
    code, _, _ = finish(start(tmp_path, body))

    assert code == 1
    assert ["FAILED", "FINISHED"] == statuses(tmp_path)


def test_a_threads_failure_counts_with_another_hook_too(tmp_path: Path) -> None:
    """Error reporters replace `threading.excepthook` when they are set up."""
    body = """
    mlflow.start_run()
    threading.excepthook = lambda args: None
    def work():
        mlflow.start_run()
        raise ValueError("in a thread")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    """
    finish(start(tmp_path, body))

    assert ["FINISHED", "FAILED"] == statuses(tmp_path)
