"""The tabs of a comparison: groups, what explains a metric, code, packages, machines, data, models and artifacts."""

import json
import re
from html import unescape
from typing import Any

import pandas as pd
import pytest

from runyard.core.entity import Tag
from runyard.core.tags import COMMIT_TAG, IMAGES_TAG, MODEL_HISTORY_TAG, SOURCE_NAME_TAG, TABLES_TAG
from runyard.gate.gate import Gate
from runyard.tracking.inputs.entities import Dataset, DatasetInput, InputTag
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.origins.messages import NoteOrigin
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from tests.factories import a_point, a_run, an_experiment
from tests.ui.asking import Answer, Reader
from tests.ui.pages.test_budgets import MAX_ELEMENTS
from tests.ui.stories import a_story, keep
from tests.ui.test_xss import HOSTILE

PATCH = (
    "diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n"
    "@@ -1,2 +1,2 @@\n import model\n-rate = 0.1\n+rate = {}\n"
)


def a_sweep(gate: Gate) -> tuple[list[str], pd.DataFrame]:
    """Two models with five seeds each, and what was measured of them."""
    experiment_id, rows = an_experiment(gate), []
    for model, base in (("linear", 0.8), ("forest", 0.9)):
        for seed in range(5):
            acc, loss = base + ((seed * 7) % 5) / 1000, 1.0 + ((seed * 3 + len(model)) % 5) / 10
            run_id = a_run(gate, experiment_id)
            params = [Param(key="model", value=model), Param(key="seed", value=str(seed))]
            points = [a_point("val/acc", acc), a_point("loss", loss)]
            gate.perform(LogBatch(run_id=run_id, params=params, metrics=points))
            rows.append({"run": run_id, "model": model, "val/acc": acc, "loss": loss})
    return [str(row["run"]) for row in rows], pd.DataFrame(rows)


def compared(reader: Reader, tab: str, run_ids: list[str], query: str = "") -> Answer:
    """A tab of the comparison of these runs."""
    page = reader.get(f"/compare?tab={tab}&runs={','.join(run_ids)}{query}")
    assert 200 == page.status
    assert len(page.elements) <= MAX_ELEMENTS
    return page


def rows_of(page: Answer) -> dict[str, list[str]]:
    """The cells of each row of its tables, by the row's head."""
    found: dict[str, list[str]] = {}
    for row in re.findall(r"<tr\b.*?</tr>", page.text, re.DOTALL):
        head, *cells = (unescape(re.sub(r"<[^>]*>", "", text)) for text in re.findall(r"<t[hd]\b.*?</t[hd]>", row))
        found[head] = cells
    return found


def test_five_seeds_against_five_are_what_pandas_says(gate: Gate, reader: Reader) -> None:
    """Mean and standard deviation in full, the difference of the means, and whether it may be chance."""
    run_ids, table = a_sweep(gate)
    by_model: Any = table.groupby("model")[["val/acc", "loss"]]
    means, deviations = by_model.mean(), by_model.std()

    page = compared(reader, "groups", run_ids, "&group=params.model&first=linear&second=forest")

    found = re.findall(r'title="mean (\S+)\nsd (\S+)\n5 runs"', page.text)
    wanted = [
        (means.loc[model, metric], deviations.loc[model, metric])
        for metric in ("val/acc", "loss")
        for model in ("linear", "forest")
    ]
    assert [pytest.approx(pair, rel=1e-12) for pair in wanted] == [tuple(map(float, pair)) for pair in found]
    by = re.findall(r'title="(-?[\d.e-]+), [+-]\d+\.\d+%"', page.text)
    apart = means.loc["forest"] - means.loc["linear"]
    assert [pytest.approx(apart[metric]) for metric in ("val/acc", "loss")] == [float(text) for text in by]
    assert '<small class="better"></small>' in page.text
    assert 1 == page.words.count("(may be chance)")


def test_groups_are_offered_by_what_makes_them(gate: Gate, reader: Reader) -> None:
    """What groups the most first; runs that are alike in everything have none, and a wrong name does no harm."""
    run_ids, _ = a_sweep(gate)

    page = compared(reader, "groups", run_ids, "&group=params.nothing&first=x")
    alike = compared(reader, "groups", [a_run(gate), a_run(gate)])

    assert ["params.model", "params.seed"] == page.attributes("option", "value")[:2]
    assert ["forest", "linear"] == page.attributes("option", "value")[2:4]
    assert "alike in all params and tags" in alike.words


def test_what_explains_a_metric_comes_first(gate: Gate, reader: Reader) -> None:
    """With how it was found and of how many runs; settings that vary together are one entry."""
    run_ids, _ = a_sweep(gate)
    for place, run_id in enumerate(run_ids):
        tags = [Tag(key="twin", value=str(place < 5)), Tag(key="own", value=f"x{place}")]
        gate.perform(LogBatch(run_id=run_id, tags=tags))

    page = compared(reader, "why", run_ids, "&metric=val/acc")

    heads = re.findall(r'<tr><th scope="row">([\w.]+)', page.text)
    assert ["params.model", "params.seed"] == heads
    assert "and tags.twin, which vary with it" in page.words
    assert "100% η² 1.00 of 2 groups 10 forest: 0.902 (5), linear: 0.802 (5)" in page.words
    assert "Each run has a value of its own, so nothing can be told: tags.own." in page.words
    assert "Of the 10 runs that have a number for val/acc" in page.words


def test_a_number_is_ranked_by_its_order(gate: Gate, reader: Reader) -> None:
    """Rates that are different in every run still tell: the more, the better."""
    experiment_id = an_experiment(gate)
    run_ids = [a_run(gate, experiment_id) for _ in range(6)]
    for place, run_id in enumerate(run_ids):
        params = [Param(key="rate", value=f"1e-{place}")]
        gate.perform(LogBatch(run_id=run_id, params=params, metrics=[a_point("loss", place**3)]))

    assert "rank correlation \N{MINUS SIGN}1.00" in compared(reader, "why", run_ids).words
    assert "None of the metrics has a number in three or more" in compared(reader, "why", [a_run(gate)]).words


def told(gate: Gate, run_id: str, **fields: Any) -> str:
    """Note what a run was started with; returns its id."""
    gate.perform(NoteOrigin(run_id=run_id, **fields))
    return run_id


def two_codes(gate: Gate) -> list[str]:
    """Two runs of one commit that changed the same line without committing it, on different machines."""
    run_ids = []
    for place, rate in enumerate(("0.2", "0.3")):
        run_id = a_run(gate, tags={COMMIT_TAG: "3f2c9d81a4", SOURCE_NAME_TAG: "train.py"})
        packages = ["numpy==2.1.0", f"pandas==2.{place}.0", "# spam==1 from /home/ada/spam"]
        machine = {"cores": 8, "gpus": ["NVIDIA H100"] * (place + 1)}
        run_ids.append(told(gate, run_id, patch=PATCH.format(rate), packages=packages, python="3.12.4", **machine))
    return run_ids


def test_the_changed_line_of_code_is_found(gate: Gate, reader: Reader) -> None:
    """Of one commit, what each patch makes of it; of two, that they are two, and the patches' own lines."""
    run_ids = two_codes(gate)
    other = told(gate, a_run(gate, tags={COMMIT_TAG: "aaaa"}), patch=PATCH.format("0.4"))
    clean = told(gate, a_run(gate, tags={COMMIT_TAG: "3f2c9d81a4"}), patch="")
    silent = a_run(gate)

    page = compared(reader, "code", run_ids)

    assert "Both ran on commit 3f2c9d81a4." in page.words
    assert '<tr class="old"><td class="line">rate = 0.2</td></tr>' in page.text
    assert '<tr class="new"><td class="line">rate = 0.3</td></tr>' in page.text
    apart = compared(reader, "code", [run_ids[0], other])
    assert "git diff 3f2c9d81a4 aaaa" in apart.words
    assert '<td class="line">+rate = 0.4</td>' in apart.text
    before = compared(reader, "code", [run_ids[0], clean])
    assert '<tr class="new"><td class="line">rate = 0.1</td></tr>' in before.text
    assert "changed in the baseline only" in before.words
    assert "is not recorded" in compared(reader, "code", [run_ids[0], silent]).words
    assert 200 == reader.get(f"/compare?tab=code&runs={silent}").status


def test_the_source_file_among_the_artifacts_is_compared(gate: Gate, reader: Reader) -> None:
    """Where a script logged itself, its own numbers of lines are shown."""
    run_ids = [a_run(gate, tags={SOURCE_NAME_TAG: "/home/ada/train.py"}) for _ in range(2)]
    for place, run_id in enumerate(run_ids):
        keep(gate, run_id, "code/train.py", f"import model\nrate = {place}\n")

    page = compared(reader, "code", run_ids)

    assert '<tr class="new"><td></td><td>2</td><td class="line">rate = 1</td></tr>' in page.text


def test_packages_machines_and_their_differences(gate: Gate, reader: Reader) -> None:
    """Versions by package; what a model requires stands in for a client that records no packages."""
    run_ids = two_codes(gate)
    history = json.dumps([{"artifact_path": "model"}])
    older = a_run(gate, tags={MODEL_HISTORY_TAG: history})
    keep(gate, older, "model/MLmodel", "flavors:\n  python_function:\n    python_version: 3.11.2\n")
    keep(gate, older, "model/requirements.txt", "# made by hand\nPandas[perf]>=1\nnumpy==2.1.0\n")

    packages = rows_of(compared(reader, "packages", [*run_ids, older], "&differences=all"))
    machines = rows_of(compared(reader, "hardware", run_ids))

    assert ["2.0.0", "2.1.0", ">=1"] == packages["pandas"]
    assert ["2.1.0"] * 3 == packages["numpy"]
    assert ["3.12.4", "3.12.4", "3.11.2"] == packages["Python"]
    assert ["1 from /home/ada/spam", "1 from /home/ada/spam", "-"] == [
        text.replace("\N{EN DASH}", "-") for text in packages["spam"]
    ]
    assert "1 of the runs: what their models require" in compared(reader, "packages", [*run_ids, older]).words
    assert ["NVIDIA H100", "2 × NVIDIA H100"] == machines["GPUs"]


def with_data(gate: Gate, digest: str, kind: str) -> str:
    """A run that trained on a dataset of this digest, with a column of this type."""
    run_id = a_run(gate)
    schema = json.dumps({"mlflow_colspec": [{"type": kind, "name": "age", "required": True}]})
    dataset = Dataset(
        name="people", digest=digest, source_type="http", source="x", schema=schema, profile='{"rows": 7}'
    )
    tags = [InputTag(key="mlflow.data.context", value="train")]
    gate.perform(LogInputs(run_id=run_id, datasets=[DatasetInput(dataset=dataset, tags=tags)]))
    return run_id


def test_datasets_by_digest_and_schema(gate: Gate, reader: Reader) -> None:
    """Which data a run saw, and which column changed its type."""
    run_ids = [with_data(gate, "aaa", "long"), with_data(gate, "bbb", "double")]

    page = compared(reader, "data", run_ids)

    assert ["aaa", "bbb"] == rows_of(page)["digest"]
    assert ["long", "double"] == rows_of(page)["column age"]
    assert ["7", "7"] == rows_of(page)["rows"]
    assert "people (train)" in page.words
    assert "No datasets were logged." in compared(reader, "data", [a_run(gate)]).words


def test_models_by_signature_and_size(gate: Gate, reader: Reader) -> None:
    """Those of older clients too; a run without a model says so by a dash."""
    run_ids = [a_run(gate, tags={MODEL_HISTORY_TAG: json.dumps([{"artifact_path": "model"}])}) for _ in range(2)]
    for place, run_id in enumerate(run_ids):
        signature = json.dumps([{"type": ("long", "double")[place], "name": "age", "required": True}])
        text = f"flavors:\n  sklearn: {{}}\nmodel_size_bytes: {10_000 + place}\nsignature:\n  inputs: '{signature}'\n"
        keep(gate, run_id, "model/MLmodel", text)

    rows = rows_of(compared(reader, "models", run_ids))

    assert ["long", "double"] == rows["age"]
    assert ["10.0 KB (10,000 B)", "10.0 KB (10,001 B)"] == rows["size"]


def test_artifacts_are_listed_and_opened_side_by_side(gate: Gate, reader: Reader) -> None:
    """A folder by sizes; pictures of all runs, text and JSON as differences, tables laid over each other."""
    run_ids = [a_run(gate, tags={IMAGES_TAG: "True"}) for _ in range(3)]
    for place, run_id in enumerate(run_ids):
        keep(gate, run_id, "plots/roc.png", bytes(10))
        keep(gate, run_id, "config.json", json.dumps({"b": [1, place], "a": 0} if place else {"a": 0, "b": [1, 0]}))
        keep(gate, run_id, "eval.csv", f"class,acc\na,0.5\nb,0.{place}\n")
        keep(gate, run_id, "table.json", json.dumps({"columns": ["x", f"y{place}"], "data": [[1, None], [place, 2]]}))
    keep(gate, run_ids[0], "only.bin", b"\0")

    listing = compared(reader, "artifacts", run_ids)
    assert ["folder"] * 3 == rows_of(listing)["plots/"]
    assert ["1 B", "\N{EN DASH}", "\N{EN DASH}"] == rows_of(listing)["only.bin"]
    assert 1 == len(listing.attributes("image-series", "source"))

    pictures = compared(reader, "artifacts", run_ids, "&path=plots/roc.png")
    assert [f"/get-artifact?run_id={run_id}&path=plots/roc.png" for run_id in run_ids] == pictures.attributes(
        "img", "src"
    )[1:]

    document = compared(reader, "artifacts", run_ids, f"&path=config.json&baseline={run_ids[1]}&with={run_ids[2]}")
    assert re.findall(r'<tr class="(\w+)">.*?line">\s*(\S*)</td>', document.text) == [("old", "1"), ("new", "2")]

    values = compared(reader, "artifacts", run_ids, "&path=eval.csv")
    assert "folder" in values.words
    assert "differences=all" in next(of["href"] for _, of in values.elements if of.get("id") == "differences-switch")
    assert "<del>0.0</del> <ins>0.1</ins>" in values.text
    assert "1 row differs" in values.words
    assert '<th scope="row">1</th>' not in values.text
    assert '<th scope="row">1</th>' in compared(reader, "artifacts", run_ids, "&path=eval.csv&differences=all").text

    logged = json.dumps([{"path": "table.json", "type": "table"}])
    for run_id in run_ids:
        gate.perform(LogBatch(run_id=run_id, tags=[Tag(key=TABLES_TAG, value=logged)]))
    table = compared(reader, "artifacts", run_ids, "&path=table.json")
    assert f"/tables?runs={','.join(run_ids)}&path=table.json" in table.attributes("a", "href")
    assert "<del>null</del> <ins>–</ins>" in table.text
    assert "has no such file" in compared(reader, "artifacts", run_ids, "&path=only.bin").words
    assert "no artifacts here" in compared(reader, "artifacts", run_ids, "&path=nowhere").words
    assert 400 == reader.get(f"/compare?tab=artifacts&runs={run_ids[0]}&path=../../etc").status


def test_tables_are_matched_by_a_column_and_notebooks_by_their_cells(gate: Gate, reader: Reader) -> None:
    """Parquet as CSV; the page is within its budget where all cells differ, and says why a file is not compared."""
    run_ids = [a_run(gate) for _ in range(2)]
    for place, run_id in enumerate(run_ids):
        frame = pd.DataFrame({"id": ["a", "b", "c"], "score": [0.5, 1.5 + place, 2.5]})
        keep(gate, run_id, "t.parquet", frame[:: 1 - 2 * place].to_parquet())
        keep(gate, run_id, "long.parquet", pd.DataFrame({"text": ["x" * 500 + str(place)]}).to_parquet())
        keep(gate, run_id, "broken.parquet", b"PAR1\0")
        keep(gate, run_id, "all.csv", "a,b,c\n" + f"{place}x,{place}y,{place}z\n" * 900)
        cells = [{"cell_type": "code", "source": f"<b>{HOSTILE}\nlr = {place}\nfit()", "outputs": []}] * 90
        keep(gate, run_id, "n.ipynb", json.dumps({"nbformat": 4, "cells": cells}))
        long = json.dumps({"nbformat": 4, "cells": cells, "picture": "x" * 4_000_000})
        keep(gate, run_id, "long.ipynb", long.replace('"cells"', '\n"cells"'))
        keep(gate, run_id, "none.ipynb", f'{{"lr": {place}}}')
        keep(gate, run_id, "long.json", f'{{"b": {place},\n"a": "{"x" * 300_000}"}}')

    by_number = compared(reader, "artifacts", run_ids, "&path=t.parquet")
    by_column = compared(reader, "artifacts", run_ids, "&path=t.parquet&match=id")
    every = compared(reader, "artifacts", run_ids, "&path=all.csv")
    book = compared(reader, "artifacts", run_ids, "&path=n.ipynb")

    assert ["", "id", "score"] == [
        at["value"] for tag, at in by_column.elements if tag == "option" and len(at["value"]) < 9
    ]
    assert "3 rows differ." in by_number.words
    assert "1 row differs." in by_column.words
    limit = "Of each cell the first 400 characters are compared."
    assert limit in compared(reader, "artifacts", run_ids, "&path=long.parquet").words
    assert limit not in by_number.words
    assert "<del>1.5</del> <ins>2.5</ins>" in by_column.text
    assert "900 rows differ" in every.words
    assert "further ones are not shown" in every.words
    assert "90 cells changed, 0 removed, 0 added, 0 the same." in book.words
    assert "further cells are not shown" in book.words
    assert '<td class="line">lr = 1</td>' in book.text
    assert "cannot be shown" in compared(reader, "artifacts", run_ids, "&path=broken.parquet").words
    for name, why in (
        ("long.ipynb", "Notebooks of more than 4 MB are compared as text, not cell by cell."),
        ("none.ipynb", "These are not both notebooks as Jupyter stores them, so they are compared as text."),
        ("long.json", "JSON of more than 256 kB is compared as text, its keys and rows as they are written."),
    ):
        assert why in compared(reader, "artifacts", run_ids, f"&path={name}").words


def test_two_runs_are_explained_on_one_page(gate: Gate, reader: Reader) -> None:
    """All that differs, and what is the same in one line."""
    run_ids = two_codes(gate)
    for place, run_id in enumerate(run_ids):
        params = [Param(key="lr", value=str(place)), Param(key="depth", value="3")]
        gate.perform(LogBatch(run_id=run_id, params=params, metrics=[a_point("acc", place)]))

    page = compared(reader, "why", run_ids)

    rows = rows_of(page)
    assert (["0", "1"], ["2.0.0", "2.1.0"]) == (rows["lr"], rows["pandas"])
    assert not {"depth", "numpy", "commit"} & rows.keys()
    assert "Params · 1 equal hidden" in page.words
    assert '<td class="line">rate = 0.3</td>' in page.text
    assert (
        "Nothing that was recorded of these runs differs." in compared(reader, "why", [a_run(gate), a_run(gate)]).words
    )


def test_two_of_many_are_chosen_to_be_explained(gate: Gate, reader: Reader) -> None:
    """The form below the ranking names two runs; the address becomes the short one, in the same tab."""
    first, second = a_story(gate, runs=2).run_ids
    answer = reader.get(f"/compare?tab=why&runs={first}&runs={second}")

    assert (303, f"/compare?runs={first},{second}&tab=why") == (answer.status, answer.headers["location"])


@pytest.mark.parametrize("text", HOSTILE)
def test_code_data_and_files_are_text(gate: Gate, reader: Reader, text: str) -> None:
    """What a run logged acts in nobody's browser, in no tab."""
    run_ids = []
    for place in range(2):
        run_id = a_run(gate, run_name=text, tags={SOURCE_NAME_TAG: text, COMMIT_TAG: text})
        patch = f"diff --git a/{text} b/{text}\n@@ -1 +1 @@\n-{text}\n+{place}{text}\n"
        told(gate, run_id, command=[text], packages=[f"{text}=={place}", f"a=={text}{place}"], host=text, patch=patch)
        history = json.dumps([{"artifact_path": text}])
        gate.perform(LogBatch(run_id=run_id, tags=[Tag(key=MODEL_HISTORY_TAG, value=history)]))
        keep(gate, run_id, "a.json", json.dumps({text: text + str(place)}))
        keep(
            gate,
            run_id,
            "a.csv",
            f'x,"{text.replace(chr(34), chr(34) * 2)}"\n{place},"{text.replace(chr(34), chr(34) * 2)}"\n',
        )
        run_ids.append(run_id)
    for tab in ("why", "code", "packages", "hardware", "models", "artifacts&path=a.json", "artifacts&path=a.csv"):
        page = compared(reader, tab, run_ids)
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")], (tab, tag, attributes)
            assert tag != "script" or "/static/" in attributes.get("src", ""), tab
            assert tag != "img" or "/static/" in attributes.get("src", ""), tab
