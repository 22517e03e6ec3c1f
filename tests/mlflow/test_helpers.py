"""Small helpers that scripts take from MLflow's internal modules."""

import importlib
import logging
import os
import re
import sys
import types
from pathlib import Path

import pytest

import runyard
from runyard.exceptions import InvalidParameter
from runyard.mlflow.tracking.metric_values import convert_metric_value_to_float_if_possible
from runyard.mlflow.utils import (
    annotations,
    class_utils,
    file_utils,
    lazy_load,
    logging_utils,
    name_utils,
    process,
    time,
)


def test_times_are_milliseconds_and_readable() -> None:
    """Scripts stamp metrics with them."""
    assert time.get_current_time_millis() > 1_700_000_000_000
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \S+", time.conv_longdate_to_str(1_700_000_000_000))
    with time.Timer() as timer:
        pass
    assert float(timer) == timer.elapsed >= 0
    assert f"{timer.elapsed:.1f}" == f"{timer:.1f}"


def test_temporary_folder_goes_with_its_block() -> None:
    """Its path is absolute, or relative once it is the working directory."""
    before = Path.cwd()
    with file_utils.TempDir() as folder:
        kept = Path(folder.path("a", "b"))
        kept.parent.mkdir()
        kept.write_text("x")
        assert kept.is_absolute()
    with file_utils.TempDir(chdr=True) as folder:
        assert Path.cwd() != before
        assert "." == folder.path()
    assert (False, before) == (kept.exists(), Path.cwd())


def test_files_are_written_read_and_copied(tmp_path: Path) -> None:
    """Each does what its name says, with the arguments MLflow takes."""
    root = str(tmp_path)
    file_utils.mkdir(root, "in")
    file_utils.write_yaml(root, "in/conf", {"b": 1, "a": [2]})
    file_utils.write_to(f"{root}/in/x.txt", "one")
    file_utils.append_to(f"{root}/in/x.txt", " two")

    assert {"a": [2], "b": 1} == file_utils.read_yaml(root, "in/conf.yaml")
    assert b"two" == file_utils.read_chunk(f"{root}/in/x.txt", 10, start_byte=4)
    assert "out/in" == file_utils._copy_file_or_tree(f"{root}/in", root, "out")
    assert "one two" == (tmp_path / "out" / "in" / "x.txt").read_text()
    assert f"{root}/in" == file_utils.local_file_uri_to_path(file_utils.path_to_local_file_uri(f"{root}/in"))
    with pytest.raises(InvalidParameter, match="exists already"):
        file_utils.write_yaml(root, "in/conf", {})


def test_commands_run_and_fail_with_their_output() -> None:
    """The exit code alone would not tell why."""
    done = process._exec_cmd([sys.executable, "-c", "import os; print(os.environ['A'])"], extra_env={"A": "b"})

    assert "b\n" == done.stdout
    with pytest.raises(process.ShellCommandException, match=r"exit code 3\.\nstdout: said"):
        process._exec_cmd([sys.executable, "-c", "import sys; print('said'); sys.exit(3)"])
    assert 3 == process._exec_cmd([sys.executable, "-c", "exit(3)"], throw_on_error=False).returncode
    assert ["bash", "-c", "a && b"] == process._join_commands("a", "b")


def test_value_is_made_once_a_process() -> None:
    """A forked child makes its own."""
    calls: list[int] = []

    @process.cache_return_value_per_process
    def made(number: int) -> int:
        calls.append(number)
        return os.getpid() + number

    assert made(1) == made(1) == os.getpid() + 1
    assert [1] == calls


def test_messages_can_be_silenced(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """A program with output of its own turns ours off and on."""
    logging_utils.eprint("told")
    assert "told\n" == capsys.readouterr().err
    with logging_utils.suppress_logs("runyard.test", re.compile("noise")):
        logging.getLogger("runyard.test").warning("noise")
        logging.getLogger("runyard.test").warning("news")
    assert ["news"] == caplog.messages
    logging_utils.disable_logging()
    assert logging.getLogger("runyard").disabled
    logging_utils.enable_logging()
    assert not logging.getLogger("runyard").disabled


def test_modules_and_classes_are_found_by_name() -> None:
    """A lazy module takes the place of itself once it is used."""
    names: dict[str, types.ModuleType] = {}
    loader = lazy_load.LazyLoader("json", names, "json")

    assert "[1]" == loader.dumps([1])
    assert "json" == names["json"].__name__
    assert class_utils._get_class_from_string("pathlib.Path") is Path
    assert re.fullmatch(r"[a-z]+_[a-z]+_\d{1,2}", name_utils._generate_random_name("_", 2, 40))


def test_marks_change_nothing() -> None:
    """They are for readers of the code."""

    def function() -> int:
        return 1

    assert annotations.experimental(function) is function
    assert annotations.experimental(version="1")(function) is function
    assert annotations.deprecated(alternative="x")(function) is function


def test_entities_are_offered_where_scripts_import_them_from() -> None:
    """``from mlflow.tracking.client import ViewType`` is in many a notebook."""
    assert importlib.import_module("runyard.tracking.client").ViewType is runyard.entities.ViewType
    assert 1.5 == convert_metric_value_to_float_if_possible("1.5")
    with pytest.raises(InvalidParameter, match="log a number"):
        convert_metric_value_to_float_if_possible("many")


def test_constants_are_where_libraries_look_for_them() -> None:
    """Serving tools read the MLmodel file by these keys."""
    assert ("MLmodel", "python_function", "loader_module") == (
        runyard.pyfunc.MLMODEL_FILE_NAME,
        runyard.pyfunc.FLAVOR_NAME,
        runyard.pyfunc.MAIN,
    )
    assert ("python_version", "env") == (runyard.pyfunc.PY_VERSION, runyard.pyfunc.ENV)
    assert ("sklearn", "MLmodel") == (runyard.sklearn.FLAVOR_NAME, runyard.models.model.MLMODEL_FILE_NAME)
