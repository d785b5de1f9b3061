"""A calculator that can neither run code nor run away."""

import math
import re
from collections.abc import Callable
from decimal import Context, Decimal, DecimalException, DivisionByZero, Overflow, localcontext
from typing import NoReturn

from cleo.domain.errors import ToolError
from cleo.ports import ToolContext
from cleo.tools.definition.decorator import tool

_LONGEST = 200
_DEEPEST = 30
_DIGITS = 60
_SHOWN = 15
_TOKEN = re.compile(r"(?:(?<!\s)\s+)?(\d+(?:\.\d+)?|\.\d+|\*\*|//|[-+*/^%(),!]|[a-zπ]+)")
_SPELLED = {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "∶": "/", "²": "^2", "³": "^3", "√": "sqrt"}
_CONSTANTS = {"pi": Decimal(str(math.pi)), "π": Decimal(str(math.pi)), "e": Decimal(str(math.e))}


def _float(function: Callable[[float], float]) -> Callable[[Decimal], Decimal]:
    return lambda value: Decimal(repr(function(float(value))))


_FUNCTIONS: dict[str, Callable[[Decimal], Decimal]] = {
    "sqrt": lambda value: value.sqrt(),
    "abs": abs,
    "round": lambda value: value.to_integral_value(),
    "floor": lambda value: value.to_integral_value("ROUND_FLOOR"),
    "ceil": lambda value: value.to_integral_value("ROUND_CEILING"),
    "ln": lambda value: value.ln(),
    "log": lambda value: value.log10(),
    "exp": lambda value: value.exp(),
    "sin": _float(math.sin),
    "cos": _float(math.cos),
    "tan": _float(math.tan),
}


@tool(read_only=True)
async def calculate(ctx: ToolContext, expression: str) -> str:
    """Work out arithmetic exactly: + - * / // ^ ( ), percent, sqrt, ln, log, exp, sin, cos, tan (radians), pi, e.

    Args:
        expression: For example "(12.5 + 3) * 2", "20% of 50", "80 + 19%", "sqrt(2)".
    """
    return f"{expression.strip()} = {evaluate(expression)}"


def evaluate(expression: str) -> str:
    """Work out an expression. Raises `ToolError` saying what is wrong with it."""
    if len(expression) > _LONGEST:
        raise ToolError(f"That is too long to work out: at most {_LONGEST} characters.")
    with localcontext(Context(prec=_DIGITS, Emax=9999, Emin=-9999)):
        try:
            return _written(_Parser(expression).result())
        except DecimalException as error:
            raise ToolError(f"That cannot be worked out ({_reason(error)}).") from None
        except (OverflowError, ValueError):
            raise ToolError("That cannot be worked out (outside of what the function can take).") from None


class _Parser:
    """Reads left to right: sum := product ((+|-) product)*, and so on down to numbers."""

    def __init__(self, expression: str) -> None:
        self.tokens = _tokens(expression)
        self.place = 0
        self.depth = 0
        self.percent = False

    def result(self) -> Decimal:
        value = self._sum()
        if self.place < len(self.tokens):
            self._stop(f"{self._peek()!r} is not expected there")
        return value

    def _sum(self) -> Decimal:
        value = self._product()
        while (sign := self._peek()) in ("+", "-"):
            self.place += 1
            other = self._product()
            if self.percent:  # 80 + 19% means 19% of 80
                other *= value
            value = value + other if sign == "+" else value - other
        return value

    def _product(self) -> Decimal:
        value = self._signed()
        while (sign := self._peek()) in ("*", "/", "//", "of"):
            self.place += 1
            other = self._signed()
            if sign in ("*", "of"):
                value *= other
            else:
                value = value / other if sign == "/" else (value / other).to_integral_value("ROUND_FLOOR")
            self.percent = False
        return value

    def _signed(self) -> Decimal:
        if self._peek() in ("+", "-"):
            sign = self._peek()
            self.place += 1
            value = self._deeper(self._signed)
            return -value if sign == "-" else value
        return self._power()

    def _power(self) -> Decimal:
        value = self._percent(self._atom())
        if self._peek() in ("^", "**"):
            self.place += 1
            exponent = self._deeper(self._signed)
            if abs(exponent) > 1000:
                self._stop("the exponent is too large, at most 1000")
            return value**exponent
        return value

    def _percent(self, value: Decimal) -> Decimal:
        self.percent = False
        if self._peek() == "%":
            self.place += 1
            self.percent = True
            return value / 100
        return value

    def _atom(self) -> Decimal:
        read = self._peek()
        self.place += 1
        if read == "(":
            return self._inside()
        if read in _FUNCTIONS:
            return _FUNCTIONS[read](self._deeper(self._atom))
        if read in _CONSTANTS:
            return _CONSTANTS[read]
        if read and (read[0].isdigit() or read[0] == "."):
            return Decimal(read)
        return self._stop(f"{read!r} is not expected there" if read else "something is missing at the end")

    def _inside(self) -> Decimal:
        value = self._deeper(self._sum)
        if self._peek() != ")":
            self._stop("a closing bracket is missing")
        self.place += 1
        return value

    def _deeper(self, read: Callable[[], Decimal]) -> Decimal:
        self.depth += 1
        if self.depth > _DEEPEST:
            self._stop("it is nested too deep")
        value = read()
        self.depth -= 1
        return value

    def _peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    @staticmethod
    def _stop(why: str) -> NoReturn:
        raise ToolError(f"That cannot be worked out: {why}. Example: (12.5 + 3) * 2")


def _tokens(expression: str) -> list[str]:
    text = expression.casefold().strip().rstrip("=?").strip()
    for sign, spelled in _SPELLED.items():
        text = text.replace(sign, spelled)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)  # 1,000 is a thousand
    text = re.sub(r"(?<=[\d)%])\s*x\s*(?=[\d(.])", "*", text).replace("percent", "%")
    tokens: list[str] = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ToolError(f"That cannot be worked out: {text[place:].strip()[:20]!r} is not arithmetic.")
        tokens.append(found[1])
        place = found.end()
    return tokens


def _written(value: Decimal) -> str:
    if value == value.to_integral_value() and abs(value) < Decimal(10) ** 40:
        return f"{value.to_integral_value():f}"
    rounded = Context(prec=_SHOWN).plus(value).normalize()
    plain = Decimal("1e-6") <= abs(rounded) < Decimal("1e15")
    return f"{rounded:f}" if plain else f"{rounded:e}".replace("e+", "e")


def _reason(error: DecimalException) -> str:
    if isinstance(error, Overflow):
        return "the result is too large"
    by_zero = isinstance(error, DivisionByZero) or "DivisionUndefined" in str(error)
    return "division by zero" if by_zero else "outside of what the function can take"
