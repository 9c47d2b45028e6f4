"""Command lines as RELION puts them together become those that a parser takes."""

import shlex

import pytest

from cryoice.relion_call import plain_words

KNOWN = {"--o", "--in_mics", "--max_bad", "--threshold", "--j"}
FLAGS = {"--from_box": None, "--overlay": "--no_overlay", "--no_overlay": "--overlay"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("--o External/job010/ --in_mics a.star --j 4", "--o External/job010/ --in_mics a.star --j 4"),
        ("--threshold  --max_bad 0.2 --j 1", "--max_bad 0.2 --j 1"),
        ("--max_bad '' --j 1 --threshold", "--j 1"),
        ("--max_bad ' ' --j 1", "--j 1"),
        ("--max-bad 0.2", "--max_bad 0.2"),
        ("--max_bad -1", "--max_bad -1"),
        ("--max_bad=0.2", "--max_bad=0.2"),
        ("--from_box --j 1", "--from_box --j 1"),
        ("--from_box Yes --j 1", "--from_box --j 1"),
        ("--from_box No --j 1", "--j 1"),
        ("--overlay No --from-box true", "--no_overlay --from_box"),
        ("--overlay '' --j 1", "--overlay --j 1"),
        ("--no-overlay --j 1", "--no_overlay --j 1"),
        ("--no_overlay Yes --j 1", "--no_overlay --j 1"),
        ("--no-overlay No --j 1", "--overlay --j 1"),
        ("--tresh 0.2 --j 1", "--tresh 0.2 --j 1"),
        ("--help", "--help"),
    ],
)
def test_a_field_without_a_value_is_not_given(typed, expected):
    assert list(plain_words(shlex.split(typed), known=KNOWN, flags=FLAGS)) == shlex.split(expected)
