"""Read XML from strangers as a tree whose every element knows its line and its path.

A document type declaration is refused, and with it entities, external files and what they can do (expansion, reading
of local files, calls into the network). Size, depth and number of elements are capped while the bytes are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from chalicelib.errors import BadInput

MAX_BYTES = 20_000_000
MAX_DEPTH = 64
MAX_ELEMENTS = 400_000


class Element:
    """One element: its local name, namespace, attributes, own text, children, and where it stands."""

    __slots__ = ("attributes", "children", "line", "name", "namespace", "parent", "text")

    def __init__(self, name: str, attributes: dict[str, str], line: int, parent: Element | None) -> None:
        self.namespace, _, self.name = name.rpartition(" ")
        self.attributes, self.line, self.parent = attributes, line, parent
        self.children: list[Element] = []
        self.text = ""

    @property
    def path(self) -> str:
        """Where it stands, by local names: CrossIndustryInvoice/ExchangedDocument/ID."""
        return f"{self.parent.path}/{self.name}" if self.parent else self.name

    def all(self, *path: str) -> Iterator[Element]:
        """Every element at the end of a path of local names; "A|B" stands for either."""
        if not path:
            yield self
            return
        names = path[0].split("|")
        for child in self.children:
            if child.name in names:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Element | None:
        return next(self.all(*path), None)

    def said(self, *path: str) -> str:
        """The text of the first such element that has one, blanks folded; empty where there is none."""
        return next((text for e in self.all(*path) if (text := " ".join(e.text.split()))), "")

    def elements(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            yield from child.elements()


def read_xml(raw: bytes, name: str = "XML") -> Element:
    """The root element; BadInput names the line where the bytes stop being XML that is safe to read."""
    if len(raw) > MAX_BYTES:
        raise BadInput(
            name, f"is larger than {MAX_BYTES:,} bytes", "an invoice is far smaller: is this the right file?"
        )
    builder = _Builder(name)
    try:
        builder.parser.Parse(raw, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise BadInput(
            f"{name}: line {error.lineno}", f"this is no well-formed XML: {what}", "export it again"
        ) from None
    except (LookupError, ValueError) as error:  # an encoding that nobody knows, or that is not of single bytes
        raise BadInput(f"{name}: line 1", f"its encoding cannot be read: {error}", "export it as UTF-8") from None
    if builder.root is None:
        raise AssertionError("expat accepts no document without an element")
    return builder.root


class _Builder:
    def __init__(self, name: str) -> None:
        self.root: Element | None = None
        self._name, self._count = name, 0
        self._open: list[Element] = []
        self._texts: list[list[str]] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse(self, what: str, remedy: str) -> BadInput:
        return BadInput(f"{self._name}: line {self.parser.CurrentLineNumber}", what, remedy)

    def _refuse_doctype(self, *_: object) -> None:
        raise self._refuse("it declares a document type, which is not read", "remove the <!DOCTYPE …>")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MAX_DEPTH:
            raise self._refuse(f"its elements are nested deeper than {MAX_DEPTH}", "this is no invoice")
        if self._count > MAX_ELEMENTS:
            raise self._refuse(f"it has more than {MAX_ELEMENTS:,} elements", "split it")
        parent = self._open[-1] if self._open else None
        element = Element(name, attributes, self.parser.CurrentLineNumber, parent)
        if parent is None:
            self.root = element
        else:
            parent.children.append(element)
        self._open.append(element)
        self._texts.append([])

    def _end(self, _: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip()

    def _text(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)
