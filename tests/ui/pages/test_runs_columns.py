"""The columns of the table of runs: in which order, and how they are shown."""

from urllib.parse import quote

from runyard.gate.gate import Gate
from tests.ui.asking import Reader
from tests.ui.pages.test_runs_table import heads, names
from tests.ui.stories import a_story


def test_an_order_of_several_keys_is_numbered_in_the_heads(gate: Gate, reader: Reader) -> None:
    """The first click on a head begins anew; keys that no head shows are chips, each with the way to leave it out."""
    path = f"/experiments/{a_story(gate).experiment_id}"
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
    query = "col=metrics.loss&col=params.lr&pin=1&width=metrics.loss:120&label=metrics.loss:Err&best=metrics.loss:most"

    page = reader.get(f"{path}?{query}")
    file = reader.get(f"{path}.csv?{query}")

    assert ["Err", "lr"] == heads(page)[5:]
    assert ["1"] == page.attributes("table", "data-pinned")
    assert ["most"] == page.attributes("th", "data-best")
    assert 1 == page.text.count('<td class="b px6" title="Best on this page">')
    assert '<th scope="col" data-col="metrics.loss" class="n px6"' in page.text
    for link in [href for href in page.attributes("a", "href") if "order=" in href and "saved=" not in href]:
        assert link.startswith(f"{path}?{query}&order="), link
    carried = [(found.get("name"), found.get("value")) for tag, found in page.elements if tag == "input"]
    assert ("width", "metrics.loss:120") in carried
    assert file.text.startswith("run_id,run_name,status,start_time,end_time,duration,user_id,metrics.loss,params.lr\n")
