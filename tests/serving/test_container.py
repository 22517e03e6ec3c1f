"""Container files of models: what they install is at hand, whatever an index has."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from uv import find_uv_bin

import runyard
from runyard.serving.container import Image, write_folder

ROWS = pd.DataFrame({"a": [1.0, 2.0]})


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wheels of this Runyard are kept in a folder of the test's own."""
    monkeypatch.setenv("RUNYARD_ENV_ROOT", str(tmp_path / "environments"))


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_this_runyard_is_beside_the_file_that_installs_it(manager: str, tmp_path: Path) -> None:
    """No index has it, so an image could not be built by its name."""
    written = write_folder(Image(None, manager), tmp_path / "image")
    (wheel,) = (tmp_path / "image").glob("runyard-*.whl")
    lines = written.read_text(encoding="utf-8").splitlines()
    assert f"COPY {wheel.name} /opt/{wheel.name}" in lines
    assert f"RUN pip install /opt/{wheel.name}{' uv' if manager == 'uv' else ''}" in lines
    assert "runyard==" not in written.read_text(encoding="utf-8")


def test_a_checkout_may_be_installed_instead(tmp_path: Path) -> None:
    """Developers of Runyard try that."""
    checkout = tmp_path / "checkout"
    (checkout / "src" / "runyard" / "__pycache__").mkdir(parents=True)
    written = write_folder(Image(None, "uv", checkout), tmp_path / "image")
    assert "RUN pip install /opt/runyard_src uv" in written.read_text(encoding="utf-8").splitlines()
    assert not list((tmp_path / "image").rglob("*.whl"))


@pytest.mark.slow
@pytest.mark.timeout(320)
def test_what_an_image_runs_installs_a_model_that_answers(tmp_path: Path) -> None:
    """Its lines are carried out in an environment that holds nothing yet, as docker does in a bare image."""
    runyard.pyfunc.save_model(
        tmp_path / "model", python_model=lambda rows: (rows["a"] + 1).tolist(), input_example=ROWS
    )
    written = write_folder(Image(tmp_path / "model", "local"), tmp_path / "image")
    subprocess.run([find_uv_bin(), "venv", "--quiet", "--python", sys.executable, tmp_path / "bare"], check=True)
    pip = f"{find_uv_bin()} pip install --quiet --python {tmp_path / 'bare'}"
    for line in written.read_text(encoding="utf-8").splitlines():
        here = line.replace("/opt/ml/model", f"{tmp_path}/opt/model").replace(" /opt/", f" {tmp_path}/opt/")
        if copied := re.fullmatch(r"COPY (?:--\S+ )?(\S+) (\S+)", here):
            source = written.parent / copied[1]
            Path(copied[2]).parent.mkdir(exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, copied[2])
        elif here.startswith("RUN ") and " install " in here:
            subprocess.run(here[4:].replace("pip install", pip), shell=True, check=True, timeout=300)
    asked = [str(tmp_path / "bare/bin/runyard"), "models", "predict", "-m", f"{tmp_path}/opt/model", "-i",
             f"{tmp_path}/opt/model/serving_input_example.json", "--env-manager", "local"]  # fmt: skip
    done = subprocess.run(asked, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"predictions": [pytest.approx(2.0), pytest.approx(3.0)]}
