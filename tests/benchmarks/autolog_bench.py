"""Measures what automatic logging adds to a fit: several interpreters take turns, each with its module.

    python autolog_bench.py --peer mlflow=venvs/mlflow/bin/python --peer runyard=venv/bin/python --baseline mlflow

Every peer trains the same model with scikit-learn, with and without automatic logging to a SQLite file; the figure is
the difference of the medians in milliseconds.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchkit.report import Report

PROGRAM = """
import importlib, json, logging, os, statistics, sys, time, warnings
module, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.chdir(folder)
warnings.simplefilter("ignore")
mlflow = importlib.import_module(module)
logging.disable(logging.CRITICAL)
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
features, targets = load_iris(as_frame=True, return_X_y=True)
mlflow.set_tracking_uri(f"sqlite:///{folder}/runs.db")

def median(train):
    train()
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        train()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000

trainings = {
    "fit": lambda: LogisticRegression(max_iter=200).fit(features, targets),
    "grid search of 6": lambda: GridSearchCV(LogisticRegression(max_iter=200), {"C": [0.1, 1, 10]}, cv=2).fit(features, targets),
}
found = {}
for name, train in trainings.items():
    plain = median(train)
    for title, options in {"": {"log_models": False}, " with the model": {}}.items():
        mlflow.sklearn.autolog(silent=True, **options)
        found[name + title] = median(train) - plain
        mlflow.sklearn.autolog(disable=True)
print(json.dumps(found))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", action="append", required=True, metavar="MODULE=PYTHON")
    parser.add_argument("--baseline")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    peers = dict(text.split("=", 1) for text in options.peer)
    report = Report(list(peers), options.baseline or next(iter(peers)))
    for module, python in peers.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [python, "-c", PROGRAM, module, str(Path(folder)), str(options.rounds)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        for phase, milliseconds in json.loads(done.stdout.splitlines()[-1]).items():
            report.add(phase, module, {"added ms": milliseconds})
    sys.stdout.write(report.table())


if __name__ == "__main__":
    main()
