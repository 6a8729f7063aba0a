"""What is known of Finnish."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

FINNISH = LanguageTable(
    code="fi",
    name="Finnish",
    stemmer="finnish",
    joins="compounds",
    small=listed("""
        ja tai sekä mutta että jos kun kuin niin myös vain on ovat oli olivat ole olla voi voivat
        pitää täytyy tulee se ne tämä nämä tuo nuo hän he minä sinä me te joka jotka jonka mikä mitä
        mitkä minkä missä mihin mistä kuka ketkä kenen milloin koska miksi miten kuinka paljon monta
        montako ei eivät en siitä sen niiden kanssa ilman mukaan yli alle ennen jälkeen
    """),
    negations=listed("ei en et emme ette eivät älä ilman koskaan mikään kukaan"),
    numbers=counted("""
        nolla 0 yksi 1 kaksi 2 kolme 3 neljä 4 viisi 5 kuusi 6 seitsemän 7 kahdeksan 8 yhdeksän 9
        kymmenen 10 yksitoista 11 kaksitoista 12 kaksikymmentä 20 sata 100 tuhat 1000 miljoona 1e6
        miljardi 1e9 puolet 0.5 puoli 0.5 kolmasosa 3 neljäsosa 0.25 tusina 12
    """),
    units=pairs("""
        g: gramma grammaa
        kg: kilogramma kilogrammaa kilo kiloa
        mm: millimetri millimetriä
        cm: senttimetri senttimetriä
        m: metri metriä
        l: litra litraa
        s: sekunti sekuntia
        min: minuutti minuuttia
        h: tunti tuntia
        days: päivä päivää
        %: prosentti prosenttia
        V: voltti volttia
        A: ampeeri ampeeria
        W: watti wattia
        °C: astetta
    """),
    attributes=pairs("""
        mass: paino massa
        length: pituus korkeus leveys syvyys halkaisija paksuus etäisyys koko
        volume: tilavuus
        temperature: lämpötila
        pressure: paine
        voltage: jännite
        current: virta
        power: teho
        torque: vääntömomentti momentti
        speed: nopeus
        frequency: taajuus
        time: kesto aika
        colour: väri
        material: materiaali
        price: hinta
        count: määrä lukumäärä
        date: päivämäärä vuosi
    """),
    questions={
        "number": r"""
            kuinka (?:monta|paljon|pitkä|usein|korkea|suuri|painava|nopea|syvä|leveä|vanha|kauan)
            montako
            paljonko
            prosent\w*
            mikä on .*(?:paino|pituus|korkeus|lämpötila|paine|jännite|teho|nopeus)
        """,
        "steps": r"""
            miten
            kuinka
            vaihe\w*
            ohje\w*
        """,
        "date": r"""
            milloin
            minä vuonna
        """,
        "name": r"""
            kuka
            ketkä
            kenen
            missä
            mihin
            mistä
        """,
        "reason": r"""
            miksi
        """,
    },
    asking="kuka mikä mitä missä mihin milloin miksi miten kuinka",
    joining="ja tai sekä",
    dates=r"""
        vuosisa\w+
        \w+kuu(?:ta|ssa|n)?
        vuon\w+
    """,
    reasons=r"""
        koska
        siksi
        takia
        vuoksi
        jotta
        syy\w*
    """,
)
