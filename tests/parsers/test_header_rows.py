"""Which first rows of a table name its columns, told by the rows below them."""

from __future__ import annotations

import pytest

from pipelines.parsers.header_rows import header_rows


def table(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


HEADED = [
    "Position | Grease | First fill | Every\nA1 | G-200 | 12 g | 300 h\nA2 | G-201 | 13 g | 310 h",
    "Region | 2023 | 2024\nNorth | 411 | 433\nSouth | 511 | 533",
    "Pin No. | Description\n1 | Speed control input\n2 | Ground",
    "Symptom | Cause | Remedy\nPump is loud | Air in the line | Bleed the line as in chapter 4.",
    "Kit | Cat. no.\nMini-Cell | EI0001\nRetrofit kit | EI0020",
    "Parameter | Value\nVoltage | 24 V\nCurrent | 3 A\nWeight | 5 kg",
    "name,town\nAda,Paris\nLin,Oslo".replace(",", " | "),
    "sample_id | reads | percent_gc\nS1 | 1200 | 41.5\nS2 | 1300 | 42.0",
    " | XR-10 | XR-20\nWeight | 1.4 kg | 1.9 kg\nColour | red | blue",
    "Model | XR-10 | XR-20\nWeight | 1.4 kg | 1.9 kg\nPower | 30 W | 45 W",
    "Fuse | Rating\nF1 | 16 A\nF2 | 10 A",
    "Feature | Lite | Ultra\nUSB | no | yes\nTTL | yes | yes",
    "Model | 100 | 200\nUSB | no | yes\nTTL | yes | yes",
    "Code | Meaning\nE1 | Lid open\nE2 | Motor too hot",
    "Bezeichnung | Bestellnummer | Menge\nDichtung | D-14 | 2\nSchraube | S-03 | 8",
    "Störung | Ursache | Abhilfe\nKein Druck | Filter verstopft | Filter wechseln",
    "Désignation | Référence | Quantité\nJoint | J-12 | 2 pièces\nVis | V-3 | 8 pièces",
    "Fallo | Causa | Solución\nSin presión | Filtro sucio | Cambie el filtro",
    "Codice | Descrizione\nE1 | Coperchio aperto\nE2 | Motore caldo",
    "Peça | Quantidade | Preço\nVedação | 2 | 3,50 €\nParafuso | 8 | 0,20 €",
    "Onderdeel | Aantal\nPakking | 2\nSchroef | 8",
    "产品名称 | 额定电压 | 重量\n泵 | 24 V | 5 公斤\n阀 | 12 V | 2 公斤",
    "部品番号 | 名称 | 数量\nP-1 | ポンプ | 2\nP-2 | バルブ | 4",
    "부품 번호 | 이름 | 수량\nP-1 | 펌프 | 2\nP-2 | 밸브 | 4",
    "Date | Event | Who\n2024-01-05 | Oil changed | Smith\n2024-02-07 | Belt changed | Jones",
    "Month | Output\nJanuary | 12 t\nFebruary | 14 t",
    "Item | CO2 (ppm) | IP class\nLab | 410 | IP54\nHall | 650 | IP20",
    "Fund | Manager | Style\nAlpine Growth | Miller | growth\nHarbour Value | Chen | value",
    "Description | XR100 | XR500\nHandle | XR100-6C | n/a\nCanister | XR100-9C | XR500-9C",
    "No | Name\n1 | Inlet valve\n2 | Outlet valve",
]
HEADLESS = [
    "Hose H1 | 2.5 m | rubber\nHose H2 | 7 m | steel braid\nHose H3 | 12 m | nylon",
    "Bearing G2 | G-237 | 49 g | 670 h\nBearing G3 | G-238 | 50 g | 680 h",
    "Standby mode | max 2 W\nThree bands at 100 % | max 46 W\nSingle band | max 20 W",
    "Material: | Polycarbonate\nElectrode wire: | Platinum\nTemperature limit: | 70 °C",
    "Voltage | 24 V\nCurrent | 3 A\nWeight | 5 kg",
    "Model | Orlin 5\nVoltage | 24 V\nCurrent | 3 A\nWeight | 5 kg",
    "Colour | red\nMaterial | steel\nWeight | 5 kg",
    "Serial number | S-100\nModel | Orlin\nVersion | 2.1",
    "Lamp | IP54 | 24 V\nFan | IP20 | 12 V\nPump | IP67 | 230 V",
    "2024-01-05 | Oil changed | Smith\n2024-02-07 | Belt changed | Jones",
    "USB | yes | no\nTTL | no | yes\nCAN | no | no",
    "E1 | Lid open | Close the lid\nE2 | Motor too hot | Let it cool",
    "Part 1 | XR100-6C | XR500-6C\nPart 2 | XR100-9C | XR500-9C",
    "Dichtung | D-14 | 2 Stück\nSchraube | S-03 | 8 Stück",
    "Schlauch 1 | 2,5 m | Gummi\nSchlauch 2 | 7 m | Stahl",
    "Tension : | 24 V\nPoids : | 5 kg",
    "Joint | 3,50 €\nVis | 0,20 €",
    "泵 | 24 V | 5 公斤\n阀 | 12 V | 2 公斤",
    "ポンプ P-1 | 24 V\nポンプ P-2 | 12 V",
    "1 | Inlet valve | brass\n2 | Outlet valve | steel",
    "Light Source | 77 mm (w) x 186 mm (d)\nControl Pod | 88 mm (w) x 125 mm (d)",
    "Pump | -10 to 40 °C | 90 % RH\nValve | 0 to 60 °C | 80 % RH",
    "Seal | approx. 3 years\nBelt | approx. 5 years",
    "Filter | €12.50 | in stock\nPump | €99.00 | sold out",
    "Room 101 | 21.5 °C\nRoom 102 | 22.0 °C",
]


@pytest.mark.parametrize("text", HEADED, ids=lambda text: text.split("\n")[0])
def test_names_over_what_is_of_another_kind_are_a_header(text: str) -> None:
    assert header_rows(table(text)) == 1


@pytest.mark.parametrize("text", HEADLESS, ids=lambda text: text.split("\n")[0])
def test_a_row_like_those_below_it_is_no_header(text: str) -> None:
    assert header_rows(table(text)) == 0


def test_bold_tells_where_words_do_not() -> None:
    rows = table("Lid | closed\nDoor | open\nHatch | closed")

    assert header_rows(rows) == 0
    assert header_rows(rows, bold=[True, False, False]) == 1
    assert header_rows(rows, bold=[True, True, True]) == 0
    assert header_rows(table("Lid | 5 mm\nDoor | 7 mm"), bold=[True, False]) == 0


def test_what_the_file_marks_is_a_header() -> None:
    assert header_rows(table("H1 | 5 m\nH2 | 7 m"), marked=1) == 1


def test_names_under_cells_that_reach_over_columns_are_headers_too() -> None:
    rows = table("Product | S | | L |\n | red | blue | red | blue\nCap | 1 | 2 | 3 | 4")

    assert header_rows(rows, reaching={(0, 1): 2, (0, 3): 2}) == 2
    assert header_rows(rows, marked=1, reaching={(0, 1): 2, (0, 3): 2}) == 2


def test_three_levels_of_groups() -> None:
    rows = table("Site | Flow | | |\n | 2023 | | 2024 |\n | H1 | H2 | H1 | H2\nA | 1 | 2 | 3 | 4")

    assert header_rows(rows, reaching={(0, 1): 4, (1, 1): 2, (1, 3): 2}) == 3


def test_a_cell_of_the_body_that_reaches_over_columns_makes_no_header() -> None:
    rows = table("Part | Open | Closed\nHose | sold out |\nBelt | 3 | 4")

    assert header_rows(rows, reaching={(1, 1): 2}) == 1
