"""What is known of Dutch."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

DUTCH = LanguageTable(
    code="nl",
    name="Dutch",
    stemmer="dutch",
    joins="compounds",
    small=listed("""
        de het een en of maar in op aan te ten ter van voor met door naar bij uit over onder tot om als
        dan dat die dit deze er is zijn was waren wordt worden werd werden ben bent heeft hebben had
        kan kunnen moet moeten mag mogen zal zullen wie wat welke welk wiens wanneer waar waarom
        waarheen hoe hoeveel ik je jij u we wij ze zij hij hun hem haar mijn uw ons zich ook nog
        zo zeer niet geen
    """),
    negations=listed("niet geen nooit zonder noch niets niemand"),
    numbers=counted("""
        nul 0 één 1 twee 2 drie 3 vier 4 vijf 5 zes 6 zeven 7 acht 8 negen 9 tien 10 elf 11 twaalf 12
        dertien 13 vijftien 15 twintig 20 dertig 30 veertig 40 vijftig 50 zestig 60 zeventig 70
        tachtig 80 negentig 90 honderd 100 duizend 1000 miljoen 1e6 miljard 1e9 helft 0.5 half 0.5
        derde 3 kwart 0.25 dozijn 12 meerdere 3
    """),
    units=pairs("""
        g: gram
        kg: kilogram kilo
        mm: millimeter
        cm: centimeter
        m: meter
        l: liter
        s: seconde seconden
        min: minuut minuten
        h: uur uren
        days: dag dagen
        %: procent
        V: volt
        A: ampère
        W: watt
        °C: celsius graden
    """),
    attributes=pairs("""
        mass: gewicht massa
        length: lengte hoogte breedte diepte diameter dikte afstand grootte afmeting afmetingen
        volume: volume inhoud capaciteit
        temperature: temperatuur
        pressure: druk
        voltage: spanning
        current: stroom stroomsterkte
        power: vermogen
        torque: koppel aanhaalmoment
        speed: snelheid toerental
        frequency: frequentie
        time: duur tijd interval
        colour: kleur
        material: materiaal
        price: prijs kosten
        count: aantal hoeveelheid
        date: datum jaar
    """),
    questions={
        "steps": r"""
            hoe (?:kan|moet|mag)? ?(?:ik|je|men|we|u)
            hoe \w+ (?:ik|je|men|we|u)
            stappen
            procedure
            handleiding
        """,
        "number": r"""
            hoeveel
            hoe (?:lang|vaak|hoog|groot|ver|zwaar|snel|diep|breed|dik|oud|duur|warm|heet|koud)
            procent\w*
            welke? (?:aantal|temperatuur|spanning|vermogen|snelheid|gewicht|lengte|hoogte|breedte|druk|prijs)
        """,
        "date": r"""
            wanneer
            welke? (?:jaar|datum|dag|maand|eeuw)
        """,
        "name": r"""
            wie
            wiens
            waar(?:heen)?
            welke? (?:stad|land|staat|persoon|bedrijf)
        """,
        "reason": r"""
            waarom
            welke reden
        """,
    },
    asking="wie wat welke welk wiens wanneer waar waarom hoe hoeveel",
    joining="en of",
    dates=r"""
        eeuw\w*
        (?:januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december)
        (?:maan|dins|woens|donder|vrij|zater|zon)dag
    """,
    reasons=r"""
        omdat
        want
        doordat
        vanwege
        \w*reden\w*
        zodat
        daarom
        door
    """,
)
