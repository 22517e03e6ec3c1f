"""What removes for good, as `runyard gc` opens it: beside the gate of a server."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from runyard.gate.gate import Gate
from runyard.registry.model_versions.needed import NeededByVersions
from runyard.tracking.removal.remover import Remover


@contextmanager
def open_remover(uri: str) -> Iterator[Remover]:
    """A remover on the database at `uri`, with a gate of its own."""
    with closing(Gate.open(uri)) as gate:
        yield Remover(gate.administer, gate.inspect, NeededByVersions)
