"""What one `log_metric` costs the training script: `python write_behind.py [COUNT] [URL]`, one JSON object out.

Stores: a database of this machine, the server at URL if one is given, and a server that is down. `amortised` counts until
everything is stored; with a dead server, until the last call returned.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from runyard.client import RunyardClient

WARM_UP = 100


def measured(client: RunyardClient, run_id: str, count: int, *, until_stored: bool) -> dict[str, float]:
    """Microseconds of the calls, and of all of it a call."""
    for step in range(WARM_UP):
        client.log_metric(run_id, "warm", 0.0, step=step)
    laps = []
    began = time.perf_counter()
    for step in range(count):
        before = time.perf_counter()
        client.log_metric(run_id, "loss", 1 / (step + 1), step=step)
        laps.append(time.perf_counter() - before)
    if until_stored:
        client.connection.flush()
    amortised = (time.perf_counter() - began) / count
    laps.sort()
    figures = {"p50": laps[count // 2], "p99": laps[count * 99 // 100], "max": laps[-1], "amortised": amortised}
    return {name: round(seconds * 1e6, 1) for name, seconds in figures.items()}


def main(count: int, url: str | None) -> dict[str, Any]:
    """Measure each store three times; the middle one counts."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RUNYARD_SPOOL_DIR"] = str(Path(folder) / "spool")
        os.environ["RUNYARD_OFFLINE_AFTER"] = "1"
        stores = {"local": RunyardClient(f"sqlite:///{folder}/runyard.db")}
        if url:
            stores["server"] = RunyardClient(url)
        for name, client in stores.items():
            run_id = client.create_run("0").info.run_id
            rounds = [measured(client, run_id, count, until_stored=True) for _ in range(3)]
            found[name] = sorted(rounds, key=lambda figures: figures["amortised"])[1]
        dead = RunyardClient("http://127.0.0.1:9")
        found["dead server"] = measured(dead, "a" * 32, count, until_stored=False)
        for client in [*stores.values(), dead]:
            client.connection.close()
    return found


if __name__ == "__main__":
    arguments = sys.argv[1:]
    server = next((text for text in arguments if "://" in text), None)
    number = next((int(text) for text in arguments if text.isdigit()), 10_000)
    print(json.dumps({"microseconds a call": main(number, server)}, indent=2))
