"""The application's background half: one thin task per file."""
