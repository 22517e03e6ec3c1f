"""Artifacts, tables and images through the client, on a database of this machine and on a server."""

import json
import math
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from PIL import Image

from runyard.client import RunyardClient
from runyard.exceptions import InvalidParameter, RunyardException


def names(client: RunyardClient, run_id: str, path: str | None = None) -> list[str]:
    """What is listed."""
    return [entry.path for entry in client.list_artifacts(run_id, path)]


def text_of(client: RunyardClient, run_id: str, path: str) -> str:
    """The content of an artifact."""
    return Path(client.download_artifacts(run_id, path)).read_text()


def test_files_and_folders_come_back_as_they_were(client: RunyardClient, run_id: str, tmp_path: Path) -> None:
    """A file, a folder's content, a stream."""
    folder = tmp_path / "made"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "deep.bin").write_bytes(bytes(range(256)) * 5000)
    (folder / "top.txt").write_text("top")
    client.log_artifact(run_id, folder / "top.txt", "single")
    client.log_artifacts(run_id, str(folder), "tree")
    with (folder / "top.txt").open("rb") as stream:
        client.log_stream(run_id, stream, "streamed/s.txt")

    assert names(client, run_id) == ["single", "streamed", "tree"]
    assert names(client, run_id, "tree/inner") == ["tree/inner/deep.bin"]
    got = Path(client.download_artifacts(run_id, "tree", str(tmp_path)))
    assert (got / "inner" / "deep.bin").read_bytes() == bytes(range(256)) * 5000
    assert text_of(client, run_id, "streamed/s.txt") == "top"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("d.json", '{\n  "b": 1,\n  "a": [\n    1,\n    "ü"\n  ]\n}'),
        ("d.YML", "a:\n- 1\n- ü\nb: 1\n"),
        ("d", '{\n  "b": 1,\n  "a": [\n    1,\n    "ü"\n  ]\n}'),
    ],
)
def test_dictionaries_are_written_as_their_ending_says(
    path: str, expected: str, client: RunyardClient, run_id: str
) -> None:
    """YAML for .yml and .yaml, else JSON."""
    client.log_dict(run_id, {"b": 1, "a": [1, "ü"]}, path)

    text = text_of(client, run_id, path)
    assert text == expected or json.loads(text) == json.loads(expected)


@pytest.mark.parametrize("path", ["d.yaml", "d.json"])
def test_dictionaries_of_numpy_and_dates_are_plain_documents(path: str, local: RunyardClient) -> None:
    """Numbers stay numbers, arrays are lists, and every reader of YAML takes it."""
    run_id = local.create_run("0").info.run_id
    given = {
        "double": np.float64(1.5),
        "single": np.float32(0.5),
        "arrays": [np.arange(2), (np.bool_(True), {np.str_("x")})],
        np.int64(3): Path("a") / "b",
        "none": float("nan"),
        "nested": OrderedDict(a=np.array(7)),
        "moment": pd.Timestamp("2020-01-02", tz="UTC"),
        np.datetime64("2020-01-03"): 1,
    }
    local.log_dict(run_id, given, path)

    text = text_of(local, run_id, path)
    read = yaml.safe_load(text) if path.endswith("yaml") else json.loads(text)
    assert math.isnan(read.pop("none"))
    key = 3 if path.endswith("yaml") else "3"
    expected = {"double": 1.5, "single": 0.5, "arrays": [[0, 1], [True, ["x"]]], key: "a/b", "nested": {"a": 7}}
    expected |= {"moment": "2020-01-02 00:00:00+00:00", "2020-01-03": 1}
    assert expected == read


def test_what_holds_itself_is_refused(local: RunyardClient) -> None:
    """Nothing of it is stored."""
    run_id = local.create_run("0").info.run_id
    circle: list[object] = []
    circle.append(circle)
    for path in ("c.json", "c.yaml"):
        with pytest.raises(InvalidParameter, match="contains itself"):
            local.log_dict(run_id, circle, path)
    with pytest.raises(InvalidParameter, match="int is not text"):
        local.log_text(run_id, 5, "t.txt")  # type: ignore[arg-type]
    assert [] == names(local, run_id)


@pytest.mark.parametrize("path", ["../x.txt", "/etc/x", "a/../../b", "", "a\\..\\b"])
def test_paths_that_lead_elsewhere_are_refused(path: str, local: RunyardClient) -> None:
    """Whatever the call."""
    run_id = local.create_run("0").info.run_id
    with pytest.raises(InvalidParameter):
        local.log_text(run_id, "x", path)
    with pytest.raises(InvalidParameter):
        local.log_dict(run_id, {}, path)


def test_tables_grow_and_are_loaded_over_runs(client: RunyardClient) -> None:
    """Appended to by later calls; rows of several runs, with what is known of each."""
    experiment = client.create_experiment("tables")
    runs = [client.create_run(experiment).info.run_id for _ in range(2)]
    client.log_param(runs[0], "lr", "0.1")
    client.log_param(runs[1], "lr", "0.2")
    client.log_table(runs[0], {"x": 1, "y": "a"}, "t/rows.json")
    client.log_table(runs[0], pd.DataFrame({"x": [2, 3], "y": ["b", None]}), "t/rows.json")
    client.log_table(runs[1], {"x": [4], "when": [pd.Timestamp("2026-01-02")]}, "t/rows.json")

    frame = client.load_table(experiment, "t/rows.json", extra_columns=["run_id", "lr"])
    assert sorted(frame["x"]) == [1, 2, 3, 4]
    assert dict(zip(frame["run_id"], frame["lr"], strict=True)) == {runs[0]: "0.1", runs[1]: "0.2"}
    assert list(client.load_table(experiment, "t/rows.json", [runs[1]])["x"]) == [4]
    assert client.get_run(runs[0]).data.tags["mlflow.loggedArtifacts"] == '[{"path": "t/rows.json", "type": "table"}]'
    assert json.loads(text_of(client, runs[0], "t/rows.json"))["columns"] == ["x", "y"]
    client.delete_experiment(experiment)


def test_what_is_not_a_table_is_refused(local: RunyardClient) -> None:
    """The message says what would be."""
    run_id = local.create_run("0").info.run_id
    with pytest.raises(InvalidParameter, match="DataFrame"):
        local.log_table(run_id, [1], "t.json")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameter, match=r"\.json"):
        local.log_table(run_id, {"a": 1}, "t.csv")
    with pytest.raises(InvalidParameter, match="same length"):
        local.log_table(run_id, {"a": [1, 2], "b": [1]}, "t.json")
    with pytest.raises(InvalidParameter, match="No run of experiment 0"):
        local.load_table("0", "t.json")


@pytest.mark.parametrize(
    ("array", "pixel"),
    [
        (np.full((2, 2), 7, dtype=np.uint8), 7),
        (np.full((2, 2, 1), 7, dtype=np.int64), 7),
        (np.ones((2, 2), dtype=bool), 255),
        (np.full((2, 2), 0.5), 127),
        (np.full((2, 2, 3), 9, dtype=np.uint8), (9, 9, 9)),
        (np.full((2, 2, 4), 9, dtype=np.uint8), (9, 9, 9, 9)),
    ],
)
def test_arrays_become_images(
    array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]", pixel: object, local: RunyardClient
) -> None:
    """Grey, colours, transparency; integers, booleans, floats from 0 to 1."""
    run_id = local.create_run("0").info.run_id
    local.log_image(run_id, array, "seen.png")

    with Image.open(local.download_artifacts(run_id, "seen.png")) as image:
        assert image.getpixel((0, 0)) == pixel


def test_floats_of_any_range_are_rescaled_with_a_warning(local: RunyardClient) -> None:
    """Standardised images are logged every day."""
    run_id = local.create_run("0").info.run_id
    with pytest.warns(UserWarning, match="rescaled"):
        local.log_image(run_id, np.array([[-2.0, 2.0], [0.0, np.nan]]), "seen.png")

    with Image.open(local.download_artifacts(run_id, "seen.png")) as image:
        assert [image.getpixel(place) for place in ((0, 0), (1, 0), (0, 1), (1, 1))] == [0, 255, 127, 0]


@pytest.mark.parametrize(
    "image",
    [np.full((2, 2), 256), np.full((2, 2), -1), np.zeros(3), np.zeros((2, 2, 2)), np.array([["a"]]), "picture", None],
)
def test_what_is_not_an_image_is_refused(image: object, local: RunyardClient) -> None:
    """The message says what would be."""
    run_id = local.create_run("0").info.run_id
    with pytest.raises(InvalidParameter):
        local.log_image(run_id, image, "seen.png")


def test_a_series_of_images_says_everything_in_its_names(client: RunyardClient, run_id: str) -> None:
    """As MLflow's pages expect: the image, a small copy, and a tag on the run."""
    client.log_image(run_id, np.zeros((600, 300, 3), dtype=np.uint8), key="a/b c", step=3, timestamp=5)

    small, full = names(client, run_id, "images")
    assert re.fullmatch(r"images/a~b c\+step\+3\+timestamp\+5\+[0-9a-f-]{36}\.png", full)
    assert small == full.removesuffix(".png") + "+compressed.webp"
    with Image.open(client.download_artifacts(run_id, small)) as image:
        assert image.size == (128, 256)
    assert client.get_run(run_id).data.tags["mlflow.loggedImages"] == "True"


@pytest.mark.parametrize("where", [{}, {"artifact_file": "a.png", "key": "k"}, {"key": "a#b"}, {"key": ""}])
def test_an_image_needs_a_path_or_a_key(where: dict[str, str], local: RunyardClient) -> None:
    """One of them, and a key that can be a name."""
    run_id = local.create_run("0").info.run_id
    with pytest.raises(InvalidParameter):
        local.log_image(run_id, np.zeros((2, 2), dtype=np.uint8), **where)  # type: ignore[arg-type]


def test_what_is_not_there_cannot_be_downloaded(client: RunyardClient, run_id: str) -> None:
    """The message names it."""
    with pytest.raises(RunyardException, match=r"missing\.txt"):
        client.download_artifacts(run_id, "missing.txt")


@pytest.mark.parametrize(("path", "kind"), [("plot", "PNG"), ("v1.2/plot", "PNG"), ("plot.jpg", "JPEG")])
def test_figures_and_images_are_stored_under_the_given_name(path: str, kind: str, local: RunyardClient) -> None:
    """Without an ending they are PNG."""
    run_id = local.create_run("0").info.run_id
    local.log_figure(run_id, Figure(), path)
    local.log_image(run_id, np.zeros((2, 2), dtype=np.uint8), f"image/{path}")

    for stored in (path, f"image/{path}"):
        with Image.open(local.download_artifacts(run_id, stored)) as image:
            assert kind == image.format


def test_formats_that_cannot_be_written_are_refused(local: RunyardClient) -> None:
    """With the format's name, and what would do; a series takes every image."""
    run_id = local.create_run("0").info.run_id
    with pytest.raises(InvalidParameter, match=r"'a\.xyz'.*not supported"):
        local.log_figure(run_id, Figure(), "a.xyz")
    for image, path in ((Image.new("L", (2, 2)), "a.xyz"), (Image.new("RGBA", (2, 2)), "a.jpg")):
        with pytest.raises(InvalidParameter, match=rf"cannot be stored as '{path}'.*\.png"):
            local.log_image(run_id, image, path)
    local.log_image(run_id, Image.new("CMYK", (2, 2)), key="series")

    assert ["images"] == names(local, run_id)


def test_a_figure_that_is_none_is_refused(local: RunyardClient) -> None:
    """Matplotlib and plotly are understood."""
    run_id = local.create_run("0").info.run_id
    with pytest.raises(InvalidParameter, match="matplotlib"):
        local.log_figure(run_id, "figure", "f.png")
