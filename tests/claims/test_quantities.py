"""Numbers, units and dates are equal however they are written, and only then."""

import pytest

from pipelines.claims.quantities import quantities


def _said(claim: str, proof: str) -> bool:
    there = quantities(proof)
    wanted = [quantity for quantity in quantities(claim) if quantity.is_needed]
    assert wanted, claim
    return all(any(quantity.is_said_by(other) for other in there) for quantity in wanted)


@pytest.mark.parametrize(
    ("claim", "proof"),
    [
        ("1,200 items", "1200 items"),
        ("1.2 thousand items", "1,200 items"),
        ("1 200 items", "1200 items"),
        ("5 mL", "0.005 L"),
        ("5ml", "5 mL"),
        ("25 °C", "77 °F"),
        ("298.15 K", "25 °C"),
        ("-20 °C", "–20 °C"),
        ("3.5 %", "3.5 percent"),
        ("3,5 kg", "3.5 kg"),
        ("1.234,56 EUR", "€1,234.56"),
        ("$1.2 million", "1,200,000 dollars"),
        ("$5bn", "5 billion USD"),
        ("two years", "24 months"),
        ("a 25-year lease", "25 years"),
        ("twenty-one days", "3 weeks"),
        ("a hundred thousand", "100,000"),
        ("3 × 10^6 cells", "3 million cells"),
        ("5×10^5 cells", "500,000 cells"),
        ("5×10⁵ cells", r"5\times 10^{5} cells"),
        ("a slope of 10^-3", "a slope of 10⁻³"),
        ("1000 cells", "10³ cells"),
        ("25 mm2", "25 mm²"),
        ("12 May 2023", "2023-05-12"),
        ("May 12, 2023", "am 12. Mai 2023"),
        ("12.05.2023", "12 mai 2023"),
        ("2023年5月12日", "12 de mayo de 2023"),
        ("May 2023", "on 12 May 2023"),
        ("in 2023", "on 12 May 2023"),
        ("FY22", "fiscal 2022"),
        ("10:30 pm", "22:30"),
        ("5 µg/mL", "5 mg/L"),
        ("5 mL to 10 mL", "5-10 mL"),
        ("5 EUR to 10 EUR", "5 to 10 euros"),
        ("x200", "the X-200"),
        ("6.6 ft", "2 m"),
        ("10 inches", "25.4 cm"),
        ("la pompe pèse trois kg", "3 kg"),
    ],
)
def test_the_same_written_otherwise(claim: str, proof: str) -> None:
    assert _said(claim, proof)


@pytest.mark.parametrize(
    ("claim", "proof"),
    [
        ("1,200", "1.2"),
        ("1,201", "1,200"),
        ("4,990,000,001", "4,990,000,000"),
        ("5 mL", "5 L"),
        ("5 mL", "5"),
        ("5", "5 mL"),
        ("2021 dollars", "In 2021 and $500"),
        ("5 mL", "5 mg"),
        ("20 °C", "-20 °C"),
        ("25 °C", "25 °F"),
        ("$5 million", "$5 billion"),
        ("$5", "€5"),
        ("3 %", "3 percentage points"),
        ("two years", "two months"),
        ("12 May 2023", "13 May 2023"),
        ("12 May 2023", "May 2023"),
        ("3 April 2023", "04.03.2023"),
        ("10:30 am", "22:30"),
        ("E05", "E06"),
        ("X-200", "X-2000"),
        ("5×10^5 cells", "5×10^6 cells"),
        ("10 cells", "10³ cells"),
        ("103 cells", "10³ cells"),
        ("10^3 cells", "10⁻³ cells"),
        ("25 mm2", "25 mm³"),
        ("version 1.2.3", "version 1.2.4"),
        ("5th", "5"),
        ("6.7 ft", "2 m"),
    ],
)
def test_another_number_or_unit_is_another_quantity(claim: str, proof: str) -> None:
    assert not _said(claim, proof)


def test_a_list_is_not_one_number() -> None:
    assert [q.values for q in quantities("figures 1,2,3")] == [(1.0,), (2.0,), (3.0,)]


def test_where_a_quantity_stands() -> None:
    text = "Add 5 mL to the X-200 by 12 May 2023."
    found = [text[q.start : q.end] for q in quantities(text)]
    assert found == ["5 mL", "X-200", "12 May 2023"]


@pytest.mark.parametrize("text", ["1" * 50_000, "1," * 50_000, "5 mL " * 20_000, "- " * 50_000])
def test_long_text_is_read_in_one_pass(text: str) -> None:
    quantities(text)
