"""Tests: they enter by the front door and read back."""

import pytest

# What these check reads in a failure as if it stood in the test.
pytest.register_assert_rewrite(
    "tests.parsed_documents", "tests.refusals", "tests.whole_lists", "tests.pictures"
)
