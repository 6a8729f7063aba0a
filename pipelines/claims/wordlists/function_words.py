"""Words that hold a sentence together and say nothing of its subject.

They may differ between a claim and its proof. Quantifiers ("all", "more"), words of place and time
that have an opposite ("above", "before") and modal words say something and stand elsewhere.
"""

FUNCTION_WORDS: dict[str, str] = {
    "en": """a an the of in on at to for from by with within into onto as and or is are was were
        be been being am do does did has have had having will would it its this that these those i
        me my you your yours we us our they them their he him his she her who whom whose which what
        where how why there here then so such than also too very just indeed however moreover
        furthermore additionally therefore thus hence overall specifically finally consequently
        accordingly thereby itself themselves himself herself yourself oneself about upon via per
        among amongst towards toward whereas while although though because since both either
        respectively let us's please note that's it's let's there's etc eg ie namely otherwise""",
    "de": """der die das den dem des ein eine einen einem einer eines und oder in im an am auf zu
    zum
        zur von vom für mit bei beim aus nach durch um als wie ist sind war waren wird werden wurde
        wurden worden sein bin bist hat haben hatte hatten habe er sie es ihn ihm ihr ihre ihren
        ihrem ihrer ihres sein seine seinen seinem seiner seines dieser diese dieses diesem diesen
        jener jene jenes welcher welche welches welchem welchen wer was wo wie warum man sich ich du
        wir uns unser unsere mich mir dich dir dass daß so auch dann dort hier da denn weil obwohl
        während sowie sowohl also somit daher deshalb jedoch außerdem bitte dabei dazu damit davon
        darin daran darauf dafür dessen deren über etwa sehr bzw usw je pro ins ans aufs würde
        würden wäre wären""",
    "fr": """le la les l un une des du de d et ou à au aux en dans par pour avec sur chez vers entre
        que qu qui quoi dont où ce cet cette ces c il elle ils elles on je j tu nous vous me m te t
        se s lui leur leurs son sa ses mon ma mes ton ta tes notre nos votre vos est sont était
        étaient été être sera seront serait suis es a ont avait avaient avoir aura auront ai as
        comme donc ainsi aussi alors puis car parce bien très ne n y ci cela ça celui celle ceux
        celles toutefois cependant également notamment quel quelle quels quelles comment pourquoi
        lors afin selon etc dès depuis""",
    "es": """el la los las lo un una unos unas de del y e o u a al en con por para sobre entre hacia
        desde según que quien quienes cual cuales cuyo cuya cuyos cuyas donde como cómo qué quién
        dónde es son era eran fue fueron ser sido siendo está están estaba estaban estar será serán
        sería ha han había habían haber he hay se su sus le les me te nos mi mis tu tus él ella
        ellos ellas usted ustedes yo nosotros este esta estos estas ese esa esos esas aquel aquella
        esto eso ello así también además entonces pues porque aunque mientras ya muy tan tal etc
        embargo durante contra ante""",
    "it": """il lo la i gli le l un uno una di del dello della dei degli delle dell d a al allo alla
        ai agli alle all da dal dallo dalla dai dagli dalle dall in nel nello nella nei negli nelle
        nell su sul sullo sulla sui sugli sulle sull con per tra fra e ed o od che chi cui quale
        quali dove come perché è sono era erano essere stato stata stati state sarà saranno fu
        furono ha hanno aveva avevano avere ho si suo sua suoi sue loro mi ti ci vi ne lui lei noi
        voi questo questa questi queste quello quella quelli quelle anche inoltre quindi così
        pertanto poi poiché mentre però tuttavia molto tale tali ecc viene vengono""",
    "pt": """o a os as um uma uns umas de do da dos das em no na nos nas num numa por pelo pela
    pelos
        pelas para com sobre entre desde até e ou que quem qual quais cujo cuja onde como porque é
        são era eram foi foram ser sido sendo está estão estava estavam estar será serão seria há
        tem têm tinha tinham ter havia se seu sua seus suas lhe lhes me te nos meu minha ele ela
        eles elas você vocês eu nós este esta estes estas esse essa esses essas aquele aquela isto
        isso também além então pois assim portanto embora enquanto já muito tão tal etc ao aos à
        às""",
    "nl": """de het een en of van in op aan te tot voor met bij uit naar door om als dan is zijn was
        waren wordt worden werd werden ben bent heeft hebben had hadden heb hij zij ze het hem haar
        hun hen ik je jij jullie wij we ons onze mijn uw u deze dit die dat welke wat wie waar hoe
        waarom er daar hier zo ook dus echter daarom omdat hoewel terwijl zich zelf over tegen via
        per enz bovendien wel zal zullen zou zouden ermee ervan""",
    "ru": """и а но или в во на с со к ко у о об от до по за из для при через между как что чтобы
    кто
        который которая которое которые это этот эта эти тот та те то он она оно они его её ее их
        им ему ей мы вы я ты нас вас был была было были быть есть является являются же ли бы также
        так где когда потому поэтому себя свой своя свои своего""",
}

HOMOGRAPHS = frozenset(
    "met die den war hat bin door van come bent hem ten sin on per sur man".split()
)
"""Words of one language that are others in another: they don't tell which it is."""

FUNCTION_CHARACTERS: dict[str, str] = {
    "zh": "的了着过是在和与及或等也都就而其此该这那之于以为被把将对从向由",
    "ja": "のはがをにへとでもやて",
}
"""Of scripts without spaces; words are parted at them."""

FUNCTION_ENDINGS: dict[str, str] = {
    "ko": """에서는 에게서 으로는 에서 에게 까지 부터 으로 하고 이나 은 는 이 가 을 를 의 에 로 와
        과 도 나""",
}
"""Particles that hang on a word."""

VALUE_WORDS: dict[str, str] = {
    "en": "value state status setting figure number amount result entry",
    "de": "wert zustand status einstellung zahl anzahl betrag ergebnis eintrag",
    "fr": "valeur état statut réglage chiffre nombre montant résultat",
    "es": "valor estado ajuste cifra número importe resultado",
    "it": "valore stato impostazione cifra numero importo risultato",
    "pt": "valor estado definição número montante resultado",
    "nl": "waarde toestand status instelling getal aantal bedrag resultaat",
    "zh": "值 状态 数值 数量",
    "ja": "値 状態 数値 数量",
    "ko": "값 상태 수치 수량",
}
"""Of a table's cell they say no more than that it holds something: "the normal state of V1"."""

AGENTS = frozenset("by von vom durch par por da dal dalla pelo pela door".split())
"""What names the doer of a passive sentence, in which names have other places."""
