"""Read a small YAML file key by key, so that every finding names its line, its key and what was expected.

The file is read as nodes and nothing is ever constructed from it: a tag cannot name a Python object, an
alias cannot multiply (both are refused), and a value is judged by its text: `17:00` is a time, not 61200.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import yaml

from chalicelib.errors import BadFile, BadInput

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8

# libyaml where it is there: the same reading in a tenth of the time, which every cold start pays.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TRUE, _FALSE = ("yes", "true", "on"), ("no", "false", "off")


@dataclass
class Keys:
    """One mapping of the file: each key is taken with what it should be, `done` reports the others.

    A value that is wrong or missing is reported and the default stands in for it, so that reading goes on.
    """

    path: str
    line: int
    findings: list[BadInput]
    _nodes: dict[str, tuple[yaml.Node, int]] = field(default_factory=dict)
    _known: list[str] = field(default_factory=list)

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def names(self) -> list[str]:
        """The keys as the file has them, for mappings whose keys are free."""
        return list(self._nodes)

    def line_of(self, key: str) -> int:
        return self._nodes[key][1] if key in self._nodes else self.line

    def report(self, key: str, what: str, remedy: str = "") -> None:
        self._report(self.line_of(key), key, what, remedy)

    def text(
        self,
        key: str,
        default: str | None = None,
        *,
        one_of: Sequence[str] = (),
        pattern: str = "",
        example: str = "",
    ) -> str:
        """A piece of text; without a default it must be there and not be empty."""
        expected = f"one of {', '.join(one_of)}" if one_of else (example or "a piece of text")
        value = self._scalar(key, default is None, expected)
        if value is None:
            return default or ""
        if one_of and value not in one_of:
            near = _nearest(value, one_of)
            self.report(key, f"{value!r} is unknown", near or f"expected {expected}")
            return default or ""
        if pattern and not re.fullmatch(pattern, value):
            self.report(key, f"{value!r} does not fit", f"expected {expected}")
            return default or ""
        return value

    def whole(self, key: str, default: int | None = None, *, lowest: int = 0, highest: int = 1000) -> int:
        expected = f"a whole number from {lowest} to {highest}"
        value = self._scalar(key, default is None, expected)
        if value is None:
            return default or lowest
        if not re.fullmatch(r"-?[0-9]{1,9}", value):
            self.report(key, f"{value!r} is no whole number", f"expected {expected}")
            return default or lowest
        if not lowest <= int(value) <= highest:
            self.report(key, f"{value} is out of bounds", f"expected {expected}")
            return default or lowest
        return int(value)

    def amount(self, key: str, default: Decimal) -> Decimal:
        value = self._scalar(key, False, "an amount, for example 150 or 99.50")
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,3})?", value):
            self.report(key, f"{value!r} is no amount of zero or more", "expected for example 150 or 99.50")
            return default
        return Decimal(value)

    def truth(self, key: str, default: bool) -> bool:
        value = self._scalar(key, False, "yes or no")
        if value is None:
            return default
        if value.lower() not in _TRUE + _FALSE:
            self.report(key, f"{value!r} is neither yes nor no", "expected yes or no")
            return default
        return value.lower() in _TRUE

    def clock(self, key: str, default: time) -> time:
        value = self._scalar(key, True, 'a time of day, for example "09:00"')
        if value is None:
            return default
        found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", value)
        if not found:
            self.report(key, f"{value!r} is no time of day", 'expected for example "09:00"')
            return default
        return time(int(found[1]), int(found[2]))

    def texts(self, key: str, *, required: bool = False) -> list[str]:
        """A list of pieces of text; one piece alone stands for a list of one."""
        node = self._take(key, required, "a list of texts")
        if node is None:
            return []
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        result = []
        for item in nodes:
            if isinstance(item, yaml.ScalarNode) and item.value.strip():
                result.append(item.value.strip())
            else:
                line = _line(item)
                self._report(line, key, f"{_kind(item)} stands here", "expected a piece of text")
        return result

    def section(self, key: str, *, required: bool = False) -> Keys:
        """The mapping under a key; empty where it is missing (which is reported if it is required)."""
        node = self._take(key, required, "keys with values, one a line")
        if node is None:
            return Keys(self._at(key), self.line_of(key), self.findings)
        return _keys(node, self._at(key), self.findings)

    def items(self, key: str, *, required: bool = False) -> list[Keys]:
        """The mappings of the list under a key."""
        node = self._take(key, required, "a list, each item beginning with a dash")
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.report(key, f"{_kind(node)} stands here", "expected a list, each item beginning with a dash")
            return []
        return [_keys(item, f"{self._at(key)}[{i}]", self.findings) for i, item in enumerate(node.value, 1)]

    def done(self, also_known: Sequence[str] = ()) -> None:
        """Report the keys that nobody asked for."""
        self._known += [key for key in also_known if key not in self._known]
        for key, (_, line) in self._nodes.items():
            if key not in self._known:
                near = _nearest(key, [k for k in self._known if k not in self._nodes] or self._known)
                self._report(line, key, "unknown key", near or f"known here: {', '.join(self._known)}")

    def _take(self, key: str, required: bool, expected: str) -> yaml.Node | None:
        self._known.append(key)
        if key in self._nodes:
            return self._nodes[key][0]
        if required:
            self._report(self.line, key, "is missing", f"expected {expected}")
        return None

    def _scalar(self, key: str, required: bool, expected: str) -> str | None:
        node = self._take(key, required, expected)
        if node is None:
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.report(key, f"{_kind(node)} stands here", f"expected {expected}")
            return None
        text = str(node.value).strip()
        if not text or (node.tag.endswith(":null") and text in ("~", "null", "Null", "NULL")):
            if required:
                self.report(key, "has no value", f"expected {expected}")
            return None
        return text

    def _report(self, line: int, key: str, what: str, remedy: str) -> None:
        self.findings.append(BadInput(f"line {line}, key {self._at(key)}", what, remedy))

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def read_keys(text: str, name: str, findings: list[BadInput]) -> Keys:
    """The top mapping of a file. BadFile at once where it is no YAML, too large, too deep or tries tricks."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        remedy = "such files are a page or two: is it the right one?"
        raise BadFile(name, [BadInput("the file", f"is larger than {MAX_BYTES // 1024} kB", remedy)])
    refused: list[BadInput] = []
    try:
        node = _compose(text, refused)
    except yaml.MarkedYAMLError as error:
        refused.append(_yaml_error(error, text))
    except yaml.YAMLError as error:  # a character that YAML forbids; its text names the position
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        refused.append(BadInput(f"line {line}", str(error).splitlines()[0], "remove the character"))
    if refused:
        raise BadFile(name, refused)
    if node is None:
        raise BadFile(name, [BadInput("line 1", "the file is empty", "write keys with values, one a line")])
    return _keys(node, "", findings)


def _compose(text: str, refused: list[BadInput]) -> yaml.Node | None:
    try:
        _check_events(text, refused, _LOADER)
        return None if refused else yaml.compose(text, Loader=_LOADER)
    except (yaml.YAMLError, UnicodeError):  # libyaml says less of what is wrong: let the other one tell
        refused.clear()
        _check_events(text, refused, yaml.SafeLoader)
        return None if refused else yaml.compose(text, Loader=yaml.SafeLoader)


def _check_events(text: str, refused: list[BadInput], loader: Any) -> None:
    """Look at the stream before anything is composed: composing recurses, and follows aliases."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=loader):
        where = f"line {_line(event)}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            refused.append(BadInput(where, "an alias or an anchor (& or *)", "write the value out"))
        elif tag := getattr(event, "tag", None):
            refused.append(BadInput(where, f"a tag ({tag})", "write the plain value"))
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents == 2:
                refused.append(BadInput(where, "a second document begins", "one file holds one document"))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                refused.append(BadInput(where, f"values are nested deeper than {MAX_DEPTH} levels", ""))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or len(refused) > 20:
            return


def _keys(node: yaml.Node, path: str, findings: list[BadInput]) -> Keys:
    line = _line(node)
    keys = Keys(path, line, findings)
    if not isinstance(node, yaml.MappingNode):
        where = f"line {line}, key {path}" if path else f"line {line}"
        remedy = "expected keys with values, one a line"
        findings.append(BadInput(where, f"{_kind(node)} stands here", remedy))
        return keys
    for key, value in node.value:
        at = _line(key)
        if not isinstance(key, yaml.ScalarNode):
            findings.append(BadInput(f"line {at}", f"{_kind(key)} is used as a key", "a key is one word"))
        elif key.value in keys._nodes:
            first = keys._nodes[key.value][1]
            keys._report(at, key.value, f"stands here again (first in line {first})", "keep one of them")
        else:
            keys._nodes[key.value] = (value, at)
    return keys


def _line(marked: yaml.Node | yaml.Event) -> int:
    return marked.start_mark.line + 1 if marked.start_mark else 1


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a group of keys"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return f"the text {node.value[:40]!r}" if node.value else "nothing"


def _nearest(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    near = near or [k for k in known if k.startswith(f"{word.lower()}_")]
    return f"did you mean {near[0]}?" if near else ""


def _yaml_error(error: yaml.MarkedYAMLError, text: str) -> BadInput:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.splitlines()
    row = lines[line - 1] if line <= len(lines) else ""
    if "\t" in row[: len(row) - len(row.lstrip())] or (error.problem and "'\\t'" in error.problem):
        return BadInput(f"line {line}", "a tab stands in the indentation", "indent with spaces")
    what = ", ".join(part for part in (error.context, error.problem) if part)
    return BadInput(f"line {line}, column {mark.column + 1 if mark else 1}", f"no valid YAML: {what}", "")


def free_texts(keys: Keys, *, key_pattern: str, example: str) -> Mapping[str, str]:
    """A mapping whose keys are free as long as they fit a pattern (languages, values of a column)."""
    result = {}
    for key in keys.names():
        if re.fullmatch(key_pattern, key):
            result[key] = keys.text(key)
        else:
            keys.report(key, "does not fit as a key here", f"expected for example {example}")
            keys._known.append(key)
    return result
