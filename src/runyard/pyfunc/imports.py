"""Run as a program of its own: loads a model, predicts its example, and writes down which modules that imported."""

import json
import sys
from pathlib import Path

import runyard.models.scoring_input  # noqa: F401  (so that what it needs is not taken for the model's need)
from runyard.models.model import MLMODEL, read_mlmodel
from runyard.pyfunc.loading import load_described


def main(folder: str, answer: str) -> None:
    """Load the model in `folder`, and write the names of the modules that this imported to `answer`."""
    before = set(sys.modules)  # what we need ourselves is not the model's need
    try:
        _use(Path(folder))
    finally:
        imported = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
        Path(answer).write_text(json.dumps([name for name in imported if name not in sys.stdlib_module_names]))


def _use(folder: Path) -> None:
    model = read_mlmodel(folder / MLMODEL)
    loaded = load_described(folder, model)
    if model.saved_input_example_info:
        loaded.predict(model.load_input_example(str(folder)))


if __name__ == "__main__":
    main(*sys.argv[1:])
