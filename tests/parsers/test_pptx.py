"""Slides as their parser reads them: each a part, with its number, its tables and its notes."""

from __future__ import annotations

import io
from copy import deepcopy
from pathlib import Path
from typing import Any

import pptx
from lxml import etree
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from tests.support.parsed_documents import check_places, check_resumes, parse, told


def test_pptx_tells_the_slide(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    for number in (1, 2, 3):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Step {number}"
        slide.placeholders[1].text = f"-{number} V"
        slide.notes_slide.notes_text_frame.text = f"Say this at {number}."
    grid = slide.shapes.add_table(2, 2, 0, Inches(5), Inches(4), Inches(1)).table
    for index, text in enumerate(("Part", "Price", "Bolt", "2 EUR")):
        grid.cell(index // 2, index % 2).text = text
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("Sold", (1234567, 0.5))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(3), Inches(3), data)
    path = tmp_path / "deck.pptx"
    deck.save(path)
    parts = parse(path)
    assert [(part.start, part.stop, part.total, part.unit) for part in parts] == [
        (0, 1, 3, "slides"),
        (1, 2, 3, "slides"),
        (2, 3, 3, "slides"),
    ]
    assert told(parts[2:]) == [
        ("title", 1, "Step 3"),
        ("text", None, "-3 V"),
        ("table", None, "Part | Price\nBolt | 2 EUR"),
        ("table", None, " | Sold\nQ1 | 1234567\nQ2 | 0.5"),
        ("text", None, "Say this at 3."),
    ]
    for number, part in enumerate(parts, start=1):
        anchors = {locator.anchor for s in part.segments for locator in s.locators}
        assert anchors == {f"#slide-{number}"}
    check_places(parts)
    check_resumes(path, parts)


def test_a_slide_of_pictures_says_that_they_were_not_read(tmp_path: Path) -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_picture(picture, 0, 0)
    path = tmp_path / "picture.pptx"
    deck.save(path)
    (part,) = parse(path)
    assert part.segments == ()
    assert [(w.code, w.place) for w in part.warnings] == [("pictures_not_read", "slide 1")]


def test_a_picture_beside_text_is_told_unless_it_is_a_logo(tmp_path: Path) -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (300, 200)).save(picture, "PNG")
    deck = pptx.Presentation()
    for width in (0.5, 4):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = "The hall"
        slide.shapes.add_picture(picture, 0, Inches(2), Inches(width))
    path = tmp_path / "hall.pptx"
    deck.save(path)
    warnings = [(w.code, w.place) for part in parse(path) for w in part.warnings]
    assert warnings == [("pictures_not_read", "slide 2")]


def test_numbers_exponents_and_equations_of_a_slide_are_read(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Steps"
    frame = slide.placeholders[1].text_frame
    frame.text = "Open"
    for level, text in ((1, "slowly"), (1, "fully"), (0, "Fill to 10"), (0, "F is ")):
        paragraph = frame.add_paragraph()
        paragraph.text, paragraph.level = text, level
    for paragraph in frame.paragraphs[:4]:
        kind = ("arabicPeriod", "alphaLcParenR")[paragraph.level]
        properties = paragraph._p.get_or_add_pPr()
        etree.SubElement(properties, f"{A}buAutoNum", type=kind)
    raised = frame.paragraphs[3].add_run()
    raised.text = "5"
    raised.font._element.set("baseline", "30000")
    frame.paragraphs[4]._p.append(etree.fromstring(EQUATION))
    path = tmp_path / "steps.pptx"
    deck.save(path)
    parts = parse(path)
    assert [text for _, _, text in told(parts)] == [
        "Steps",
        "1. Open",
        "a) slowly",
        "b) fully",
        "2. Fill to 10⁵",
        "F is m·a",
    ]
    check_places(parts)


A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
EQUATION = """<mc:AlternateContent
 xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
 xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main"
 xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"
 xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><mc:Choice Requires="a14">
 <a14:m><m:oMath><m:r><m:t>m·a</m:t></m:r></m:oMath></a14:m></mc:Choice><mc:Fallback><a:r><a:t>
 picture</a:t></a:r></mc:Fallback></mc:AlternateContent>"""


def test_a_scatter_chart_tells_its_points_and_axes(tmp_path: Path) -> None:
    data = XyChartData()
    series = data.add_series("Pump")
    series.add_data_point(1.5, 20)
    series.add_data_point(2, 25.5)
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    kind = XL_CHART_TYPE.XY_SCATTER
    chart = slide.shapes.add_chart(kind, 0, 0, Inches(3), Inches(3), data).chart
    chart.value_axis.axis_title.text_frame.text = "Pressure / bar"
    path = tmp_path / "scatter.pptx"
    deck.save(path)
    parts = parse(path)
    assert told(parts) == [
        ("caption", None, "Axis: Pressure / bar"),
        ("table", None, "Series | x | y\nPump | 1.5 | 20\nPump | 2 | 25.5"),
    ]
    check_places(parts)


def test_shapes_are_read_from_the_top_down_and_groups_stay_together(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])

    def box(shapes: Any, top: float, text: str) -> None:
        shapes.add_textbox(0, Inches(top), Inches(1), Inches(1)).text_frame.text = text

    box(slide.shapes, 6, "last")
    box(slide.shapes, 0, "first")
    group = slide.shapes.add_group_shape()
    box(group.shapes, 5, "second of the group")
    box(group.shapes, 4, "first of the group")
    box(slide.shapes, 4.5, "beside the group")
    slide.shapes.title.text = "The title"
    path = tmp_path / "order.pptx"
    deck.save(path)
    assert [text for _, _, text in told(parse(path))] == [
        "The title",
        "first",
        "first of the group",
        "second of the group",
        "beside the group",
        "last",
    ]


def test_a_shape_that_is_drawn_in_two_ways_is_read_once(tmp_path: Path) -> None:
    """PowerPoint puts a shape that holds an equation beside a picture of it."""
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    frame = slide.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame
    frame.text = "It is "
    frame.paragraphs[0]._p.append(etree.fromstring(EQUATION)[0][0])
    shape = slide.shapes[0]._element
    both = etree.fromstring(
        f'<mc:AlternateContent xmlns:mc="{MC}"><mc:Choice Requires="a14"/><mc:Fallback/>'
        "</mc:AlternateContent>"
    )
    shape.addprevious(both)
    both[1].append(deepcopy(shape))
    both[0].append(shape)
    path = tmp_path / "equation.pptx"
    deck.save(path)
    assert told(parse(path)) == [("text", None, "It is m·a")]


MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def test_bullets_merged_cells_and_what_pictures_show(tmp_path: Path) -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    frame = slide.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame
    frame.text = "Open it"
    etree.SubElement(frame.paragraphs[0]._p.get_or_add_pPr(), f"{A}buChar", char="•")
    grid = slide.shapes.add_table(3, 2, 0, Inches(2), Inches(4), Inches(1)).table
    for index, text in enumerate(("Part", "Size", "Bolt", "M8", "", "M10")):
        grid.cell(index // 2, index % 2).text = text
    grid.cell(1, 0).merge(grid.cell(2, 0))
    shown = slide.shapes.add_picture(picture, 0, Inches(5))
    shown._element.nvPicPr.cNvPr.set("descr", "The pump, opened")
    slide.shapes.add_picture(picture, 0, Inches(6))
    path = tmp_path / "bullets.pptx"
    deck.save(path)
    assert told(parse(path)) == [
        ("list_item", None, "• Open it"),
        ("table", None, "Part | Size\nBolt | M8\nBolt | M10"),
        ("caption", None, "The pump, opened"),
    ]
