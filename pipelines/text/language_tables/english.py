"""What is known of English."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

ENGLISH = LanguageTable(
    code="en",
    name="English",
    stemmer="english",
    small=listed("""
        a an the of in on at to for from by with and or is are was were be been being am do does did
        how what which who whom whose when where why it its this that these those i me my you your
        we our us they them their he him his she her can could should would will shall may might
        must has have had as if then there here so such but about into over under also more most
        very just please tell show give explain describe
    """),
    negations=listed("not no never none neither nor without cannot can't don't doesn't isn't"),
    numbers=counted("""
        zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11
        twelve 12 thirteen 13 fourteen 14 fifteen 15 sixteen 16 seventeen 17 eighteen 18 nineteen 19
        twenty 20 thirty 30 forty 40 fifty 50 sixty 60 seventy 70 eighty 80 ninety 90 hundred 100
        thousand 1000 million 1e6 billion 1e9 half 0.5 third 3 quarter 0.25 dozen 12 first 1
        second 2 once 1 twice 2 several 3
    """),
    units=pairs("""
        g: gram grams
        kg: kilogram kilograms kilo kilos
        mm: millimeter millimeters millimetre millimetres
        cm: centimeter centimeters centimetre centimetres
        m: meter meters metre metres
        l: liter liters litre litres
        s: second seconds
        min: minute minutes
        h: hour hours
        days: day days
        %: percent
        V: volt volts
        A: ampere amperes amp amps
        W: watt watts
        °C: celsius
    """),
    attributes=pairs("""
        mass: weight mass
        length: length height width depth diameter thickness distance size
        volume: volume capacity
        temperature: temperature
        pressure: pressure
        voltage: voltage
        current: current
        power: power
        torque: torque
        speed: speed velocity
        frequency: frequency
        time: duration time interval
        colour: colour color
        material: material
        price: price cost
        count: number amount quantity
        date: date year
    """),
    questions={
        "steps": r"""
            how (?:do|can|should|must|would) (?:i|we|you|one)
            how to
            steps?
            procedure\w*
            instructions?
            how (?:is|are) .+ (?:done|made|changed|replaced|installed|removed|cleaned|set up|started|assembled|calibrated|performed)
        """,
        "number": r"""
            how (?:many|much|long|often|far|fast|high|low|large|big|small|old|deep|tall|wide|thick|heavy|hot|cold|few)
            percent\w*
            (?:what|which) (?:number|amount|share|proportion|ratio|rate|torque|voltage|temperature|pressure|weight|length|width|height|speed|distance|price|cost|size|volume)
        """,
        "date": r"""
            when
            (?:what|which) (?:year|date|day|month|century|decade)
        """,
        "name": r"""
            who(?:m|se)?
            where
            (?:what|which) (?:city|country|state|town|person|company)
        """,
        "reason": r"""
            why
            (?:what|which) (?:reason|cause)\w*
        """,
    },
    asking="who whom whose what which when where why how",
    joining="and or",
    dates=r"""
        centur\w+
        (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*
        (?:mon|tues|wednes|thurs|fri|satur|sun)day
    """,
    reasons=r"""
        because
        due to
        since
        \w*caus\w*
        \w*reason\w*
        so that
        as a result
        in order to
        therefore
        led to
        driven by
    """,
)
