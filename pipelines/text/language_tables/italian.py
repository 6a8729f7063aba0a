"""What is known of Italian."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

ITALIAN = LanguageTable(
    code="it",
    name="Italian",
    stemmer="italian",
    small=listed("""
        il lo la i gli le l un uno una e ed o di del dello della dei degli delle a al allo alla ai agli
        alle da dal dalla dai in nel nella nei nelle su sul sulla con per tra fra senza è sono era
        erano essere stato ha hanno avere può possono deve devono chi che cosa cos quale quali
        qual quando dove dov come perché quanto quanta quanti quante si se ci mi ti vi mio suo sua
        suoi sue questo questa questi queste quello quella io lui lei noi loro più molto anche ma non
    """),
    negations=listed("non no mai nessun nessuno nessuna senza né niente nulla"),
    numbers=counted("""
        zero 0 uno 1 due 2 tre 3 quattro 4 cinque 5 sei 6 sette 7 otto 8 nove 9 dieci 10 undici 11
        dodici 12 tredici 13 quindici 15 venti 20 trenta 30 quaranta 40 cinquanta 50 sessanta 60
        settanta 70 ottanta 80 novanta 90 cento 100 mille 1000 mila 1000 milione 1e6 milioni 1e6
        miliardo 1e9 miliardi 1e9 metà 0.5 mezzo 0.5 terzo 3 quarto 0.25 dozzina 12
    """),
    units=pairs("""
        g: grammo grammi
        kg: chilogrammo chilogrammi chilo chili
        mm: millimetro millimetri
        cm: centimetro centimetri
        m: metro metri
        l: litro litri
        s: secondo secondi
        min: minuto minuti
        h: ora ore
        days: giorno giorni
        %: percento percentuale
        V: volt
        A: ampere
        W: watt
        °C: celsius gradi
    """),
    attributes=pairs("""
        mass: peso massa
        length: lunghezza altezza larghezza profondità diametro spessore distanza dimensione
        volume: volume capacità
        temperature: temperatura
        pressure: pressione
        voltage: tensione voltaggio
        current: corrente
        power: potenza
        torque: coppia
        speed: velocità
        frequency: frequenza
        time: durata tempo intervallo
        colour: colore
        material: materiale
        price: prezzo costo
        count: numero quantità
        date: data anno
    """),
    questions={
        "steps": r"""
            come (?:si|posso|devo|faccio|possiamo)
            come \w+(?:are|ere|ire)
            passi
            passaggi
            procedura
            istruzioni
        """,
        "number": r"""
            quant[oaie]
            percentuale
            (?:quale|qual è (?:il|la|l')) ?(?:numero|quantità|temperatura|tensione|potenza|velocità|peso|lunghezza|altezza|larghezza|pressione|prezzo)
        """,
        "date": r"""
            quando
            (?:quale|che) (?:anno|data|giorno|mese|secolo)
        """,
        "name": r"""
            chi
            dov(?:e|')
            quale (?:città|paese|stato|persona|azienda)
        """,
        "reason": r"""
            perché
            quale (?:motivo|ragione|causa)
        """,
    },
    asking="chi che cosa quale quali quando dove come perché quanto quanta quanti quante",
    joining="e ed o",
    dates=r"""
        secol[oi]
        (?:gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre)
        (?:lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica)
    """,
    reasons=r"""
        perché
        poiché
        \w*caus\w*
        affinché
        motivo
        a causa
        grazie
        quindi
    """,
)
