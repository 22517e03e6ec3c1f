"""Command lines as they are recorded: what looks like a secret is not."""

import shlex

import pytest

from runyard.core.command_line import MAX_WORD, masked, masked_text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("train.py --password hunter2 --lr 0.1", "train.py --password *** --lr 0.1"),
        ("train.py --password=hunter2", "train.py --password=***"),
        ("train.py --password -hunter2", "train.py --password ***"),
        ("train.py --hf-token --verbose x", "train.py --hf-token --verbose x"),
        ("train.py --API_KEY abc --db.pwd x", "train.py --API_KEY *** --db.pwd ***"),
        ("train.py token=abc AWS_SECRET_ACCESS_KEY=b lr=3", "train.py token=*** AWS_SECRET_ACCESS_KEY=*** lr=3"),
        ("train.py https://ada:secret@example.org/x", "train.py https://example.org/x"),
        ("train.py --store=https://ada:secret@example.org/x", "train.py --store=https://example.org/x"),
        ("train.py 'https://example.org/x?token=abc&n=1'", "train.py 'https://example.org/x?token=***&n=1'"),
        ("python -c 'login(password=\"hunter2\", n=1)'", "python -c 'login(password=\"***\", n=1)'"),
        ("curl -H 'x-api-key: abc'", "curl -H 'x-api-key: ***'"),
    ],
)
def test_secrets_are_masked(line: str, shown: str) -> None:
    """In options, assignments, addresses and texts."""
    assert masked(shlex.split(line)) == shlex.split(shown)


@pytest.mark.parametrize(
    "line",
    [
        "train.py --max-tokens 512 --num_tokens=4 --tokenizer bert --token-count 3 --n-tokens 5",
        "train.py --keyboard us --author ada --compass north --key id",
        "python -c 'max_tokens=512; tokenizer = load(); token = None'",
    ],
)
def test_settings_that_only_sound_alike_stay(line: str) -> None:
    """Language models count tokens."""
    assert masked(shlex.split(line)) == shlex.split(line)


def test_a_long_program_is_cut() -> None:
    """`python -c` takes a whole one."""
    assert len(masked(["-c", "x = 1\n" * 10_000])[1]) == MAX_WORD + 1
    assert masked_text("") == ""
