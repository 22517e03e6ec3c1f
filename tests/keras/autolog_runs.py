"""What a training logs, with Runyard and with a real mlflow."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.flavors.examples import paths

SCRIPT = Path(__file__).with_name("autolog_script.py")


def runs_of(module: str, flavor: str, folder: Path) -> dict[str, Any]:
    """The runs that the script's trainings make, by the name of the case.

    Parameters
    ----------
    module: ``mlflow`` or ``runyard``.
    flavor: ``keras`` or ``tensorflow``.
    folder: Where its store goes.
    """
    command = [sys.executable, str(SCRIPT), module, flavor, str(folder)]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | paths(), capture_output=True, text=True, timeout=550, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
