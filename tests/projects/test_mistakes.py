"""Mistakes in the files of projects: what is told, before anything is made."""

import logging
import os
from pathlib import Path

import pytest

from runyard.exceptions import InvalidProject
from runyard.projects import load_project
from tests.projects.building import command, project
from tests.projects.conftest import Refused

TABBED = "name: course\nentry_points:\n\tmain:\n\t\tcommand: 'true'\n"


@pytest.mark.parametrize("name", ["MLproject", "conda.yaml", "python_env.yaml"])
def test_tabs_are_told_with_their_place(tmp_path: Path, name: str) -> None:
    """The parser's own text does not say what to do about it."""
    (tmp_path / "MLproject").write_text("entry_points: {main: {command: 'true'}}\n")
    (tmp_path / name).write_text(TABBED)
    with pytest.raises(InvalidProject) as refused:
        load_project(tmp_path)
    expected = f"{name} cannot be read: line 3, column 1: there is a tab, which YAML does not take; indent with spaces"
    assert expected in refused.value.message
    assert "\n" not in refused.value.message


def test_another_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    """One line, with line and column."""
    (tmp_path / "MLproject").write_text("name: x\nentry_points: {main: {command: 'true'}\n")
    with pytest.raises(InvalidProject, match=r"^MLproject cannot be read: line \d+, column \d+: [^\n]*$"):
        load_project(tmp_path)


def test_a_python_that_is_not_there_is_told_before_an_environment_is_made(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A course's project says python3.9; its own Python is called python, whatever its version."""
    monkeypatch.setenv("RUNYARD_ENV_ROOT", str(tmp_path / "environments"))
    for line in ("python3.0 train.py", "cd . && python3.0 train.py"):
        code = project(tmp_path / "code", command(line), requirements__txt="no-such-package-of-anybody")
        said = refused(str(code))
        assert "The command runs python3.0, and there is no such program. Write python in the command" in said
        assert "python3.0" in refused(str(code), env_manager="local")
    assert not (tmp_path / "environments").exists()


def test_the_stand_in_of_a_python_that_is_missing_is_none(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tools that manage versions put a program on the path for each that they know of, which ends with 127."""
    stand_in = tmp_path / "bin" / "python3.0"
    stand_in.parent.mkdir()
    stand_in.write_text("#!/bin/sh\nexit 127\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(stand_in.parent), prepend=os.pathsep)
    code = project(tmp_path / "code", command("python3.0 train.py"))
    assert "The command runs python3.0, and there is no such program." in refused(str(code))


def test_misspelt_keys_are_named(tmp_path: Path, refused: Refused, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody reads `entrypoints`; other keys of one's own are left alone."""
    code = project(tmp_path / "code", "entrypoints: {main: {command: 'true'}}\nowner: ada")
    assert "It has the unknown key 'entrypoints': did you mean 'entry_points'?" in refused(str(code))
    project(code, "entry_points: {main: {comand: 'true'}}")
    assert "needs a 'command'" in (said := refused(str(code)))
    assert "'comand': did you mean 'command'?" in said
    project(code, "entry_points: {main: {command: 'true', paramters: {a: {type: float, defualt: 1}}}}")
    with caplog.at_level(logging.WARNING):
        load_project(code)
    assert "'paramters': did you mean 'parameters'?" in caplog.text
    assert "owner" not in caplog.text
    project(code, command("true"), python_env__yaml="pythn: '3.9'\n")
    with caplog.at_level(logging.WARNING):
        load_project(code)
    assert "python_env.yaml: It has the unknown key 'pythn': did you mean 'python'?" in caplog.text


def test_names_that_yaml_takes_for_values_are_names(tmp_path: Path, refused: Refused) -> None:
    """A parameter may be called yes, or 1; a default of null is none."""
    code = project(tmp_path, command("run {yes} {1} {off}", "{yes: float, 1: {default: 2}, off: {default: null}}"))
    found = load_project(code).get_entry_point("main")
    assert list(found.parameters) == ["yes", "1", "off"]
    assert found.shell_command(found.values({"yes": 1, "off": "x"})) == "run 1 2 x"
    assert "needs values for: 'yes', 'off'" in (said := refused(str(code)))
    assert "The default of 'off' is null, which is none." in said


@pytest.mark.parametrize("below", ["/sub/deep/", "sub/deep/", "//sub/deep"])
def test_slashes_around_a_folder_of_a_project_do_not_matter(tmp_path: Path, below: str, refused: Refused) -> None:
    """The folder is one of the project, however it is written."""
    project(tmp_path / "code" / "sub" / "deep", command("true", "{a: float}"))
    assert "needs values for: 'a'" in refused(f"{tmp_path / 'code'}#{below}")
