#!/usr/bin/env python3
"""What the pages cost: CPU of the server per view as a store grows, and what a browser loads, beside MLflow's own pages.

    python page_bench.py --runs 1000 10000 100000
    python page_bench.py --runs 1000 --mlflow /tmp/mlflow/bin/mlflow     # an environment with mlflow==3.17.2
    python page_bench.py --store 100000=/dev/shm/runs-100k.db            # a store that seed_store.py has filled

Needs Playwright with Chromium for what a browser loads, which are in the extra `dev`. CPU is that of all
processes of the server, of the fastest of several turns: other work on the machine makes it greater, never smaller.
"""

import argparse
import gzip
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from html import unescape
from pathlib import Path
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parent))
from benchkit.process import Server, Store, free_port  # noqa: E402
from benchkit.workload import seeded_run  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

HERE = Path(__file__).parent
RUNYARD = f"{sys.executable} -m runyard server --port {{port}} --backend-store-uri {{uri}} --artifacts-destination {{artifacts}}"
MLFLOW = (
    "env MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false {program} server --port {{port}} --workers 1"
    " --backend-store-uri {{uri}} --artifacts-destination {{artifacts}}"
)
"""Without its runners of jobs, whose work would count as that of pages."""
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
TURNS, REQUESTS = 4, 5
SHAPE = {"params": 20, "metrics": 20, "tags": 8, "points": 1}
"""Of each run, in both stores."""
SORTED, FILTERED = "order=metrics.m1%20DESC", "filter=metrics.m1%20%3E%200.9%20AND%20params.p1%20%3D%20%27v3%27"


PLOTTED = "column=params.p1&column=params.p2&column=metrics.m1&column=metrics.m2"
TABS = "overview why groups metrics params artifacts code packages hardware data models".split()


def get(server: Server, path: str) -> tuple[str, int]:
    """The text of a page, and its bytes as they are sent to browsers."""
    with urlopen(Request(f"http://127.0.0.1:{server.port}{path}", headers={"Accept-Encoding": "gzip"})) as answer:
        body = answer.read()
    sent = len(body)
    if answer.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return body.decode(), sent


def post(server: Server, path: str, body: dict) -> dict:
    """Call the REST API."""
    request = Request(
        f"http://127.0.0.1:{server.port}/api/2.0/mlflow/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(request) as answer:
        return json.load(answer)


def views(server: Server) -> dict[str, str]:
    """The address of each view on the seeded experiment."""
    table = "/experiments/1"
    first, _ = get(server, table)
    following = re.search(r'<a class="button"[^>]* rel="next"[^>]* href="([^"]+)"', first)
    runs = re.findall(r"name=runs value=([0-9a-f]{32})", first)
    return {
        "experiment": table,
        "sorted by a metric": f"{table}?{SORTED}",
        "filtered": f"{table}?{FILTERED}",
        "next page": unescape(following[1]) if following else table,
        "home": "/",
        "charts beside the table": f"{table}?charts=split",
        "charts alone": f"{table}?charts=only",
        "values of a plot of four columns": f"/ui/plots/values?experiments=1&{PLOTTED}",
        "run": f"/runs/{runs[0]}",
        **{f"ten compared, {tab}": f"/compare?runs={','.join(runs[:10])}&tab={tab}" for tab in TABS},
        "fifty compared, metrics": f"/compare?runs={','.join(runs[:50])}&tab=metrics",
    }


def cpu_of(server: Server, path: str) -> float:
    """Milliseconds of CPU that a request takes."""
    get(server, path)
    best = float("inf")
    for _ in range(TURNS):
        before = server.cpu_seconds()
        for _ in range(REQUESTS):
            get(server, path)
        best = min(best, (server.cpu_seconds() - before) / REQUESTS)
    return best * 1000


def loaded(page: Page, server: Server, address: str, ready: str) -> dict[str, float]:
    """What a browser with nothing in its cache loads for a page, and the server's CPU for it, of the better of two.

    What the server takes while nobody asks is taken off: some have helpers that look for work all the time.
    """
    found: list[dict[str, float]] = []
    began_idle, idle_from = time.perf_counter(), server.cpu_seconds()
    time.sleep(4)
    idle = (server.cpu_seconds() - idle_from) / (time.perf_counter() - began_idle)
    for _ in range(2):
        figures = {"all kB": 0.0, "scripts kB": 0.0, "requests": 0.0, "API calls": 0.0}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.clearBrowserCache")
        kinds: dict[str, str] = {}

        def began(event: dict, kinds: dict[str, str] = kinds, figures: dict[str, float] = figures) -> None:
            kinds[event["requestId"]] = event["type"]
            figures["requests"] += 1
            figures["API calls"] += bool(re.search("/(ajax-)?api/|/graphql", event["request"]["url"]))

        def ended(event: dict, kinds: dict[str, str] = kinds, figures: dict[str, float] = figures) -> None:
            size = event["encodedDataLength"] / 1000
            figures["all kB"] += size
            figures["scripts kB"] += size if kinds.get(event["requestId"]) == "Script" else 0

        session.on("Network.requestWillBeSent", began)
        session.on("Network.loadingFinished", ended)
        page.goto("about:blank")
        before, started = server.cpu_seconds(), time.perf_counter()
        page.goto(f"http://127.0.0.1:{server.port}{address}")
        page.wait_for_selector(ready, timeout=60_000)
        page.wait_for_timeout(2_000)
        taken = server.cpu_seconds() - before - idle * (time.perf_counter() - started)
        figures["server CPU ms"] = max(0.0, taken) * 1000
        figures["nodes"] = page.evaluate("document.querySelectorAll('*').length")
        session.detach()
        found.append(figures)
    return min(found, key=lambda figures: figures["server CPU ms"])


def seed_mlflow(server: Server, runs: int) -> None:
    """The same runs in MLflow's store, by rows as its server writes them: through its API they take minutes."""
    experiment_id = post(server, "experiments/create", {"name": "seeded-0"})["experiment_id"]
    with sqlite3.connect(server.store.file, timeout=60) as database:
        for index in range(runs):
            create, batch = seeded_run(index, experiment_id, **SHAPE)
            run_id = f"{random.Random(f'id {index}').getrandbits(128):032x}"
            columns = (
                "run_uuid, name, user_id, status, start_time, lifecycle_stage, artifact_uri, experiment_id, source_type"
            )
            name, started = create["run_name"], create["start_time"]
            values = (run_id, name, "", "RUNNING", started, "active", f"file:///{run_id}", int(experiment_id), "LOCAL")
            database.execute(f"INSERT INTO runs ({columns}) VALUES ({', '.join('?' * len(values))})", values)
            own = [*create["tags"], {"key": "mlflow.runName", "value": name}]
            for table_name, entries in (("params", batch["params"]), ("tags", own)):
                rows = [(entry["key"], entry["value"], run_id) for entry in entries]
                database.executemany(f"INSERT INTO {table_name} (key, value, run_uuid) VALUES (?, ?, ?)", rows)
            points = [(m["key"], m["value"], m["timestamp"], run_id, m["step"], False) for m in batch["metrics"]]
            for table_name in ("metrics", "latest_metrics"):
                statement = f"INSERT INTO {table_name} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)"
                database.executemany(statement, points)


def table(title: str, heads: list[str], rows: dict[str, list[str]]) -> None:
    """Print a table as documents have it."""
    print(f"\n| {title} | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")


def in_browser(runyard: Server, mlflow: Server | None) -> None:
    """What browsers load for the table of runs and for one run."""
    program = next(filter(None, map(shutil.which, CHROMIUM)))
    ours = views(runyard)
    run = ours["run"].rpartition("/")[2]
    pages = {
        "Runyard, runs": (runyard, ours["experiment"], "#runs-table tbody tr"),
        "Runyard, one run": (runyard, f"/runs/{run}", "#params"),
    }
    if mlflow:
        [theirs] = post(mlflow, "runs/search", {"experiment_ids": ["1"], "max_results": 1})["runs"]
        run_id = theirs["info"]["run_id"]
        pages["MLflow, runs"] = (mlflow, "/#/experiments/1/runs", "text=run-000")
        pages["MLflow, one run"] = (mlflow, f"/#/experiments/1/runs/{run_id}", "text=m1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 800})
        found = {name: loaded(page, *where) for name, where in pages.items()}
        browser.close()
    heads = list(next(iter(found.values())))
    table("Page", heads, {name: [f"{figures[head]:,.0f}" for head in heads] for name, figures in found.items()})


def store_of(runs: int, given: dict[int, Path]) -> Store:
    """A store with this number of runs, filled unless one is given."""
    store = Store(f"pages-{runs}")
    if runs in given:
        store.database_uri = f"sqlite:///{given[runs].resolve()}"
    else:
        program = [sys.executable, str(HERE / "seed_store.py"), "--store", store.database_uri, "--runs", str(runs)]
        subprocess.run(program, check=True, capture_output=True)
    return store


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--store", action="append", default=[], metavar="RUNS=FILE", help="a filled SQLite store")
    parser.add_argument("--mlflow", help="the program `mlflow` of another environment")
    options = parser.parse_args()
    given = {int(runs): Path(file) for runs, _, file in (text.partition("=") for text in options.store)}
    rows: dict[str, list[str]] = {}
    sizes: dict[str, list[str]] = {}
    for place, runs in enumerate(sorted({*options.runs, *given})):
        store = store_of(runs, given)
        server = Server(RUNYARD, store, free_port())
        try:
            time.sleep(2)  # what a server does at its start
            for name, path in views(server).items():
                rows.setdefault(name, []).append(f"{cpu_of(server, path):.1f}")
                text, sent = get(server, path)
                elements = len(re.findall(r"<[a-z]", text))
                sizes.setdefault(name, []).append(f"{len(text) / 1000:.0f} / {sent / 1000:.1f} / {elements:,}")
            if place == 0:
                other = Store("pages-mlflow") if options.mlflow else None
                mlflow = Server(MLFLOW.format(program=options.mlflow), other, free_port(), 600) if other else None
                try:
                    if mlflow:
                        seed_mlflow(mlflow, runs)
                    in_browser(server, mlflow)
                finally:
                    if mlflow and other:
                        mlflow.stop()
                        other.remove()
        finally:
            server.stop()
            store.remove()
    heads = [f"{runs:,} runs" for runs in sorted({*options.runs, *given})]
    table("CPU of the server, ms", heads, rows)
    table("Page, kB / as sent, kB / elements", heads, sizes)


if __name__ == "__main__":
    main()
