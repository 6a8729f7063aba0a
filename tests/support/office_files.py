"""Office files made for the tests, and a way to put anything into them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import docx
import openpyxl


def add_member(path: Path, name: str, data: bytes | str) -> None:
    """Replaces or adds one member of an office file."""
    with zipfile.ZipFile(path) as package:
        members = {n: package.read(n) for n in package.namelist() if n != name}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for member, content in members.items():
            package.writestr(member, content)
        package.writestr(name, data)


def save_manual(path: Path) -> Path:
    """A Word document with headings, a list, a table and a running head."""
    document = docx.Document()
    document.core_properties.title = "Pump manual"
    document.core_properties.author = "A. Writer"
    document.sections[0].header.paragraphs[0].text = "Document no. PM-7"
    document.add_heading("Pump", level=1)
    document.add_paragraph("-40 to 85 °C is the range in which the pump may be used.")
    document.add_heading("Start", level=2)
    document.add_paragraph("Open the valve", style="List Number")
    document.add_paragraph("Press start", style="List Number")
    table = document.add_table(3, 2)
    for row, cells in enumerate((("Part", "Torque"), ("Bolt", "12 Nm"), ("Nut", "9 Nm"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    document.save(path)
    return path


def save_parts(path: Path) -> Path:
    """A workbook of 1,200 rows, and a second sheet with a formula that nobody has computed."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Parts"
    sheet.append(["Spare parts of the pump"])
    sheet.append([])
    sheet.append(["Name", "Qty", "Share"])
    for number in range(1, 1201):
        sheet.append([f"bolt {number}", number + 0.5, 0.125])
        sheet.cell(number + 3, 3).number_format = "0.0%"
    other = book.create_sheet("Q1 'draft'")
    other["C3"], other["D3"] = "k", 5
    other["C4"] = "=D3*2"
    book.save(path)
    return path
