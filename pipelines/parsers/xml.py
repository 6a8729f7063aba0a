"""XML files, through unstructured: the text inside their elements, in the order of the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import SourceUnreadable
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.located_text import PlainText, read_limited, sections
from pipelines.parsers.unstructured_setup import prepare_unstructured
from pipelines.types import ParseWarning, Part, SourceType

MAX_XML_BYTES = 16 * 2**20

_ENTITY = tuple("<!ENTITY".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_PARTLY = ParseWarning(
    code="xml_partly_read",
    message="Of an XML file the text inside elements is read. This one also has attributes, or "
    "text after an inner element, which were not read. Save it as HTML or text to have all of it.",
)


class XmlParser:
    """Data in XML. Files that declare entities are refused: they read files, or explode."""

    source_type: SourceType = "document"
    media_types = frozenset({"application/xml"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        data = read_limited(path, MAX_XML_BYTES)
        if any(declaration in data for declaration in _ENTITY):
            raise SourceUnreadable(
                "The XML file declares entities, which can be made to attack what opens it. "
                "Save it without them."
            )
        prepare_unstructured()
        from lxml import etree
        from unstructured.partition.xml import partition_xml

        try:
            elements = partition_xml(file=io.BytesIO(data), languages=[""])
            warnings = [_PARTLY] if _holds_more(data) else []
        except etree.XMLSyntaxError as exc:
            raise SourceUnreadable(
                "The file is no well-formed XML. Save it again, or save it as text."
            ) from exc
        plain = PlainText()
        segments = [segment for element in elements for segment in plain.add(element.text)]
        yield from sections(segments, plain, options, facts={}, warnings=warnings)


def _holds_more(data: bytes) -> bool:
    """Whether there is text in attributes or after inner elements."""
    from lxml import etree

    for _, node in etree.iterparse(io.BytesIO(data), resolve_entities=False, no_network=True):
        if node.attrib or any((child.tail or "").strip() for child in node):
            return True
        node.clear(keep_tail=True)
    return False
