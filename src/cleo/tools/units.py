"""Units: length, mass, temperature, volume, area, speed, time and data."""

from decimal import Context, Decimal, localcontext

from cleo.domain.errors import ToolError
from cleo.ports import ToolContext
from cleo.tools.definition.decorator import tool

# How many of the first unit one of each is, by what they measure; each with the names that people use.
_TABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "length": {
        "1": ("m", "meter", "metre"),
        "1000": ("km", "kilometer", "kilometre", "kms"),
        "0.1": ("dm", "decimeter", "decimetre"),
        "0.01": ("cm", "centimeter", "centimetre", "cms"),
        "0.001": ("mm", "millimeter", "millimetre"),
        "0.000001": ("µm", "um", "micrometer", "micron"),
        "1609.344": ("mi", "mile"),
        "0.9144": ("yd", "yard"),
        "0.3048": ("ft", "foot", "feet", "'"),
        "0.0254": ("in", "inch", "inches", '"'),
        "1852": ("nmi", "nautical mile"),
    },
    "mass": {
        "1": ("kg", "kilogram", "kilo", "kgs"),
        "0.001": ("g", "gram", "gramme"),
        "0.000001": ("mg", "milligram"),
        "1000": ("t", "tonne", "metric ton"),
        "0.45359237": ("lb", "lbs", "pound"),
        "0.028349523125": ("oz", "ounce"),
        "6.35029318": ("st", "stone"),
    },
    "volume": {
        "1": ("l", "liter", "litre"),
        "0.1": ("dl", "deciliter", "decilitre"),
        "0.01": ("cl", "centiliter", "centilitre"),
        "0.001": ("ml", "milliliter", "millilitre", "cm³", "cm3"),
        "1000": ("m³", "m3", "cubic meter", "cubic metre"),
        "3.785411784": ("gal", "gallon", "us gallon"),
        "0.946352946": ("qt", "quart"),
        "0.473176473": ("pt", "pint"),
        "0.2365882365": ("cup",),
        "0.0295735295625": ("fl oz", "fluid ounce"),
        "0.01478676478125": ("tbsp", "tablespoon"),
        "0.00492892159375": ("tsp", "teaspoon"),
    },
    "area": {
        "1": ("m²", "m2", "square meter", "square metre", "sqm"),
        "1000000": ("km²", "km2", "square kilometer", "square kilometre"),
        "0.0001": ("cm²", "cm2", "square centimeter", "square centimetre"),
        "10000": ("ha", "hectare"),
        "4046.8564224": ("acre",),
        "0.09290304": ("ft²", "ft2", "square foot", "square feet", "sqft"),
        "2589988.110336": ("mi²", "mi2", "square mile"),
    },
    "speed": {
        "1": ("m/s", "meters per second", "metres per second"),
        "0.2777777777777777777777777778": (
            "km/h",
            "kmh",
            "kph",
            "kilometers per hour",
            "kilometres per hour",
        ),
        "0.44704": ("mph", "miles per hour"),
        "0.5144444444444444444444444444": ("kn", "kt", "knot"),
    },
    "time": {
        "1": ("s", "sec", "second"),
        "0.001": ("ms", "millisecond"),
        "60": ("min", "minute"),
        "3600": ("h", "hr", "hour"),
        "86400": ("d", "day"),
        "604800": ("week", "wk"),
        "31557600": ("year", "yr"),
    },
    "data": {
        "1": ("B", "byte"),
        "0.125": ("bit",),
        "1000": ("kB", "kilobyte"),
        "1000000": ("MB", "megabyte"),
        "1000000000": ("GB", "gigabyte"),
        "1000000000000": ("TB", "terabyte"),
        "1024": ("KiB", "kibibyte"),
        "1048576": ("MiB", "mebibyte"),
        "1073741824": ("GiB", "gibibyte"),
        "1099511627776": ("TiB", "tebibyte"),
        "125000": ("Mbit", "megabit"),
        "125000000": ("Gbit", "gigabit"),
    },
}
_TEMPERATURES = {
    "°C": ("c", "°c", "celsius", "centigrade", "degrees celsius", "degrees c", "degree celsius"),
    "°F": ("f", "°f", "fahrenheit", "degrees fahrenheit", "degrees f", "degree fahrenheit"),
    "K": ("k", "kelvin", "degrees kelvin"),
}
_UNITS = {
    name.casefold(): (measure, Decimal(factor), names[0])
    for measure, units in _TABLE.items()
    for factor, names in units.items()
    for name in names
}
_DEGREES = {name: degree for degree, names in _TEMPERATURES.items() for name in names}
_CURRENCIES = frozenset(
    {
        "$",
        "€",
        "£",
        "usd",
        "eur",
        "gbp",
        "chf",
        "jpy",
        "dollar",
        "euro",
        "franc",
        "yen",
        "rupee",
        "inr",
        "cny",
        "btc",
    }
)
_FREEZING = Decimal("273.15")


@tool(read_only=True)
async def convert(ctx: ToolContext, value: float, from_unit: str, to_unit: str) -> str:
    """Convert between units of length, mass, temperature, volume (US), area, speed, time or data.

    Args:
        value: How much.
        from_unit: For example km, lb, °F, cups, m², mph, hours, GiB.
        to_unit: A unit of the same kind.
    """
    return converted(value, from_unit, to_unit)


def converted(value: float, from_unit: str, to_unit: str) -> str:
    """Convert and say it as a sentence. Raises `ToolError` saying which unit is unknown, or that they do not fit."""
    with localcontext(Context(prec=28)):
        amount = Decimal(repr(value))
        if not amount.is_finite():
            raise ToolError(f"{value} cannot be converted.")
        degrees = _degree(from_unit), _degree(to_unit)
        if degrees[0] and degrees[1]:
            result = _temperature(amount, degrees[0], degrees[1])
            return f"{_written(amount)} {degrees[0]} = {_written(result)} {degrees[1]}"
        one, other = _unit(from_unit), _unit(to_unit)
        if one[0] != other[0]:
            raise ToolError(
                f"{from_unit} measures {one[0]} and {to_unit} measures {other[0]}: they do not convert."
            )
        return f"{_written(amount)} {one[2]} = {_written(amount * one[1] / other[1])} {other[2]}"


def _temperature(value: Decimal, one: str, other: str) -> Decimal:
    to_kelvin = {"K": value, "°C": value + _FREEZING, "°F": (value - 32) * 5 / 9 + _FREEZING}
    kelvin = to_kelvin[one]
    if kelvin < 0:
        raise ToolError(f"Nothing is as cold as {_written(value)} {one}.")
    return {"K": kelvin, "°C": kelvin - _FREEZING, "°F": (kelvin - _FREEZING) * 9 / 5 + 32}[other]


def _unit(name: str) -> tuple[str, Decimal, str]:
    folded = " ".join(name.casefold().split()).rstrip(".")
    for spelling in (folded, folded.removesuffix("s"), folded.removesuffix("es"), f"{folded}s"):
        if spelling in _UNITS:
            return _UNITS[spelling]
        if spelling in _CURRENCIES:
            raise ToolError(
                "Money cannot be converted here: exchange rates change and no source is connected."
            )
    if folded in _DEGREES:
        return ("temperature", Decimal(1), _DEGREES[folded])
    raise ToolError(
        f"The unit {name!r} is unknown. Known are, for example: km, mile, kg, lb, °C, litre, cup, GiB."
    )


def _degree(name: str) -> str:
    return _DEGREES.get(" ".join(name.casefold().split()).rstrip("."), "")


def _written(value: Decimal) -> str:
    rounded = Context(prec=6).plus(value) if abs(value) < 1_000_000 else value.quantize(Decimal(1))
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
