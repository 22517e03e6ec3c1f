"""Measures servers of one small scikit-learn model side by side: identical requests, the servers taking turns.

    python serving_bench.py --python venvs/mlflow/bin/python \\
        --server mlflow='venvs/mlflow/bin/mlflow models serve -m {model} -p {port} --env-manager local' \\
        --server ours='venv/bin/runyard models serve -m {model} -p {port} --env-manager local' --baseline mlflow

`--python` is an interpreter with mlflow and scikit-learn, which saves the model that all of them serve.
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchkit.connection import encode_request, hammer
from benchkit.process import Server, Store, free_port, machine_to_ourselves
from benchkit.report import Report, latency_figures

SAVE = """
import sys
import mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
x, y = load_iris(as_frame=True, return_X_y=True)
model = LogisticRegression(max_iter=500).fit(x, y)
mlflow.sklearn.save_model(model, sys.argv[1], signature=infer_signature(x, model.predict(x)),
                          serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
"""
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
ROW = [5.1, 3.5, 1.4, 0.2]


def requests(rows: int) -> dict[str, bytes]:
    """The bodies: the same rows in the forms that clients use most."""
    table = [ROW] * rows
    csv = "\n".join([",".join(COLUMNS), *(",".join(map(str, row)) for row in table), ""])
    records = [dict(zip(COLUMNS, row)) for row in table]
    split = {"dataframe_split": {"columns": COLUMNS, "data": table}}
    return {
        "split": encode_request("POST", "/invocations", json.dumps(split).encode()),
        "records": encode_request("POST", "/invocations", json.dumps({"dataframe_records": records}).encode()),
        "csv": encode_request("POST", "/invocations", csv.encode(), "text/csv"),
    }


def measure(report: Report, name: str, server: Server, options: argparse.Namespace) -> None:
    for rows, clients in ((1, 1), (1, 16), (1000, 1)):
        for form, request in requests(rows).items():
            if form != "split" and clients != 1:
                continue
            phase = f"{form}, {rows} row{'s' if rows > 1 else ''}, {clients} client{'s' if clients > 1 else ''}"
            hammer(server.port, [itertools.repeat(request)] * clients, 0.5)
            load = hammer(server.port, [itertools.repeat(request)] * clients, options.seconds)
            report.add(phase, name, latency_figures(load))
            if load.failures:
                report.note(phase, name, f"{len(load.failures)} failed: {load.failures[0].body[:200]!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="append", required=True, metavar="NAME=COMMAND")
    parser.add_argument("--python", required=True)
    parser.add_argument("--baseline")
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lock")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    peers = dict(text.split("=", 1) for text in options.server)
    report = Report(list(peers), options.baseline or next(iter(peers)))
    with tempfile.TemporaryDirectory() as folder, machine_to_ourselves(options.lock):
        model = f"{folder}/model"
        subprocess.run([options.python, "-c", SAVE, model], check=True, capture_output=True)
        servers = {}
        try:
            for name, command in peers.items():
                servers[name] = Server(command.replace("{model}", model), Store(name), free_port())
                report.add("start", name, {"s": servers[name].start_seconds, "memory MB": servers[name].memory_mb()})
                servers[name].pause()
            for _ in range(options.rounds):
                for name, server in servers.items():
                    server.resume()
                    measure(report, name, server, options)
                    server.pause()
        finally:
            for server in servers.values():
                server.stop()
                server.store.remove()
    sys.stdout.write(report.table())
    if options.json:
        report.write_json(options.json)


if __name__ == "__main__":
    main()
