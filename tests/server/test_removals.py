"""Runs removed for good by a server: with their artifacts, also after it was killed, and nothing else."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from runyard.artifacts.repository import PARTIAL
from runyard.client import RunyardClient
from runyard.core.lifecycle import ViewType
from runyard.exceptions import Conflict, DoesNotExist
from runyard.gate.gate import Gate
from runyard.tracking.runs.tables import params
from tests.support.postgres import Cluster
from tests.support.removal import open_remover
from tests.support.s3 import ObjectStore
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow


@dataclass
class Place:
    """A server and where it keeps artifacts: a folder, or a prefix of the bucket ``models``."""

    server: RunningServer
    client: RunyardClient
    folder: Path | None
    objects: ObjectStore
    prefix: str

    def kept(self) -> list[str]:
        """The files that are there, of whatever run, in order."""
        if self.folder is None:
            return sorted(self.objects.kept(self.prefix))
        return sorted(str(file.relative_to(self.folder)) for file in self.folder.rglob("*") if file.is_file())

    def lose(self, run_id: str) -> None:
        """Delete the artifacts of a run, as one who is killed before the rows are removed."""
        if self.folder is not None:
            shutil.rmtree(self.folder / "0" / run_id / "artifacts")
            return
        for name in self.kept():
            if run_id in name:
                self.objects.client().delete_object(Bucket="models", Key=f"{self.prefix}/{name}")

    def break_off(self, run_id: str) -> None:
        """Delete half of them, as one who is killed meanwhile."""
        if self.folder is None:
            self.objects.client().delete_object(Bucket="models", Key=f"{self.prefix}/0/{run_id}/artifacts/deep/b.txt")
            return
        artifacts = self.folder / "0" / run_id / "artifacts"
        shutil.rmtree(artifacts / "deep")
        artifacts.rename(artifacts.with_name(f"{PARTIAL}0123456789abcdef"))

    def relocate(self, run_id: str, artifact_uri: str) -> None:
        """Say that the artifacts of a run are in another place."""
        moved = sa.text("UPDATE runs SET artifact_uri = :uri WHERE run_uuid = :id")
        with closing(Gate.open(self.server.database_uri)) as gate:
            gate.administer(lambda tx: tx.execute(moved.bindparams(uri=artifact_uri, id=run_id)))

    def a_run(self) -> str:
        """A run with a param and two artifacts."""
        run_id = str(self.client.create_run("0").info.run_id)
        self.client.log_param(run_id, "rate", "0.1")
        self.client.log_text(run_id, "a", "a.txt")
        self.client.log_text(run_id, "b", "deep/b.txt")
        return run_id

    def shown(self) -> set[str]:
        """The ids of all runs, deleted or not."""
        return {run.info.run_id for run in self.client.search_runs(["0"], run_view_type=ViewType.ALL)}

    def wait_until_left(self, run_ids: Sequence[str]) -> None:
        """Wait until no other runs are there."""
        ends = time.monotonic() + 30
        while self.shown() != set(run_ids):
            assert time.monotonic() < ends, self.server.output()
            time.sleep(0.05)

    def files_of(self, run_ids: Sequence[str]) -> list[str]:
        """The files that these runs have."""
        return sorted(f"0/{run_id}/artifacts/{name}" for run_id in run_ids for name in ("a.txt", "deep/b.txt"))


@pytest.fixture(scope="module", params=["sqlite and a folder", "postgresql and s3"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, objects: ObjectStore
) -> Iterator[Place]:
    """A server on each database, with each kind of place."""
    home, prefix = tmp_path_factory.mktemp("removals"), f"removals/{uuid4().hex}"
    if request.param.startswith("sqlite"):
        server = RunningServer(home, f"sqlite:///{home / 'runyard.db'}").start()
        yield Place(server, RunyardClient(server.url), home / "runyard-artifacts", objects, prefix)
    else:
        cluster: Cluster = request.getfixturevalue("postgres")
        options = ("--artifacts-destination", f"s3://models/{prefix}")
        server = RunningServer(home, cluster.new_database(), options=options, environment=objects.environment()).start()
        yield Place(server, RunyardClient(server.url), None, objects, prefix)
    server.kill()


def test_removed_runs_are_gone_and_others_stay(place: Place) -> None:
    """With their artifacts; what is needed or not deleted is refused and named; asking again changes nothing."""
    kept, needed, *gone = [place.a_run() for _ in range(5)]
    name = f"churn-{uuid4().hex}"
    place.client.create_registered_model(name)
    place.client.create_model_version(name, f"runs:/{needed}/deep", needed)
    place.client.delete_runs([needed, *gone])

    done = place.client.remove_runs([kept, needed, *gone, "f" * 32])

    assert (3, 0) == (done.changed, done.unchanged)
    reasons = {one.run_id: one.message for one in done.refused}
    assert {kept, needed, "f" * 32} == set(reasons)
    assert f"version 1 of {name!r} needs it" in reasons[needed]
    assert "is not deleted" in reasons[kept]
    place.wait_until_left([kept, needed])
    assert place.files_of([kept, needed]) == place.kept()
    assert place.folder is None or not any((place.folder / "0" / run_id).exists() for run_id in gone)
    place.client.delete_model_version(name, "1")
    assert 1 == place.client.remove_runs([needed]).changed
    place.wait_until_left([kept])
    place.client.delete_run(kept)
    assert 1 == place.client.remove_runs([kept]).changed
    place.wait_until_left([])
    assert [] == place.kept()


def test_next_server_finishes_what_a_killed_one_had_begun(place: Place) -> None:
    """Wherever it was: after the claim, in the middle of the artifacts, between them and the rows, among the rows."""
    kept, deleted, *gone = [place.a_run() for _ in range(6)]
    place.client.delete_runs([deleted, *gone])
    place.server.kill()
    with open_remover(place.server.database_uri) as remover:
        assert not remover.claim_runs(gone).kept
    place.break_off(gone[1])
    place.lose(gone[2])
    place.lose(gone[3])
    with closing(Gate.open(place.server.database_uri)) as gate:
        number = sa.text("SELECT id FROM runs WHERE run_uuid = :id").bindparams(id=gone[3])
        gate.administer(lambda tx: tx.execute(sa.delete(params).where(params.c.run_id == tx.scalar(number))))

    place.server.start()

    place.wait_until_left([kept, deleted])
    assert place.files_of([kept, deleted]) == place.kept()
    assert place.folder is None or sorted([kept, deleted]) == sorted(
        each.name for each in (place.folder / "0").iterdir()
    )
    place.client.restore_run(deleted)
    place.client.delete_runs([kept, deleted])
    assert 2 == place.client.remove_runs([kept, deleted]).changed
    place.wait_until_left([])


def test_two_servers_at_once_and_one_is_killed(place: Place) -> None:
    """Both are asked for the same runs while a third of them is removed; the one that is left finishes all."""
    runs = [place.a_run() for _ in range(30)]
    place.client.delete_runs(runs)
    other = RunningServer(
        place.server.folder,
        place.server.database_uri,
        options=place.server.options,
        environment=place.server.environment,
    ).start()
    try:
        for client in (RunyardClient(other.url), place.client):
            done = client.remove_runs(runs)
            left = {one.run_id for one in done.refused}
            assert len(runs) == done.changed + done.unchanged + len(left)
            assert not left & place.shown()
        other.kill()
        place.wait_until_left([])
    finally:
        other.kill()
    assert [] == place.kept()


def test_artifacts_that_cannot_be_deleted_keep_their_run(place: Place) -> None:
    """It stays deleted, and the next start removes it. What is in no folder of the run's own is not the server's."""
    run_id, elsewhere = place.a_run(), place.a_run()
    place.client.delete_runs([run_id, elsewhere])
    place.relocate(elsewhere, "mlflow-artifacts:/0")

    refused = place.client.remove_runs([elsewhere]).refused

    assert [(elsewhere, True)] == [(one.run_id, f"runyard gc --run-ids {elsewhere}" in one.message) for one in refused]
    if place.folder is not None:  # a link is not followed: what it leads to is not the run's
        artifacts = place.folder / "0" / run_id / "artifacts"
        artifacts.rename(place.folder / "aside")
        artifacts.symlink_to(place.folder / "aside")
        assert 1 == place.client.remove_runs([run_id]).changed
        assert 1 == place.client.remove_runs([run_id]).unchanged
        ends = time.monotonic() + 30
        while place.server.output().count(f"the artifacts of run {run_id} were not deleted") < 2:
            assert time.monotonic() < ends, place.server.output()
            time.sleep(0.05)
        assert "removal for good has begun" in place.client.restore_runs([run_id]).refused[0].message
        assert 2 == len([name for name in place.kept() if name.startswith("aside/")])
        artifacts.unlink()
        (place.folder / "aside").rename(artifacts)
    place.client.remove_runs([run_id])
    place.wait_until_left([elsewhere])
    assert place.files_of([elsewhere]) == place.kept()
    place.relocate(elsewhere, f"mlflow-artifacts:/0/{elsewhere}/artifacts")
    place.client.remove_runs([elsewhere])
    place.wait_until_left([])


def test_an_experiment_goes_on_going_after_its_server_was_killed(place: Place) -> None:
    """In the middle of its runs: the next server removes the others, its logged models and the experiment itself."""
    client, kept = place.client, place.a_run()
    experiment_id = client.create_experiment(f"old {uuid4().hex}")
    runs = [str(client.create_run(experiment_id).info.run_id) for _ in range(30)]
    for run_id in runs[::10]:
        client.log_text(run_id, "a", "deep/a.txt")
    model = client.create_logged_model(experiment_id, "trees", runs[0])
    client.log_model_artifact(model.model_id, __file__)
    client.delete_experiment(experiment_id)

    client.remove_experiment(experiment_id)
    with pytest.raises((Conflict, DoesNotExist)):
        client.restore_experiment(experiment_id)
    place.server.kill()
    place.server.start()

    ends = time.monotonic() + 30
    while any(one.experiment_id == experiment_id for one in client.search_experiments(ViewType.ALL)):
        assert time.monotonic() < ends, place.server.output()
        time.sleep(0.05)
    assert 0 == len(client.search_runs([experiment_id], run_view_type=ViewType.ALL))
    assert place.files_of([kept]) == place.kept()
    assert place.folder is None or not (place.folder / experiment_id).exists()
    client.delete_run(kept)
    client.remove_runs([kept])
    place.wait_until_left([])
