#!/usr/bin/env python3
"""How the cost of a question grows with the store: CPU of the server per answer, in stores of several sizes.

    python growth.py --folder /dev/shm --sizes 1000 10000 100000
    python growth.py --folder /dev/shm --sizes 1000 100000 --only 'order' 'page of runs'
    python growth.py --folder /tmp --postgres postgresql://user@127.0.0.1:5432 --sizes 1000 10000 100000

Runs on the interpreter that Runyard is installed for. A store that is not in the folder (on PostgreSQL, not in the
cluster) is filled by `seed_store.py` first, and kept. On PostgreSQL the time of the cluster, which must be on the same
machine, stands behind that of the server. CPU time hardly changes with what else the machine does, though it
may double where other processes take the caches; how busy it was stands below the table.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from benchkit.connection import Connection, Reply, RequestFailed, encode_request  # noqa: E402
from benchkit.process import Cluster, Server, Store, free_port  # noqa: E402
from benchkit.questions import next_page, prepare, questions  # noqa: E402
from benchkit.workload import API, MetricBatches, post  # noqa: E402

COMMAND = f"{sys.executable} -m runyard server --port {{port}} --backend-store-uri {{uri}} --artifacts-destination {{artifacts}}"
EXPERIMENTS = 5_000
WIDE = 5_000
"""Params of a wide run, and tags of it; it has twice as many metrics."""
PAGED = ("in the order of a metric", "metric and param filtered, in the order of the metric")
"""Searches whose next pages are asked for too."""
Figures = dict[str, float]


def answered(connection: Connection, request: bytes) -> Reply:
    """The reply, which must be a 200."""
    reply = connection.exchange(request)
    if reply.status != 200:
        raise RequestFailed(request.split(b" ", 2)[1].decode()[:80], reply)
    return reply


@dataclass(frozen=True)
class Measuring:
    """How questions are measured.

    Attributes
    ----------
    most: Answers of each question.
    seconds: Longest time for a question.
    cluster: The processes of PostgreSQL, where that is used.
    """

    most: int
    seconds: float
    cluster: Cluster | None = None

    def __call__(self, ask: Callable[[], Reply], server: Server) -> Figures:
        """CPU and wall time of one answer in ms, and its bytes; the first answer is not counted."""
        reply = ask()
        used = [each.cpu_seconds() for each in (server, self.cluster) if each]
        began, walls = time.perf_counter(), []
        while len(walls) < self.most and (len(walls) < 2 or time.perf_counter() - began < self.seconds):
            start = time.perf_counter()
            ask()
            walls.append((time.perf_counter() - start) * 1e3)
        after = [each.cpu_seconds() for each in (server, self.cluster) if each]
        cpu = [(later - before) / len(walls) * 1e3 for later, before in zip(after, used, strict=True)]
        figures = {"cpu_ms": cpu[0], "wall_ms": statistics.median(walls), "bytes": len(reply.body)}
        return figures | ({"database_ms": cpu[1]} if self.cluster else {})


def wait_until_idle(server: Server, quiet: float = 1.0) -> None:
    """Wait until the server does nothing any more: it reads texts into their index after the first searches."""
    while True:
        before = server.cpu_seconds()
        time.sleep(quiet)
        if server.cpu_seconds() - before < 0.05 * quiet:
            return


class SeededStore(Store):
    """A store of a number of runs, filled before unless it is there."""

    def __init__(self, folder: Path, runs: int, postgres: str | None) -> None:
        super().__init__(f"growth-{runs}")
        self._fill(folder, runs, postgres)

    def _fill(self, folder: Path, runs: int, postgres: str | None) -> None:
        if postgres:
            name = f"growth_{runs}"
            self.database_uri = f"{postgres.rstrip('/')}/{name}"
            listed = subprocess.run(
                ["psql", "-qtA", f"{postgres.rstrip('/')}/postgres", "-c", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"],
                check=True, capture_output=True, text=True,
            ).stdout  # fmt: skip
            there = listed.strip() == "1"
            if not there:
                subprocess.run(
                    ["psql", "-q", f"{postgres.rstrip('/')}/postgres", "-c", f"CREATE DATABASE {name}"], check=True
                )
        else:
            file = folder / f"runs-{runs}.db"
            self.database_uri, there = f"sqlite:///{file.resolve()}", file.exists()
        if runs and not there:
            seeder = Path(__file__).with_name("seed_store.py")
            subprocess.run([sys.executable, seeder, "--store", self.database_uri, "--runs", str(runs)], check=True)


@contextmanager
def serving(store: Store) -> Iterator[Server]:
    """A server of a store."""
    server = Server(COMMAND, store, free_port())
    try:
        yield server
    finally:
        server.stop()


def of_store(server: Server, wanted: Callable[[str], bool], measured: Measuring) -> dict[str, Figures]:
    """The figures of each question about a store of runs."""
    asked = prepare(server.connection())
    connection = server.connection()
    for name, request in questions(asked):
        if name.startswith(("name LIKE", "search of everything: 'nowhere")):
            answered(connection, request)
    wait_until_idle(server)
    found = {}
    for name, request in questions(asked):
        for label, one in ((name, request), *([(f"{name}, next page", next_page)] if name in PAGED else [])):
            if not wanted(label):
                continue
            connection = server.connection()  # one that was idle for long is closed by the server
            asking = one(connection, request) if callable(one) else one
            if asking is None:
                continue
            try:
                found[label] = measured(lambda: answered(connection, asking), server)  # noqa: B023
            except RequestFailed as problem:
                print(f"{label}: {problem}", file=sys.stderr)
    return found


def of_many_experiments(server: Server, measured: Measuring) -> dict[str, Figures]:
    """The front page of a store of many experiments, each with a run."""
    connection = server.connection()
    there = connection.call("POST", API + "experiments/search", {"max_results": EXPERIMENTS, "filter": "name = 'e-7'"})
    if not there.get("experiments"):
        for number in range(EXPERIMENTS):
            made = connection.call("POST", API + "experiments/create", {"name": f"e-{number}"})["experiment_id"]
            connection.call("POST", API + "runs/create", {"experiment_id": made, "start_time": number})
    wait_until_idle(server)
    connection, pages = server.connection(), {"": "/", " by last activity": "/?order=last_activity_time+DESC"}
    return {
        f"page of {EXPERIMENTS:,} experiments{name}": measured(
            lambda path=path: answered(connection, encode_request("GET", path)), server
        )
        for name, path in pages.items()
    }


def of_long_series(server: Server, points: int, measured: Measuring) -> dict[str, Figures]:
    """A metric of many points: pages of its history, and what a chart of it costs."""
    connection = server.connection()
    run = connection.call("POST", API + "runs/create", {"experiment_id": "0", "run_name": "long", "start_time": 1})
    run_id = run["run"]["info"]["run_id"]
    for request in MetricBatches(points // 1000, keys=1).requests(run_id):
        answered(connection, request)
    history = f"{API}metrics/get-history?run_id={run_id}&metric_key=m0&max_results=1000"
    token = answered(connection, encode_request("GET", history)).json()["next_page_token"]
    asked = {
        f"1,000 points of the history of {points:,}": history,
        "the same, next page": f"{history}&page_token={token}",
        f"320 points of {points:,} by MLflow's interval": f"{API}metrics/get-history-bulk-interval?run_ids={run_id}&metric_key=m0&max_results=320",
        f"page of a metric of {points:,} points": f"/metric?runs={run_id}&key=m0",
    }
    wait_until_idle(server)
    found = {}
    for name, path in asked.items():
        try:
            found[name] = measured(lambda path=path: answered(connection, encode_request("GET", path)), server)
        except RequestFailed as problem:
            print(f"{name}: {problem}", file=sys.stderr)
    return found


def of_wide_run(server: Server, measured: Measuring) -> dict[str, Figures]:
    """A run of very many params, tags and metrics: what it costs to log to it, new keys anywhere among the old ones."""
    connection = server.connection()
    created = connection.call("POST", API + "runs/create", {"experiment_id": "0", "run_name": "wide", "start_time": 2})
    run_id = created["run"]["info"]["run_id"]
    for first in range(0, WIDE, 100):
        texts = {
            kind: [{"key": f"{kind[0]}{i}", "value": f"value {i}"} for i in range(first, first + 100)]
            for kind in ("params", "tags")
        }
        points = [
            {"key": f"m{i}", "value": i / 7, "timestamp": i, "step": 0} for i in range(2 * first, 2 * first + 200)
        ]
        connection.call("POST", API + "runs/log-batch", {"run_id": run_id, **texts, "metrics": points})
    number = itertools.count(1)

    def new(kind: str) -> dict[str, str]:
        place = next(number)
        return {"key": f"{kind}{place * 7919 % WIDE}-{place}", "value": "new"}

    def point() -> dict[str, Any]:
        place = next(number)
        return {"key": f"m{place * 7919 % WIDE}", "value": 0.5, "timestamp": WIDE + place, "step": place}

    logged: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
        f"set-tag, beside {WIDE:,} tags and {WIDE:,} params": ("set-tag", lambda: new("t")),
        f"log-param, beside {WIDE:,} tags and {WIDE:,} params": ("log-parameter", lambda: new("p")),
        f"a point by log-batch, beside {2 * WIDE:,} metrics": ("log-batch", lambda: {"metrics": [point()]}),
        f"log-metric, beside {2 * WIDE:,} metrics": ("log-metric", point),
    }
    wait_until_idle(server)
    return {
        name: measured(
            lambda path=path, body=body: answered(connection, post(f"runs/{path}", {"run_id": run_id, **body()})),
            server,
        )
        for name, (path, body) in logged.items()
    }


def main() -> int:
    """Fill, ask, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(), help="where SQLite stores are kept")
    parser.add_argument("--postgres", help="postgresql://user@host:port of a cluster to use instead")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--points", type=int, default=1_000_000, help="of a long series; 0: only stores of runs")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of names of questions; all others are left out")
    parser.add_argument("--most", type=int, default=30, help="answers of each question")
    parser.add_argument("--seconds", type=float, default=4.0, help="longest time for a question")
    parser.add_argument(
        "--json", type=Path, help="write the figures here; what it has of other sizes and questions is kept"
    )
    options = parser.parse_args()
    cluster = Cluster(options.postgres) if options.postgres else None
    measuring = Measuring(options.most, options.seconds, cluster)
    found: dict[str, dict[str, Figures]] = {}
    loads = [os.getloadavg()[0]]

    def note(size: int, figures: dict[str, Figures]) -> None:
        for name, of_question in figures.items():
            found.setdefault(name, {})[str(size)] = of_question
        loads.append(os.getloadavg()[0])

    for size in options.sizes:
        print(f"{size:,} runs", file=sys.stderr)
        with serving(SeededStore(options.folder, size, options.postgres)) as server:
            note(size, of_store(server, lambda name: any(part in name for part in options.only), measuring))
    if options.points:
        with serving(Store("growth-wide", options.postgres)) as server:
            last = options.sizes[-1]
            note(last, of_wide_run(server, measuring))
            note(last, of_many_experiments(server, measuring) | of_long_series(server, options.points, measuring))
    show(found, options.sizes)
    print(f"\nLoad of the machine meanwhile: {min(loads):.1f} to {max(loads):.1f} on {os.cpu_count()} cores.")
    if options.json:
        before = json.loads(options.json.read_text()) if options.json.exists() else {}
        merged = before | {name: before.get(name, {}) | of for name, of in found.items()}
        options.json.write_text(json.dumps(merged, indent=1))
    return 0


def show(found: dict[str, dict[str, Figures]], sizes: list[int]) -> None:
    """CPU in ms at every size, of the server + of PostgreSQL, and how many times more the largest costs."""
    print("| CPU, ms | " + " | ".join(f"{size:,} runs" for size in sizes) + " | growth | wall at the last, ms |")
    print("|---|" + "---|" * (len(sizes) + 2))
    for name, by_size in found.items():
        cells = [_cell(by_size[str(size)]) if str(size) in by_size else "" for size in sizes]
        first, last = by_size.get(str(sizes[0])), by_size.get(str(sizes[-1]))
        growth = f"{_cpu(last) / _cpu(first):.1f}×" if first and last and len(sizes) > 1 else ""
        wall = f"{last['wall_ms']:.1f}" if last else ""
        print(f"| {name} | " + " | ".join(cells) + f" | {growth} | {wall} |")


def _cpu(figures: Figures) -> float:
    return figures["cpu_ms"] + figures.get("database_ms", 0.0)


def _cell(figures: Figures) -> str:
    of_database = f" + {figures['database_ms']:.1f}" if "database_ms" in figures else ""
    return f"{figures['cpu_ms']:.1f}{of_database}"


if __name__ == "__main__":
    sys.exit(main())
