"""What is known of German."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

GERMAN = LanguageTable(
    code="de",
    name="German",
    stemmer="german",
    joins="compounds",
    small=listed("""
        der die das den dem des ein eine einen einem einer eines und oder aber in im an am auf aus
        bei beim mit nach von vom zu zum zur für über unter durch gegen ohne um als wie wenn dass
        wird werden wurde wurden worden ist sind war waren sein hat haben hatte man sich es sie er
        ich wir ihr ihre sein seine mein unser dieser diese dieses dies diesem diesen kann können
        soll sollen muss müssen darf dürfen mag auch noch nur so sehr da dort hier wer was wen wem
        wessen wann wo wohin woher warum weshalb wieso viel viele welche welcher welches welchem
        welchen bitte gibt es mir zeige nenne erkläre
    """),
    negations=listed(
        "nicht kein keine keinen keinem keiner keines nie niemals ohne weder noch nichts"
    ),
    numbers=counted("""
        null 0 eins 1 zwei 2 drei 3 vier 4 fünf 5 sechs 6 sieben 7 acht 8 neun 9 zehn 10 elf 11
        zwölf 12 dreizehn 13 vierzehn 14 fünfzehn 15 sechzehn 16 siebzehn 17 achtzehn 18 neunzehn 19
        zwanzig 20 dreißig 30 vierzig 40 fünfzig 50 sechzig 60 siebzig 70 achtzig 80 neunzig 90
        hundert 100 tausend 1000 million 1e6 millionen 1e6 milliarde 1e9 milliarden 1e9 hälfte 0.5
        drittel 3 viertel 0.25 dutzend 12 einmal 1 zweimal 2 mehrere 3
    """),
    units=pairs("""
        g: gramm
        kg: kilogramm kilo
        mm: millimeter millimetern
        cm: zentimeter zentimetern
        m: meter metern
        l: liter litern
        s: sekunde sekunden
        min: minute minuten
        h: stunde stunden
        days: tag tage tagen
        %: prozent
        V: volt
        A: ampere
        W: watt
        °C: celsius grad
    """),
    attributes=pairs("""
        mass: gewicht masse
        length: länge höhe breite tiefe durchmesser dicke abstand größe abmessung abmessungen
        volume: volumen inhalt fassungsvermögen
        temperature: temperatur
        pressure: druck
        voltage: spannung
        current: strom stromstärke
        power: leistung leistungsaufnahme
        torque: drehmoment anzugsmoment
        speed: geschwindigkeit drehzahl
        frequency: frequenz
        time: dauer zeit abstand intervall
        colour: farbe
        material: material werkstoff
        price: preis kosten
        count: anzahl menge
        date: datum jahr
    """),
    questions={
        "steps": r"""
            wie (?:kann|muss|soll|darf)? ?(?:ich|man|wir)
            wie \w+ (?:ich|man|wir)
            wie wird .+ (?:ge|ver|be|er)?\w+t
            schritte?
            anleitung
            vorgehen
        """,
        "number": r"""
            wie (?:viele?|lange|oft|hoch|groß|weit|schwer|schnell|tief|breit|dick|alt|teuer|heiß|warm|kalt|stark)
            wieviele?
            prozent\w*
            welche[mnrs]? (?:anzahl|menge|temperatur|spannung|leistung|drehzahl|gewicht|länge|höhe|breite|größe|druck|drehmoment)
        """,
        "date": r"""
            wann
            welche[mnrs]? (?:jahr|datum|tag|monat|jahrhundert)\w*
        """,
        "name": r"""
            we[rnm]
            wessen
            wo(?:hin|her)?
            welche[mnrs]? (?:stadt|land|staat|person|firma)
        """,
        "reason": r"""
            warum
            weshalb
            wieso
            welche[mnrs]? grund
        """,
    },
    asking="wer was wen wem wessen welche welchem welchen welcher welches wann wo warum wie weshalb",
    joining="und oder sowie",
    dates=r"""
        jahrhundert\w*
        (?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember)
        (?:jan|feb|mär|apr|jun|jul|aug|sep|okt|nov|dez)
        (?:mon|diens|donners|frei|sams|sonn)tag
        mittwoch
    """,
    reasons=r"""
        weil
        da
        wegen
        damit
        aufgrund
        \w*grund\w*
        daher
        deshalb
        durch
    """,
)
