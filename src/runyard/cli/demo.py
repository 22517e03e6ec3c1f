"""`runyard demo`: a server, and real training runs arriving on it."""

import importlib.util
import signal
import time
from contextlib import suppress

import click

from runyard import settings
from runyard.cli.interrupts import interrupted_by
from runyard.demo.local_server import free_port, local_server
from runyard.exceptions import MissingPackage


@click.command()
@click.option("--port", default=5000, show_default=True, help="Port of the server; a free one if it is taken.")
@click.option("--exit", "leave", is_flag=True, help="Stop when everything is logged instead of serving until Ctrl-C.")
def demo(port: int, leave: bool) -> None:
    """Start a server and train real models while it runs: sweeps of a project.

    Uses the data sets that scikit-learn ships. The runs stay in ./runyard.db and ./runyard-artifacts, where
    `runyard server` finds them again.
    """
    _require_packages()
    sweeps = importlib.import_module("runyard.demo.sweeps")
    host = "127.0.0.1"
    chosen = free_port(port, host)
    if chosen != port:
        click.echo(f"Port {port} is taken; using {chosen}.")
    with interrupted_by(signal.SIGTERM, signal.SIGHUP), local_server(host, chosen) as server:
        address = f"http://{host}:{chosen}"
        click.echo(f"\n  Runyard is running at {address}\n\nTraining models; watch them arrive there:")
        started = time.monotonic()
        settings.SUPPRESS_PRINTING_URL_TO_STDOUT.set("true")  # the demo prints a line a run itself
        runyard = importlib.import_module("runyard")
        runyard.set_tracking_uri(address)
        sweeps.run_all(click.echo)
        click.echo(f"\nLogged everything in {time.monotonic() - started:.0f} seconds. Look at it: {address}")
        if not leave:
            click.echo("Press Ctrl-C to stop the server.")
            with suppress(KeyboardInterrupt):
                server.wait()


def _require_packages() -> None:
    """Check that the project's requirements are installed, before anything starts."""
    for module, package in (("sklearn", "scikit-learn"), ("matplotlib", "matplotlib"), ("pandas", "pandas")):
        if importlib.util.find_spec(module) is None:
            raise MissingPackage(package, "ml", "The demo")
