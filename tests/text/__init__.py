"""Tests of words, sentences and languages."""
