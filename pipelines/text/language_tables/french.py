"""What is known of French."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

FRENCH = LanguageTable(
    code="fr",
    name="French",
    stemmer="french",
    small=listed("""
        le la les l un une des du de d et ou où à au aux dans en par pour sur avec sans sous entre est
        sont était étaient être été a ont avoir avait peut peuvent doit doivent faut qui que qu quoi
        quel quelle quels quelles quand pourquoi comment combien ce cet cette ces c il elle ils
        elles on je nous vous me mon ma mes se s sa son ses leur leurs y ne pas plus très aussi si
        comme mais donc
    """),
    negations=listed("ne n pas non jamais aucun aucune sans ni rien"),
    numbers=counted("""
        zéro 0 un 1 deux 2 trois 3 quatre 4 cinq 5 six 6 sept 7 huit 8 neuf 9 dix 10 onze 11 douze 12
        treize 13 quatorze 14 quinze 15 seize 16 vingt 20 trente 30 quarante 40 cinquante 50
        soixante 60 cent 100 cents 100 mille 1000 million 1e6 millions 1e6 milliard 1e9
        milliards 1e9 moitié 0.5 demi 0.5 tiers 3 quart 0.25 douzaine 12 plusieurs 3
    """),
    units=pairs("""
        g: gramme grammes
        kg: kilogramme kilogrammes kilo kilos
        mm: millimètre millimètres
        cm: centimètre centimètres
        m: mètre mètres
        l: litre litres
        s: seconde secondes
        min: minute minutes
        h: heure heures
        days: jour jours
        %: pourcent
        V: volt volts
        A: ampère ampères
        W: watt watts
        °C: celsius
    """),
    attributes=pairs("""
        mass: poids masse
        length: longueur hauteur largeur profondeur diamètre épaisseur distance taille
        volume: volume capacité contenance
        temperature: température
        pressure: pression
        voltage: tension
        current: courant intensité
        power: puissance
        torque: couple
        speed: vitesse
        frequency: fréquence
        time: durée temps intervalle
        colour: couleur
        material: matériau matière
        price: prix coût
        count: nombre quantité
        date: date année
    """),
    questions={
        "steps": r"""
            comment (?:faire|puis-je|peut-on|dois-je|doit-on|faut-il)
            comment (?:on|nous|je) \w+
            comment \w+(?:er|ir|re)
            étapes?
            procédure
            mode d'emploi
        """,
        "number": r"""
            combien
            pour ?cent\w*
            quel(?:le)?s? (?:nombre|quantité|température|tension|puissance|vitesse|poids|longueur|hauteur|largeur|taille|pression|couple|prix)
            à quelle (?:température|vitesse|pression|fréquence|hauteur|distance)
        """,
        "date": r"""
            quand
            quelle (?:année|date)
            quel (?:jour|mois|siècle)
        """,
        "name": r"""
            qui
            où
            quel(?:le)? (?:ville|pays|état|personne|entreprise)
        """,
        "reason": r"""
            pourquoi
            quelle (?:raison|cause)
        """,
    },
    asking="qui que quoi quel quelle quels quelles quand où pourquoi comment combien",
    joining="et ou",
    dates=r"""
        siècles?
        (?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)
        (?:lun|mar|mercre|jeu|vendre|same)di
        dimanche
    """,
    reasons=r"""
        parce
        car
        afin
        \w*raison\w*
        grâce
        à cause
        en raison
        pour que
    """,
)
