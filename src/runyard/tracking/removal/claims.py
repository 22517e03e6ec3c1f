"""Claims on runs that are removed for good: from then on they cannot be restored.

A claim is a time in the run's row. Any number may claim a run, a server and `runyard gc` at once: all delete the same
artifacts and the same rows. Each writes a later time than the one before, so that who gives a claim up sees whether
others have taken it over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import sqlalchemy as sa

from runyard.artifacts.addresses import PROXY_SCHEME, local_path
from runyard.artifacts.locations import place_of
from runyard.db.dialects import one_of, one_of_values
from runyard.db.facts import ARTIFACTS_DESTINATION, fact
from runyard.db.transaction import Transaction
from runyard.exceptions import RunyardException
from runyard.tracking.experiments.stages import DELETED
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.runs.tables import runs

OWN_FOLDER = "artifacts"
"""What the folder of a run's or model's artifacts is named, in a folder with its id."""


@dataclass(frozen=True)
class Claimed:
    """A run or logged model whose removal has begun, and whose artifacts this server may delete.

    Attributes
    ----------
    place: The place that holds the artifacts.
    path: Their path in it.
    """

    id: str
    place: str
    path: str


def claim_rows(tx: Transaction, numbers: Sequence[int]) -> int:
    """Mark runs as being removed; returns the time they are marked with. Their rows are locked already."""
    if not numbers:
        return tx.now_ms
    chosen = one_of(tx, runs.c.id, numbers)
    latest = tx.scalar(sa.select(sa.func.max(runs.c.removal_time)).where(chosen))
    time = tx.now_ms if latest is None else max(tx.now_ms, latest + 1)
    tx.execute(sa.update(runs).where(chosen).values(removal_time=time, deleted_with_experiment=False))
    return time


class OwnArtifacts:
    """Knows which runs and logged models have their artifacts where this server keeps them, in folders of their own.

    Behind ``mlflow-artifacts:`` is what the server that started last has noted. One that was started with another
    place would find nothing there, and leave artifacts behind for ever.
    """

    def __init__(self, tx: Transaction) -> None:
        settings = tx.settings
        self._places = () if settings.local_callers else settings.artifact_places
        noted = fact(tx, ARTIFACTS_DESTINATION)
        folder = None if noted is None else local_path(noted)
        self._noted = noted if folder is None else str(folder.absolute())

    @property
    def nowhere(self) -> bool:
        """Whether no server keeps any for this store, so that none would remove what is claimed."""
        return self._noted is None or not self._places

    def find(self, owner_id: str, artifact_uri: str) -> Claimed | None:
        """Where the artifacts of a run or model are; None when elsewhere, or not in a folder of its own."""
        place, path = self._inside(artifact_uri)
        return Claimed(owner_id, place, path) if path.split("/")[-2:] == [owner_id, OWN_FOLDER] else None

    def folder(self, number: int, location: str) -> Claimed | None:
        """Where the artifacts of an experiment are, if that is a folder of its own and here."""
        place, path = self._inside(location)
        return Claimed(str(number), place, path) if path.split("/")[-1] == str(number) else None

    def _inside(self, uri: str) -> tuple[str, str]:
        """The place that holds a location, and the path in it; empty when it is elsewhere."""
        try:
            place, path = place_of(uri, self._places)
        except RunyardException:
            return "", ""
        through_server = urlsplit(uri).scheme.lower() in (PROXY_SCHEME, "http", "https")
        return ("", "") if through_server and place != self._noted else (place, path)


def find_claimed(tx: Transaction, run_ids: Sequence[str] | None) -> list[Claimed]:
    """Those runs that are claimed and whose artifacts are this server's; all of the store when none are named."""
    columns = (runs.c.id, runs.c.run_uuid, runs.c.artifact_uri)
    chosen = sa.select(*columns).where(runs.c.removal_time.is_not(None), runs.c.lifecycle_stage == DELETED)
    if run_ids is None:  # an index leads from each experiment to those of its runs that are deleted
        chosen = chosen.join(experiments, experiments.c.experiment_id == runs.c.experiment_id)
    else:
        chosen = chosen.where(one_of_values(tx.dialect, runs.c.run_uuid, run_ids))
    own = OwnArtifacts(tx)
    found = [own.find(row.run_uuid, row.artifact_uri) for row in tx.execute(chosen.order_by(runs.c.id))]
    return [one for one in found if one is not None]


def take_over(tx: Transaction, run_ids: Sequence[str]) -> frozenset[str]:
    """Claim again those runs that are still claimed; returns their ids. None who did before can give them up then."""
    columns = (runs.c.id, runs.c.run_uuid)
    claimed = (one_of_values(tx.dialect, runs.c.run_uuid, run_ids), runs.c.removal_time.is_not(None))
    rows = tx.execute(sa.select(*columns).where(*claimed).order_by(runs.c.id).with_for_update()).all()
    claim_rows(tx, [row.id for row in rows])
    return frozenset(row.run_uuid for row in rows)
