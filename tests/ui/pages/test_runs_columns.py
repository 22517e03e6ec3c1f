"""The columns of the table of runs: in which order, and how they are shown."""

import re
from urllib.parse import quote

from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import CreateModelVersion
from runyard.registry.registered_models.messages import CreateRegisteredModel
from runyard.tracking.runs.messages import SetTag
from tests.ui.asking import Reader
from tests.ui.pages.test_runs_table import heads, names
from tests.ui.stories import a_story


def test_an_order_of_several_keys_is_numbered_in_the_heads(gate: Gate, reader: Reader) -> None:
    """The first click on a head begins anew; keys that no head shows are chips, each with the way to leave it out."""
    path = f"/experiments/{a_story(gate, nested=False).experiment_id}"
    query = f"order={quote('params.seed ASC')}&order={quote('number(params.lr) DESC')}&order={quote('metrics.loss')}"

    page = reader.get(f"{path}?{query}")

    assert ["run 2", "run 1", "run 0"] == names(page)
    assert ["3", "2"] == page.attributes("a", "data-place")
    assert "Sorted by params.seed ↑" in page.words
    rest = f"{path}?order={quote('number(params.lr) DESC', safe='')}&order={quote('metrics.loss')}"
    assert rest in page.attributes("a", "href")


def test_columns_are_shown_as_the_address_says(gate: Gate, reader: Reader) -> None:
    """Under another name, wider, in sight, with the best value marked; every form and link carries it along."""
    path = f"/experiments/{a_story(gate).experiment_id}"
    query = "col=metrics.loss&col=params.lr&pin=1&width=run_name:300&width=metrics.loss:120"
    query = f"{query}&label=metrics.loss:Err&best=metrics.loss:most"

    page = reader.get(f"{path}?{query}")
    file = reader.get(f"{path}.csv?{query}")

    assert ["Err", "lr"] == heads(page)[5:]
    assert ["1"] == page.attributes("table", "data-pinned")
    assert (1, 3) == (page.text.count('<th scope="col" class="px15"><a'), page.text.count('<td class="px15'))
    assert ["most"] == page.attributes("th", "data-best")
    assert 1 == page.text.count('<td class="b px6" title="Best on this page">')
    assert '<th scope="col" data-col="metrics.loss" data-pin class="n px6"' in page.text
    for link in [href for href in page.attributes("a", "href") if "order=" in href and "saved=" not in href]:
        assert link.startswith(f"{path}?{query}&order="), link
    carried = [(found.get("name"), found.get("value")) for tag, found in page.elements if tag == "input"]
    assert ("width", "metrics.loss:120") in carried
    assert file.text.startswith("run_id,run_name,status,start_time,end_time,duration,user_id,metrics.loss,params.lr\n")


def test_columns_of_what_every_run_has_are_chosen_as_those_of_values(gate: Gate, reader: Reader) -> None:
    """In any order, in sight and under other names; hidden, too; files have the same, and a saved view keeps them."""
    story = a_story(gate)
    path = f"/experiments/{story.experiment_id}"
    query = "col=run_name&col=models&col=metrics.loss&col=source&col=status&col=experiment&pin=2&label=source:Script"
    run_id = re.findall(r"name=runs value=(\w*)", reader.get(path).text)[0]
    gate.perform(SetTag(run_id=run_id, key="mlflow.source.name", value="<b>.py"))
    gate.perform(CreateRegisteredModel(name="a model"))
    gate.perform(CreateModelVersion(name="a model", source="s3://b/m", run_id=run_id))

    page = reader.get(f"{path}?{query}")
    row = page.text.partition(f"value={run_id} ")[2].partition("</tr>")[0]
    file = reader.get(f"{path}.csv?{query}")

    found = re.findall(r'<th scope="col" data-col="([^"]*)"( data-pin)?', page.text)
    assert [
        ("models", " data-pin"),
        ("metrics.loss", " data-pin"),
        ("source", ""),
        ("status", ""),
        ("experiment", ""),
    ] == found
    assert ["Run", "loss", "Script", "Status"] == heads(page)
    assert '<a href="/models/a%20model/versions/1">a model v1</a>' in row
    assert "&lt;b&gt;.py" in row
    assert f'<a href="{path}">' in row
    assert "run_id,run_name,models,metrics.loss,source,status,experiment_id,experiment_name" == file.text.split("\n")[0]
    assert any("a model v1" in line and "<b>.py" in line for line in file.text.split("\n"))
    assert ["Run"] == heads(reader.get(f"{path}?col=run_name"))
    assert ["Run", "Status", "Started", "Took", "User", "lr"] == heads(reader.get(f"{path}?col=params.lr"))
    for sort in ("source", "version", "end_time", "run_id"):
        head = re.search(rf'data-col="{sort}"[^>]*><a href="([^"]*)"', reader.get(f"{path}?col={sort}").text)
        assert head
        assert 200 == reader.get(head[1].replace("&amp;", "&")).status, sort
