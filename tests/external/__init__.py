"""Tests of external."""
