"""MLproject files: what they may say, and what is told when they say something else."""

from pathlib import Path
from typing import Any

import pytest

from runyard.exceptions import ExecutionException, InvalidProject, MlflowException
from runyard.projects import load_project
from tests.projects.building import command, project


@pytest.mark.parametrize("name", ["MLproject", "mlproject", "MLPROJECT", "MLProject"])
def test_the_case_of_the_name_does_not_matter(tmp_path: Path, name: str) -> None:
    """Projects of others are run as they are."""
    (tmp_path / name).write_text("name: iris\nentry_points:\n  main: {command: 'true'}\n")

    assert ("iris", ["main"]) == (load_project(tmp_path).name, list(load_project(tmp_path).entry_points))


@pytest.mark.parametrize(
    ("declared", "kind", "default"),
    [
        ("string", "string", None),
        ("float", "float", None),
        ("path", "path", None),
        ("uri", "uri", None),
        ("str", "string", None),
        ("int", "int", None),
        ("integer", "int", None),
        ("number", "float", None),
        ("double", "float", None),
        ("bool", "bool", None),
        ("boolean", "bool", None),
        ("", "string", None),
        ("{}", "string", None),
        ("{type: float, default: 0.1}", "float", "0.1"),
        ("{type: float, default: 0}", "float", "0"),
        ("{type: int, default: 0}", "int", "0"),
        ("{type: bool, default: false}", "bool", "False"),
        ("{type: string, default: ''}", "string", ""),
        ("{type: string, default: null}", "string", None),
        ("{default: 1e-3}", "string", "1e-3"),
        ("{default: 2026-01-02}", "string", "2026-01-02"),
    ],
)
def test_a_parameter_has_a_type_and_maybe_a_default(
    tmp_path: Path, declared: str, kind: str, default: str | None
) -> None:
    """Defaults that count as false are defaults; only null, or none at all, asks for a value."""
    found = load_project(project(tmp_path, command("run {a}", f"{{a: {declared}}}"))).get_entry_point("main")

    assert (kind, default) == (found.parameters["a"].type, found.parameters["a"].default)


def test_names_of_parameters_may_have_dots_and_dashes(tmp_path: Path) -> None:
    """Names such as ``optimizer.lr`` and ``max-depth`` are common."""
    found = load_project(project(tmp_path, command("run {o.lr} {max-depth}", "{o.lr: float, max-depth: int}")))

    assert "run 0.1 3" == found.get_entry_point("main").shell_command({"o.lr": "0.1", "max-depth": "3"})


BROKEN = {
    "unknown type": (command("run {a}", "{a: complex}"), "unknown type 'complex'.*string, float, path, uri, int, bool"),
    "type of an odd kind": (command("run {a}", "{a: [string]}"), "write a type"),
    "default of an odd kind": (command("run {a}", "{a: {default: [1]}}"), "default that is neither text nor a number"),
    "name with a brace": (command("run", "{'a{b': string}"), "a parameter with the name"),
    "name with a space": (command("run", "{'a b': string}"), "a parameter with the name"),
    "parameters as a list": (command("run", "[a, b]"), "'parameters' of entry point 'main'"),
    "no command": ("entry_points: {main: {parameters: {a: string}}}", "'main' needs a 'command'"),
    "half a character": ('entry_points: {main: {command: "echo \\ud83c"}}', "holds the character U"),
    "command that is not text": ("entry_points: {main: {command: [a, b]}}", "'main' needs a 'command'"),
    "entry point as text": ("entry_points: {main: python x.py}", "'main' needs a 'command'"),
    "entry points as a list": ("entry_points: [main]", "'entry_points' must name commands"),
    "two environments": ("python_env: a.yaml\nconda_env: b.yaml", "several environments: python_env, conda_env"),
    "container and packages": ("docker_env: {image: a}\npython_env: b.yaml", "several environments"),
    "environment that is not there": ("python_env: none.yaml", "python_env 'none.yaml', which is not there"),
    "conda that is not there": ("conda_env: none.yaml", "conda_env 'none.yaml', which is not there"),
    "container without image": ("docker_env: {volumes: []}", "needs an 'image'"),
    "image that is an option": ("docker_env: {image: --privileged}", "is not the name of an image"),
    "volumes as text": ("docker_env: {image: a, volumes: /tmp}", "'volumes' of 'docker_env'"),
    "variables that are none": ("docker_env: {image: a, environment: [[a, b, c]]}", "'environment' of 'docker_env'"),
    "no YAML": ("entry_points: {", "MLproject cannot be read"),
    "no mapping": ("- a\n- b", "must hold names and values"),
    "text": ("hello", "must hold names and values"),
    "several documents": ("a: 1\n---\nb: 2", "MLproject cannot be read"),
    "control characters": ("a: \x07", "MLproject cannot be read"),
    "impossible date": ("name: 2026-99-99", "MLproject cannot be read"),
    "unreadable tag": ("name: !!timestamp x", "MLproject cannot be read"),
    "deep nesting": ("name: " + "[" * 50_000, "MLproject cannot be read"),
    "huge file": ("# " + "x" * 1_000_001, "more than 1,000,000 bytes"),
}


@pytest.mark.parametrize(("content", "problem"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, content: str, problem: str) -> None:
    """Integrations catch MLflow's exception; people read what to correct."""
    with pytest.raises(InvalidProject, match=problem) as found:
        load_project(project(tmp_path, content))

    assert isinstance(found.value, ExecutionException | MlflowException)
    assert len(str(found.value)) < 1000


def test_tags_of_yaml_make_nothing(tmp_path: Path) -> None:
    """Looking at a project of somebody else runs none of its code."""
    for tag in ("!!python/object/apply:os.system", "!!python/object/new:os.system", "!!python/name:os.system"):
        with pytest.raises(InvalidProject, match="cannot be read"):
            load_project(project(tmp_path, f"name: {tag} ['touch {tmp_path}/pwned']\n"))

    assert not (tmp_path / "pwned").exists()


def bomb(wrap: Any) -> str:
    """A small file that stands for a billion values."""
    lines = ["l0: &l0 {a: x}"] + [f"l{n}: &l{n} {wrap(', '.join([f'*l{n - 1}'] * 10))}" for n in range(1, 10)]
    return "\n".join([*lines, "entry_points: *l9"])


@pytest.mark.parametrize("wrap", ["[{}]".format, "{{<<: [{}]}}".format], ids=["lists", "merged"])
def test_a_small_file_that_explodes_is_refused(tmp_path: Path, wrap: Any) -> None:
    """A file of a hundred lines must not take all memory before anybody decides to run it."""
    with pytest.raises(InvalidProject, match="more than 100,000 values"):
        load_project(project(tmp_path, bomb(wrap)))


def test_what_several_parameters_share_is_written_once(tmp_path: Path) -> None:
    """Anchors and merged mappings of YAML are not bombs."""
    content = "shared: &rate {type: float, default: 0.1}\nentry_points:\n  main:\n    command: run {a} {b}\n"
    found = load_project(project(tmp_path, content + "    parameters: {a: *rate, b: {<<: *rate, default: 0.2}}\n"))

    assert {"a": "0.1", "b": "0.2"} == found.get_entry_point("main").values({})


def test_a_folder_without_the_file_has_its_scripts(tmp_path: Path) -> None:
    """Any folder of scripts can be run, by their paths in it."""
    project(tmp_path, train__py="", prepare__sh="", notes__txt="")
    project(tmp_path / "steps", it__py="")
    (tmp_path / "-c.py").write_text("")
    found = load_project(tmp_path)

    assert "python train.py" == found.get_entry_point("train.py").shell_command({})
    assert "python steps/it.py --a 1" == found.get_entry_point("steps/it.py").shell_command({"a": "1"})
    assert "${SHELL:-bash} prepare.sh" == found.get_entry_point("prepare.sh").shell_command({})
    assert "python ./-c.py" == found.get_entry_point("-c.py").shell_command({})
    for name in ("main", "notes.txt", "missing.py", "../outside.py", "/etc/x.py", "", "steps", "a\0.py"):
        with pytest.raises(InvalidProject, match="has no entry point"):
            found.get_entry_point(name)


@pytest.mark.parametrize("name", ["a b.py", "$(touch pwned).py", "a;b.py", "{x}.py", "it's.py"])
def test_names_of_scripts_are_names(tmp_path: Path, name: str) -> None:
    """Files of a project can be called anything."""
    (tmp_path / name).write_text("")
    found = load_project(tmp_path).get_entry_point(name).shell_command({})

    assert name == found.removeprefix("python ").replace("'\"'\"'", "\0").replace("'", "").replace("\0", "'")


def test_there_must_be_a_folder(tmp_path: Path) -> None:
    """A mistyped path is told as one."""
    with pytest.raises(InvalidProject, match="no project folder"):
        load_project(tmp_path / "none")
