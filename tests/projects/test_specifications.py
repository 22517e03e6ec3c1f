"""What projects say of their environments: python_env.yaml, conda.yaml and requirements.txt."""

from pathlib import Path

import pytest

from runyard.environments.own_wheel import own_requirement
from runyard.exceptions import InvalidProject
from runyard.projects import load_project
from runyard.projects.specification import EnvironmentSpec
from tests.projects.building import command, project


def environment(folder: Path, mlproject: str | None = None, **files: str) -> EnvironmentSpec:
    """The environment of a project with these files."""
    return load_project(project(folder / "code", mlproject, **files)).environment


def test_a_python_env_names_python_and_packages(tmp_path: Path) -> None:
    """As MLflow writes it: build dependencies first, other files and their constraints read."""
    content = "python: 3.11.7\nbuild_dependencies: [pip, setuptools<81]\ndependencies: [-r more.txt, 'numpy>=1']\n"
    found = environment(
        tmp_path, "python_env: python_env.yaml", python_env__yaml=content,
        more__txt="# comment\npandas==2.2 # why\n\n-c limits.txt\n-r deeper.txt\n", deeper__txt="scipy\n",
        limits__txt="scipy<2\n",
    )  # fmt: skip

    assert ("python_env", "3.11.7", ("scipy<2",)) == (found.kind, found.python, found.constraints)
    assert ("pip", "setuptools<81", "pandas==2.2", "scipy", "numpy>=1") == found.lines
    assert tmp_path / "code" / "python_env.yaml" == found.file
    assert own_requirement() == found.wanted("3.12").requirements[-1]
    assert "3.11.7" == found.wanted("3.12").python


@pytest.mark.parametrize("written", ["3.10", "'3.10'", "3.9", "3"])
def test_versions_of_python_need_no_quotes(tmp_path: Path, written: str) -> None:
    """YAML reads 3.10 as the number 3.1."""
    found = environment(tmp_path, python_env__yaml=f"python: {written}")

    assert written.strip("'") == found.python


def test_the_usual_files_are_found_by_themselves(tmp_path: Path) -> None:
    """python_env.yaml before conda.yaml before requirements.txt."""
    assert "none" == environment(tmp_path, command("true")).kind
    assert "requirements" == environment(tmp_path, requirements__txt="six\n").kind
    assert "conda" == environment(tmp_path, conda__yaml="dependencies: [python=3.11]").kind
    found = environment(tmp_path, python_env__yaml="dependencies: [six]")
    assert ("python_env", ("six",)) == (found.kind, found.lines)


def test_a_conda_environment_is_read_for_pip(tmp_path: Path) -> None:
    """Most conda files name nothing that pip could not install."""
    content = "dependencies: [python=3.10.2, pip, {pip: [six==1.16, -r more.txt]}]"
    found = environment(tmp_path, "conda_env: it.yaml", it__yaml=content, more__txt="attrs")

    assert ("3.10.2", ("six==1.16", "attrs"), ()) == (found.python, found.lines, found.conda_only)
    assert tmp_path / "code" / "it.yaml" == found.wanted("3.12").conda_file
    found = environment(tmp_path / "other", conda__yaml="dependencies: ['python>=3.9', 'numpy=1.26', conda-forge::x]")
    assert ("3.9", ("numpy=1.26", "conda-forge::x")) == (found.python, found.conda_only)


def test_a_project_that_names_runyard_gets_its_own(tmp_path: Path) -> None:
    """A pinned version is the pinned version."""
    found = environment(tmp_path, requirements__txt="Runyard[projects]==1.2\n")

    assert ("Runyard[projects]==1.2",) == found.wanted("3.11").requirements


def test_paths_start_at_the_file_that_names_them(tmp_path: Path) -> None:
    """They are found wherever the environment is made, and make it another one when they change."""
    code = project(tmp_path / "code", "python_env: env/it.yaml")
    project(code / "env", it__yaml="dependencies: [., ./lib, -e ./lib, ../beside, six]")
    first = load_project(code).environment

    place = code / "env"
    assert (f"{place}", f"{place}/lib", f"-e {place}/lib", f"{place}/../beside", "six") == first.lines
    project(place, setup__py="1")
    assert first.depends_on != load_project(code).environment.depends_on


BROKEN = {
    "no version": ("python: python3.11", "names Python 'python3.11', which is not a version"),
    "an option": ("python: --upgrade", "names Python '--upgrade'"),
    "text": ("dependencies: six", "'dependencies' of python_env.yaml must be a list"),
    "numbers": ("dependencies: [1]", "must be a list of requirements"),
    "mapping": ("build_dependencies: {a: b}", "'build_dependencies' of python_env.yaml must be a list"),
    "missing file": ("dependencies: [-r none.txt]", "none.txt' cannot be read"),
    "circle": ("dependencies: [-r round.txt]", "there are too many"),
    "no mapping": ("[six]", "must hold names and values"),
    "no YAML": ("{", "python_env.yaml cannot be read"),
    "a tag": ("!!python/object/apply:os.system [touch pwned]", "cannot be read"),
}


@pytest.mark.parametrize(("content", "problem"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_with_an_environment_is_told(tmp_path: Path, content: str, problem: str) -> None:
    """Before anything is made or run."""
    with pytest.raises(InvalidProject, match=problem):
        environment(tmp_path, python_env__yaml=content, round__txt="-r round.txt")


def test_a_conda_file_that_is_none_is_told(tmp_path: Path) -> None:
    """The same as for the others."""
    with pytest.raises(InvalidProject, match=r"'dependencies' of conda.yaml must be a list"):
        environment(tmp_path, conda__yaml="dependencies: python")
