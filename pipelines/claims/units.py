"""Units of measure: what each is of, and how many of the base unit it is."""

from __future__ import annotations

from typing import NamedTuple


class Unit(NamedTuple):
    """`value * factor + offset` is the value in the base unit of `dimension`."""

    dimension: str
    factor: float
    offset: float = 0.0


# dimension -> factor -> names. Symbols are told apart by case, words are not.
_TABLE: dict[str, dict[float, str]] = {
    "length": {
        1.0: "m meter meters metre metres metro metros mètre mètres",
        1e3: "km kilometer kilometers kilometre kilometres kilómetro kilómetros kilomètres",
        1e-1: "dm",
        1e-2: "cm centimeter centimeters centimetre centimetres zentimeter centímetros",
        1e-3: "mm millimeter millimeters millimetre millimetres milímetros millimètres",
        1e-6: "µm μm um micron microns micrometer micrometers micrometre micrometres",
        1e-9: "nm nanometer nanometers nanometre nanometres",
        0.0254: "inch inches zoll",
        0.3048: "ft foot feet fuß",
        0.9144: "yd yard yards",
        1609.344: "mile miles meile meilen millas",
    },
    "area": {
        1.0: "m2 m²",
        1e6: "km2 km²",
        1e-4: "cm2 cm²",
        1e-6: "mm2 mm²",
        1e4: "ha hectare hectares hektar",
        0.09290304: "ft2 ft²",
        4046.8564224: "acre acres",
    },
    "mass": {
        1.0: "g gram grams gramm gramo gramos gramme grammes",
        1e3: "kg kilo kilos kilogram kilograms kilogramm kilogramos kilogrammes",
        1e-3: "mg milligram milligrams milligramm miligramos milligrammes",
        1e-6: "µg μg ug mcg microgram micrograms mikrogramm",
        1e-9: "ng nanogram nanograms",
        1e6: "t tonne tonnes tonnen toneladas",
        453.59237: "lb lbs pound pounds",
        28.349523125: "oz ounce ounces",
    },
    "volume": {
        1.0: "l L liter liters litre litres litro litros",
        1e-1: "dl dL",
        1e-2: "cl cL",
        1e-3: "ml mL milliliter milliliters millilitre millilitres mililitros cm3 cm³ cc",
        1e-6: "µl µL μl μL ul uL microliter microliters microlitre microlitres",
        1e-9: "nl nL",
        1e3: "m3 m³",
        3.785411784: "gal gallon gallons",
    },
    "time": {
        1.0: "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos",
        1e-3: "ms millisecond milliseconds millisekunden",
        1e-6: "µs μs us microsecond microseconds",
        1e-9: "ns nanosecond nanoseconds",
        60.0: "min mins minute minutes minuten minuto minutos",
        3600.0: "h hr hrs hour hours stunde stunden heure heures hora horas",
        86400.0: "day days tag tage tagen jour jours día días",
        604800.0: "week weeks woche wochen semaine semaines semana semanas",
    },
    "months": {
        1.0: "month months monat monate monaten mois mes meses",
        3.0: "quarter quarters quartal quartale",
        12.0: "year years yr yrs jahr jahre jahren an ans année années año años",
        120.0: "decade decades jahrzehnt jahrzehnte décennies décadas",
        1200.0: "century centuries jahrhundert jahrhunderte siècle siècles siglo siglos",
    },
    "share": {1.0: "% percent pct prozent procent", 0.1: "‰", 1e-4: "ppm", 1e-7: "ppb"},
    "points": {1.0: "pp", 0.01: "bps bp"},
    "pressure": {
        1.0: "Pa pascal pascals",
        100.0: "hPa mbar millibar",
        1e3: "kPa",
        1e6: "MPa",
        1e9: "GPa",
        1e5: "bar bars",
        6894.757293168: "psi",
        101325.0: "atm",
        133.322387415: "mmHg",
    },
    "frequency": {1.0: "Hz hertz", 1e3: "kHz", 1e6: "MHz", 1e9: "GHz"},
    "turns": {1.0: "rpm min⁻¹ min-1 r/min U/min 1/min", 60.0: "rps"},
    "gravity": {1.0: "×g xg rcf"},
    "voltage": {1.0: "V volt volts", 1e-3: "mV", 1e3: "kV"},
    "current": {1.0: "A amp amps ampere amperes", 1e-3: "mA", 1e-6: "µA μA"},
    "resistance": {1.0: "Ω ohm ohms", 1e3: "kΩ", 1e6: "MΩ"},
    "power": {
        1.0: "W watt watts",
        1e-3: "mW",
        1e3: "kW kilowatt kilowatts",
        1e6: "MW megawatt megawatts",
        1e9: "GW",
        745.6998715822702: "hp horsepower",
    },
    "charge": {1.0: "Ah", 1e-3: "mAh"},
    "energy": {
        1.0: "J joule joules",
        1e3: "kJ",
        1e6: "MJ",
        3600.0: "Wh",
        3.6e6: "kWh",
        3.6e9: "MWh",
        4.184: "cal",
        4184.0: "kcal",
    },
    "force": {1.0: "N newton newtons", 1e3: "kN"},
    "torque": {1.0: "Nm N·m N⋅m", 1e-2: "Ncm", 1e-3: "mNm"},
    "level": {1.0: "dB dBA decibel decibels"},
    "data": {
        1.0: "bytes byte",
        1e3: "kB KB kilobytes",
        1e6: "MB megabyte megabytes",
        1e9: "GB gigabyte gigabytes",
        1e12: "TB terabyte terabytes",
        2**10: "KiB",
        2**20: "MiB",
        2**30: "GiB",
    },
    "bits": {1.0: "bit bits", 1e6: "Mbit", 1e9: "Gbit"},
    "pixels": {1.0: "px pixel pixels", 1e6: "MP megapixel megapixels"},
    "amount": {1.0: "mol", 1e-3: "mmol", 1e-6: "µmol μmol"},
    "molarity": {1.0: "M", 1e-3: "mM", 1e-6: "µM μM", 1e-9: "nM"},
    "angle": {1.0: "° deg"},
    "speed": {0.44704: "mph"},
    "USD": {1.0: "$ US$ USD dollar dollars dólares", 0.01: "cents"},
    "EUR": {1.0: "€ EUR euro euros"},
    "GBP": {1.0: "£ GBP"},
    "JPY": {1.0: "¥ JPY yen"},
    "CHF": {1.0: "CHF"},
}
_KELVIN = 273.15
_TEMPERATURES = {
    "°C ℃ celsius": Unit("temperature", 1.0, _KELVIN),
    "°F ℉ fahrenheit": Unit("temperature", 5 / 9, _KELVIN - 32 * 5 / 9),
    "K kelvin": Unit("temperature", 1.0),
}
UNITS: dict[str, Unit] = {
    name: Unit(dimension, factor)
    for dimension, row in _TABLE.items()
    for factor, names in row.items()
    for name in names.split()
} | {name: unit for names, unit in _TEMPERATURES.items() for name in names.split()}

PHRASES = {
    "percentage points": "pp",
    "percentage point": "pp",
    "per cent": "%",
    "pour cent": "%",
    "por ciento": "%",
    "degrees celsius": "°C",
    "degree celsius": "°C",
    "degrees c": "°C",
    "° c": "°C",
    "degrees fahrenheit": "°F",
    "degree fahrenheit": "°F",
    "degrees f": "°F",
    "° f": "°F",
    "degrees": "°",
    "degree": "°",
    "grad celsius": "°C",
    "square meters": "m2",
    "square metres": "m2",
    "square kilometers": "km2",
    "square kilometres": "km2",
    "square feet": "ft2",
    "cubic meters": "m3",
    "cubic metres": "m3",
    "cubic centimeters": "cm3",
    "cubic centimetres": "cm3",
    "u.s. dollars": "USD",
    "us dollars": "USD",
    "revolutions per minute": "rpm",
    "x g": "xg",
    "× g": "xg",
    "in.": "inch",
    '"': "inch",
}
"""Units of more than one word, or that are units only behind a number."""

SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "thousands": 1e3,
    "tausend": 1e3,
    "mille": 1e3,
    "mil": 1e3,
    "k": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "millionen": 1e6,
    "mio": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "millón": 1e6,
    "millones": 1e6,
    "billion": 1e9,
    "billions": 1e9,
    "bn": 1e9,
    "milliarde": 1e9,
    "milliarden": 1e9,
    "mrd": 1e9,
    "milliard": 1e9,
    "milliards": 1e9,
    "trillion": 1e12,
    "trillions": 1e12,
    "тысяч": 1e3,
    "тысячи": 1e3,
    "миллион": 1e6,
    "миллиона": 1e6,
    "миллионов": 1e6,
    "миллиардов": 1e9,
    "万": 1e4,
    "亿": 1e8,
}


def unit_named(name: str) -> Unit | None:
    """The unit of that name or symbol; "mg/L" and "m/s" are made of their parts."""
    known = UNITS.get(name) or (UNITS.get(name.lower()) if len(name) > 3 else None)
    if known or "/" not in name:
        return known
    over, _, under = name.partition("/")
    top, bottom = unit_named(over), unit_named(under)
    if top is None or bottom is None or top.offset or bottom.offset:
        return None
    return Unit(f"{top.dimension}/{bottom.dimension}", top.factor / bottom.factor)
