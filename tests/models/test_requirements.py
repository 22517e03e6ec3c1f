"""Requirements of models: whatever is given, what is stored installs elsewhere, and nothing secret is in it."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

import runyard
from runyard.exceptions import InvalidParameter, RunyardException
from tests.projects.wheels import wheel


def _saved(**given: Any) -> list[str]:
    runyard.pyfunc.save_model("model", python_model=len, **given)
    return Path("model/requirements.txt").read_text(encoding="utf-8").splitlines()


def _pip_lines() -> list[str]:
    dependencies = yaml.safe_load(Path("model/conda.yaml").read_text(encoding="utf-8"))["dependencies"]
    (lines,) = [one["pip"] for one in dependencies if isinstance(one, dict)]
    return list(lines)


@pytest.mark.parametrize("as_file", [False, True])
def test_the_files_that_a_conda_environment_names_are_read(as_file: bool, store: Path) -> None:
    """A line -r would name a file that nobody else has; what conda installs is there for those without conda."""
    folder = store / "given" if as_file else store
    folder.mkdir(exist_ok=True)
    (folder / "rr.txt").write_text("requests==2.0\n-r deep.txt\n-c limits.txt\n")
    (folder / "deep.txt").write_text("pandas[excel] >=2 ; python_version > '3.8'  # tables\n")
    (folder / "limits.txt").write_text("numpy<99\n")
    pip = ["scikit-learn", "-r rr.txt"]
    conda: Any = {"channels": ["conda-forge"], "dependencies": ["python=3.11", "six=1.16", "libgcc-ng", {"pip": pip}]}
    if as_file:
        (folder / "conda.yaml").write_text(yaml.safe_dump(conda))
        conda = str(folder / "conda.yaml")
    lines = _saved(conda_env=conda)
    wanted = [
        f"scikit-learn=={version('scikit-learn')}",
        "requests==2.0",
        "pandas[excel] >=2 ; python_version > '3.8'",
        "-c constraints.txt",
    ]
    assert lines[0] == "six==1.16.*"
    assert lines[2:] == wanted
    assert _pip_lines()[1:] == wanted
    assert Path("model/constraints.txt").read_text() == "numpy<99"


def test_wheels_of_this_machine_travel_with_the_model(store: Path) -> None:
    """A path means nothing elsewhere, so the file is stored and named where it is."""
    tiny = wheel(store / "built", "tiny", "1.0")
    lines = _saved(pip_requirements=["./built/tiny-1.0-py3-none-any.whl", f"tiny @ {tiny.as_uri()}"])
    assert lines[1:] == ["./wheels/tiny-1.0-py3-none-any.whl"] * 2
    assert Path("model/wheels/tiny-1.0-py3-none-any.whl").read_bytes() == tiny.read_bytes()


@pytest.mark.parametrize("option", ["pip_requirements", "extra_pip_requirements", "conda_env"])
def test_credentials_are_never_stored(option: str, store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Readers of the model would see the password of the index; a variable in its place is kept."""
    lines = [
        "--index-url https://ada:marked-secret@index.example/simple",
        "--extra-index-url=https://marked-secret@other.example/simple",
        "--extra-index-url https://${USER}:${PASSWORD}@third.example/simple",
        "tiny @ https://ada:marked-secret@files.example/tiny-1.0-py3-none-any.whl",
        "git+ssh://git@github.com/ada/code.git#egg=code",
    ]
    Path("req.txt").write_text("\n".join(lines))
    given: Any = {"channels": ["https://ada:marked-secret@conda.example/c"], "dependencies": [{"pip": ["-r req.txt"]}]}
    stored = _saved(**{option: given if option == "conda_env" else "req.txt"})
    everything = "".join(file.read_text() for file in Path("model").iterdir() if file.suffix in (".txt", ".yaml", ""))
    assert "marked-secret" not in everything + caplog.text
    assert "--index-url https://index.example/simple" in stored
    assert "--extra-index-url https://${USER}:${PASSWORD}@third.example/simple" in stored
    assert "git+ssh://git@github.com/ada/code.git#egg=code" in stored


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("bad req!!", "'bad req!!' is not a requirement"),
        ("numpy=1.26", "pip's is =="),
        ("--no-such-option x", "is not a requirement"),
        ("-e .", "folder of this machine"),
        ("./none.whl", "does not exist"),
        ("-r none.txt", r"none.txt"),
    ],
)
def test_what_is_not_a_requirement_is_refused_with_its_line(line: str, says: str, store: Path) -> None:
    """It would only be noticed when the model is installed; no part of it is left."""
    for given in ({"pip_requirements": [line]}, {"extra_pip_requirements": [line]},
                  {"conda_env": {"dependencies": [{"pip": [line]}]}}):  # fmt: skip
        with pytest.raises(InvalidParameter, match=says):
            _saved(**given)
        assert not Path("model").exists()


def test_an_address_of_the_description_is_one_of_the_model(store: Path) -> None:
    """Copied from a page, the address of the file MLmodel leads to the same as the folder's."""
    with runyard.start_run() as run:
        info = runyard.pyfunc.log_model(name="model", python_model=len, pip_requirements=[])
    folder = runyard.artifacts.download_artifacts(info.model_uri)
    for address in (
        f"runs:/{run.info.run_id}/model",
        info.model_uri,
        str(folder),
        Path(folder).as_uri(),
    ):
        described = f"{address}/MLmodel"
        assert runyard.models.Model.load(described).model_id == info.model_id
        assert runyard.models.get_model_info(described).model_id == info.model_id
        assert runyard.pyfunc.load_model(described).predict([[0]]) == 1


def test_a_model_of_other_versions_says_so(store: Path) -> None:
    """Python alone would say that some attribute is missing; the cause is the version."""
    runyard.pyfunc.save_model("model", python_model=len, pip_requirements=["numpy==1.0"])
    described = Path("model/MLmodel").read_text()
    this = yaml.safe_load(described)["flavors"]["python_function"]["python_version"]
    Path("model/MLmodel").write_text(described.replace(this, "3.6.1"))
    Path("model/python_model.pkl").write_bytes(b"cnumpy\nno_such_name\n.")
    with pytest.raises(
        RunyardException, match=r"Python 3\.6\.1, this is .*numpy==1\.0, installed is .*--env-manager uv"
    ):
        runyard.pyfunc.load_model("model")


def test_a_broken_file_of_yaml_says_where_in_a_line(store: Path) -> None:
    """Tabs are the usual mistake, and the library's text does not say so."""
    runyard.pyfunc.save_model("model", python_model=len, pip_requirements=[])
    Path("model/MLmodel").write_text("flavors:\n\tpython_function: {}\n")
    with pytest.raises(InvalidParameter, match=r"line 2, column 1: there is a tab.*indent with spaces") as refused:
        runyard.pyfunc.load_model("model")
    assert "\n" not in refused.value.message
    Path("conda.yaml").write_text("dependencies:\n\t- pip\n")
    with pytest.raises(InvalidParameter, match=r"conda\.yaml.*line 2, column 1.*indent with spaces"):
        runyard.pyfunc.save_model("other", python_model=len, conda_env="conda.yaml")
