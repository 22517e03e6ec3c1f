"""Differences of texts and of patches: right, shortest, and bounded."""

import difflib
import random
import time

import pytest

from runyard.ui.parts.compare_diff import MAX_CHANGES, MAX_LINES, MAX_SHOWN, Difference, difference_of
from runyard.ui.parts.compare_patches import GAP, changes_of, made_of


def sides(found: Difference) -> tuple[list[str], list[str]]:
    """The two texts that a whole difference is of."""
    return (
        [line.text for line in found.lines if line.kind != "new"],
        [line.text for line in found.lines if line.kind != "old"],
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_difference_is_of_its_texts_and_no_longer_than_needed(seed: int) -> None:
    """Both texts can be read from it, with their numbers; difflib finds none with more equal lines."""
    some = random.Random(seed)
    old = [str(some.randrange(6)) for _ in range(some.randrange(30))]
    new = [line for line in old if some.random() > 0.3]
    for _ in range(some.randrange(8)):
        new.insert(some.randrange(len(new) + 1), str(some.randrange(6)))

    found = difference_of("\n".join(old), "\n".join(new), whole=True)

    assert (old, new) == sides(found)
    assert [*range(1, len(old) + 1)] == [line.old for line in found.lines if line.old is not None]
    assert [*range(1, len(new) + 1)] == [line.new for line in found.lines if line.new is not None]
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    assert len(found.lines) - found.removed - found.added >= sum(block.size for block in blocks)
    assert not found.rough


def test_lines_far_from_changes_are_left_out() -> None:
    """One changed line of a long file is seen at once, with what stands around it."""
    old = [f"line {place}" for place in range(1000)]
    new = [*old[:500], "another", *old[501:]]

    found = difference_of("\n".join(old), "\n".join(new))

    assert ["gap", *["same"] * 3, "old", "new", *["same"] * 3, "gap"] == [line.kind for line in found.lines]
    assert ("497 equal lines", "496 equal lines") == (found.lines[0].text, found.lines[-1].text)
    assert (501, 501) == (found.lines[4].old, found.lines[5].new)
    assert difference_of("same\n", "same\n").equal


def test_texts_that_differ_in_all_lines_take_no_longer() -> None:
    """The work has a bound, and the page says that lines were not matched, and how many it leaves out."""
    old, new = ("\n".join(f"{kind} {place % 9}" for place in range(MAX_LINES + 5)) for kind in ("a", "b"))

    began = time.process_time()
    found = difference_of(old, new)

    assert time.process_time() - began < 2
    assert (True, True, MAX_LINES) == (found.rough, found.cut, found.removed)
    assert (MAX_SHOWN, 2 * MAX_LINES - MAX_SHOWN) == (len(found.lines), found.hidden)
    few = "\n".join(map(str, range(MAX_CHANGES // 2)))
    assert not difference_of(few, few.replace("\n", " \n")).rough


PATCH = """# not contained: .env
diff --git a/train.py b/train.py
index 1..2 100644
--- a/train.py
+++ b/train.py
@@ -1,3 +1,3 @@
 import model
-rate = 0.1
+rate = {rate}
 epochs = 3
@@ -20,2 +20,3 @@ def step():
 a
+{extra}
 b
diff --git a/new.py b/new.py
new file mode 100644
--- /dev/null
+++ b/new.py
@@ -0,0 +1,2 @@
+one
+two
\\ No newline at end of file
"""


def test_patches_of_one_commit_are_compared_by_what_they_make() -> None:
    """Lines that only one patch shows are the committed ones in the other; no line of a patch is taken for code."""
    (old, named), (new, _) = (changes_of(PATCH.format(rate=rate, extra="x")) for rate in ("0.2", "0.3"))

    assert ((".env",), ["train.py", "new.py"]) == (named, [*old])
    assert made_of(old["train.py"], new["train.py"]).split("\n") == [
        "import model", "rate = 0.2", "epochs = 3", GAP, "a", "x", "b",
    ]  # fmt: skip
    assert "one\ntwo" == made_of(old["new.py"], None)
    assert "" == made_of(None, old["new.py"])
    assert "import model\nrate = 0.1\nepochs = 3" in made_of(None, old["train.py"])
    changed = difference_of(made_of(old["train.py"], new["train.py"]), made_of(new["train.py"], old["train.py"]))
    assert [("old", "rate = 0.2"), ("new", "rate = 0.3")] == [
        (line.kind, line.text) for line in changed.lines if line.kind in ("old", "new")
    ]


@pytest.mark.parametrize(
    "patch", ["", "nonsense\n+x\n", "diff --git \n@@ -9999999999999 +1 @@\n+x", "@@ -1 +1 @@\n-a\n+b"]
)
def test_what_is_no_patch_does_no_harm(patch: str) -> None:
    """Anyone may have sent it."""
    files, _ = changes_of(patch)

    assert all(isinstance(made_of(change, None), str) for change in files.values())
