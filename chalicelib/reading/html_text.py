"""The words of an HTML body that a person would see, with quotes as '> ' lines and tables as ' | ' rows.

A tokenizer of its own, one pass over the text: the standard one is slow on crafted
input, and what matters here is little: hidden text, tables, quotes, line breaks.
"""

from __future__ import annotations

import re
from html import unescape

_NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9:]{0,30})")
_HIDDEN = re.compile(
    r"display\s{0,5}:\s{0,5}none|visibility\s{0,5}:\s{0,5}hidden|mso-hide\s{0,5}:\s{0,5}all"
    r"|font-size\s{0,5}:\s{0,5}0(?:\.\d{1,3})?(?:px|pt|em|%)?\s{0,5}(?:[;\"']|$)"
    r"|max-height\s{0,5}:\s{0,5}0(?:px)?\s{0,5}(?:[;\"']|$)|opacity\s{0,5}:\s{0,5}0(?:\.0{1,3})?\s{0,5}(?:[;\"']|$)"
    r"|text-indent\s{0,5}:\s{0,5}-\d{3,6}px"
)
_WHITE = re.compile(r"(?<![a-z-])color\s{0,5}[:=]\s{0,5}[\"']?(?:#fff(?:fff)?\b|white\b|rgb\(255,\s?255,\s?255\))")
_BACKGROUND = re.compile(r"background|bgcolor")
_HIDDEN_ATTRIBUTE = re.compile(r"\shidden(?:[\s=>]|$)")
_SPACES = re.compile(r"[ \t\r\n\f\xa0\u200b\u200c\ufeff\u00ad]+")
_SKIPPED = {"script", "style", "head", "title", "template", "noscript", "object", "svg", "math", "select", "textarea"}
_VOID = {"br", "img", "hr", "meta", "link", "input", "col", "base", "wbr", "area", "source", "o:p"}
_BLOCK = {
    "p", "div", "table", "tr", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "center",
    "section", "article", "header", "footer", "form", "dl", "dt", "dd", "body", "address", "tbody", "thead", "hr",
}  # fmt: skip
_STRUCK = {"s", "strike", "del"}
_MAX_DEPTH = 400


def visible_text(html: str) -> str:
    """Text lines of the visible part. Never raises; linear in the input."""
    return _Reader(html).lines()


class _Cell:
    """Where text goes at the moment: the page, or one cell of a table."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def newline(self) -> None:
        if self.pieces and self.pieces[-1] != "\n":
            self.pieces.append("\n")

    def text(self) -> str:
        lines = [_SPACES.sub(" ", line).strip() for line in "".join(self.pieces).split("\n")]
        return "\n".join(lines).strip("\n")


class _Reader:
    def __init__(self, html: str) -> None:
        self.html = html
        self.page = _Cell()
        self.cells: list[_Cell] = [self.page]
        self.rows: list[list[str]] = []
        self.stack: list[tuple[str, bool, bool, int, bool]] = []  # tag, hidden, coloured background, quotes around, pre
        self.last_close = html.rfind(">")

    def lines(self) -> str:
        html, at, end = self.html, 0, len(self.html)
        while at < end:
            open_ = html.find("<", at)
            if open_ < 0:
                self._words(html[at:])
                break
            if open_ > at:
                self._words(html[at:open_])
            at = self._tag(open_)
        while self.rows or len(self.cells) > 1:
            before = (len(self.rows), len(self.cells))
            self._close_row()
            if before == (len(self.rows), len(self.cells)):
                break
        out: list[str] = []
        for line in self.page.text().split("\n"):
            quoted = line.startswith("\x01")
            depth = len(line) - len(line.lstrip("\x01"))
            text = line.replace("\x01", "").strip()
            out.append(f"{'>' * depth} {text}" if quoted else text)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n") + "\n"

    def _tag(self, open_: int) -> int:
        """Handle the markup that begins here; returns where the next text begins."""
        html = self.html
        if html.startswith("<!--", open_):
            close = html.find("-->", open_ + 4)
            return close + 3 if close >= 0 else len(html)
        close = html.find(">", open_ + 1) if open_ < self.last_close else len(html)
        found = _NAME.match(html, open_ + 1, min(close, open_ + 60))
        if not found:
            if html[open_ + 1 : open_ + 2] in ("!", "?", "/"):
                return close + 1
            self._words("<")  # "a < b"
            return open_ + 1
        name = found[1].lower()
        if html[open_ + 1] == "/":
            self._end(name)
            return close + 1
        if name in _SKIPPED:
            finish = html.lower().find(f"</{name}", close) if len(html) < 50_000 else _find_close(html, name, close)
            if finish < 0:
                return close + 1 if name == "head" else len(html)
            finish = html.find(">", finish)
            return finish + 1 if finish >= 0 else len(html)
        self._start(name, html[open_ : min(close, open_ + 3000)].lower())
        return close + 1

    def _start(self, name: str, tag: str) -> None:
        if name == "br":
            self.cells[-1].pieces.append("\n" + self._quote_mark())
            return
        if name == "hr":
            self.cells[-1].newline()
            return
        if name in _VOID or tag.endswith("/"):
            return
        if name in _BLOCK:
            self._break()
        above_hidden = bool(self.stack) and self.stack[-1][1]
        background = bool(self.stack) and self.stack[-1][2]
        background = background or bool(_BACKGROUND.search(tag))
        hidden = above_hidden or name in _STRUCK or bool(_HIDDEN_ATTRIBUTE.search(tag))
        if not hidden and ("style" in tag or "color" in tag):
            hidden = bool(_HIDDEN.search(tag)) or (not background and bool(_WHITE.search(tag)))
        if len(self.stack) < _MAX_DEPTH:
            quotes, pre = (self.stack[-1][3], self.stack[-1][4]) if self.stack else (0, False)
            self.stack.append((name, hidden, background, quotes + (name == "blockquote"), pre or name == "pre"))
        if name == "blockquote":
            self._break()
        if name == "tr":
            if len(self.rows) < 20:
                self.rows.append([])
        elif name in ("td", "th") and self.rows:
            if len(self.cells) > len(self.rows):
                self._close_cell()
            self.cells.append(_Cell())

    def _end(self, name: str) -> None:
        if name in ("td", "th"):
            self._close_cell()
        elif name == "tr":
            self._close_row()
        for index in range(len(self.stack) - 1, max(-1, len(self.stack) - 60), -1):
            if self.stack[index][0] == name:
                del self.stack[index:]
                break
        if name in _BLOCK:
            self._break()
            if name in ("p", "blockquote", "h1", "h2", "h3"):
                self.cells[-1].pieces.append("\n" + self._quote_mark())

    def _words(self, text: str) -> None:
        if self.stack and self.stack[-1][1]:
            return
        if text.isspace() and (not self.cells[-1].pieces or self.cells[-1].pieces[-1].endswith("\n")):
            return
        text = unescape(text) if "&" in text else text
        text = text.replace("\x01", "")
        if self.stack and self.stack[-1][4]:
            mark = self._quote_mark()
            lines = [
                _SPACES.sub(" ", line) if "\t" not in line and "   " not in line else line for line in text.split("\n")
            ]
            self.cells[-1].pieces.append(f"\n{mark}".join(lines))
            return
        self.cells[-1].pieces.append(_SPACES.sub(" ", text))

    def _quote_mark(self) -> str:
        return "\x01" * min(self.stack[-1][3], 9) if self.stack else ""

    def _break(self) -> None:
        cell = self.cells[-1]
        mark = self._quote_mark()
        if cell.pieces and not cell.pieces[-1].endswith("\n"):
            cell.pieces.append("\n")
        if mark and cell is self.page:
            if cell.pieces and cell.pieces[-1].strip("\x01") == "" and cell.pieces[-1] != "\n":
                cell.pieces.pop()
            cell.pieces.append(mark)

    def _close_cell(self) -> None:
        if len(self.cells) > 1 and self.rows and len(self.cells) == len(self.rows) + 1:
            self.rows[-1].append(self.cells.pop().text())

    def _close_row(self) -> None:
        self._close_cell()
        if not self.rows:
            return
        row = self.rows.pop()
        filled = [c for c in row if c.strip()]
        if not filled:
            return
        target = self.cells[-1]
        if target.pieces and not target.pieces[-1].endswith("\n"):
            target.pieces.append("\n")
        mark = self._quote_mark() if target is self.page else ""
        if len(filled) > 1 and all(len(c) <= 400 for c in filled):
            line = " | ".join(c.replace("\n", " ").strip() for c in row)
            target.pieces.append(f"{mark}{line}\n")
        else:
            for c in filled:
                target.pieces.append("\n".join(mark + line for line in c.split("\n")) + "\n")


def _find_close(html: str, name: str, start: int) -> int:
    """Where the element ends, without lowering a long document for each element."""
    found = re.compile(f"</{name}", re.IGNORECASE).search(html, start)
    return found.start() if found else -1
