"""What is known of Spanish."""

from __future__ import annotations

from pipelines.text.language_tables.table import LanguageTable, counted, listed, pairs

SPANISH = LanguageTable(
    code="es",
    name="Spanish",
    stemmer="spanish",
    small=listed("""
        el la los las lo un una unos unas y e o u de del a al en por para con sin sobre entre desde
        hasta es son era eran fue fueron ser está están estar ha han haber hay puede pueden debe
        deben quién quiénes qué cuál cuáles cuándo dónde cómo cuánto cuánta cuántos cuántas que como
        cuando donde se su sus me mi nos te tu le les este esta estos estas ese esa esto eso yo él
        ella ellos más muy también si pero no
    """),
    negations=listed("no nunca jamás ningún ninguno ninguna sin ni nada tampoco"),
    numbers=counted("""
        cero 0 uno 1 dos 2 tres 3 cuatro 4 cinco 5 seis 6 siete 7 ocho 8 nueve 9 diez 10 once 11
        doce 12 trece 13 catorce 14 quince 15 veinte 20 treinta 30 cuarenta 40 cincuenta 50
        sesenta 60 setenta 70 ochenta 80 noventa 90 cien 100 ciento 100 mil 1000 millón 1e6
        millones 1e6 mitad 0.5 medio 0.5 tercio 3 cuarto 0.25 docena 12 varios 3
    """),
    units=pairs("""
        g: gramo gramos
        kg: kilogramo kilogramos kilo kilos
        mm: milímetro milímetros
        cm: centímetro centímetros
        m: metro metros
        l: litro litros
        s: segundo segundos
        min: minuto minutos
        h: hora horas
        days: día días
        %: porcentaje
        V: voltio voltios
        A: amperio amperios
        W: vatio vatios
        °C: celsius grados
    """),
    attributes=pairs("""
        mass: peso masa
        length: longitud altura anchura ancho profundidad diámetro grosor espesor distancia tamaño
        volume: volumen capacidad
        temperature: temperatura
        pressure: presión
        voltage: voltaje tensión
        current: corriente
        power: potencia
        torque: par
        speed: velocidad
        frequency: frecuencia
        time: duración tiempo intervalo
        colour: color
        material: material
        price: precio coste costo
        count: número cantidad
        date: fecha año
    """),
    questions={
        "steps": r"""
            cómo (?:se|puedo|debo|hago|podemos)
            cómo \w+(?:ar|er|ir)
            pasos
            procedimiento
            instrucciones
        """,
        "number": r"""
            cuánt[oa]s?
            porcentaje
            (?:qué|cuál es (?:el|la)) (?:número|cantidad|temperatura|tensión|voltaje|potencia|velocidad|peso|longitud|altura|anchura|tamaño|presión|precio)
        """,
        "date": r"""
            cuándo
            (?:qué|cuál) (?:año|fecha|día|mes|siglo)
        """,
        "name": r"""
            quién(?:es)?
            (?:a)?dónde
            qué (?:ciudad|país|estado|persona|empresa)
        """,
        "reason": r"""
            por qué
            (?:qué|cuál es la) (?:razón|causa)
        """,
    },
    asking="quién quiénes qué cuál cuáles cuándo dónde cómo cuánto cuánta cuántos cuántas",
    joining="y e o",
    dates=r"""
        siglos?
        (?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)
        (?:lunes|martes|miércoles|jueves|viernes|sábado|domingo)
    """,
    reasons=r"""
        porque
        debido
        \w*causa\w*
        \w*razón\w*
        para que
        ya que
        por eso
    """,
)
