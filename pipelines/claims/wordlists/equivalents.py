"""Words that mean the same wherever they stand, so that either proves the other; a group a line.

Only what is interchangeable in a manual or a report belongs here: "large" and "big", not "large"
and "important". Number words and units are told to be equal by `quantities.py`.
"""

EQUIVALENTS: dict[str, str] = {
    "en": """
        color colour; center centre; meter metre; liter litre; fiber fibre; gray grey;
        aluminum aluminium; sulfur sulphur; behavior behaviour; program programme; mold mould;
        labor labour; catalog catalogue; analog analogue; dialog dialogue; favor favour;
        vapor vapour; license licence; practice practise; defense defence; tire tyre; plow plough;
        analyze analyse; organize organise; recognize recognise; minimize minimise;
        maximize maximise; optimize optimise; utilize utilise use; initialize initialise;
        sterilize sterilise; stabilize stabilise; summarize summarise; neutralize neutralise;
        disk disc; judgment judgement; modeling modelling; labeled labelled; canceled cancelled;
        maximum max; minimum min; temperature temp; approximately approx circa ca roughly;
        number no nr num; figure fig; version ver; revision rev; volume vol; weight wt;
        information info; specification spec; application app; document doc; picture pic;
        laboratory lab; television tv; department dept; company co; incorporated inc;
        corporation corp; limited ltd; mister mr; doctor dr; percent percentage;
        large big; begin start commence; end finish; show indicate; get obtain; many numerous;
        weigh weight mass; buy purchase; help assist; quick fast rapid; error fault;
        need require; repair fix;
        keep retain; allow permit; forbid prohibit; choose select; usual normal; enough
        sufficient; immediate instant;
        every each; all whole; photograph photo; vehicle automobile; until till; often
        frequently""",
    "de": """maximal max; minimal min; circa ca ungefähr etwa; nummer nr; beginnen anfangen; prüfen
        überprüfen kontrollieren; temperatur temp; abbildung abb; gewicht masse; kaufen erwerben;
        groß gross; straße strasse; benutzen verwenden benützen; erlauben gestatten""",
    "fr": """maximum max maximal; minimum min minimal; numéro no n°; environ approximativement;
        utiliser employer; commencer débuter; température temp; poids masse""",
    "es": """máximo max máx; mínimo min mín; número núm no nro; aproximadamente aprox; utilizar usar
        emplear; comenzar empezar iniciar; temperatura temp; peso masa""",
    "it": """massimo max; minimo min; numero n nr; circa approssimativamente; utilizzare usare
        impiegare; iniziare cominciare; temperatura temp; peso massa""",
    "pt": """máximo max máx; mínimo min mín; número nº no; aproximadamente aprox cerca; utilizar
    usar
        empregar; começar iniciar; temperatura temp; peso massa""",
    "nl": """maximaal max maximum; minimaal min minimum; nummer nr; ongeveer circa ca; gebruiken
        toepassen; beginnen starten; temperatuur temp; gewicht massa""",
}

PHRASES: dict[str, str] = {
    "in order to": "to",
    "such as": "",
    "for example": "",
    "for instance": "",
    "e.g.": "",
    "i.e.": "",
    "as well as": "and",
    "a lot of": "many",
    "due to": "because",
    "because of": "because",
    "in addition": "",
    "with regard to": "of",
    "carry out": "perform",
    "carried out": "performed",
    "make sure": "ensure",
    "zum beispiel": "",
    "z. b.": "",
    "z.b.": "",
    "par exemple": "",
    "por ejemplo": "",
    "ad esempio": "",
    "por exemplo": "",
    "bijvoorbeeld": "",
}
"""Phrases that stand for a shorter one, or only lead over."""
