"""What tells a sentence, which asserts something, from a heading or a label, which doesn't."""

CLAUSE_WORDS: dict[str, str] = {
    "en": """is are was were be been am has have had do does did will would it they we you he she i
        there that which who this these those isn't aren't it's yes please""",
    "de": """ist sind war waren wird werden wurde wurden hat haben hatte hatten es er sie wir ihr
        ich man sich bitte dass ja nein""",
    "fr": """est sont était étaient sera seront a ont avait avaient il elle ils elles on je nous
        vous c qui que se s oui veuillez""",
    "es": """es son era eran fue fueron será serán está están estaba ha han había hay se que ello
        usted sí""",
    "it": """è sono era erano fu sarà saranno ha hanno aveva avevano si che c'è viene vengono sì""",
    "pt": """é são era eram foi foram será serão está estão tem têm há havia se que você sim""",
    "nl": """is zijn was waren wordt worden werd werden heeft hebben had hadden het er u men zich
        dat ja nee""",
    "ru": "есть был была было были является являются это он она оно они мы вы",
}
"""Auxiliaries, and pronouns that are a subject."""

DETERMINERS: dict[str, str] = {
    "en": "the a an this that these those your its their all any each every both no",
    "de": "der die das den dem ein eine einen einem alle jeden jede diesen diese dieses",
    "fr": "le la les l un une ce cet cette ces votre vos tous toutes chaque",
    "es": "el la los las un una unos unas su sus este esta todos todas cada",
    "it": "il lo la i gli le l un uno una questo questa tutti tutte ogni",
    "pt": "o a os as um uma seu sua este esta todos todas cada",
    "nl": "de het een deze dit uw alle elke",
}
"""Behind a sentence's first word they make it a request: "remove the cover"."""

REQUESTS: dict[str, str] = {
    "en": """add adjust align allow apply ask attach avoid call cancel change charge check choose
        clean clear click close collect configure confirm connect contact control cool copy cover
        cut deactivate delete disable disconnect discard display do download drain dry empty enable
        enter exit fill find fit fix follow handle heat hold ignore inform insert inspect install
        keep leave lift limit load lock log loosen lower lubricate maintain make mark measure mix
        monitor mount move note obtain observe open operate order perform place plug pour prepare
        press prevent print process protect pull push put read record reduce refer release remove
        repair repeat replace report request require reset restart return review rinse rotate run
        save secure see select send set shut start stop store support switch take test tighten touch
        transfer transport try turn unlock unplug update upload use verify wait warm wash watch wear
        wipe write""",
}
"""Verbs that a request begins with, where nothing else tells it from two nouns."""

REQUEST_ENDINGS: dict[str, str] = {
    "de": "en ern eln",
    "fr": "er ir re ez ons",
    "es": "ar er ir",
    "it": "are ere ire",
    "pt": "ar er ir",
    "nl": "en",
}
"""Of an infinitive or a request at a sentence's begin, in German and Dutch at its end."""

NOUN_ENDINGS: dict[str, str] = {
    "en": "tion sion ment ness ity ance ence ship ism age ure tions sions ments ities ances ences",
    "de": "ung ungen heit keit schaft tät tion tionen nis",
    "fr": "tion tions sion ment ité ance ence age ure",
    "es": "ción ciones sión dad idad anza encia miento",
    "it": "zione zioni sione ità anza enza mento menti",
    "pt": "ção ções são idade ância ência mento mentos",
    "nl": "ing ingen heid teit tie ties schap",
}
NO_NOUNS = frozenset("function mention question position condition mentions questions".split())
"""Have such an ending and are verbs as well."""

REFERENCES = """figure figures fig figs table tables tab chapter section page appendix annex
    abbildung abb bild tabelle kapitel kap abschnitt seite anhang tableau chapitre annexe figura
    tabla capítulo sección página anexo tabella capitolo sezione pagina allegato tabela seção
    secção figuur afbeelding afb tabel hoofdstuk paragraaf bijlage рисунок рис таблица 图 表 図 그림
    표"""

KOREAN_PREDICATES = ("다", "요", "오", "까", "라", "자", "음", "함", "임", "됨", "것", "기", "죠")
"""What a Korean sentence ends with."""
