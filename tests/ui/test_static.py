"""Static files: what is vendored is what was reviewed, and browsers may keep what they have."""

import gzip
import hashlib
import re
import tomllib

from runyard import _resources
from runyard.gate.gate import Gate
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from tests.factories import NOW, a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader

WEB = _resources.web()


def test_vendored_files_are_the_ones_listed() -> None:
    """A changed byte in someone else's code must be seen in review."""
    listed = {}
    for entry in tomllib.loads((WEB / "vendor.toml").read_text())["file"]:
        folder = WEB / "static" / "vendor" / f"{entry['name']}@{entry['version']}"
        listed[folder / entry["file"]] = entry["sha256"]
        listed[folder / "LICENSE"] = None
    found = {path for path in (WEB / "static" / "vendor").rglob("*") if path.is_file()}

    assert set(listed) == found
    for path, digest in listed.items():
        assert digest in (None, hashlib.sha256(path.read_bytes()).hexdigest()), path


def test_files_are_kept_for_good_and_sent_packed(reader: Reader) -> None:
    """The address changes with the content."""
    [address, *_] = reader.get("/").attributes("link", "href")
    style = next(href for href in reader.get("/").attributes("link", "href") if href.endswith("base.css"))
    plain, packed = reader.get(style), reader.get(style, accept_encoding="gzip, br")

    assert address
    assert "immutable" in plain.headers["cache-control"]
    assert plain.body == gzip.decompress(packed.body)
    assert packed.headers["vary"] == "Accept-Encoding"
    assert "immutable" not in reader.get(re.sub(r"static/\w+", "static/old", style)).headers["cache-control"]


def test_modules_import_only_files_that_exist(reader: Reader) -> None:
    """A module that is not there fails silently in the reader's browser."""
    for script in (WEB / "static" / "js").glob("*.js"):
        for name in re.findall(r'from "(\./[^"]+)"', script.read_text()):
            assert (script.parent / name).is_file(), (script.name, name)


def test_the_first_page_of_a_thousand_runs_stays_under_its_budget(gate: Gate, reader: Reader) -> None:
    """185 KB with everything that the page names, before packing: MLflow sends 5 MB."""
    experiment_id = an_experiment(gate)
    for index in range(110):
        run_id = a_run(
            gate, experiment_id, run_name=f"gallant-pelican-{index}", user_id="a.researcher", start_time=NOW + index
        )
        params = [Param(key=f"param_{key:02}", value=str(index * 0.001 + key)) for key in range(20)]
        metrics = [a_point(f"metric_{key:02}", 1 / (index + key + 1)) for key in range(20)]
        gate.perform(LogBatch(run_id=run_id, params=params, metrics=metrics))

    page = reader.get(f"/experiments/{experiment_id}")
    pictures = [address.partition("#")[0] for address in page.attributes("use", "href")]
    named = set(page.attributes("link", "href") + page.attributes("script", "src") + pictures)
    imports = {"shell.js": ("keys.js",), "runs.js": ("runs-view.js", "stars.js", "store.js")}
    imported = {
        re.sub(r"[^/]+$", inner, address)
        for address in named
        for outer, inners in imports.items()
        for inner in inners
        if address.endswith(f"/{outer}")
    }
    total = len(page.body) + sum(len(reader.get(address).body) for address in named | imported)

    assert total < 185_000


def test_pages_with_charts_ask_for_modules_and_points_at_once(gate: Gate, reader: Reader) -> None:
    """A browser that finds out one file after another, and asks for points last, draws a tenth of a second later."""
    experiment_id = an_experiment(gate)
    runs = [a_run(gate, experiment_id) for _ in range(2)]
    for run_id in runs:
        gate.perform(LogBatch(run_id=run_id, metrics=[a_point(key, 0.5) for key in ("a b/ü", "b", "c", "d")]))
    ids = ",".join(runs)

    one, four = reader.get(f"/metric?key=b&runs={ids}"), reader.get(f"/compare?runs={ids}&tab=metrics")
    by_another = reader.get(f"/metric?key=b&runs={ids}&x=metrics.c")
    modules = {re.sub(r".*/", "", address) for address in _links(one, "modulepreload")}
    points = [_links(page, "preload") for page in (one, four, by_another)]

    named = [re.findall(r'^import .*"\./([^"]+)"', (WEB / "static/js" / name).read_text(), re.M) for name in modules]
    assert {"line-chart.js", "chart-view.js", "looks.js"} <= modules
    assert set() == {name for some in named for name in some} - modules
    assert [1, 3, 0] == [len(some) for some in points]
    for address in (*points[0], *points[1]):
        answer = reader.get(address)
        assert (200, "application/vnd.runyard.curves") == (answer.status, answer.headers["content-type"])


def _links(page: Answer, rel: str) -> list[str]:
    return [link["href"] for tag, link in page.elements if tag == "link" and link["rel"] == rel]


def test_pages_come_in_the_theme_that_was_chosen(reader: Reader) -> None:
    """A script that looked it up would hold up every page, and one that came later would let it flash."""
    asked = {cookie: reader.get("/", cookie=cookie) for cookie in ("a=b; runyard-theme=dark", "runyard-theme=pink")}

    themes = [page.attributes("html", "data-theme") for page in (*asked.values(), reader.get("/"))]
    assert [["dark"], [], []] == themes
