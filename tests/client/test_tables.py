"""Tables: pictures in them, values of every kind, Parquet, and what is known of their runs."""

import datetime as dt
import enum
import json
import logging
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow

import runyard
from runyard.client import RunyardClient
from runyard.exceptions import InvalidParameter


def content(client: RunyardClient, run_id: str, path: str) -> bytes:
    """The bytes of an artifact."""
    return Path(client.download_artifacts(run_id, path)).read_bytes()


def cells(client: RunyardClient, run_id: str, path: str) -> list[list[Any]]:
    """The rows of a stored table as JSON holds them."""
    rows: list[list[Any]] = json.loads(content(client, run_id, path))["data"]
    return rows


@pytest.mark.parametrize("ending", ["json", "parquet"])
def test_pictures_of_a_table_are_stored_beside_it(ending: str, client: RunyardClient, run_id: str) -> None:
    """A table of predictions is worth little without the images; MLflow's pages find them by these names."""
    path = f"seen/by.the/model.{ending}"
    picture = Pillow.new("RGB", (600, 300), (1, 2, 3))
    client.log_table(run_id, {"image": [picture, None], "label": ["a", "b"]}, path)
    client.log_table(run_id, {"image": runyard.Image(np.full((3, 4), 7, dtype=np.uint8)), "label": "c"}, path)

    first, missing, last = client.load_table("0", path, [run_id])["image"]
    assert missing is None
    assert {"type", "filepath", "compressed_filepath"} == set(first)
    assert "image" == first["type"]
    assert first["filepath"].startswith("table_images/seen/by.the/model/")
    assert first["compressed_filepath"] == first["filepath"].removesuffix(".png") + ".webp"
    with Pillow.open(BytesIO(content(client, run_id, first["filepath"]))) as whole:
        assert ((600, 300), (1, 2, 3)) == (whole.size, whole.getpixel((0, 0)))
    with Pillow.open(BytesIO(content(client, run_id, first["compressed_filepath"]))) as small:
        assert (256, 128) == small.size
    with Pillow.open(BytesIO(content(client, run_id, last["filepath"]))) as whole:
        assert ((4, 3), 7) == (whole.size, whole.getpixel((0, 0)))


def test_the_callers_frame_keeps_its_pictures(local: RunyardClient) -> None:
    """Who logs a frame goes on working with it."""
    frame = pd.DataFrame({"image": [Pillow.new("CMYK", (2, 2))], "nested": [[Pillow.new("L", (2, 2))]]})
    run_id = local.create_run("0").info.run_id
    local.log_table(run_id, frame, "t.json")
    local.log_table(run_id, frame, "t.parquet")

    assert isinstance(frame["image"][0], Pillow.Image)
    row = cells(local, run_id, "t.json")[0]
    assert ["image", "image"] == [row[0]["type"], row[1][0]["type"]]


class Colour(enum.Enum):
    """Two colours."""

    RED = "red"


class Odd:
    """Something of a user's own."""

    def __init__(self) -> None:
        self.secret = "attribute"

    def __str__(self) -> str:
        return "an odd thing"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1e-20, 1e-20),
        (0.1234567890123456, 0.1234567890123456),
        (float("inf"), float("inf")),
        (float("nan"), None),
        (pd.NaT, None),
        (np.float32(0.5), 0.5),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.bool_(True), True),
        (np.datetime64("2026-01-02"), "2026-01-02"),
        (Decimal("1.50"), "1.50"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (pd.Timestamp("2026-01-02", tz="UTC"), "2026-01-02T00:00:00.000+00:00"),
        (pd.Timestamp("2026-01-02 00:00:00.000001"), "2026-01-02T00:00:00.000001"),
        (Path("a") / "b", "a/b"),
        (Colour.RED, "red"),
        ({"a": (np.int64(1), {2})}, {"a": [1, [2]]}),
        (b"text", "text"),
    ],
)
def test_values_are_kept_as_what_they_are(value: object, kept: object, local: RunyardClient) -> None:
    """Small numbers do not become 0, dates keep their zone, infinities are not lost, arrays are lists."""
    run_id = local.create_run("0").info.run_id
    local.log_table(run_id, {"v": [value, "x"]}, "t.json")

    assert kept == cells(local, run_id, "t.json")[0][0]


@pytest.mark.parametrize(
    ("value", "kept", "told"), [(Odd(), "an odd thing", "Odd"), (2**70, str(2**70), "int"), (b"\xff", "/w==", "base64")]
)
def test_what_a_table_has_no_form_for_is_kept_as_text_with_a_warning(
    value: object, kept: str, told: str, local: RunyardClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Never as the object's attributes."""
    run_id = local.create_run("0").info.run_id
    with caplog.at_level(logging.WARNING):
        local.log_table(run_id, {"v": [value]}, "t.json")

    assert [[kept]] == cells(local, run_id, "t.json")
    assert told in caplog.text
    assert "'v'" in caplog.text


def test_appending_leaves_stored_cells_as_they_are(local: RunyardClient) -> None:
    """A column that comes later does not turn whole numbers into others."""
    run_id = local.create_run("0").info.run_id
    local.log_table(run_id, {"a": [1]}, "t.json")
    local.log_table(run_id, {"b": [2], "a": [3]}, "t.json")
    local.log_table(run_id, {"a": [2**60 + 1]}, "t.json")

    assert [[1, None], [3, 2], [2**60 + 1, None]] == cells(local, run_id, "t.json")


def test_tables_of_parquet(client: RunyardClient, run_id: str) -> None:
    """Typed, and appended to like the others."""
    rows = pd.DataFrame(
        {"n": pd.array([1, None], dtype="Int64"), "when": pd.Series([pd.Timestamp("2026-01-02"), pd.NaT])}
    )
    client.log_table(run_id, rows, "t.parquet")
    client.log_table(run_id, {"n": [3], "when": [pd.Timestamp("2026-01-03")]}, "t.parquet")

    frame = client.load_table("0", "t.parquet", [run_id])
    assert [pd.Timestamp("2026-01-02"), None, pd.Timestamp("2026-01-03")] == [
        None if pd.isna(when) else when for when in frame["when"]
    ]
    assert [1, None, 3] == [None if pd.isna(number) else number for number in frame["n"]]
    with pytest.raises(InvalidParameter, match="does not fit into a Parquet file"):
        client.log_table(run_id, {"odd": [Odd()]}, "odd.parquet")
    with pytest.raises(InvalidParameter, match=r"\.json or \.parquet"):
        client.log_table(run_id, {"a": [1]}, "t.csv")


def test_columns_of_the_runs_are_named_as_in_searches(local: RunyardClient) -> None:
    """As in MLflow, or by the bare name; a column that is there already is not replaced."""
    experiment = local.create_experiment("columns")
    runs = [local.create_run(experiment, start_time=5_000).info.run_id for _ in range(2)]
    local.log_param(runs[0], "x", "1")
    local.log_metric(runs[0], "y", 2.0)
    local.set_tag(runs[0], "z", "3")
    for run_id in runs:
        local.log_table(run_id, {"x": [run_id]}, "t.json")

    wanted = ["params.x", "metrics.y", "tags.z", "z", "x", "run_id", "status", "start_time"]
    frame = local.load_table(experiment, "t.json", extra_columns=wanted).set_index("run_id").astype(object)
    known, other = (dict(frame.loc[run_id].dropna()) for run_id in runs)
    when = pd.Timestamp("1970-01-01 00:00:05", tz="UTC")
    assert {"params.x": "1", "metrics.y": 2.0, "tags.z": "3", "z": "3", "x_": "1"}.items() <= known.items()
    assert {"x": runs[1], "status": "RUNNING", "start_time": when} == other
    for name in ("params.nope", "nope", "from_wire"):
        with pytest.raises(InvalidParameter, match=name):
            local.load_table(experiment, "t.json", extra_columns=[name])


@pytest.mark.parametrize("path", ["it's 50% of_all.json", "./d/../a.json", "%20/ü.json"])
def test_tables_are_found_whatever_they_are_called(path: str, client: RunyardClient, run_id: str) -> None:
    """Also with what searches use to mark and to end texts."""
    client.log_table(run_id, {"a": [1]}, path)
    client.log_table(run_id, {"a": [2]}, "other.json")

    assert [1] == list(client.load_table("0", path, [run_id])["a"])


def test_what_is_stored_and_no_table_is_not_overwritten(local: RunyardClient) -> None:
    """A document of the same name is somebody's."""
    run_id = local.create_run("0").info.run_id
    local.log_dict(run_id, {"a": 1}, "t.json")
    with pytest.raises(InvalidParameter, match="is not a table"):
        local.log_table(run_id, {"a": [1]}, "t.json")

    assert {"a": 1} == json.loads(content(local, run_id, "t.json"))
