"""What a program prints is kept among the run's artifacts, while it runs and afterwards."""

import os
from pathlib import Path
from types import ModuleType

import pytest

from tests.projects.building import artifacts, command, output, project, until
from tests.support.server import RunningServer

MB = 2**20


TAKEN = """import array, fcntl, os, sys, termios, time
def taken(stream):
    waiting = array.array("i", [1])
    while waiting[0]:
        time.sleep(.02)
        fcntl.ioctl(stream, termios.FIONREAD, waiting)
    time.sleep(.05)
"""
"""Lets a program wait until what it printed was read."""


def printing(folder: Path, text: str) -> str:
    """A project that runs a Python program of these lines."""
    return str(project(folder / "code", command("python main.py"), main__py=text))


def test_both_streams_are_kept_in_order(mlflow: ModuleType, tmp_path: Path) -> None:
    """A traceback stands behind what was printed before it."""
    text = f"{TAKEN}for n in range(3):\n  print('out', n); taken(1)\n  print('err', n, file=sys.stderr); taken(2)\n"
    run = mlflow.projects.run(printing(tmp_path, text))

    assert "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n" == output(run.run_id)


def test_a_line_without_an_end_is_kept(mlflow: ModuleType, tmp_path: Path) -> None:
    """Progress bars and prompts end without one; lines of the streams are not mixed."""
    text = f"{TAKEN}os.write(1, b'first ')\ntaken(1)\nos.write(2, b'other\\n')\ntaken(2)\nos.write(1, b'half')"
    run = mlflow.projects.run(printing(tmp_path, text))

    assert "other\nfirst half\n" == output(run.run_id)


def test_bytes_that_are_not_text_are_kept(mlflow: ModuleType, tmp_path: Path) -> None:
    """Whatever a program prints, the run ends and its output is what it was."""
    garbage = bytes(range(256)) * 100 + b"\xff\xfe\x00\n"
    run = mlflow.projects.run(printing(tmp_path, f"import os\nos.write(1, bytes(range(256)) * 100 + {garbage[-4:]!r})"))

    assert {"output.log": garbage} == artifacts(run.run_id, "logs")


def test_characters_that_come_in_pieces_are_shown_whole(
    mlflow: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A pipe cuts where it likes."""
    text = "import os, time\nfor byte in '🏃é\\n'.encode():\n  os.write(1, bytes([byte])); time.sleep(.02)"
    run = mlflow.projects.run(printing(tmp_path, text))

    assert ("🏃é\n", "🏃é\n") == (output(run.run_id), capfd.readouterr().out)


def test_large_output_is_kept_in_parts(mlflow: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is lost, and what was printed an hour ago is not sent again and again."""
    run = mlflow.projects.run(printing(tmp_path, "for n in range(100_000): print(f'{n:099}')"))
    parts = artifacts(run.run_id, "logs")
    printed = capfd.readouterr().out

    assert ["output-2.log", "output-3.log", "output.log"] == sorted(parts)
    whole = b"".join(parts[name] for name in ("output.log", "output-2.log", "output-3.log"))
    assert "".join(f"{n:099}\n" for n in range(100_000)).encode() == whole
    assert whole.decode() == printed
    assert all(len(part) < 4 * MB + 64 * 1024 for part in parts.values())


def test_a_line_of_megabytes_is_kept(mlflow: ModuleType, tmp_path: Path) -> None:
    """A program that prints no line end does not fill the memory."""
    run = mlflow.projects.run(printing(tmp_path, "import os\nfor _ in range(50): os.write(1, b'x' * 100_000)"))

    parts = artifacts(run.run_id, "logs")
    assert 5_000_000 == sum(part.count(b"x") for part in parts.values())
    assert 2 == len(parts)


@pytest.mark.parametrize("where", ["local", "server"])
def test_output_is_there_while_the_program_runs(
    mlflow: ModuleType, tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    """The page of a run shows what happens now, from any machine."""
    if where == "server":
        server: RunningServer = request.getfixturevalue("server")
        mlflow.set_tracking_uri(server.url)
    text = "import os, time\nprint('begun')\nwhile not os.path.exists('go'): time.sleep(.02)\nprint('done')"
    run = mlflow.projects.run(printing(tmp_path, text), synchronous=False)
    until(lambda: artifacts(run.run_id, "logs").get("output.log") == b"begun\n")

    assert ("RUNNING", "RUNNING") == (run.get_status(), mlflow.get_run(run.run_id).info.status)
    (tmp_path / "code" / "go").touch()
    assert run.wait()
    assert "begun\ndone\n" == output(run.run_id)


def test_output_that_grows_while_it_is_sent_stays_whole(
    mlflow: ModuleType, tmp_path: Path, server: RunningServer
) -> None:
    """Programs do not wait for the network."""
    mlflow.set_tracking_uri(server.url)
    text = "import time\nfor n in range(30_000):\n  print(f'{n:099}')\n  n % 200 or time.sleep(.01)"
    run = mlflow.projects.run(printing(tmp_path, text))

    assert "".join(f"{n:099}\n" for n in range(30_000)) == output(run.run_id)


def test_a_closed_console_does_not_end_the_run(
    mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`runyard run … | head` reads a few lines and goes; the training goes on."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", closefd=False) as closed:
        monkeypatch.setattr("sys.stdout", closed)
        run = mlflow.projects.run(printing(tmp_path, "for n in range(1000): print(n)"))
        monkeypatch.undo()
        with pytest.raises(BrokenPipeError):
            closed.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)
    os.close(writing)

    assert "FINISHED" == run.get_status()


def test_a_progress_bar_is_kept_as_it_moves(mlflow: ModuleType, tmp_path: Path) -> None:
    """It writes one line again and again; the page shows it before that line ends, an error shows its last state."""
    bar = "import os, sys, time\nfor done in (10, 50, 90):\n  os.write(2, b'\\r%d%%' % done); time.sleep(.1)\n"
    program = bar + "while os.path.exists('wait'): time.sleep(.05)\nos.write(2, b'\\r100%\\n')\nsys.exit(3)"
    folder = Path(printing(tmp_path, program))
    (folder / "wait").touch()
    run = mlflow.projects.run(str(folder), synchronous=False)
    until(lambda: b"\r50%" in artifacts(run.run_id, "logs").get("output.log", b""))
    (folder / "wait").unlink()

    assert not run.wait()
    assert "\r10%\r50%\r90%\r100%\n" == output(run.run_id)
    assert ["100%"] == run.last_lines
