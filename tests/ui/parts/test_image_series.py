"""Series of images that runs logged under a key."""

from pathlib import Path

import pytest

from runyard.artifacts.entities import FileInfo
from runyard.core.tags import IMAGES_TAG
from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import SetTag
from runyard.ui.parts import image_series
from runyard.ui.parts.image_series import series_in
from tests.factories import a_run, an_experiment
from tests.ui.asking import Reader
from tests.ui.stories import keep

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def names(*paths: str) -> list[FileInfo]:
    """Files of these paths."""
    return [FileInfo(path, False, 7) for path in paths]


def logged(gate: Gate, run_id: str, key: str, step: int, time: int = 5) -> str:
    """Store a picture as `log_image` does; returns its path."""
    stem = f"images/{key}+step+{step}+timestamp+{time}+{ID}"
    keep(gate, run_id, f"{stem}.png", b"whole")
    keep(gate, run_id, f"{stem}+compressed.webp", b"small")
    gate.perform(SetTag(run_id=run_id, key=IMAGES_TAG, value="True"))
    return f"{stem}.png"


def test_names_of_both_kinds_of_client_are_read() -> None:
    """Images of old runs are to be seen too, each beside its thumbnail."""
    stem, old = f"images/val~mask+step+10+timestamp+99+{ID}", f"images/val#mask%step%3%timestamp%98%{ID}"

    [(key, (first, second))] = series_in(
        names(f"{stem}.png", f"{stem}+compressed.webp", f"{old}.png", f"{old}%compressed.webp")
    ).items()

    assert ("val/mask", 3, f"{old}.png", f"{old}%compressed.webp") == (key, first.step, first.path, first.small)
    assert (10, 99, f"{stem}.png", f"{stem}+compressed.webp") == (second.step, second.time, second.path, second.small)


@pytest.mark.parametrize(
    "path",
    [
        "images/dog.png",
        f"images/+step+1+timestamp+2+{ID}.png",
        f"images/a+step+x+timestamp+2+{ID}.png",
        f"images/a+step+1%timestamp+2+{ID}.png",
        f"images/a+step+{'9' * 40}+timestamp+2+{ID}.png",
        f"other/a+step+1+timestamp+2+{ID}.png",
    ],
)
def test_other_files_belong_to_no_series(path: str) -> None:
    """The folder may hold whatever people put there."""
    assert {} == series_in(names(path))


def test_pictures_of_runs_are_told_by_run_and_step(gate: Gate, reader: Reader) -> None:
    """One slider is for all of them: a run without images, and one with fewer, have their place."""
    experiment_id = an_experiment(gate)
    first, second, none = (a_run(gate, experiment_id, run_name=name) for name in ("first", "second", "none"))
    paths = [logged(gate, first, "mask", step) for step in (0, 10, -5)]
    logged(gate, second, "mask", 10)
    logged(gate, second, "a~b", 1)

    page = reader.get(f"/ui/images?runs={first},{second},{none}&key=mask")
    found = page.json

    assert ["a/b", "mask"] == found["keys"]
    assert [-5, 0, 10] == found["steps"]
    assert [3, 1, 0] == [len(run["pictures"]) for run in found["runs"]]
    assert [-5, paths[2], paths[2].replace(".png", "+compressed.webp"), 5] == found["runs"][0]["pictures"][0]
    assert "mask of first at step -5" in reader.get(f"/images?runs={first},{none}&key=mask").attributes("img", "alt")
    assert "have logged no images" in reader.get(f"/images?runs={none}").words


def test_a_very_long_series_keeps_its_ends(gate: Gate, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer stays small, and says how much of the series it leaves out."""
    monkeypatch.setattr(image_series, "MOST_PICTURES", 4)
    run_id = a_run(gate)
    for step in range(20):
        logged(gate, run_id, "mask", step)

    found = reader.get(f"/ui/images?runs={run_id}").json

    assert [0, 6, 13, 19] == found["steps"]
    assert (16, 4) == (found["left_out"], len(found["runs"][0]["pictures"]))


def test_what_cannot_be_read_is_said(gate: Gate, reader: Reader, tmp_path: Path) -> None:
    """Artifacts kept elsewhere, and runs that do not exist."""
    elsewhere = a_run(gate, an_experiment(gate, artifact_location=f"file://{tmp_path}/elsewhere"))
    gate.perform(SetTag(run_id=elsewhere, key=IMAGES_TAG, value="True"))

    assert "not kept by this server" in reader.get(f"/images?runs={elsewhere}").words
    assert 404 == reader.get("/ui/images?runs=nope").status
    assert 400 == reader.get("/ui/images").status
