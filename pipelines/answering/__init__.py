"""From a question and passages to an answer whose sentences are marked, proved and safe."""
