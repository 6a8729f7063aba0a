"""Tests: they enter by the front door and read back."""

import pytest

# What these check reads in a failure as if it stood in the test.
pytest.register_assert_rewrite(
    "tests.support.parsed_documents",
    "tests.support.refusals",
    "tests.support.whole_lists",
    "tests.support.pictures",
)
