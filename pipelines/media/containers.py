"""Containers of recordings that cameras, broadcasters, recorders and older programs write, told by
their first bytes.

Only the standard library, so that the API can ask before anything is queued.
"""

from __future__ import annotations

from dataclasses import dataclass

HEADER_BYTES = 64 * 1024
"""Of a file, that tell its container."""

_ASF = bytes.fromhex("3026b2758e66cf11")
_ASF_SOUND = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_ASF_PICTURES = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")
"""Types of streams in the header (Advanced Systems Format Specification, section 10.2)."""
_TS_PACKETS = ((188, 0), (192, 4))
"""Bytes from one packet to the next and where the first begins: .ts, and .m2ts with its clock."""
_TS_FIRST = 5
"""Packets that must look like ones; of a shorter file all."""


@dataclass(frozen=True)
class Container:
    """`demuxer` is ffmpeg's, `name` is for people."""

    demuxer: str
    name: str
    media_type: str


_MAGIC: tuple[tuple[bytes, Container], ...] = (
    (b"FLV\x01", Container("flv", "Flash Video", "video/x-flv")),
    (b"\x00\x00\x01\xba", Container("mpeg", "MPEG", "video/mpeg")),
    (b"#!AMR\n", Container("amr", "AMR", "audio/amr")),
    (b"#!AMR-WB\n", Container("amr", "AMR", "audio/amr-wb")),
    (b"caff\x00\x01", Container("caf", "Core Audio", "audio/x-caf")),
)
_WMV = Container("asf", "Windows Media", "video/x-ms-asf")
_WMA = Container("asf", "Windows Media", "audio/x-ms-wma")
_AIFF = Container("aiff", "AIFF", "audio/aiff")
_AC3 = Container("ac3", "AC-3", "audio/ac3")
_TS = Container("mpegts", "MPEG-TS", "video/mp2t")


def container_by_header(head: bytes) -> Container | None:
    """The container that a file with this header is; None if it is none of these."""
    for magic, container in _MAGIC:
        if head.startswith(magic):
            return container
    if head.startswith(_ASF):
        return _WMA if _ASF_SOUND in head and _ASF_PICTURES not in head else _WMV
    if head.startswith(b"FORM") and head[8:12] in {b"AIFF", b"AIFC"}:
        return _AIFF
    if _is_ac3(head):
        return _AC3
    return _TS if _is_transport_stream(head) else None


def _is_ac3(head: bytes) -> bool:
    """A frame and another within the length that one has at most (ATSC A/52, section 5.3)."""
    if not head.startswith(b"\x0b\x77") or len(head) < 6:
        return False
    rate, size, version = head[4] >> 6, head[4] & 0x3F, head[5] >> 3
    return rate != 3 and size < 38 and version <= 8 and b"\x0b\x77" in head[128:3842]


def _is_transport_stream(head: bytes) -> bool:
    """Packets that begin with G, as text may at any place, but hold zeros, as no text does
    (ISO/IEC 13818-1, section 2.4.3.2)."""
    for step, first in _TS_PACKETS:
        window = head[: step * _TS_FIRST]
        packets = [window[at : at + 4] for at in range(first, len(window) - 3, step)]
        if packets and b"\x00" in window and all(map(_is_packet, packets)):
            return True
    return False


def _is_packet(four: bytes) -> bool:
    """Whole, not scrambled, and with something in it."""
    is_whole, is_open = not four[1] & 0x80, not four[3] & 0xC0
    return four[0] == 0x47 and is_whole and is_open and bool(four[3] & 0x30)
