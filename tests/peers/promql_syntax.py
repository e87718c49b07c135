# SPDX-License-Identifier: Apache-2.0
"""PromQL expressions as trees: printed, walked, and made smaller step by step.

Only what tests generate: no comments, no spare blanks. A tree is immutable; smaller() lists the
trees that are one step simpler, and of the same type wherever the type is known.
"""
import dataclasses, re
from dataclasses import dataclass, field, replace

SCALAR, STRING, VECTOR, MATRIX = "scalar", "string", "vector", "matrix"

SET_OPERATORS = ("and", "or", "unless")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")


def quoted(text):
    out = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return '"' + out + '"'


def label_text(name):
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else quoted(name)


def labels_text(labels):
    return "(" + ", ".join(label_text(name) for name in labels) + ")"


@dataclass(frozen=True)
class Node:
    def children(self):
        return ()

    def with_children(self, children):
        return self

    def walk(self):
        yield self
        for child in self.children():
            yield from child.walk()

    def smaller(self):
        """Trees that are a step simpler, the boldest steps first."""
        own = type_of(self)
        for below in sorted(list(self.walk())[1:], key=lambda node: len(str(node))):
            if type_of(below) == own:
                yield below
        yield from self.simpler()
        children = list(self.children())
        for i, child in enumerate(children):
            for reduced in child.smaller():
                yield self.with_children(children[:i] + [reduced] + children[i + 1:])

    def simpler(self):
        """The same node with less written on it."""
        return ()


@dataclass(frozen=True)
class Number(Node):
    text: str

    def __str__(self):
        return self.text

    def simpler(self):
        for text in ("0", "1", "2"):
            if len(text) < len(self.text):
                yield Number(text)


@dataclass(frozen=True)
class Text(Node):
    value: str

    def __str__(self):
        return quoted(self.value)

    def simpler(self):
        if self.value:
            yield Text("")


def _modifiers(node):
    out = f" @ {node.at}" if node.at else ""
    return out + (f" offset {node.offset}" if node.offset else "")


def _simpler_modifiers(node):
    for name in ("at", "offset"):
        if getattr(node, name):
            yield replace(node, **{name: ""})
    if node.offset and node.offset not in ("1m", "-1m"):
        yield replace(node, offset="1m")


@dataclass(frozen=True)
class Selector(Node):
    name: str  # may be empty
    matchers: tuple = ()  # of (label, operator, value)
    range: str = ""
    offset: str = ""
    at: str = ""

    def __str__(self):
        inside = [label_text(label) + op + quoted(value) for label, op, value in self.matchers]
        name = self.name
        if name and label_text(name) != name:
            inside.insert(0, quoted(name))
            name = ""
        out = name + ("{" + ", ".join(inside) + "}" if inside or not name else "")
        return out + (f"[{self.range}]" if self.range else "") + _modifiers(self)

    def simpler(self):
        for i in range(len(self.matchers)):
            yield replace(self, matchers=self.matchers[:i] + self.matchers[i + 1:])
        yield from _simpler_modifiers(self)
        if self.range and self.range not in ("1m", "5m"):
            yield replace(self, range="1m")
            yield replace(self, range="5m")


@dataclass(frozen=True)
class Subquery(Node):
    expr: Node
    range: str
    step: str = ""
    offset: str = ""
    at: str = ""

    def __str__(self):
        return f"{operand(self.expr)}[{self.range}:{self.step}]" + _modifiers(self)

    def children(self):
        return (self.expr,)

    def with_children(self, children):
        return replace(self, expr=children[0])

    def simpler(self):
        if isinstance(self.expr, Selector) and not self.expr.range:
            yield replace(self.expr, range=self.range, offset=self.offset, at=self.at)
        yield from _simpler_modifiers(self)
        if self.range not in ("1m", "5m"):
            yield replace(self, range="5m")
        if self.step not in ("", "1m"):
            yield replace(self, step="1m")


@dataclass(frozen=True)
class Call(Node):
    function: str
    args: tuple = ()
    type: str = field(default=VECTOR, compare=False)

    def __str__(self):
        return self.function + "(" + ", ".join(str(arg) for arg in self.args) + ")"

    def children(self):
        return self.args

    def with_children(self, children):
        return replace(self, args=tuple(children))


@dataclass(frozen=True)
class Aggregate(Node):
    op: str
    expr: Node
    param: Node = None
    grouping: str = ""  # by, without or none
    labels: tuple = ()

    def __str__(self):
        grouping = f" {self.grouping} {labels_text(self.labels)} " if self.grouping else ""
        param = f"{self.param}, " if self.param else ""
        return f"{self.op}{grouping}({param}{self.expr})"

    def children(self):
        return (self.expr, self.param) if self.param else (self.expr,)

    def with_children(self, children):
        param = children[1] if len(children) > 1 else None
        return replace(self, expr=children[0], param=param)

    def simpler(self):
        if self.grouping:
            yield replace(self, grouping="", labels=())
        for i in range(len(self.labels)):
            yield replace(self, labels=self.labels[:i] + self.labels[i + 1:])


@dataclass(frozen=True)
class Binary(Node):
    op: str
    left: Node
    right: Node
    bool: bool = False
    matching: str = ""  # on, ignoring or none
    labels: tuple = ()
    group: str = ""  # left, right or none
    include: tuple = ()
    bare: bool = False  # operands without parentheses: the parser's precedence decides

    def __str__(self):
        op = self.op + (" bool" if self.bool else "")
        if self.matching:
            op += f" {self.matching} {labels_text(self.labels)}"
        if self.group:
            op += f" group_{self.group} {labels_text(self.include)}"
        if self.bare:
            return f"{self.left} {op} {self.right}"
        return f"{operand(self.left)} {op} {operand(self.right)}"

    def children(self):
        return (self.left, self.right)

    def with_children(self, children):
        return replace(self, left=children[0], right=children[1])

    def simpler(self):
        if self.bare:
            yield replace(self, bare=False)
        if self.bool:
            yield replace(self, bool=False)
        if self.matching:
            yield replace(self, matching="", labels=(), group="", include=())
        if self.group:
            yield replace(self, group="", include=())
        for i in range(len(self.labels)):
            yield replace(self, labels=self.labels[:i] + self.labels[i + 1:])
        for i in range(len(self.include)):
            yield replace(self, include=self.include[:i] + self.include[i + 1:])


@dataclass(frozen=True)
class Unary(Node):
    op: str
    expr: Node

    def __str__(self):
        return self.op + operand(self.expr)

    def children(self):
        return (self.expr,)

    def with_children(self, children):
        return replace(self, expr=children[0])


@dataclass(frozen=True)
class Paren(Node):
    expr: Node

    def __str__(self):
        return f"({self.expr})"

    def children(self):
        return (self.expr,)

    def with_children(self, children):
        return replace(self, expr=children[0])


@dataclass(frozen=True)
class Tokens(Node):
    """A text that need not be PromQL."""
    tokens: tuple

    def __str__(self):
        return "".join(self.tokens)

    def smaller(self):
        for width in (8, 4, 2, 1):
            for i in range(0, len(self.tokens), width):
                yield Tokens(self.tokens[:i] + self.tokens[i + width:])


def tokens_of(text):
    return tuple(re.findall(r'"(?:[^"\\]|\\.)*"|[A-Za-z0-9_.]+|\s+|[=!<>]=|[=!]~|.', text))


def operand(node):
    """The text of an operand; as tight as a primary."""
    return f"({node})" if isinstance(node, (Binary, Unary)) or str(node)[0] in "-+" else str(node)


def type_of(node):
    if isinstance(node, Number):
        return SCALAR
    if isinstance(node, Text):
        return STRING
    if isinstance(node, Subquery):
        return MATRIX
    if isinstance(node, Selector):
        return MATRIX if node.range else VECTOR
    if isinstance(node, Call):
        return node.type
    if isinstance(node, (Unary, Paren)):
        return type_of(node.expr)
    if isinstance(node, Binary):
        both = (type_of(node.left), type_of(node.right))
        return SCALAR if both == (SCALAR, SCALAR) else VECTOR
    return VECTOR


def functions_of(node):
    """The functions, aggregations and operators of an expression."""
    found = set()
    for part in node.walk():
        if isinstance(part, Call):
            found.add(part.function)
        elif isinstance(part, (Aggregate, Binary)):
            found.add(part.op)
    return found
