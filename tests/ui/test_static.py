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
from tests.ui.asking import Reader

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
