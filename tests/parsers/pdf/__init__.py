"""Tests of parsers/pdf."""
