"""Web pages and Markdown: the tree is made ready (`tree`), then walked once (`walk`)."""
