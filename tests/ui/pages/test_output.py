"""What processes printed, on the run's page and on its own."""

import pytest

from runyard.core.tags import OUTPUT_TAG
from runyard.gate.gate import Gate
from runyard.projects import tags
from runyard.tracking.runs.messages import UpdateRun
from tests.factories import NOW, a_run, an_experiment
from tests.ui.asking import Answer, Reader
from tests.ui.stories import keep

PROJECT = {tags.SOURCE_TYPE: "PROJECT"}


def printed(page: Answer) -> str:
    """What stands in the box."""
    return page.text.split("<log-box")[1].split("<code>")[1].split("</code>")[0]


def test_the_last_lines_stand_on_the_runs_page(gate: Gate, reader: Reader) -> None:
    """What a run is doing is in its last lines."""
    run_id = a_run(gate, tags=PROJECT)
    keep(gate, run_id, "logs/output.log", "".join(f"line {number}\n" for number in range(100)))

    lines = printed(reader.get(f"/runs/{run_id}")).split("\n")

    assert [f"line {number}" for number in range(60, 100)] == lines


def test_the_output_page_joins_the_files_in_their_order(gate: Gate, reader: Reader) -> None:
    """The tenth file comes after the ninth, and other files are none of the output."""
    run_id = a_run(gate, tags=PROJECT)
    for number in range(1, 12):
        name = "output.log" if number == 1 else f"output-{number}.log"
        keep(gate, run_id, f"logs/{name}", f"part {number}\n")
    keep(gate, run_id, "logs/other.log", "something else\n")

    page = reader.get(f"/runs/{run_id}/output")

    assert [f"part {number}" for number in range(1, 12)] == printed(page).split("\n")
    assert "11 files" in page.words
    assert f"/get-artifact?run_id={run_id}&path=logs/output-11.log" in page.attributes("a", "href")
    assert "All of it is shown." in page.words


def test_of_a_long_output_the_end_is_shown_from_a_whole_line_on(gate: Gate, reader: Reader) -> None:
    """Gigabytes may have been printed; the page says that there is more, and where."""
    run_id = a_run(gate, tags=PROJECT)
    keep(gate, run_id, "logs/output.log", "first é line\n" * 100_000)
    keep(gate, run_id, "logs/output-2.log", "second\n" * 10)

    page = reader.get(f"/runs/{run_id}/output")
    lines = printed(page).split("\n")

    assert "The last 256.0 KB of 1.4 MB are shown" in page.words
    assert {"first é line", "second"} == set(lines)
    assert 10 == lines.count("second")
    assert len(printed(page).encode()) <= 256_000


def test_lines_are_text_without_signs_for_terminals(gate: Gate, reader: Reader) -> None:
    """A program may print anything."""
    run_id = a_run(gate, tags=PROJECT)
    content = b"\x1b[31mred\x1b[0m <script>alert(1)</script>\n 1%\r99%\n\xff\xfe\x00</code>"
    keep(gate, run_id, "logs/output.log", content)

    assert "red &lt;script&gt;alert(1)&lt;/script&gt;\n99%\n\ufffd\ufffd&lt;/code&gt;" == printed(
        reader.get(f"/runs/{run_id}/output")
    )


@pytest.mark.parametrize("path", ["", "/output"])
def test_before_anything_was_printed_the_page_says_so(gate: Gate, reader: Reader, path: str) -> None:
    """Nothing to see is not an error; after the end nothing more will come."""
    run_id = a_run(gate, tags=PROJECT)

    assert "Nothing was printed yet." in reader.get(f"/runs/{run_id}{path}").words
    gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=NOW))
    assert "No output was kept." in reader.get(f"/runs/{run_id}{path}").words


@pytest.mark.parametrize("location", ["s3://elsewhere/x", "/somewhere/else", "gs://elsewhere/x", "dbfs:/a b"])
def test_output_that_is_kept_elsewhere_is_not_an_error_of_the_page(gate: Gate, reader: Reader, location: str) -> None:
    """The message tells how to read it."""
    run_id = a_run(gate, an_experiment(gate, artifact_location=location), tags=PROJECT)

    for path in ("", "/output"):
        page = reader.get(f"/runs/{run_id}{path}")
        assert 200 == page.status
        assert "not kept by this server" in page.words


def test_output_that_is_not_a_file_is_not_output(gate: Gate, reader: Reader) -> None:
    """A user who may write artifacts may write any."""
    run_id = a_run(gate, tags=PROJECT)
    keep(gate, run_id, "logs/output.log/inside", "x")
    keep(gate, run_id, "logs/output-0.log", "x")
    keep(gate, run_id, "logs/output-2.log", "")

    assert "Nothing was printed yet." in reader.get(f"/runs/{run_id}/output").words


def test_only_runs_that_print_have_the_tab(gate: Gate, reader: Reader) -> None:
    """A tab that is always empty would be in the way."""
    plain, project = a_run(gate), a_run(gate, tags=PROJECT)

    assert f"/runs/{project}/output" in reader.get(f"/runs/{project}/artifacts").attributes("a", "href")
    page = reader.get(f"/runs/{plain}")
    assert f"/runs/{plain}/output" not in page.attributes("a", "href")
    assert "log-box" not in [tag for tag, _ in page.elements]
    assert 200 == reader.get(f"/runs/{plain}/output").status


@pytest.mark.parametrize("path", ["", "/output"])
def test_runs_whose_output_is_recorded_have_it_too(gate: Gate, reader: Reader, path: str) -> None:
    """The SDK's `log_output` keeps it as projects do; those that resumed a run come after those before, each whole."""
    run_id = a_run(gate, tags={OUTPUT_TAG: "12"})
    for name, text in (("output", "first"), ("output-3-0a0b0c", "third"), ("output-2", "second"), ("output-3-x", "no")):
        keep(gate, run_id, f"logs/{name}.log", f"{text}\n")

    page = reader.get(f"/runs/{run_id}{path}")

    assert "first\nsecond\nthird" == printed(page)
    assert f"/runs/{run_id}/output" in page.attributes("a", "href")
    assert OUTPUT_TAG not in page.words


def test_a_running_runs_output_is_followed(gate: Gate, reader: Reader) -> None:
    """The script asks again while the run goes on, and only then."""
    run_id = a_run(gate, tags=PROJECT)

    assert ["2"] == reader.get(f"/runs/{run_id}/output").attributes("live-page", "seconds")
    gate.perform(UpdateRun(run_id=run_id, status="FAILED", end_time=NOW))
    assert [] == reader.get(f"/runs/{run_id}/output").attributes("live-page", "seconds")
