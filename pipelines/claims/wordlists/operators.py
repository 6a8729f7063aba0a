"""Words that decide whether, when and how far a sentence holds: denials, modal words, conditions
and restrictions. What they stand with means something else without them.

Each table holds, by class and language, phrases parted by commas.
"""

NEGATIONS: dict[str, str] = {
    "en": """not, no, never, none, neither, cannot, without, nobody, nothing, nowhere, hardly,
        barely, scarcely, rarely, seldom, lack, lacks, lacked, lacking, fail, fails, failed,
        failing,
        unable, refuse, refuses, refused, ain't, avoid, avoids, avoided, avoiding, prevent,
        prevents,
        prevented, preventing, prohibited, forbidden, non, nor, refrain""",
    "de": """nicht, kein, keine, keinen, keinem, keiner, keines, nie, niemals, ohne, weder, nichts,
        niemand, vermeiden, vermeidet, verboten, verhindern, verhindert""",
    "fr": """pas, jamais, sans, aucun, aucune, rien, ni, personne ne, non, nul, nulle, éviter,
    évitez,
        évite, interdit, interdite""",
    "es": """no, nunca, sin, ningún, ninguna, ninguno, jamás, tampoco, nada, ni, nadie, evitar,
    evite,
        evita, prohibido, prohibida""",
    "it": """non, mai, senza, nessun, nessuno, nessuna, niente, nulla, né, nemmeno, neanche,
    evitare,
        evita, vietato, vietata""",
    "pt": """não, nunca, sem, nenhum, nenhuma, nada, nem, jamais, tampouco, ninguém, evite, evitar,
        proibido, proibida""",
    "nl": """niet, geen, nooit, zonder, noch, niets, niemand, nergens, vermijd, vermijden, voorkom,
        verboden""",
    "ru": "не, нет, без, никогда, ни, никто, ничего, нельзя",
    "ar": "لا, لم, لن, ليس, ليست, غير, بدون",
    "hi": "नहीं, बिना, मत",
}
AFTER_VERB = frozenset("pas jamais rien nicht nie niemals niet nooit".split())
"""Denials that follow their verb."""
NOT_ONLY = frozenset("only just merely simply nur seulement solo sólo soltanto só alleen".split())

MODALS: dict[str, dict[str, str]] = {
    "must": {
        "en": "must, shall, have to, has to, had to, need to, needs to, needed to",
        "de": "muss, muß, müssen, musste, mussten, müsse",
        "fr": "doit, doivent, devez, doivent, devra, devront, il faut, devait",
        "es": "debe, deben, deberá, deberán, debía, tiene que, tienen que, hay que",
        "it": "deve, devono, dovrà, dovranno, bisogna, doveva",
        "pt": "deve, devem, deverá, deverão, tem que, têm que, tem de",
        "nl": "moet, moeten, moest, moesten, dient te, dienen te",
        "ru": "должен, должна, должно, должны, необходимо",
    },
    "may": {
        "en": "may, can, could, might, be able to, is able to, are able to",
        "de": "kann, können, darf, dürfen, könnte, könnten, konnte, konnten, dürfte",
        "fr": "peut, peuvent, pouvez, pourra, pourront, pourrait, pourraient, pouvait",
        "es": "puede, pueden, podrá, podrán, podría, podrían, podía",
        "it": "può, possono, potrà, potranno, potrebbe, potrebbero, poteva",
        "pt": "pode, podem, poderá, poderão, poderia, poderiam, podia",
        "nl": "kan, kunnen, mag, mogen, kon, konden, zou kunnen",
        "ru": "может, могут, можно, мог, могла, могли",
    },
    "should": {
        "en": "should, ought to",
        "de": "soll, sollen, sollte, sollten, sollst",
        "fr": "devrait, devraient, devriez",
        "es": "debería, deberían, debiera",
        "it": "dovrebbe, dovrebbero",
        "pt": "deveria, deveriam",
        "nl": "zou moeten, hoort te, behoort te",
        "ru": "следует",
    },
}
"""By strength; "shall" of standards binds, and "can" and "may" are used for each other."""

CONDITIONS: dict[str, dict[str, str]] = {
    "if": {
        "en": """if, when, whenever, in case, in case of, in the event of, in the event that,
            provided, provided that, as long as, so long as, assuming, on condition that""",
        "de": "wenn, falls, sofern, sobald, solange, vorausgesetzt, im falle",
        "fr": """si, s il, s ils, lorsque, lorsqu, quand, en cas de, à condition que, à condition
            de, tant que""",
        "es": "si, cuando, en caso de, siempre que, con tal de que, mientras que",
        "it": "se, quando, qualora, in caso di, purché, a condizione che",
        "pt": "se, quando, caso, em caso de, desde que, sempre que",
        "nl": "wanneer, indien, mits, zodra, zolang, in geval van",
        "ru": "если, когда",
    },
    "unless": {
        "en": "unless",
        "de": "es sei denn, außer wenn",
        "fr": "sauf si, à moins que, à moins de",
        "es": "a menos que, salvo que, a no ser que",
        "it": "a meno che, salvo che",
        "pt": "a menos que, salvo se, a não ser que",
        "nl": "tenzij",
    },
    "before": {
        "en": "before, prior to",
        "de": "bevor, vor, ehe",
        "fr": "avant, avant de, avant que",
        "es": "antes de, antes de que, antes",
        "it": "prima di, prima che, prima",
        "pt": "antes de, antes que, antes",
        "nl": "voordat, alvorens, vóór",
        "ru": "перед, прежде",
    },
    "after": {
        "en": "after",
        "de": "nachdem, danach",
        "fr": "après, après que",
        "es": "después de, después, tras",
        "it": "dopo, dopo che",
        "pt": "depois de, depois, após",
        "nl": "nadat, na",
        "ru": "после",
    },
    "until": {
        "en": "until, till",
        "de": "bis",
        "fr": "jusqu, jusque",
        "es": "hasta",
        "it": "fino, finché",
        "pt": "até que",
        "nl": "totdat",
        "ru": "пока",
    },
}

RESTRICTIONS: dict[str, dict[str, str]] = {
    "only": {
        "en": "only, solely, exclusively, merely",
        "de": "nur, ausschließlich, lediglich, allein",
        "fr": "seulement, uniquement, exclusivement",
        "es": "sólo, solo, solamente, únicamente, exclusivamente",
        "it": "solo, soltanto, solamente, unicamente, esclusivamente",
        "pt": "só, somente, apenas, exclusivamente",
        "nl": "alleen, slechts, uitsluitend, enkel",
        "ru": "только, лишь",
    },
    "except": {
        "en": "except, except for, excepting, other than, apart from, with the exception of",
        "de": "außer, ausgenommen, mit ausnahme von, abgesehen von",
        "fr": "sauf, excepté, hormis, à l'exception de",
        "es": "excepto, salvo, a excepción de",
        "it": "tranne, eccetto, salvo, a eccezione di",
        "pt": "exceto, salvo, à exceção de",
        "nl": "behalve, uitgezonderd, met uitzondering van",
        "ru": "кроме",
    },
    "at least": {
        "en": "at least, no less than, not less than, no fewer than, a minimum of, minimum of",
        "de": "mindestens, wenigstens",
        "fr": "au moins, au minimum",
        "es": "al menos, por lo menos, como mínimo",
        "it": "almeno, come minimo",
        "pt": "pelo menos, no mínimo",
        "nl": "minstens, ten minste, minimaal",
        "ru": "не менее, по крайней мере",
    },
    "more than": {
        "en": "more than, greater than, in excess of",
        "de": "mehr als",
        "fr": "plus de, plus que",
        "es": "más de, más que",
        "it": "più di, più che",
        "pt": "mais de, mais que",
        "nl": "meer dan",
        "ru": "более",
    },
    "less than": {
        "en": "less than, fewer than",
        "de": "weniger als",
        "fr": "moins de, moins que",
        "es": "menos de, menos que",
        "it": "meno di, meno che",
        "pt": "menos de, menos que",
        "nl": "minder dan",
        "ru": "менее",
    },
    "at most": {
        "en": """at most, no more than, not more than, up to, a maximum of, maximum of, no longer
            than, not exceeding""",
        "de": "höchstens, maximal, bis zu",
        "fr": "au plus, au maximum, jusqu'à",
        "es": "como máximo, a lo sumo, hasta un máximo de",
        "it": "al massimo, fino a",
        "pt": "no máximo, até um máximo de",
        "nl": "hoogstens, maximaal, ten hoogste",
        "ru": "не более",
    },
}

CHARACTERS: dict[str, dict[str, str]] = {
    "negation": {
        "zh": "不 没有 没 无法 无 未 非 别 勿 禁止 避免 請勿 請不要",
        "ja": "ない ません なかった ず ぬ 禁止 しないで 無 不 非 未",
    },
    "must": {
        "zh": "必须 必須 务必 需要 须 應當 应当 不得不",
        "ja": "なければなりません なければならない 必要があ 必ず",
    },
    "may": {"zh": "可以 可能 能够 能 可", "ja": "てもよい ことができ できます できる 可能"},
    "should": {"zh": "应该 应 應該", "ja": "べき ことをお勧め"},
    "if": {"zh": "如果 若 当 假如 只要 一旦", "ja": "場合 ときは もし 時は すると れば"},
    "unless": {"zh": "除非", "ja": "ない限り"},
    "before": {"zh": "之前 以前 前", "ja": "する前に 前に"},
    "after": {"zh": "之后 以后 后", "ja": "した後に 後に"},
    "until": {"zh": "直到", "ja": "まで"},
    "only": {"zh": "只有 仅 只", "ja": "のみ だけ しか"},
    "except": {"zh": "除了 除外", "ja": "を除き を除いて 以外"},
    "at least": {"zh": "至少 不少于", "ja": "少なくとも 以上"},
    "at most": {"zh": "至多 最多 不超过", "ja": "最大 以下"},
}
"""In scripts without spaces they are found within a run of characters."""
NO_CUES = (
    "不仅 不但 不同 不断 无论 非常 未来 别人 只是 当时 当地 应用 可靠 能力 功能 性能 能量".split()
)
"""Words that hold such a character and mean something else."""

KOREAN: dict[str, str] = {
    "negation": "않|없|못|아니|마십시오|마세요|말아야|금지|^안$",
    "must": "해야|하여야|아야|어야",
    "may": "^수$|가능",
    "if": "^경우|으면$|하면$|면$",
    "before": "^전에$|^전$",
    "after": "^후에$|^후$",
    "only": "만$",
    "at least": "^최소|^이상",
    "at most": "^최대|^이하",
}
"""In Korean they hang on a word: patterns that a word of it is searched for."""

KIND = {
    "negation": "negation",
    **dict.fromkeys(MODALS, "modal"),
    **dict.fromkeys(CONDITIONS, "condition"),
    **dict.fromkeys(RESTRICTIONS, "restriction"),
    # It takes something from what stands before it, as a condition does.
    "except": "condition",
}

CONTRARY = {
    ("before", "after"), ("after", "before"), ("if", "unless"), ("unless", "if"),
    ("at least", "at most"), ("at most", "at least"), ("more than", "less than"),
    ("less than", "more than"),
}  # fmt: skip
"""Whoever says one for the other says the opposite."""

PARTED_BY = frozenset(
    "but and or although though sondern aber und oder mais et ou pero sino y ma e mas maar en "
    "но и".split()
)
"""Behind a comma they begin something of its own."""
