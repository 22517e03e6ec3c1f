"""Makes the pictures in web/docs/images: pages of the runs that `runyard demo` trains, as Chromium shows them.

`python tests/docs/pictures.py` takes minutes, nearly all of them for the training. `--store FOLDER` keeps the runs in
this folder, or makes pictures of those that it has already. Look at the pictures before they are committed.
"""

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from runyard.demo.local_server import free_port, local_server

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "web" / "docs" / "images"
HOST = "127.0.0.1"
WIDTH, HEIGHT = 1280, 800
COLOURS = 128
"""Of a picture's palette, which keeps the files small."""
PLOTS = (
    "plots=parallel;axis=params.learning_rate;axis=params.max_depth;axis=metrics.train_rmse;axis=metrics.val_rmse"
    "&plots=scatter;x=metrics.train_rmse;y=metrics.val_rmse;c=params.max_depth"
)


def trained(folder: Path) -> None:
    """Let the demo train in this folder, by a copy of the program: the pictures name folders of nobody's machine."""
    for part in ("src", "web"):
        shutil.copytree(ROOT / part, folder / part)
    own = {"PYTHONPATH": str(folder / "src"), "LOGNAME": "ada"}
    demo = [sys.executable, "-m", "runyard", "demo", "--exit"]
    subprocess.run(demo, cwd=folder, env={**os.environ, **own}, check=True)


def asked(address: str, path: str, **fields: Any) -> dict[str, Any]:
    """The answer of the REST API."""
    body = json.dumps(fields).encode()
    request = Request(f"{address}/api/2.0/mlflow/{path}", body, {"Content-Type": "application/json"})
    with urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def addresses(address: str) -> dict[str, tuple[str, str, str]]:
    """Of each picture: the page's address, what is there once it is drawn, and what stands at its top."""
    experiments = asked(address, "experiments/search", max_results=100)["experiments"]
    ids = {each["name"]: each["experiment_id"] for each in experiments}

    def runs(experiment: str, metric: str, order: str) -> list[str]:
        trained = "tags.mlflow.parentRunId LIKE '%'"
        by = {"filter": trained, "order_by": [f"metrics.{metric} {order}"], "max_results": 10}
        return [
            run["info"]["run_id"]
            for run in asked(address, "runs/search", experiment_ids=[ids[experiment]], **by)["runs"]
        ]

    digits, diabetes = runs("digits", "val_accuracy", "DESC"), runs("diabetes", "val_rmse", "ASC")
    drawn = "line-chart canvas"
    metrics = "charts_find=%5E(train%7Cval)_&charts_pattern=1"
    chosen = "col=run_name&col=metrics.val_accuracy"
    return {
        "runs": (f"/experiments/{ids['digits']}?charts=split&{metrics}&{chosen}", drawn, ""),
        "plots": (
            f"/experiments/{ids['diabetes']}?charts=only&{PLOTS}",
            "run-plots figure svg, run-plots figure canvas",
            "#plots-head",
        ),
        "compare": (f"/compare?runs={','.join(diabetes)}&tab=metrics", drawn, ""),
        "run": (f"/runs/{digits[0]}", drawn, ""),
    }


def picture(page: Page, ready: str, top: str) -> bytes:
    """The page as a PNG of few colours."""
    page.wait_for_selector(ready, timeout=120_000)
    if top:
        page.eval_on_selector(top, "element => element.scrollIntoView()")
    page.wait_for_load_state("networkidle")
    small = io.BytesIO()
    with Image.open(io.BytesIO(page.screenshot())) as whole:
        whole.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def main() -> None:
    """Train, serve, and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="a folder for the runs, or with those of the demo")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="runyard-") as own, sync_playwright() as playwright:
        folder = options.store or Path(own)
        if not (folder / "runyard.db").exists():
            trained(folder)
        port = free_port(5000, HOST)
        address = f"http://{HOST}:{port}"
        with chdir(folder), local_server(HOST, port):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            for name, (path, ready, top) in addresses(address).items():
                page.goto(address + path, wait_until="commit", timeout=120_000)
                (IMAGES / f"{name}.png").write_bytes(picture(page, ready, top))
            browser.close()


if __name__ == "__main__":
    main()
