#!/usr/bin/env python3
"""What charts and comparing cost beside MLflow: bytes, requests and CPU of the server, on the same runs in both stores.

    python chart_bench.py --mlflow /tmp/mlflow/bin/mlflow                      # an environment with mlflow==3.17.2
    python chart_bench.py --mlflow … --long 100000 --wide 1000                 # shorter series

Ten runs of one long series, and fifty of ten metrics each. What charts ask for is asked over HTTP; then pages are opened in
Chromium with an empty cache. A run that is written to once a second shows how many requests a page makes a minute.
CPU is that of all processes of the server. When our charts are drawn, their scripts say, in a browser that nobody watches.
"""

import argparse
import json
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parent))
from benchkit.process import Server, Store, free_port  # noqa: E402
from benchkit.workload import API, EPOCH_MS, MetricBatches, run_message  # noqa: E402
from page_bench import CHROMIUM, MLFLOW, RUNYARD, loaded, post, table  # noqa: E402
from playwright.sync_api import Browser, Error, Page, sync_playwright  # noqa: E402

LONG_RUNS, WIDE_RUNS, WIDE_METRICS = 10, 50, 10
TURNS = 5
LEFT_ALONE = 3
"""Seconds in which a page is not looked at."""
WHOLE = ("chromium", "chromium-browser", "google-chrome")
"""Browsers that draw windows, unlike the headless shell."""
HEADS = {
    "data": ["server CPU ms", "kB sent", "requests"],
    "pages": ["kB sent", "scripts kB", "requests", "API calls", "server CPU ms", "elements"],
    "drawn": ["first picture of the page, ms", "first chart, ms", "last chart, ms", "kB of points"],
    "live": ["requests a minute", "kB", "server CPU ms"],
}
PLOT = "&plot_metric_keys=%5B%22m0%22%5D&plot_layout=%7B%7D&x_axis=step&y_axis_scale=linear&line_smoothness=1&show_point=false&deselected_curves=%5B%5D&last_linear_y_axis_range=%5B%5D"
"""How MLflow's links to the page of a metric end."""
Rows = Callable[[str, MetricBatches], None]
"""Stores the points of the batches in a run."""


def sent_bytes(server: Server, path: str) -> int:
    """The bytes of an answer as it is sent to browsers."""
    with urlopen(Request(f"http://127.0.0.1:{server.port}{path}", headers={"Accept-Encoding": "gzip"})) as answer:
        return len(answer.read())


def runs_of(server: Server, name: str, count: int) -> tuple[str, list[str]]:
    """A new experiment, and ids of its runs with three params each, two of which differ."""
    made = post(server, "experiments/create", {"name": name})["experiment_id"]
    ids = []
    for index in range(count):
        run_id = post(server, "runs/create", run_message(made, f"{name}-{index}", EPOCH_MS + index))["run"]["info"][
            "run_id"
        ]
        params = {"lr": 10 ** -(1 + index % 3), "seed": index, "model": "small"}
        rows = [{"key": key, "value": str(value)} for key, value in params.items()]
        post(server, "runs/log-batch", {"run_id": run_id, "params": rows})
        ids.append(run_id)
    return made, ids


def through_api(server: Server) -> Rows:
    """Points by requests of 1,000, as clients send them."""
    connection = server.connection()

    def write(run_id: str, batches: MetricBatches) -> None:
        for request in batches.requests(run_id):
            reply = connection.exchange(request)
            if reply.status != 200:
                raise RuntimeError(reply.body[:200])

    return write


def into_mlflow(server: Server) -> Rows:
    """Points by rows as MLflow's server writes them: through its API 15 million take hours."""
    names = "key, value, timestamp, run_uuid, step, is_nan"

    def points(batches: MetricBatches, run_id: str) -> Iterator[tuple[object, ...]]:
        for request in batches.requests(run_id):
            for point in json.loads(request.partition(b"\r\n\r\n")[2])["metrics"]:
                yield point["key"], point["value"], point["timestamp"], run_id, point["step"], False

    def write(run_id: str, batches: MetricBatches) -> None:
        with closing(sqlite3.connect(server.store.file, timeout=60)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            insert = f"INSERT INTO metrics ({names}) VALUES (?, ?, ?, ?, ?, ?)"
            database.executemany(insert, points(batches, run_id))
            latest = f"SELECT {names} FROM metrics WHERE run_uuid = ? GROUP BY key HAVING max(step)"
            database.execute(f"INSERT INTO latest_metrics ({names}) {latest}", (run_id,))

    return write


class Filled:
    """A store that was filled through a server: runs with a long series, runs with many metrics, and one that goes on."""

    def __init__(self, server: Server, write: Rows, long_points: int, wide_points: int) -> None:
        self.long_home, self.long = runs_of(server, "long", LONG_RUNS)
        self.wide_home, self.wide = runs_of(server, "wide", WIDE_RUNS)
        self.live_home, [self.live] = runs_of(server, "live", 1)
        began = time.perf_counter()
        for ids, points, keys in ((self.long, long_points, 1), (self.wide, wide_points, WIDE_METRICS)):
            for seed, run_id in enumerate(ids):
                write(run_id, MetricBatches(points * keys // MetricBatches.POINTS, keys, seed))
        size = sum(file.stat().st_size for file in server.store.folder.glob("store.db*"))
        print(f"filled in {time.perf_counter() - began:.0f} s: {size / 1e6:,.0f} MB", file=sys.stderr)


def cost_of(server: Server, paths: list[str]) -> list[str]:
    """CPU of asking for all of these, the least of several turns, kB that are sent, and requests."""
    best, sent = float("inf"), 0
    for _ in range(TURNS):
        before = server.cpu_seconds()
        sent = sum(sent_bytes(server, path) for path in paths)
        best = min(best, server.cpu_seconds() - before)
    return [f"{best * 1000:,.0f}", f"{sent / 1000:,.0f}", str(len(paths))]


def questions(theirs: bool, store: Filled, points: int) -> dict[str, list[str]]:
    """The addresses that charts ask for, by name: as `line-chart.js` does, and as MLflow's pages do."""
    closer = (points // 3, points // 3 + points // 10)

    def asked(ids: list[str], key: str, zoom: tuple[int, int] | None = None, most: int = 600) -> str:
        if theirs:
            query = "&".join(f"run_ids={run_id}" for run_id in ids) + f"&metric_key={key}&max_results=320"
            part = f"&start_step={zoom[0]}&end_step={zoom[1]}" if zoom else ""
            return f"{API}metrics/get-history-bulk-interval?{query}{part}"
        part = f"&start={zoom[0]}&end={zoom[1]}" if zoom else ""
        return f"/ui/metrics?key={key}&runs={','.join(ids)}&max={most}{part}"

    return {
        f"chart of one run, {points:,} points": [asked(store.long[:1], "m0")],
        "a tenth of it": [asked(store.long[:1], "m0", closer)],
        f"chart of ten runs, {points:,} points each": [asked(store.long, "m0")],
        "a tenth of each": [asked(store.long, "m0", closer)],
        "ten charts of fifty runs": [asked(store.wide, f"m{key}", most=240) for key in range(WIDE_METRICS)],
        "history, a page of 25,000 points": [
            f"{API}metrics/get-history?run_id={store.long[0]}&metric_key=m0&max_results=25000"
        ],
    }


def pages(theirs: bool, store: Filled) -> dict[str, tuple[str, str]]:
    """Address of each page, and what is there once it is drawn."""
    if not theirs:
        chart = "line-chart canvas"
        return {
            "metric of one run": (f"/metric?key=m0&runs={store.long[0]}", chart),
            "metric of ten runs": (f"/metric?key=m0&runs={','.join(store.long)}", chart),
            "ten runs compared": (f"/compare?runs={','.join(store.wide[:10])}", "#compare-table, table"),
            "ten runs compared, charts": (f"/compare?runs={','.join(store.wide[:10])}&tab=metrics", chart),
            "charts of an experiment": (f"/experiments/{store.wide_home}?charts=only", "charts-panel canvas"),
        }

    def listed(ids: list[str]) -> str:
        return quote(json.dumps(ids))

    chart = ".plot-container, .js-plotly-plot"
    return {
        "metric of one run": (
            f"/#/metric?runs={listed(store.long[:1])}&metric=%22m0%22&experiments={listed([store.long_home])}{PLOT}",
            chart,
        ),
        "metric of ten runs": (
            f"/#/metric?runs={listed(store.long)}&metric=%22m0%22&experiments={listed([store.long_home])}{PLOT}",
            chart,
        ),
        "ten runs compared": (
            f"/#/compare-runs?runs={listed(store.wide[:10])}&experiments={listed([store.wide_home])}",
            "text=seed",
        ),
        "charts of an experiment": (f"/#/experiments/{store.wide_home}/runs?compareRunsMode=CHART", chart),
    }


class Unwatched:
    """A page of a browser that nobody watches: to report every request takes the browser a third of its time.

    Parameters
    ----------
    browser: In which it is opened, with a cache of its own.
    address: Of the page.
    """

    SIZE = {"width": 1366, "height": 1490}
    """Of the window, frame included."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._session = browser.new_browser_cdp_session()
        self._context = self._session.send("Target.createBrowserContext")["browserContextId"]
        place = {"url": "about:blank", "browserContextId": self._context, **self.SIZE}
        self._target = self._session.send("Target.createTarget", place)["targetId"]
        self._answers: list[Any] = []
        self._session.on("Target.receivedMessageFromTarget", self._answered)
        time.sleep(1)  # the window is there, as it is for those who follow a link
        self._asked("Page.navigate", url=address)

    def _answered(self, event: dict[str, str]) -> None:
        self._answers.append(json.loads(event["message"])["result"])

    def _asked(self, method: str, **fields: str) -> Any:
        """The answer of the page, to which nobody is attached before and after."""
        attached = self._session.send("Target.attachToTarget", {"targetId": self._target})["sessionId"]
        message = json.dumps({"id": 1, "method": method, "params": fields})
        self._session.send("Target.sendMessageToTarget", {"sessionId": attached, "message": message})
        while not self._answers:
            self._session.send("Target.getTargets")  # lets the answer in
        self._session.send("Target.detachFromTarget", {"sessionId": attached})
        return self._answers.pop()

    def evaluated(self, expression: str) -> Any:
        """What an expression is there now."""
        found = self._asked("Runtime.evaluate", expression=f"JSON.stringify({expression})")
        return json.loads(found["result"]["value"])

    def close(self) -> None:
        """Close it, and forget what it has loaded."""
        self._session.send("Target.disposeBrowserContext", {"browserContextId": self._context})
        self._session.detach()


def drawn(browser: Browser, server: Server, address: str, charts: int) -> list[str]:
    """When a page with nothing in the cache shows something, its first and its last chart, since it was asked for.

    The fastest of several turns; and the kB of its points.
    """
    found: list[tuple[float, float, float, float]] = []
    asked = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/ui/metrics'))"
    figures = (
        "[performance.getEntriesByName('chart-drawn').map((mark) => mark.startTime),"
        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,"
        f"{asked}.reduce((sum, {{ encodedBodySize }}) => sum + encodedBodySize, 0)]"
    )
    for _ in range(TURNS):
        page = Unwatched(browser, f"http://127.0.0.1:{server.port}{address}")
        time.sleep(LEFT_ALONE)
        marks, painted, sent = page.evaluated(figures)
        page.close()
        if len(marks) >= charts:
            found.append((marks[charts - 1], marks[0], painted, sent))
    last, first, picture, sent = min(found)
    return [f"{picture:,.0f}", f"{first:,.0f}", f"{last:,.0f}", f"{sent / 1000:,.0f}"]


def requests_a_minute(page: Page, server: Server, address: str, run_id: str, seconds: float = 60) -> list[str]:
    """Requests of a page while its run gets a point a second, kB that are sent, and CPU of the server."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    page.goto(f"http://127.0.0.1:{server.port}{address}")
    page.wait_for_timeout(8_000)
    seen = {"requests": 0, "bytes": 0.0}
    session.on("Network.requestWillBeSent", lambda event: seen.update(requests=seen["requests"] + 1))
    session.on("Network.dataReceived", lambda event: seen.update(bytes=seen["bytes"] + event["encodedDataLength"]))
    ended = threading.Event()

    def log() -> None:
        step = 0
        while not ended.wait(1):
            step += 1
            point = {"run_id": run_id, "key": "live", "value": 1 / step, "timestamp": EPOCH_MS + step, "step": step}
            post(server, "runs/log-metric", point)

    writer = threading.Thread(target=log)
    before = server.cpu_seconds()
    writer.start()
    page.wait_for_timeout(seconds * 1000)
    ended.set()
    writer.join()
    used = server.cpu_seconds() - before
    session.detach()
    factor = 60 / seconds
    return [f"{seen['requests'] * factor:.0f}", f"{seen['bytes'] * factor / 1000:,.0f}", f"{used * factor * 1000:,.0f}"]


def measure(server: Server, theirs: bool, options: argparse.Namespace) -> dict[str, dict[str, list[str]]]:
    """All figures of one server, by table and row."""
    write = into_mlflow(server) if theirs else through_api(server)
    store = Filled(server, write, options.long, options.wide)
    time.sleep(5)  # what a server does after many writes
    asked = questions(theirs, store, options.long)
    found = {
        "data": {name: cost_of(server, paths) for name, paths in asked.items()},
        "pages": {},
        "drawn": {},
        "live": {},
    }
    with sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, CHROMIUM)))
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1366, "height": 800})
        for name, where in pages(theirs, store).items():
            try:
                found["pages"][name] = [f"{figure:,.0f}" for figure in loaded(page, server, *where).values()]
            except Error as problem:
                print(f"{name}: {problem}", file=sys.stderr)
            if options.pictures:
                page.screenshot(path=options.pictures / f"{'mlflow' if theirs else 'runyard'} {name}.png")
        if not theirs:
            whole = playwright.chromium.launch(
                executable_path=next(filter(None, map(shutil.which, WHOLE))), args=["--no-sandbox"]
            )
            found["drawn"] = {
                f"one chart of ten runs, {options.long:,} points each": drawn(
                    whole, server, f"/metric?key=m0&runs={','.join(store.long)}", 1
                ),
                f"{WIDE_METRICS} charts of {WIDE_RUNS} runs, {options.wide:,} points each": drawn(
                    whole, server, f"/compare?runs={','.join(store.wide)}&tab=metrics", WIDE_METRICS
                ),
            }
            whole.close()
        address = f"/#/experiments/{store.live_home}/runs/{store.live}" if theirs else f"/runs/{store.live}"
        found["live"]["page of a run that goes on"] = requests_a_minute(page, server, address, store.live)
        browser.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mlflow", help="the program `mlflow` of another environment")
    parser.add_argument("--long", type=int, default=1_000_000, help="points of each of ten runs")
    parser.add_argument("--wide", type=int, default=10_000, help="points of each of ten metrics of fifty runs")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of the pages")
    options = parser.parse_args()
    commands = {"Runyard": RUNYARD, **({"MLflow": MLFLOW.format(program=options.mlflow)} if options.mlflow else {})}
    found = {}
    for name, command in commands.items():
        store = Store(f"charts-{name.lower()}")
        server = Server(command, store, free_port(), 600)
        try:
            found[name] = measure(server, name == "MLflow", options)
        finally:
            server.stop()
            store.remove()
    for part, heads in HEADS.items():
        rows = {f"{name}, {row}": cells for name, parts in found.items() for row, cells in parts[part].items()}
        table(part.capitalize(), heads, rows)


if __name__ == "__main__":
    main()
