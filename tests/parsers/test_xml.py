"""XML files: the text inside their elements; what is not read is told, and attacks are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import SourceUnreadable
from pipelines.types import Part
from tests.support.client import Client
from tests.support.parsed_documents import check_places, check_resumes, parse, told

RUN = "<?xml version='1.0'?>\n<run><device>Pump 7</device><note>Ran at 4.2 bar.</note></run>"


def save(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run.xml"
    path.write_text(text)
    return path


def warned(parts: list[Part]) -> list[str]:
    return [warning.code for part in parts for warning in part.warnings]


def test_the_text_of_elements_is_read(tmp_path: Path) -> None:
    path = save(tmp_path, RUN)
    parts = parse(path)
    assert told(parts) == [("text", None, "Pump 7"), ("text", None, "Ran at 4.2 bar.")]
    assert warned(parts) == []
    check_places(parts)
    check_resumes(path, parts)


@pytest.mark.parametrize("more", ["<value unit='bar'>4.2</value>", "<p>a <b>c</b> lost</p>"])
def test_what_is_not_read_is_told(tmp_path: Path, more: str) -> None:
    assert warned(parse(save(tmp_path, f"<?xml version='1.0'?><run>{more}</run>"))) == [
        "xml_partly_read"
    ]


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r>&e;</r>',
        "<?xml version='1.0'?><run><device>Pump",
        "<?xml version='1.0'?>" + "<a>" * 5000 + "x" + "</a>" * 5000,
    ],
)
def test_attacks_and_broken_files_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceUnreadable) as caught:
        parse(save(tmp_path, text))
    assert "root:" not in str(caught.value)


def test_an_uploaded_xml_file_answers(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(instrument, "run.xml", RUN.encode())
    assert (source["type"], source["media_type"]) == ("document", "application/xml")
    turn = admin.ask(instrument, "At how many bar did it run?")
    assert "4.2 bar" in turn["citations"][0]["quote"]
