"""Size, weight and name of the fonts that a page's text is set in."""

from __future__ import annotations

import ctypes
import re
from functools import lru_cache
from typing import Any

_FORCE_BOLD = 1 << 18
"""Of a font descriptor's flags (ISO 32000-1, table 123)."""
_BOLD_NAME = re.compile(rb"bold|black|heavy|demi|medi$|^(?:cm|sf|ec)bx", re.IGNORECASE)
_MONOSPACED_NAME = re.compile(rb"courier|mono|consol|typewriter|menlo|cmtt|letter ?gothic", re.I)


def font_of(textpage: Any, index: int) -> tuple[bool, bytes]:
    """Whether a character's font is bold, and the font's name as far as the file tells."""
    import pypdfium2.raw as raw

    flags = ctypes.c_int()
    buffer = ctypes.create_string_buffer(128)
    written = raw.FPDFText_GetFontInfo(textpage, index, buffer, len(buffer), flags)
    name = buffer.value if 0 < written <= len(buffer) else b""
    return _bold_name(name) or bool(flags.value & _FORCE_BOLD), name


@lru_cache(maxsize=256)
def _bold_name(name: bytes) -> bool:
    return bool(_BOLD_NAME.search(name))


@lru_cache(maxsize=256)
def is_monospaced(font: bytes) -> bool:
    """Whether a font's name says that all its characters are equally wide."""
    return bool(_MONOSPACED_NAME.search(font))
