"""The files of runs, logged models and versions: looked into, shown in a frame, downloaded as one."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from runyard.gate.gate import Gate
from tests.factories import a_run, an_experiment
from tests.ui.asking import Reader
from tests.ui.pages.test_budgets import MAX_BYTES, MAX_ELEMENTS
from tests.ui.stories import a_story, keep

MLMODEL = """
flavors: {sklearn: {sklearn_version: "1.5"}}
signature: {inputs: '[{"name": "width", "type": "double"}]'}
"""
HOSTILE = b"<script>parent.document.title = 'ran'</script><h1>report</h1>"


@dataclass(frozen=True)
class Owner:
    """A page of files, what is below its address, and the folder with the files."""

    page: str
    archive: str
    framed: str
    folder: Path

    def write(self, path: str, content: bytes) -> None:
        """Store a file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


@pytest.fixture(params=["run", "model", "version"])
def owner(request: pytest.FixtureRequest, gate: Gate, tmp_path: Path) -> Owner:
    """Each of those who have files."""
    story = a_story(gate, runs=1)
    address = {
        "run": f"/runs/{story.run_ids[0]}/artifacts",
        "model": f"/experiments/{story.experiment_id}/models/{story.model_id}/files",
        "version": f"{story.model_path}/versions/2/files",
    }[request.param]
    root = tmp_path / "artifacts" / story.experiment_id
    folder = root / story.run_ids[0] / "artifacts" if request.param == "run" else root / "models" / story.model_id
    below = folder if request.param == "run" else folder / "artifacts"
    return Owner(address, f"{address}.zip", f"{address}/framed", below)


def test_files_of_everyone_who_has_some_are_looked_into(owner: Owner, reader: Reader) -> None:
    """With sizes, dates, a hash, and a model as what it is."""
    owner.write("m/MLmodel", MLMODEL.encode())
    owner.write("m/a.txt", b"hello <b>")

    folder, file = reader.get(f"{owner.page}?path=m"), reader.get(f"{owner.page}?path=m/a.txt")

    assert "width" in folder.words
    assert "sklearn" in folder.words
    assert "2 files" in folder.words
    assert hashlib.sha256(b"hello <b>").hexdigest() in file.words
    assert "hello &lt;b&gt;" in file.text
    assert "9 B · just now" in file.words
    assert 404 == reader.get(f"{owner.page}?path=nope").status
    assert 400 == reader.get(f"{owner.page}?path=../x").status
    assert 400 == reader.get(f"{owner.page}?path=m/a.txt&at=x").status


def test_folders_are_downloaded_as_one_file(owner: Owner, reader: Reader) -> None:
    """Named after the folder; what cannot be is a page that says why."""
    owner.write("m/deep/a.txt", b"a")

    answer = reader.get(f"{owner.archive}?path=m/deep")

    assert 'attachment; filename="deep.zip"' == answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        assert {"deep/a.txt": b"a"} == {name: packed.read(name) for name in packed.namelist()}
    assert reader.get(owner.archive).body.startswith(b"PK")
    assert (404, 400, 400) == tuple(
        reader.get(f"{owner.archive}?path={path}").status for path in ("nope", "m/deep/a.txt", "../..")
    )


def test_pages_among_files_are_shown_without_what_acts(owner: Owner, reader: Reader) -> None:
    """In a frame of an origin of its own; other kinds are not shown so."""
    owner.write("a.html", HOSTILE)
    owner.write("a.pdf", b"%PDF-1.4")
    owner.write("fake.pdf", HOSTILE)
    owner.write("a.svg", b"<svg onload='alert(1)'/>")

    page, pdf = reader.get(f"{owner.framed}?path=a.html"), reader.get(f"{owner.framed}?path=a.pdf")

    assert HOSTILE == page.body
    assert page.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "allow" not in page.headers["content-security-policy"]
    assert "nosniff" == page.headers["x-content-type-options"]
    assert "application/pdf" == pdf.headers["content-type"]
    for path, status in (("fake.pdf", 400), ("a.svg", 400), ("nope.html", 404), ("", 400), ("../a.html", 400)):
        assert status == reader.get(f"{owner.framed}?path={path}").status, path
    shown = reader.get(f"{owner.page}?path=a.html")
    assert [""] == shown.attributes("iframe", "sandbox")


def test_a_large_folder_has_pages(gate: Gate, reader: Reader) -> None:
    """The tree shows some of it; the rest is found by page and by name."""
    run_id = a_run(gate)
    for number in range(700):
        keep(gate, run_id, f"many/f{number:04}.txt", b"x")

    first = reader.get(f"/runs/{run_id}/artifacts?path=many")

    assert "700 files" in first.words
    assert "and 500 more" in first.words
    assert "1-150 of 700 entries" in first.words
    assert "f0699.txt" in reader.get(f"/runs/{run_id}/artifacts?path=many&row=601").words
    assert "1-1 of 1 entries" in reader.get(f"/runs/{run_id}/artifacts?path=many&find=0345").words
    for page in (first, reader.get(f"/runs/{run_id}/artifacts?path=many/f0699.txt")):
        assert "f0699.txt" in page.text or page is first
        assert len(page.elements) <= MAX_ELEMENTS
        assert len(page.body) <= MAX_BYTES


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"\n" * 1_000_000),
        ("a.txt", b"<" * 1_000_000),
        ("a.json", b"[" + b"[[1]]," * 100_000 + b"1]"),
        ("a.csv", b",".join([b"<<"] * 5000) + b"\n" + b",".join([b"<<" * 100] * 5000)),
        ("a.md", b"*a*\n\n" * 1000),
    ],
    ids=["empty lines", "one line", "lists", "columns", "paragraphs"],
)
def test_a_look_into_anything_is_a_page_of_bounded_size(gate: Gate, reader: Reader, name: str, content: bytes) -> None:
    """Whatever a file holds, a browser lays out its page at once."""
    run_id = a_run(gate)
    keep(gate, run_id, name, content)

    page = reader.get(f"/runs/{run_id}/artifacts?path={name}&all=1")

    assert 200 == page.status
    assert len(page.elements) <= MAX_ELEMENTS
    assert len(page.body) <= 2 * MAX_BYTES + 100_000  # signs that are escaped take four bytes each


def test_pictures_lead_to_the_next_one(gate: Gate, reader: Reader) -> None:
    """In the order of the tree, past other files."""
    run_id = a_run(gate)
    for name in ("a.png", "b.txt", "c.jpg", "d.svg"):
        keep(gate, run_id, f"p/{name}", b"x")

    page = reader.get(f"/runs/{run_id}/artifacts?path=p/c.jpg")

    links = {attributes["rel"]: attributes["href"] for _, attributes in page.elements if "rel" in attributes}
    assert ("p/a.png", "p/d.svg") == (links["prev"].rpartition("=")[2], links["next"].rpartition("=")[2])


def test_files_kept_elsewhere_are_not_read(gate: Gate, reader: Reader, tmp_path: Path) -> None:
    """Whatever address a client gave them."""
    (tmp_path / "elsewhere").mkdir()
    run_id = a_run(gate, an_experiment(gate, artifact_location=f"file://{tmp_path}/elsewhere"))

    for address in ("artifacts", "artifacts.zip", "artifacts/framed?path=a.html"):
        assert "not kept by this server" in reader.get(f"/runs/{run_id}/{address}").words
