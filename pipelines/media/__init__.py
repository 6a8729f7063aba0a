"""Recordings opened: sound, pictures that matter, text on the screen, subtitles."""
