"""Opens office files (Office Open XML, ECMA-376) that may be out to harm.

An office file is a zip of XML. Before a library sees it, every member is measured against what it
claims and against limits, and XML that declares a document type is refused: the standard forbids
it, and entities that read files or explode begin there. Nothing is extracted to disk, and no
external relationship is followed by any library used here.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import IO

from pipelines.errors import PasswordRequired, SourceTooLarge, SourceUnreadable, WrongPassword

MAX_MEMBERS = 20_000
MAX_TOTAL_BYTES = 1024 * 2**20
MAX_XML_BYTES = 128 * 2**20
"""Of one XML member that is parsed into a tree: about a tenth of the memory the tree takes."""
MAX_RATIO = 250
RATIO_FLOOR = 8 * 2**20
"""Small members may be as compressible as they like."""

PIXEL = 9_525
"""English Metric Units, in which office files measure, to a pixel of 96 to the inch."""

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BLOCK = 1 << 20
_DOCUMENT_TYPES = tuple(
    declaration.encode(encoding)
    for declaration in ("<!DOCTYPE", "<!ENTITY")
    for encoding in ("ascii", "utf-16-le", "utf-16-be")
)


def open_package(path: Path, password: str | None, *, xml_limit: int = MAX_XML_BYTES) -> IO[bytes]:
    """The checked office file, decrypted when it has a password; the caller closes it.

    `xml_limit` bounds one XML member in bytes. Raises PasswordRequired, WrongPassword,
    SourceTooLarge or SourceUnreadable.
    """
    file: IO[bytes] = path.open("rb")
    try:
        if file.read(8) == _COMPOUND:
            encrypted, file = file, _decrypted(file, password)
            encrypted.close()
        _check(file, xml_limit)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def is_sizeable(width: int, height: int, page: int = 0) -> bool:
    """Whether a picture of this size, in EMU, is more than a logo: 200 x 100 pixels either way
    round, or a tenth of the area `page`."""
    short, long = sorted((width, height))
    large = short >= 100 * PIXEL and long >= 200 * PIXEL
    return large or 0 < page <= 10 * width * height


def _decrypted(file: IO[bytes], password: str | None) -> IO[bytes]:
    from msoffcrypto import OfficeFile, exceptions

    file.seek(0)
    try:
        office = OfficeFile(file)
        if not office.is_encrypted():
            raise SourceUnreadable(
                "This is an office file of the format before 2007. "
                "Save it as .docx, .pptx or .xlsx and upload that."
            )
        if not password:
            raise PasswordRequired("The file is protected by a password. Give it, or remove it.")
        plain = io.BytesIO()
        office.load_key(password=password, verify_password=True)
        office.decrypt(plain)
    except exceptions.InvalidKeyError as exc:
        raise WrongPassword("The password does not open this file.") from exc
    except (exceptions.FileFormatError, exceptions.DecryptionError, exceptions.ParseError) as exc:
        raise SourceUnreadable("The file is not an office document that can be opened.") from exc
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as exc:
        # Broken compound files fail wherever the library first trips over them.
        raise SourceUnreadable("The file is a damaged office document.") from exc
    return plain


def _check(file: IO[bytes], xml_limit: int) -> None:
    try:
        with zipfile.ZipFile(file) as package:
            members = package.infolist()
            _check_claims(members, xml_limit)
            for member in members:
                if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _check_xml(package, member)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as exc:
        raise SourceUnreadable(
            "The office file is damaged: its parts can't be unpacked. Save it again and upload it."
        ) from exc
    except RuntimeError as exc:
        # zipfile's word for a member under a zip password, which no office program writes.
        raise SourceUnreadable("The office file's parts are encrypted one by one.") from exc


def _check_claims(members: list[zipfile.ZipInfo], xml_limit: int) -> None:
    """Sizes as the zip's directory tells them; zipfile never yields more of a member than that."""
    if len(members) > MAX_MEMBERS:
        raise SourceTooLarge(f"The office file has {len(members):,} parts; that is no document.")
    if len({member.header_offset for member in members}) != len(members):
        raise SourceUnreadable("The office file's parts lie over one another.")
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if total > MAX_TOTAL_BYTES:
        raise SourceTooLarge(
            f"The office file unpacks to {total / 2**20:,.0f} MiB; "
            f"{MAX_TOTAL_BYTES / 2**20:,.0f} MiB is the most that is read."
        )
    for member in members:
        xml = member.filename.lower().endswith((".xml", ".rels"))
        if xml and member.file_size > xml_limit:
            raise SourceTooLarge(
                f"A part of the office file unpacks to {member.file_size / 2**20:,.0f} MiB; "
                f"{xml_limit / 2**20:,.0f} MiB is the most that is read. Split the document."
            )
        if member.file_size > RATIO_FLOOR and member.file_size > MAX_RATIO * member.compress_size:
            raise SourceTooLarge("The office file unpacks to far more than a document holds.")
    if total > RATIO_FLOOR and total > MAX_RATIO * max(packed, 1):
        raise SourceTooLarge("The office file unpacks to far more than a document holds.")


def _check_xml(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Unpacks a member block by block, so that a false claim or a broken stream shows itself."""
    carried = b""
    with package.open(member) as stream:
        while block := stream.read(_BLOCK):
            window = carried + block
            if any(declaration in window for declaration in _DOCUMENT_TYPES):
                raise SourceUnreadable(
                    "The office file declares an XML document type, which none may. "
                    "It was made to attack what opens it."
                )
            carried = window[-32:]
