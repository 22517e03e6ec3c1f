"""Saves models of a flavor's examples, or loads what somebody else saved.

    python interchange_script.py MODULE save|load FLAVOR FOLDER

MODULE is `mlflow` or `runyard`. Saving writes the model of each example below FOLDER, with what it gives for its rows
in `expected.json`. Loading prints what each gives, as a pyfunc and as its own flavor's object.
"""

import importlib
import json
import sys
from pathlib import Path

import numpy as np

from tests.flavors.examples import as_numbers, examples_of

MODULE, ACTION, FLAVOR, FOLDER = sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])
flavor = importlib.import_module(f"{MODULE}.{FLAVOR}")
pyfunc = importlib.import_module(f"{MODULE}.pyfunc")


def plain(predicted):
    """Predictions as JSON."""
    found = as_numbers(predicted)
    return found.tolist() if isinstance(found, np.ndarray) else found


answers = {}
for example in examples_of(FLAVOR):
    folder = FOLDER / example.name
    if ACTION == "save":
        model = example.train()
        flavor.save_model(model, str(folder), pip_requirements=[], **example.options)
        (folder / "expected.json").write_text(json.dumps(plain(example.native(model, example.rows))))
    else:
        native = example.native(flavor.load_model(str(folder)), example.rows)
        answers[example.name] = {"native": plain(native)}
        if "python_function" in (folder / "MLmodel").read_text():
            answers[example.name]["pyfunc"] = plain(pyfunc.load_model(str(folder)).predict(example.rows))
print(json.dumps(answers))
