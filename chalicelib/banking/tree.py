"""Read XML as a tree with line numbers, safely: no document type, no entity, nothing fetched, all of it under caps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from chalicelib.errors import BadInput

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 48
MAX_NODES = 4_000_000
MAX_TEXT = 20_000


@dataclass(slots=True)
class Node:
    """One element by its local name: namespaces change with every version of a message, names do not."""

    name: str
    line: int
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, path: str) -> Iterator[Node]:
        """Every element at a path of local names, in order."""
        head, _, rest = path.partition("/")
        for child in self.children:
            if child.name == head:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, *paths: str) -> Node | None:
        """The first element at the first path that has one."""
        for path in paths:
            for node in self.all(path):
                return node
        return None

    def words(self, *paths: str) -> str:
        """The text at the first path that has any."""
        for path in paths:
            for node in self.all(path):
                if node.text:
                    return node.text
        return ""


def read_tree(raw: bytes, *, namespace_of: list[str] | None = None) -> Node:
    """The root element. BadInput names the line where the XML is broken, forbidden or too large."""
    if len(raw) > MAX_BYTES:
        raise BadInput("line 1", f"the file has {len(raw)} bytes", f"{MAX_BYTES} at most are read: split it")
    builder = _Builder()
    parser = builder.parser
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        what = f"the XML is broken: {expat.errors.messages[error.code]}"
        raise BadInput(f"line {error.lineno}", what, "export it again") from error
    except (LookupError, UnicodeError, ValueError) as error:
        raise BadInput("line 1", f"its encoding cannot be read: {error}", "export it as UTF-8") from error
    if builder.root is None:
        raise BadInput("line 1", "there is no element in it", "export it again")
    if namespace_of is not None:
        namespace_of.append(builder.namespace)
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.root: Node | None = None
        self.namespace = ""
        self._open: list[Node] = []
        self._pieces: list[list[str]] = []
        self._nodes = 0

    def _refuse(self, what: str) -> BadInput:
        return BadInput(f"line {self.parser.CurrentLineNumber}", what, "export the plain message")

    def _doctype(self, *_: object) -> None:
        raise self._refuse("the file declares a document type, which bank messages never have")

    def _entity(self, *_: object) -> None:
        raise self._refuse("the file declares an entity, which bank messages never have")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES or len(self._open) >= MAX_DEPTH:
            raise self._refuse(f"more than {MAX_NODES} elements, or {MAX_DEPTH} inside each other")
        namespace, _, local = name.rpartition(" ")
        node = Node(local, self.parser.CurrentLineNumber, attributes)
        if self.root is None:
            self.root, self.namespace = node, namespace
        if self._open:
            self._open[-1].children.append(node)
        self._open.append(node)
        self._pieces.append([])

    def _data(self, text: str) -> None:
        if self._pieces:
            self._pieces[-1].append(text)

    def _end(self, _: str) -> None:
        node, pieces = self._open.pop(), self._pieces.pop()
        text = "".join(pieces).strip()
        if len(text) > MAX_TEXT:
            raise self._refuse(f"a text of {len(text)} characters in {node.name}")
        node.text = text
