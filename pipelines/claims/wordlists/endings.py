"""Endings that inflection puts on a word. Those that make another word of it ("-er" of "faster",
"-tion") are no inflection in the languages that have them as such."""

ENDINGS: dict[str, str] = {
    "de": "esten sten ester stem eten ete ten tet est ern em en er es st te e n s t",
    "fr": """aient eraient erait eront ions era iez ées ent ons ait ant ent ée és ez er es é e s x
        ir is it""",
    "es": """aríamos ieron aron iendo ando aban aba amos emos imos adas ados idas idos ada ado ida
        ido aron arán erán irán ará erá irá ían ía ar er ir an en as es os a e o s ó é í""",
    "it": """eranno iranno avano evano arono ando endo iamo ate ete ite ati ite ato ata ute uti
    uto uta
        are ere ire ano ono erà irà a e i o ò è""",
    "pt": """aram eram iram avam ando endo indo amos emos imos adas ados idas idos ada ado ida ido
        arão erão ções ção ões ão ar er ir am em as es os a e o s ou eu iu""",
    "nl": "enden ende den ten de te en e s t",
    "ru": """ами ями ого его ому ему ыми ими ала ила али или ать ить еть ая яя ое ее ые ие ый ий ой
        ую юю ов ев ей ам ям ах ях ом ем ют ут ят ат ет ит ла ло ли а я о е ы и у ю ь й""",
}
"""Tried from the longest on; at least three letters are left of a word."""
