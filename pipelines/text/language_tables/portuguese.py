"""What is known of Portuguese."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

PORTUGUESE = LanguageTable(
    code="pt",
    name="Portuguese",
    stemmer="portuguese",
    small=listed("""
        o a os as um uma uns umas e ou de do da dos das em no na nos nas por pelo pela para com sem
        sobre entre até ao à aos às é são era eram foi foram ser está estão estar tem têm ter há
        pode podem deve devem quem que quê qual quais quando onde como porque quanto quanta quantos
        quantas se seu sua seus suas me meu minha este esta estes estas isso isto esse essa eu ele
        ela eles nós você mais muito também mas não
    """),
    negations=listed("não nunca jamais nenhum nenhuma sem nem nada tampouco"),
    numbers=counted("""
        zero 0 um 1 dois 2 duas 2 três 3 quatro 4 cinco 5 seis 6 sete 7 oito 8 nove 9 dez 10 onze 11
        doze 12 treze 13 quinze 15 vinte 20 trinta 30 quarenta 40 cinquenta 50 sessenta 60
        setenta 70 oitenta 80 noventa 90 cem 100 cento 100 mil 1000 milhão 1e6 milhões 1e6
        bilhão 1e9 metade 0.5 meio 0.5 terço 3 quarto 0.25 dúzia 12 vários 3
    """),
    units=pairs("""
        g: grama gramas
        kg: quilograma quilogramas quilo quilos
        mm: milímetro milímetros
        cm: centímetro centímetros
        m: metro metros
        l: litro litros
        s: segundo segundos
        min: minuto minutos
        h: hora horas
        days: dia dias
        %: porcento porcentagem percentagem
        V: volt volts
        A: ampere amperes
        W: watt watts
        °C: celsius graus
    """),
    attributes=pairs("""
        mass: peso massa
        length: comprimento altura largura profundidade diâmetro espessura distância tamanho
        volume: volume capacidade
        temperature: temperatura
        pressure: pressão
        voltage: tensão voltagem
        current: corrente
        power: potência
        torque: torque binário
        speed: velocidade
        frequency: frequência
        time: duração tempo intervalo
        colour: cor
        material: material
        price: preço custo
        count: número quantidade
        date: data ano
    """),
    questions={
        "steps": r"""
            como (?:se|posso|devo|faço|podemos)
            como \w+(?:ar|er|ir)
            passos
            etapas
            procedimento
            instruções
        """,
        "number": r"""
            quant[oa]s?
            por(?:cento|centagem)
            percentagem
            (?:qual|qual é (?:o|a)|que) (?:número|quantidade|temperatura|tensão|potência|velocidade|peso|comprimento|altura|largura|pressão|preço)
        """,
        "date": r"""
            quando
            (?:que|qual) (?:ano|data|dia|mês|século)
        """,
        "name": r"""
            quem
            (?:a)?onde
            (?:que|qual) (?:cidade|país|estado|pessoa|empresa)
        """,
        "reason": r"""
            por ?qu[eê]
            qual (?:é )?(?:a )?(?:razão|causa)
        """,
    },
    asking="quem que qual quais quando onde como porque quanto quanta quantos quantas",
    joining="e ou",
    dates=r"""
        séculos?
        (?:janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro)
        (?:segunda|terça|quarta|quinta|sexta)-feira
        sábado
        domingo
    """,
    reasons=r"""
        porque
        devido
        \w*causa\w*
        \w*razão\w*
        para que
        pois
        já que
    """,
)
