"""Pairs of words that can't both be true of one thing: whoever says one for the other contradicts.

What a prefix turns round ("available", "unavailable") is told by PREFIXES.
"""

OPPOSITES: dict[str, str] = {
    "en": """
increase decrease|increase reduce|rise fall|grow shrink|raise lower|high low|higher lower
highest lowest|more less|more fewer|most least|most fewest|maximum minimum|max min|above below
over under|open close|open closed|opened closed|opening closing|on off|left right|up down
upper lower|top bottom|first last|start stop|begin end|enable disable|allow forbid|allow prevent
permit forbid|allow prohibit|include exclude|with without|hot cold|warm cold|fast slow|quick slow
faster slower|quickly slowly|long short|longer shorter|large small|big small|larger smaller
bigger smaller|largest smallest|heavy light|heavier lighter|early late|earlier later|inside outside
internal external|interior exterior|inner outer|positive negative|true false|always never|all none
gain loss|profit loss|win lose|won lost|income expense|buy sell|bought sold|accept reject|in out
clockwise counterclockwise|clockwise anticlockwise|tighten loosen|push pull|lock unlock
connect disconnect|attach detach|attach remove|add remove|insert remove|install remove
install uninstall|upstream downstream|north south|east west|northern southern|eastern western
male female|men women|man woman|better worse|best worst|good bad|strong weak|stronger weaker
promote inhibit|activate inhibit|activate deactivate|upregulate downregulate|present absent
mandatory optional|required optional|wet dry|old new|older newer|young old|younger older|full empty
fill drain|fill empty|thick thin|thicker thinner|wide narrow|wider narrower|deep shallow|front back
front rear|front behind|safe dangerous|safe unsafe|hard soft|rough smooth|sharp blunt|clean dirty
horizontal vertical|parallel perpendicular|forward backward|forwards backwards|ascend descend
ascending descending|input output|entry exit|inlet outlet|import export|rich poor|easy difficult
easy hard|simple complex|many few|major minor|majority minority|public private|direct indirect
active passive|active inactive|manual automatic|manually automatically|permanent temporary
success failure|succeed fail|pass fail|passed failed|alive dead|life death|born died|day night
morning evening|summer winter|even odd|visible hidden|show hide|plug unplug|load unload|pressed
released|press release|engage disengage|extend retract|expand contract|contraction expansion
compress expand|freeze melt|heat cool|heating cooling|acid alkaline|acidic basic|anode cathode
asset liability|assets liabilities|credit debit|debt equity|receivable payable|revenue cost
revenue expense|ally enemy|victory defeat|war peace|agree disagree|appear disappear|arrive depart
attack defend|modern ancient|rural urban|near far|close far|together apart|together separately
same different|similar different|common rare|usual unusual|presence absence|higher-than lower-than
strengthen weaken|accelerate decelerate|accelerate slow|gradual sudden|single multiple
static dynamic
encourage discourage|support oppose|create destroy|build destroy|save waste|lend borrow|give take
send receive|transmit receive|charge discharge|charged discharged|energized de-energized
raised lowered
increased reduced|increasing decreasing|increasing reducing|rising falling|upward downward
upwards downwards|ahead behind|previous next|previous following|beginning end|broad narrow""",
    "de": """
hoch niedrig|höher niedriger|hoch tief|mehr weniger|öffnen schließen|offen geschlossen|ein aus
geöffnet geschlossen|links rechts|linken rechten|linke rechte|oben unten|obere untere|über unter
auf zu|heiß kalt|warm kalt|schnell langsam|schneller langsamer|lang kurz|länger kürzer|groß klein
größer kleiner|größte kleinste|schwer leicht|früh spät|früher später|innen außen|positiv negativ
wahr falsch|immer nie|alle keine|erhöhen senken|erhöhen verringern|steigen sinken|steigen fallen
zunehmen abnehmen|erlaubt verboten|einschalten ausschalten|eingeschaltet ausgeschaltet
vorher nachher
nass trocken|neu alt|voll leer|füllen leeren|dick dünn|breit schmal|vorne hinten|vordere hintere
anziehen lösen|verbinden trennen|aktivieren deaktivieren|nord süd|norden süden|osten westen
nördlich südlich|östlich westlich|gut schlecht|besser schlechter|stark schwach|erste letzte
gewinn verlust|sieg niederlage|anfang ende|beginn ende|viele wenige|gleich verschieden|hell dunkel
vorwärts rückwärts|maximal minimal|maximum minimum|eingang ausgang|männlich weiblich|jung alt""",
    "fr": """
haut bas|haute basse|plus moins|ouvrir fermer|ouvert fermé|ouverte fermée|gauche droite|dessus
dessous|supérieur inférieur|chaud froid|chaude froide|rapide lent|long court|longue courte
grand petit|grande petite|lourd léger|tôt tard|intérieur extérieur|interne externe|positif négatif
vrai faux|toujours jamais|augmenter diminuer|augmenter réduire|monter descendre|activer désactiver
allumer éteindre|marche arrêt|premier dernier|première dernière|nouveau ancien|plein vide|serrer
desserrer|connecter déconnecter|brancher débrancher|nord sud|est ouest|bon mauvais|fort faible
maximum minimum|maximal minimal|entrée sortie|avant arrière|début fin|sec humide""",
    "es": """
alto bajo|alta baja|más menos|mayor menor|abrir cerrar|abierto cerrado|abierta cerrada
izquierda derecha|arriba abajo|superior inferior|caliente frío|rápido lento|largo corto|larga corta
grande pequeño|grande pequeña|pesado ligero|temprano tarde|interior exterior|interno externo
positivo negativo|verdadero falso|siempre nunca|aumentar disminuir|aumentar reducir|subir bajar
activar desactivar|encender apagar|encendido apagado|primero último|primera última|primer último
nuevo viejo|nuevo antiguo|nueva antigua|lleno vacío|llenar vaciar|apretar aflojar
conectar desconectar
norte sur|este oeste|bueno malo|mejor peor|fuerte débil|máximo mínimo|entrada salida|delante detrás
principio fin|seco húmedo|ganar perder|muchos pocos|antes después|dentro fuera|sobre bajo""",
    "it": """
alto basso|alta bassa|più meno|maggiore minore|aprire chiudere|aperto chiuso|aperta chiusa
sinistra destra|sopra sotto|superiore inferiore|caldo freddo|calda fredda|veloce lento|lungo corto
grande piccolo|grande piccola|pesante leggero|presto tardi|interno esterno|positivo negativo
vero falso|sempre mai|aumentare diminuire|aumentare ridurre|salire scendere|attivare disattivare
accendere spegnere|acceso spento|primo ultimo|prima ultima|nuovo vecchio|pieno vuoto|stringere
allentare|collegare scollegare|nord sud|est ovest|massimo minimo|entrata uscita|ingresso uscita
asciutto bagnato|forte debole|buono cattivo""",
    "pt": """
alto baixo|alta baixa|mais menos|maior menor|abrir fechar|aberto fechado|aberta fechada
esquerda direita|acima abaixo|superior inferior|quente frio|rápido lento|longo curto
grande pequeno|grande pequena|pesado leve|cedo tarde|interno externo|interior exterior
positivo negativo|verdadeiro falso|sempre nunca|aumentar diminuir|aumentar reduzir|subir descer
ativar desativar|ligar desligar|ligado desligado|primeiro último|primeira última|novo velho
novo antigo|cheio vazio|apertar afrouxar|conectar desconectar|norte sul|leste oeste|máximo mínimo
entrada saída|seco úmido|forte fraco|bom mau|dentro fora""",
    "nl": """
hoog laag|hoger lager|hoge lage|meer minder|openen sluiten|open gesloten|open dicht|links rechts
boven onder|bovenste onderste|warm koud|heet koud|snel langzaam|lang kort|groot klein|grote kleine
zwaar licht|vroeg laat|binnen buiten|intern extern|positief negatief|waar onwaar|altijd nooit
verhogen verlagen|stijgen dalen|inschakelen uitschakelen|ingeschakeld uitgeschakeld|aan uit
eerste laatste|nieuw oud|vol leeg|vullen legen|aandraaien losdraaien|aansluiten loskoppelen
noord zuid|oost west|maximaal minimaal|maximum minimum|ingang uitgang|droog nat|sterk zwak
goed slecht|voor achter""",
    "ru": """
высокий низкий|больше меньше|открыть закрыть|открыт закрыт|включить выключить|левый правый
слева справа|вверх вниз|горячий холодный|быстро медленно|большой маленький|новый старый|первый
последний|всегда никогда|внутри снаружи""",
}

CHARACTER_OPPOSITES = """
高 低|大 小|多 少|上 下|左 右|内 外|开 关|开启 关闭|打开 关闭|增加 减少|升高 降低|上升 下降
最大 最小|冷 热|快 慢|长 短|新 旧|东 西|南 北|允许 禁止|正 负|强 弱|厚 薄|干 湿|首 末
"""

PREFIXES = ("non", "un", "in", "im", "ir", "dis", "il", "mis", "de", "über", "des", "dés", "in")
