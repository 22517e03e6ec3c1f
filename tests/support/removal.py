"""What removes for good, as `runyard gc` opens it: beside the gate of a server."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from runyard.db.facts import ARTIFACTS_DESTINATION, note_fact
from runyard.gate.gate import Gate
from runyard.registry.model_versions.needed import NeededByVersions
from runyard.tracking.removal.remover import Remover
from tests.support.checked_gate import CheckedGate


@contextmanager
def open_remover(uri: str) -> Iterator[Remover]:
    """A remover on the database at `uri`, with a gate of its own."""
    with closing(Gate.open(uri)) as gate:
        yield Remover(gate.administer, gate.inspect, NeededByVersions)


@contextmanager
def open_server_gate(uri: str, folder: Path) -> Iterator[Gate]:
    """The gate of a server that keeps artifacts in `folder`, and opens it for others."""
    with closing(CheckedGate.open(uri, artifact_root="mlflow-artifacts:/", artifact_places=[str(folder)])) as gate:
        gate.administer(lambda tx: note_fact(tx, ARTIFACTS_DESTINATION, str(folder)))
        yield gate
