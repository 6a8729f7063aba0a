"""The manual's line drawings, as reportlab Drawings; sizes in points."""

from __future__ import annotations

from reportlab.graphics.shapes import (
    Circle,
    Drawing,
    Group,
    Line,
    Path,
    Polygon,
    PolyLine,
    Rect,
    String,
)
from reportlab.lib.colors import Color, HexColor, white

INK = HexColor("#1d2b33")
TEAL = HexColor("#0f6b74")
PALE = HexColor("#dcebec")
STEEL = HexColor("#b9c4c9")
SHADE = HexColor("#eef2f3")
AMBER = HexColor("#d98a1f")
FONT = "Vera"


def _text(
    x: float, y: float, text: str, size: float = 7, anchor: str = "start", color: Color = INK
) -> String:
    return String(x, y, text, fontName=FONT, fontSize=size, textAnchor=anchor, fillColor=color)


def _box(x: float, y: float, width: float, height: float, fill: Color, radius: float = 0) -> Rect:
    return Rect(
        x, y, width, height, rx=radius, ry=radius, fillColor=fill, strokeColor=INK, strokeWidth=0.9
    )


def _arrow(x0: float, y0: float, x1: float, y1: float, color: Color = INK) -> Group:
    """A horizontal or vertical dimension line with heads at both ends."""
    group = Group(Line(x0, y0, x1, y1, strokeColor=color, strokeWidth=0.7))
    along = (1, 0) if y0 == y1 else (0, 1)
    for x, y, sign in ((x0, y0, 1), (x1, y1, -1)):
        tip = [x, y]
        for side in (-1, 1):
            tip += [
                x + sign * 5 * along[0] + side * 2 * along[1],
                y + sign * 5 * along[1] + side * 2 * along[0],
            ]
        group.add(Polygon(tip, fillColor=color, strokeColor=color, strokeWidth=0.3))
    return group


def _callout(number: int, x: float, y: float, to_x: float, to_y: float) -> Group:
    group = Group(Line(x, y, to_x, to_y, strokeColor=TEAL, strokeWidth=0.7))
    group.add(Circle(to_x, to_y, 1.5, fillColor=TEAL, strokeColor=TEAL))
    group.add(Circle(x, y, 7, fillColor=white, strokeColor=TEAL, strokeWidth=0.9))
    group.add(_text(x, y - 2.5, str(number), 7, "middle", TEAL))
    return group


def _machine() -> Group:
    """The centrifuge from the front with its lid open; about 210 wide and 190 high."""
    lid = Path(fillColor=PALE, strokeColor=INK, strokeWidth=0.9)
    lid.moveTo(18, 118)
    lid.curveTo(22, 192, 188, 192, 192, 118)
    lid.closePath()
    window = Path(fillColor=white, strokeColor=INK, strokeWidth=0.6)
    window.moveTo(68, 132)
    window.curveTo(72, 168, 138, 168, 142, 132)
    window.closePath()
    body = Group(lid, window)
    body.add(_box(10, 84, 190, 34, STEEL, 6))
    for radius_x, radius_y, fill in ((68, 11, INK), (60, 9, SHADE), (17, 3.5, TEAL)):
        bowl = Path(fillColor=fill, strokeColor=INK, strokeWidth=0.7)
        bowl.moveTo(105 - radius_x, 103)
        bowl.curveTo(
            105 - radius_x, 103 + radius_y * 1.33, 105 + radius_x, 103 + radius_y * 1.33,
            105 + radius_x, 103,
        )  # fmt: skip
        bowl.curveTo(
            105 + radius_x, 103 - radius_y * 1.33, 105 - radius_x, 103 - radius_y * 1.33,
            105 - radius_x, 103,
        )  # fmt: skip
        bowl.closePath()
        body.add(bowl)
    body.add(_box(4, 14, 202, 72, white, 8))
    body.add(_box(20, 32, 96, 40, PALE, 3))
    body.add(_text(30, 52, "12 000 × g", 11, color=TEAL))
    body.add(_text(30, 39, "10:00 min    4 °C", 7.5, color=TEAL))
    body.add(Circle(160, 52, 19, fillColor=SHADE, strokeColor=INK, strokeWidth=0.9))
    body.add(Line(160, 52, 171, 65, strokeColor=AMBER, strokeWidth=2))
    for x in (24, 172):
        body.add(_box(x, 4, 18, 10, INK, 2))
    return body


def cover() -> Drawing:
    """The instrument alone, for the title page."""
    drawing = Drawing(462, 410)
    machine = _machine()
    machine.scale(2.2, 2.2)
    drawing.add(machine)
    return drawing


def parts() -> Drawing:
    """The instrument with numbered parts."""
    drawing = Drawing(400, 205)
    machine = _machine()
    machine.translate(95, 5)
    drawing.add(machine)
    for number, x, y, to_x, to_y in (
        (1, 345, 178, 258, 158),
        (2, 52, 168, 168, 146),
        (3, 345, 108, 252, 110),
        (4, 52, 110, 196, 108),
        (5, 52, 56, 126, 56),
        (6, 345, 56, 262, 56),
        (7, 345, 18, 277, 14),
    ):
        drawing.add(_callout(number, x, y, to_x, to_y))
    return drawing


def clearances() -> Drawing:
    """The bench from above with the free space around the instrument."""
    drawing = Drawing(400, 170)
    drawing.add(_box(40, 8, 320, 154, SHADE))
    drawing.add(Rect(95, 24, 210, 122, strokeColor=TEAL, strokeDashArray=[4, 3], fillColor=None))
    drawing.add(_box(150, 46, 100, 78, white, 6))
    drawing.add(Circle(200, 88, 29, fillColor=PALE, strokeColor=INK, strokeWidth=0.9))
    drawing.add(_text(200, 85, "C24", 9, "middle"))
    drawing.add(_text(200, 50, "front", 6.5, "middle"))
    drawing.add(_arrow(95, 85, 150, 85))
    drawing.add(_text(122, 90, "25 cm", 7, "middle"))
    drawing.add(_arrow(250, 85, 305, 85))
    drawing.add(_text(278, 90, "25 cm", 7, "middle"))
    drawing.add(_arrow(200, 124, 200, 146))
    drawing.add(_text(206, 132, "15 cm to the wall", 7))
    drawing.add(_text(48, 150, "bench, top view", 6.5))
    return drawing


def rotor() -> Drawing:
    """A section through the rotor: shaft, cone, nut."""
    drawing = Drawing(400, 130)
    drawing.add(_box(192, 0, 16, 62, STEEL))
    drawing.add(
        Polygon(
            [100, 40, 130, 88, 186, 62, 214, 62, 270, 88, 300, 40, 252, 34, 148, 34],
            fillColor=PALE,
            strokeColor=INK,
            strokeWidth=0.9,
        )
    )
    for sign in (-1, 1):
        tube = Group(_box(-7, -32, 14, 52, white, 6))
        tube.translate(200 + sign * 74, 66)
        tube.rotate(sign * 45)
        drawing.add(tube)
    drawing.add(Polygon([186, 62, 214, 62, 208, 80, 192, 80], fillColor=STEEL, strokeColor=INK))
    drawing.add(_box(188, 80, 24, 12, AMBER, 2))
    drawing.add(_callout(1, 345, 112, 211, 88))
    drawing.add(_callout(2, 345, 70, 209, 70))
    drawing.add(_callout(3, 52, 96, 126, 68))
    drawing.add(_callout(4, 52, 20, 193, 14))
    for y, text in ((110, "nut"), (68, "cone")):
        drawing.add(_text(357, y, text))
    for y, text in ((94, "tube"), (18, "shaft")):
        drawing.add(_text(40, y, text, anchor="end"))
    return drawing


def panel() -> Drawing:
    """The control panel with its keys."""
    drawing = Drawing(225, 112)
    drawing.add(_box(4, 6, 217, 100, SHADE, 8))
    drawing.add(_box(16, 46, 118, 50, white, 3))
    for y, name, value in (
        (80, "FORCE", "12 000 × g"),
        (66, "TIME", "10:00"),
        (52, "TEMP", "4 °C"),
    ):
        drawing.add(_text(22, y, name, 6.5, color=TEAL))
        drawing.add(_text(128, y, value, 8, "end"))
    drawing.add(Circle(178, 72, 24, fillColor=white, strokeColor=INK, strokeWidth=0.9))
    drawing.add(Line(178, 72, 192, 88, strokeColor=AMBER, strokeWidth=2.2))
    for x, name in ((16, "START"), (66, "STOP"), (116, "PULSE"), (166, "LID")):
        drawing.add(_box(x, 16, 42, 18, white, 4))
        drawing.add(_text(x + 21, 22, name, 6.5, "middle"))
    return drawing


def profile() -> Drawing:
    """Relative force over time for three acceleration and brake settings."""
    drawing = Drawing(400, 165)
    left, bottom, width, height = 46.0, 28.0, 330.0, 122.0
    for step in range(6):
        y = bottom + height * step / 5
        drawing.add(Line(left, y, left + width, y, strokeColor=STEEL, strokeWidth=0.4))
        drawing.add(_text(left - 5, y - 2.5, f"{20 * step} %", 6.5, "end"))
    for minute in range(0, 13, 2):
        drawing.add(_text(left + width * minute / 12, bottom - 10, str(minute), 6.5, "middle"))
    drawing.add(_text(left + width / 2, bottom - 22, "minutes", 7, "middle"))
    curves = (
        (TEAL, "profile 9", (0, 0.5, 9.5, 10.1)),
        (AMBER, "profile 5", (0, 1.2, 9.5, 10.9)),
        (INK, "profile 1", (0, 2.3, 9.5, 12.0)),
    )
    for row, (color, name, minutes) in enumerate(curves):
        points: list[float] = []
        for moment, force in zip(minutes, (0, 1, 1, 0), strict=True):
            points += [left + width * moment / 12, bottom + height * force]
        drawing.add(PolyLine(points, strokeColor=color, strokeWidth=1.6))
        label_y = bottom + 44 - 14 * row
        drawing.add(
            Line(170, label_y + 2.5, 190, label_y + 2.5, strokeColor=color, strokeWidth=1.6)
        )
        drawing.add(_text(195, label_y, name, 7))
    drawing.add(
        PolyLine(
            [left, bottom + height, left, bottom, left + width, bottom],
            strokeColor=INK,
            strokeWidth=0.9,
        )
    )
    return drawing
