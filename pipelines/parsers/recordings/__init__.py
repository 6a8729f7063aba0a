"""Video and audio: what is said, with its seconds, and what is written in the pictures."""
