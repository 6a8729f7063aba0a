"""A table's cells, from the file that was uploaded to the claim that is checked against them."""

from __future__ import annotations

import pytest

from tests.support.client import Client
from tests.support.openai_server import OpenAIServer

VALVES = rb"""# Valves

| Valve | Normal | On failure |
|---|---|---|
| V1 | OPEN \| CLOSED | HOLD |
| V2 | ON \| OFF | STOP |
"""
SALES = b",2024,,2025,\nItem,H1,H2,H1,H2\nPumps sold,11,12,13,14\nHoses sold,21,22,23,24\n"


@pytest.fixture(scope="module")
def valves(admin: Client) -> str:
    instrument = admin.instrument("Valves")
    admin.add_bytes(instrument, "valves.md", VALVES)
    return instrument


@pytest.mark.parametrize(
    ("said", "is_verified"),
    [
        (r"V1 | OPEN \| CLOSED", True),
        ("The normal states of V1 are OPEN | CLOSED.", True),
        ("On failure V1 is on HOLD.", True),
        (r"V1 | ON \| OFF", False),
        ("The normal states of V2 are OPEN | CLOSED.", False),
        ("On failure V1 is OPEN | CLOSED.", False),
    ],
)
def test_a_claim_is_checked_cell_by_cell(
    admin: Client, llm_server: OpenAIServer, valves: str, said: str, is_verified: bool
) -> None:
    llm_server.script([f"{said} [1]"])
    question = "Which states do the valves V1 and V2 have?"
    turn = admin.ask(valves, question, model=None)
    (claim,) = turn["claims"]
    assert (claim["verdict"] == "verified") == is_verified, claim
    (citation,) = turn["citations"]
    rows = {"V1 | OPEN | CLOSED | HOLD", "V2 | ON | OFF | STOP"}
    assert set(citation["quote"].split("\n")) <= rows


def test_a_column_is_known_by_all_its_header_rows(admin: Client, instrument: str) -> None:
    admin.add_bytes(instrument, "sales.csv", SALES)
    turn = admin.ask(instrument, "How many pumps were sold in H2 of 2025?")
    assert turn["answer"] == "Pumps sold, 2025 H2: 14. [1]"
    assert [claim["verdict"] for claim in turn["claims"]] == ["verified"]
    assert turn["citations"][0]["quote"] == "Pumps sold | 11 | 12 | 13 | 14"
