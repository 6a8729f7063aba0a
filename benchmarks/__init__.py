"""Measurements against the third-party corpus beside the checkout and against other libraries."""
