"""Requirements that name no version: they are stored with the one that the model is made with."""

import json
import shutil
import subprocess
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from uv import find_uv_bin

import runyard
from tests.projects.wheels import wheel

NUMPY, PANDAS = f"numpy=={version('numpy')}", f"pandas=={version('pandas')}"


def _saved(**given: Any) -> list[str]:
    """What is stored for pip in requirements.txt, after seeing that conda.yaml says the same."""
    runyard.pyfunc.save_model("model", python_model=len, **given)
    lines = Path("model/requirements.txt").read_text(encoding="utf-8").splitlines()
    for_pip = next(one["pip"] for one in _dependencies() if isinstance(one, dict))
    assert lines[-len(for_pip) :] == for_pip
    return lines


def _dependencies() -> list[Any]:
    return list(yaml.safe_load(Path("model/conda.yaml").read_text(encoding="utf-8"))["dependencies"])


@pytest.mark.parametrize("option", ["pip_requirements", "extra_pip_requirements", "conda_env", "a file"])
def test_a_name_alone_is_stored_with_the_version_that_is_here(option: str, store: Path, forked_inference: None) -> None:
    """In a year pip would install another version, with which the model fails or answers otherwise."""
    lines = ["NumPy", "pandas [excel] ; python_version > '3'", "-r more.txt", "mlflow"]
    Path("more.txt").write_text("scikit_learn  # for the pipeline\n")
    Path("given.txt").write_text("\n".join(lines))
    given: dict[str, Any] = {
        "conda_env": {"conda_env": {"dependencies": [{"pip": lines}]}},
        "a file": {"pip_requirements": "given.txt"},
    }
    stored = _saved(**given.get(option, {option: lines}))
    pinned = PANDAS.replace("pandas", "pandas [excel]")
    scikit = f"scikit_learn=={version('scikit-learn')}"
    assert stored[-4:] == [f"NumPy=={version('numpy')}", f"{pinned} ; python_version > '3'", scikit, "mlflow==3.17.2"]


@pytest.mark.parametrize(
    "lines",
    [
        ["numpy>=1"],
        ["numpy==1.0"],
        ["numpy", "numpy<2"],
        ["numpy", "numpy @ https://files.example/numpy.zip"],
        ["numpy", "https://files.example/numpy-1.0-py3-none-any.whl"],
        ["numpy ; python_version < '3'"],
        ["git+https://code.example/numpy.git"],
    ],
)
def test_what_says_which_version_stays_as_it_is(lines: list[str], store: Path) -> None:
    """A version beside a limit that leaves it out could not be installed at all."""
    assert _saved(pip_requirements=lines) == ["mlflow==3.17.2", *lines]


def test_constraints_leave_the_version_out_that_they_do_not_take(store: Path) -> None:
    """Together they could not be installed; a limit for another Python is none here."""
    Path("limits.txt").write_text("numpy<2\npandas<2 ; python_version < '3'\n")
    stored = _saved(pip_requirements=["numpy", "pandas", "-c limits.txt"])
    assert stored == ["mlflow==3.17.2", "numpy", PANDAS, "-c constraints.txt"]


def test_a_package_that_is_not_here_stays_a_name_with_a_warning(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is known of its version, and the author of the model should know."""
    assert _saved(pip_requirements=["no-such-package"])[1:] == ["no-such-package"]
    assert "no version of no-such-package, which is not installed here" in caplog.text


def test_packages_of_conda_get_versions_too(store: Path) -> None:
    """An environment for conda is made as late as one for pip; limits in either part hold for both."""
    packages = ["python", "conda-forge::numpy", "libgcc-ng", "scipy=1.9", "pandas"]
    stored = _saved(conda_env={"dependencies": [*packages, {"pip": ["scipy", "pandas<2"]}]})
    python, numpy, *others = _dependencies()
    assert python.startswith("python=3.")
    assert numpy == f"conda-forge::{NUMPY.replace('==', '=')}"
    assert others[:-1] == [*packages[2:], "pip"]
    assert stored == [NUMPY, "scipy==1.9.*", "mlflow==3.17.2", "scipy", "pandas<2"]


def test_no_version_is_named_that_the_wanted_python_cannot_have(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The environment could not be made; the reason is told."""
    stored = _saved(conda_env={"dependencies": ["python=3.6", "scipy", {"pip": ["numpy"]}]})
    assert stored == ["scipy", "mlflow==3.17.2", "numpy"]
    assert f"numpy: {version('numpy')}, which is installed here, is not for Python 3.6" in caplog.text


def test_a_wheel_that_is_given_stands_for_the_installed_version(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by its import and given as a file, one package would be asked for in two versions."""
    _installed(wheel(store / "old", "tiny", "1.0"), monkeypatch)
    newer = wheel(store / "new", "tiny", "2.0")
    stored = _saved(pip_requirements=["tiny", str(newer)])
    assert stored[1:] == ["tiny", "./wheels/tiny-2.0-py3-none-any.whl"]


def test_what_is_stored_installs_the_version_the_model_was_made_with(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The point of it all, asked of an installer with a newer version at hand."""
    _installed(wheel(store / "index", "tiny", "1.0"), monkeypatch)
    wheel(store / "index", "tiny", "2.0")
    wheel(store / "index", "mlflow", "3.17.2")
    _saved(pip_requirements=["tiny"])
    command = [find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--no-index", "--find-links", "index",
               "--target", "elsewhere", "-r", "model/requirements.txt"]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    assert [found.name for found in Path("elsewhere").glob("tiny-*")] == ["tiny-1.0.dist-info"]


@pytest.mark.parametrize("option", ["pip_requirements", "extra_pip_requirements"])
def test_a_package_of_a_folder_is_told_of(
    option: str,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    forked_inference: None,
) -> None:
    """No index has what somebody has just written; found out when the model is to be served, it is too late."""
    built = wheel(store / "built", "tiny", "1.0")
    _installed(built, monkeypatch)
    about = {"url": "file:///home/ada/tiny", "dir_info": {"editable": True}}
    Path("installed/tiny-1.0.dist-info/direct_url.json").write_text(json.dumps(about))
    _saved(**{option: ["tiny"]})
    assert "tiny is installed here from a folder" in caplog.text
    assert "code_paths" in caplog.text
    caplog.clear()
    shutil.rmtree("model")
    _saved(pip_requirements=[str(built)])
    assert "from a folder" not in caplog.text


def _installed(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(built) as opened:
        opened.extractall("installed")
    monkeypatch.syspath_prepend("installed")
