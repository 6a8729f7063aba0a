"""Answering with the sources' own sentences, rows and steps: which to quote, and in what order."""
