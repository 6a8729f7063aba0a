"""From an uploaded or fetched file to a source, and its way out again."""
