"""From a formula's text to its parts, by a grammar of our own: nothing is ever executed.

    formula    = choice
    choice     = either [ "if" either "else" choice ]
    either     = both { "or" both }            both    = denial { "and" denial }
    denial     = "not" denial | relation       relation = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
    sum        = product { ("+" | "-") product }
    product    = sign { ("*" | "/") sign }     sign    = "-" sign | power
    power      = atom [ "**" whole number from 0 to 9 ]
    atom       = number | name | "(" choice ")" | function "(" choice { "," choice } ")"

Bounds: 1,000 characters, 200 parts, 24 levels, 16 arguments, numbers of 18 + 12 digits.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from apps.common.formula_nodes import (
    Arithmetic,
    Choice,
    Comparison,
    Fallback,
    Input,
    Junction,
    Negation,
    Node,
    Not,
    Number,
    Pick,
    Power,
    Rounding,
)
from apps.common.quantity import BadValue, parse_decimal

LONGEST_FORMULA = 1000
MOST_PARTS = 200
DEEPEST = 24
MOST_ARGUMENTS = 16
LARGEST_EXPONENT = 9
FINEST_ROUNDING = 12
FUNCTIONS = ("min", "max", "abs", "round", "floor", "ceil", "if", "or_else")
RESERVED = frozenset({*FUNCTIONS, "and", "or", "not", "else"})

# ASCII only: a digit or letter of another script is a bad character, never a number or name.
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[A-Za-z0-9_.]*)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<sign>\*\*|<=|>=|==|!=|[-+*/<>(),])"
)
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_CHANNEL_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RELATIONS = frozenset({"<", "<=", ">", ">=", "==", "!="})


class BadFormula(ValueError):
    """A formula is refused: a reason code, at which character (from 1), and parameters."""

    def __init__(self, reason: str, position: int, params: Mapping[str, str] | None = None) -> None:
        self.reason, self.position, self.params = reason, position, dict(params or {})
        super().__init__(f"{reason} at {position}")


class _Token(NamedTuple):
    kind: str  # number, name, sign, end
    text: str
    position: int


def parse_parts(text: str) -> tuple[Node, dict[str, int]]:
    """The formula's parts, and its inputs with where each stands first. Raises BadFormula."""
    parser = _Parser(_tokens_of(text))
    return parser.whole(), parser.inputs


def _tokens_of(text: str) -> list[_Token]:
    if len(text) > LONGEST_FORMULA:
        raise BadFormula("too_long", LONGEST_FORMULA + 1, {"most": str(LONGEST_FORMULA)})
    tokens, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise BadFormula("bad_character", place + 1, {"character": _visible(text[place])})
        if match.lastgroup != "space":
            tokens.append(_Token(str(match.lastgroup), match[0], place + 1))
        place = match.end()
    if not tokens:
        raise BadFormula("empty", 1)
    return [*tokens, _Token("end", "", len(text) + 1)]


def _visible(character: str) -> str:
    """A character that cannot be seen, or turns the text around, by its number."""
    ascii_and_seen = character.isprintable() and character.isascii()
    return character if ascii_and_seen else f"U+{ord(character):04X}"


class _Parser:
    """One pass from left to right; each call of `_choice`, `_denial`, `_sign` is a level."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._parts = 0
        self._level = 0
        self.inputs: dict[str, int] = {}

    def whole(self) -> Node:
        node = self._choice()
        if self._next.kind != "end":
            self._unexpected()
        return node

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _taken(self) -> _Token:
        token = self._next
        self._place += 1
        return token

    def _is(self, *texts: str) -> bool:
        return self._next.kind != "end" and self._next.text in texts

    def _expect(self, text: str) -> None:
        if not self._is(text):
            self._unexpected(text)
        self._taken()

    def _unexpected(self, expected: str = "") -> None:
        token = self._next
        if token.kind == "end":
            raise BadFormula("unfinished", token.position)
        if expected:
            params = {"expected": expected, "found": token.text[:40]}
            raise BadFormula("expected", token.position, params)
        raise BadFormula("unexpected", token.position, {"found": token.text[:40]})

    def _part(self, node: Node) -> Node:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise BadFormula("too_many_parts", node.position, {"most": str(MOST_PARTS)})
        return node

    def _deeper(self, work: Callable[[], Node]) -> Node:
        self._level += 1
        if self._level > DEEPEST:
            raise BadFormula("too_deep", self._next.position, {"most": str(DEEPEST)})
        node = work()
        self._level -= 1
        return node

    def _choice(self) -> Node:
        return self._deeper(self._choice_here)

    def _choice_here(self) -> Node:
        then = self._either()
        if not self._is("if"):
            return then
        position = self._taken().position
        condition = self._either()
        self._expect("else")
        return self._chosen(position, condition, then, self._choice())

    def _chosen(self, position: int, condition: Node, then: Node, otherwise: Node) -> Node:
        _must_be(condition, truth=True)
        _must_be(then, truth=False)
        _must_be(otherwise, truth=False)
        return self._part(Choice(position, condition, then, otherwise))

    def _either(self) -> Node:
        return self._junction("or", self._both)

    def _both(self) -> Node:
        return self._junction("and", self._denial)

    def _junction(self, word: str, side: Callable[[], Node]) -> Node:
        left = side()
        while self._is(word):
            position = self._taken().position
            right = side()
            _must_be(left, truth=True)
            _must_be(right, truth=True)
            left = self._part(Junction(position, word, left, right))
        return left

    def _denial(self) -> Node:
        if not self._is("not"):
            return self._relation()
        position = self._taken().position
        denied = self._deeper(self._denial)
        _must_be(denied, truth=True)
        return self._part(Not(position, denied))

    def _relation(self) -> Node:
        left = self._sum()
        if not self._is(*_RELATIONS):
            return left
        sign = self._taken()
        right = self._sum()
        _must_be(left, truth=False)
        _must_be(right, truth=False)
        if self._is(*_RELATIONS):
            raise BadFormula("chained", self._next.position)
        return self._part(Comparison(sign.position, sign.text, left, right))

    def _sum(self) -> Node:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._chain(("*", "/"), self._sign)

    def _chain(self, signs: tuple[str, ...], side: Callable[[], Node]) -> Node:
        left = side()
        while self._is(*signs):
            sign = self._taken()
            right = side()
            _must_be(left, truth=False)
            _must_be(right, truth=False)
            left = self._part(Arithmetic(sign.position, sign.text, left, right))
        return left

    def _sign(self) -> Node:
        if not self._is("-"):
            return self._power()
        position = self._taken().position
        negated = self._deeper(self._sign)
        _must_be(negated, truth=False)
        return self._part(Negation(position, negated))

    def _power(self) -> Node:
        base = self._atom()
        if not self._is("**"):
            return base
        position = self._taken().position
        exponent = self._whole_number(LARGEST_EXPONENT, "bad_exponent")
        _must_be(base, truth=False)
        if self._is("**"):
            raise BadFormula("chained_power", self._next.position)
        return self._part(Power(position, base, exponent))

    def _whole_number(self, most: int, reason: str) -> int:
        token = self._next
        if token.kind == "end":
            self._unexpected()
        if token.kind != "number" or len(token.text) > 2 or not token.text.isdigit():
            raise BadFormula(reason, token.position, {"most": str(most)})
        if int(token.text) > most:
            raise BadFormula(reason, token.position, {"most": str(most)})
        self._taken()
        return int(token.text)

    def _atom(self) -> Node:
        token = self._next
        if token.kind == "number":
            return self._part(Number(token.position, _literal(self._taken())))
        if token.kind == "name":
            return self._call() if token.text in FUNCTIONS else self._input()
        self._expect_opening()
        inner = self._choice()
        self._expect(")")
        return inner

    def _expect_opening(self) -> None:
        if not self._is("("):
            self._unexpected()
        self._taken()

    def _input(self) -> Node:
        token = self._taken()
        if token.text in RESERVED:
            raise BadFormula("unexpected", token.position, {"found": token.text})
        if self._is("("):
            raise BadFormula("unknown_function", token.position, {"name": token.text[:40]})
        if not _CHANNEL_CODE.fullmatch(token.text):
            raise BadFormula("bad_name", token.position, {"name": token.text[:40]})
        self.inputs.setdefault(token.text, token.position)
        return self._part(Input(token.position, token.text))

    def _call(self) -> Node:
        function = self._taken()
        self._expect("(")
        if function.text == "round":
            return self._rounded(function)
        arguments = [self._choice()]
        while self._is(","):
            self._taken()
            arguments.append(self._choice())
        self._expect(")")
        _must_take(function, len(arguments))
        return self._called(function, arguments)

    def _rounded(self, function: _Token) -> Node:
        of, digits = self._choice(), 0
        _must_be(of, truth=False)
        if self._is(","):
            self._taken()
            digits = self._whole_number(FINEST_ROUNDING, "bad_digits")
        self._expect(")")
        return self._part(Rounding(function.position, "round", of, digits))

    def _called(self, function: _Token, arguments: list[Node]) -> Node:
        name, position = function.text, function.position
        if name == "if":
            return self._chosen(position, *arguments)
        for argument in arguments:
            _must_be(argument, truth=False)
        if name == "or_else":
            return self._part(Fallback(position, *arguments))
        if name in ("floor", "ceil"):
            return self._part(Rounding(position, name, arguments[0]))
        return self._part(Pick(position, name, arguments))


def _literal(token: _Token) -> Decimal:
    if not _PLAIN.fullmatch(token.text):
        raise BadFormula("bad_number", token.position, {"text": token.text[:40]})
    try:
        return parse_decimal(token.text)
    except BadValue:
        raise BadFormula("number_out_of_bounds", token.position) from None


def _must_take(function: _Token, count: int) -> None:
    least, most = {
        "min": (2, MOST_ARGUMENTS), "max": (2, MOST_ARGUMENTS), "if": (3, 3), "or_else": (2, 2),
    }.get(function.text, (1, 1))  # fmt: skip
    if not least <= count <= most:
        params = {"name": function.text, "least": str(least), "most": str(most)}
        raise BadFormula("wrong_arguments", function.position, params)


def _must_be(node: Node, *, truth: bool) -> None:
    if node.is_truth != truth:
        raise BadFormula("not_a_condition" if truth else "not_an_amount", node.position)
