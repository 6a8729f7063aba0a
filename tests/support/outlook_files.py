"""Outlook's .msg files made for the tests: properties (MS-OXMSG) in a compound file (MS-CFB)."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

Tree = dict[str, Any]
"""Name -> bytes of a stream (fewer than 4,096), or the tree of a storage."""

_NONE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STRING, _BINARY, _TIME = 0x001F, 0x0102, 0x0040
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def save_mail(path: Path, *, body: str, html: bytes = b"", attached: dict[str, bytes]) -> Path:
    """An e-mail about the pump with attachments."""
    sent = datetime(2024, 3, 5, 8, 30, tzinfo=UTC)
    root = storage(
        32,
        {
            0x0037: "The pump",
            0x0039: sent,
            0x0C1A: "Åsa Öst",
            0x0C1F: "asa@example.com",
            0x1000: body,
            0x1013: html,
        },
    )
    root["__recip_version1.0_#00000000"] = storage(8, {0x39FE: "support@example.com"})
    for index, (name, data) in enumerate(attached.items()):
        root[f"__attach_version1.0_#{index:08X}"] = storage(8, {0x3707: name, 0x3701: data})
    path.write_bytes(compound(root))
    return path


def storage(header: int, values: dict[int, str | bytes | datetime]) -> Tree:
    """A storage with its properties, whose list begins after `header` bytes."""
    tree: Tree = {}
    listed = bytes(header)
    for pid, value in values.items():
        if isinstance(value, datetime):
            ticks = int((value - _EPOCH).total_seconds()) * 10_000_000
            listed += struct.pack("<HHIQ", _TIME, pid, 6, ticks)
            continue
        kind = _STRING if isinstance(value, str) else _BINARY
        data = value.encode("utf-16-le") if isinstance(value, str) else value
        if data:
            listed += struct.pack("<HHIQ", kind, pid, 6, len(data))
            tree[f"__substg1.0_{pid:04X}{kind:04X}"] = data
    tree["__properties_version1.0"] = listed
    return tree


def compound(tree: Tree) -> bytes:
    """The compound file of a tree; all streams lie in its mini stream."""
    entries: list[list[Any]] = []
    mini, mini_fat = bytearray(), []

    def add(name: str, kind: int, content: Tree | bytes) -> int:
        entry = [name, kind, _NONE, _NONE, _END if kind == 2 else 0, 0]
        entries.append(entry)
        at = len(entries) - 1
        if isinstance(content, bytes):
            count = -(-len(content) // 64)
            entry[4:] = len(mini) // 64 if count else _END, len(content)
            mini_fat.extend([len(mini) // 64 + i + 1 for i in range(count - 1)] + [_END][:count])
            mini.extend(content.ljust(count * 64, b"\0"))
            return at
        kids = [add(n, 1 if isinstance(c, dict) else 2, c) for n, c in content.items()]
        entry[3] = kids[0] if kids else _NONE
        for left, right in pairwise(kids):
            entries[left][2] = right
        return at

    add("Root Entry", 5, tree)
    directories = -(-len(entries) // 4)
    minis = -(-len(mini) // 512)
    mini_fats = -(-len(mini_fat) // 128)
    first = 1 + directories + mini_fats
    entries[0][4:] = first, len(mini)
    chains = [directories, mini_fats, minis]
    fat, start = [_FAT], 1
    for length in chains:
        fat += [*range(start + 1, start + length), _END]
        start += length
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, 1 + directories, mini_fats, _END, 0)
    header += struct.pack("<109I", 0, *[_NONE] * 108)
    listed = b"".join(map(_entry, entries)).ljust(directories * 512, b"\0")
    return b"".join((header, _table(fat), listed, _table(mini_fat), mini.ljust(minis * 512, b"\0")))


def _entry(entry: list[Any]) -> bytes:
    name, kind, right, child, start, size = entry
    coded = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<HBB3I", len(coded), kind, 1, _NONE, right, child)
    return coded.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)


def _table(numbers: list[int]) -> bytes:
    data = struct.pack(f"<{len(numbers)}I", *numbers)
    return data.ljust(-(-len(data) // 512) * 512, b"\xff")
