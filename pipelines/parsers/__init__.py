"""Every parser, in one list: a file per kind of source, a line here.

Importing this loads no heavy library; a parser does when it parses.
"""

from pipelines.errors import UnsupportedType
from pipelines.parsers.contract import Parser
from pipelines.parsers.epub import EpubParser
from pipelines.parsers.mail.email import EmailParser
from pipelines.parsers.mail.outlook import OutlookParser
from pipelines.parsers.office.docx import DocxParser
from pipelines.parsers.office.pptx import PptxParser
from pipelines.parsers.pdf.parser import PdfParser
from pipelines.parsers.pictures import ImageParser
from pipelines.parsers.recordings.parser import AudioParser, VideoParser
from pipelines.parsers.sheets.parser import CsvParser, XlsxParser
from pipelines.parsers.text import TextParser
from pipelines.parsers.web.page import HtmlParser, MarkdownParser
from pipelines.parsers.xml import XmlParser
from pipelines.types import SourceType

PARSERS: list[Parser] = [
    PdfParser(),
    ImageParser(),
    VideoParser(),
    AudioParser(),
    DocxParser(),
    PptxParser(),
    XlsxParser(),
    CsvParser(),
    MarkdownParser(),
    TextParser(),
    HtmlParser(),
    EmailParser(),
    EpubParser(),
    OutlookParser(),
    XmlParser(),
]


def parser_for(media_type: str) -> Parser:
    """The parser of such files; UnsupportedType when there is none."""
    for parser in PARSERS:
        if media_type in parser.media_types:
            return parser
    raise UnsupportedType(
        f"Files of the type {media_type} can't be read. Upload a PDF, picture, video, recording, "
        "Word, PowerPoint, Excel, CSV, Markdown, text, HTML or XML file, an e-mail (.eml, .msg) "
        "or an EPUB."
    )


def source_type_of(media_type: str) -> SourceType | None:
    """The type of source that such a file becomes; None when nobody parses it."""
    for parser in PARSERS:
        if media_type in parser.media_types:
            return parser.source_type
    return None
