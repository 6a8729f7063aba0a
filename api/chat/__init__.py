"""Asking and answering: turns, the stored answer, exports, language models as they are set."""
