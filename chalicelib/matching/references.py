"""Find invoice numbers in what payers and banks write: with other signs between, broken over lines, cut, in part.

A mention is `whole` (the number as it is, signs aside), `checked` (a structured reference whose check digits are
right), `loose` (a blank or a doubtful end inside), or a `part` (its last digits, or a beginning that the bank cut).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAX_TEXT = 4000
SHORTEST_PART = 3

_RF = re.compile(r"RF[ ]?([0-9]{2})((?:[ ]?[A-Z0-9]){1,21})")
_BELGIAN = re.compile(r"(?<![0-9])([0-9]{3})[/ .]?([0-9]{4})[/ .]?([0-9]{5})(?![0-9])")
_KEYED = re.compile(r"(?<![A-Z0-9])([0-9]{5,13})[ /-]?([0-9]{2})(?![0-9])")
_TOKEN = re.compile(r"[A-Z]{0,8}[-/._ ]?[0-9][0-9]*(?:[-/._][A-Z0-9]*[0-9]+)*")
_LIST_SIGNS = frozenset(",;+&()=*")


@dataclass
class Mentions:
    """What a text speaks of, by the places of items in the ledger."""

    whole: dict[int, None] = field(default_factory=dict)
    checked: dict[int, None] = field(default_factory=dict)
    loose: dict[int, None] = field(default_factory=dict)
    parts: list[frozenset[int]] = field(default_factory=list)  # each: the items that one written part may mean
    orders: dict[int, None] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)  # have the form of our numbers and are none


def folded(text: str) -> str:
    """Capitals without accents; every other sign (a no-break space, a long dash, a degree sign) parts words."""
    plain = unicodedata.normalize("NFKD", re.sub("[°º]", " ", text[:MAX_TEXT]))
    return re.sub(r"[^\x00-\x7f]", " ", re.sub("[\u0300-\u036f]", "", plain)).upper()


def compact(number: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", folded(number))


def valid_rf(check: str, body: str) -> bool:
    """ISO 11649: the reference with RF and its check digits moved to the end leaves 1 modulo 97."""
    moved = body + "RF" + check
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def valid_belgian(digits: str) -> bool:
    """Twelve digits, of which the last two are the rest of the first ten modulo 97, and 97 where it is nought."""
    return (int(digits[:10]) % 97 or 97) == int(digits[10:])


class Numbers:
    """Every number and order of a ledger, ready to be found in texts."""

    def __init__(self, numbers: Iterable[tuple[str, str]]) -> None:
        """`numbers`: number and purchase order of each item, in its place."""
        self.compacts: list[str] = []
        self._by_compact: dict[str, list[int]] = defaultdict(list)
        self._by_order: dict[str, list[int]] = defaultdict(list)
        self._by_ending: dict[str, list[int]] = defaultdict(list)
        self._by_digits: dict[int, list[int]] = defaultdict(list)
        self._breaks: list[frozenset[int]] = []
        shapes: set[str] = set()
        for place, (number, order) in enumerate(numbers):
            bare = compact(number)
            self.compacts.append(bare)
            self._breaks.append(_breaks(number))
            if not bare:
                continue
            self._by_compact[bare].append(place)
            for length in range(SHORTEST_PART, len(bare)):
                if bare[-length].isdigit():
                    self._by_ending[bare[-length:]].append(place)
            last = re.findall("[0-9]+", number)[-1:] or [""]
            short = last[0].lstrip("0")
            if len(short) >= SHORTEST_PART and short != last[0] and short not in (bare,):
                self._by_ending.setdefault(short, []).append(place)
            digits = re.sub("[^0-9]", "", bare)
            if len(digits) >= 4:
                self._by_digits[int(digits)].append(place)
            shapes.add(_shape(bare))
            bare_order = compact(order)
            if len(bare_order) >= 4 and sum(c.isdigit() for c in bare_order) >= 3:
                self._by_order[bare_order].append(place)
        self._shapes = shapes
        self._lengths = sorted({len(bare) for bare in self._by_compact}, reverse=True)
        self._order_lengths = sorted({len(bare) for bare in self._by_order}, reverse=True)
        self._sorted = sorted(self._by_compact)

    def mentions(self, texts: Iterable[str]) -> Mentions:
        """Everything that the texts mention, each text by itself."""
        found = Mentions()
        for text in texts:
            self._look(folded(text), found)
        for stronger in (found.whole, found.checked):
            for place in stronger:
                found.loose.pop(place, None)
        sure = {*found.whole, *found.checked}
        found.parts = [some for some in dict.fromkeys(found.parts) if not some & sure]
        return found

    def named(self, number: str) -> list[int]:
        return self._by_compact.get(compact(number), [])

    def _look(self, text: str, found: Mentions) -> None:
        taken: list[tuple[int, int]] = []
        self._structured(text, found, taken)
        letters = _Letters(text)
        for place, start, end, sure in self._spelled(letters, self._by_compact, self._lengths):
            (found.whole if sure else found.loose)[place] = None
            taken.append((start, end))
        for place, start, end, sure in self._spelled(letters, self._by_order, self._order_lengths):
            if sure and not any(s < end and start < e for s, e in taken):
                found.orders[place] = None
        ordered = [
            (start, end) for _, start, end, sure in self._spelled(letters, self._by_order, self._order_lengths) if sure
        ]
        self._rest(text, found, taken + ordered)

    def _structured(self, text: str, found: Mentions, taken: list[tuple[int, int]]) -> None:
        for match in _RF.finditer(text):
            body = match[2].replace(" ", "")
            for length in range(len(body), 0, -1):  # the words after it may run into it
                if valid_rf(match[1], body[:length]) and (places := self._by_body(body[:length])):
                    found.checked.update(dict.fromkeys(places))
                    taken.append(match.span())
                    break
        for match in _BELGIAN.finditer(text):
            digits = "".join(match.groups())
            if valid_belgian(digits) and (places := self._by_digits.get(int(digits[:10]), [])):
                found.checked.update(dict.fromkeys(places))
                taken.append(match.span())
        for match in _KEYED.finditer(text):
            if 97 - int(match[1]) % 97 == int(match[2]) and not self._by_compact.get(match[1] + match[2]):
                places = self._by_compact.get(match[1], [])
                if places:
                    found.checked.update(dict.fromkeys(places))
                    taken.append(match.span())

    def _by_body(self, body: str) -> list[int]:
        for bare in (body, body.lstrip("0")):
            if bare in self._by_compact:
                return self._by_compact[bare]
        return self._by_digits.get(int(body), []) if body.isdigit() else []

    def _spelled(
        self, letters: _Letters, index: dict[str, list[int]], lengths: list[int]
    ) -> Iterator[tuple[int, int, int, bool]]:
        """(item, from, to, sure) of every number that is spelled out, the longest first, none inside another."""
        covered = 0
        for start in range(len(letters.bare)):
            if start < covered or not letters.may_begin(start):
                continue
            for length in lengths:
                bare = letters.bare[start : start + length]
                places = index.get(bare) if len(bare) == length else None
                if not places or not letters.may_end(start + length):
                    continue
                gaps = letters.gaps(start, start + length)
                if gaps is None:
                    continue
                sure_end = letters.ends_surely(start + length)
                for place in places:
                    own = self._breaks[place] if index is self._by_compact else gaps
                    sure = sure_end and all(gap in own or letters.is_line_end(start + gap) for gap in gaps)
                    yield place, letters.at[start], letters.at[start + length - 1] + 1, sure
                covered = start + length
                break

    def _rest(self, text: str, found: Mentions, taken: list[tuple[int, int]]) -> None:
        """Parts of numbers, and strangers among what is left."""
        for start, end in taken:
            text = text[:start] + "|" * (end - start) + text[end:]
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            if re.match(r"[.,][0-9]{2}(?![0-9])", text[end:]) or re.search(r"[0-9][.,]$", text[:start]):
                continue  # an amount
            bare = compact(match[0])
            if sum(c.isdigit() for c in bare) < SHORTEST_PART:
                continue
            digits = re.sub("^[A-Z]+", "", bare)
            parts = self._by_ending.get(bare) or self._by_ending.get(digits) or []
            cut = text[end:].strip() == "" or text[end : end + 1] == "\n"
            if cut and len(bare) >= 6:
                parts = [*parts, *self._beginning(bare)]
            if parts:
                found.parts.append(frozenset(parts[:50]))
            if _shape(bare) in self._shapes and bare not in self._by_compact:
                found.strangers.append(match[0])

    def _beginning(self, bare: str) -> list[int]:
        found: list[int] = []
        place = bisect_left(self._sorted, bare)
        while place < len(self._sorted) and self._sorted[place].startswith(bare) and len(found) < 50:
            found += self._by_compact[self._sorted[place]]
            place += 1
        return found


class _Letters:
    """The letters and digits of a text without what stands between, and where they stood."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = [place for place, sign in enumerate(text) if sign.isalnum()]
        self.bare = "".join(text[place] for place in self.at)

    def _between(self, place: int) -> str:
        """What stands in the text before the letter at `place`."""
        return self.text[self.at[place - 1] + 1 : self.at[place]]

    def may_begin(self, place: int) -> bool:
        if place == 0 or self._between(place):
            return True
        return self.bare[place - 1].isdigit() != self.bare[place].isdigit()

    def may_end(self, place: int) -> bool:
        if place >= len(self.bare):
            return True
        between = self._between(place)
        if not between:
            return self.bare[place - 1].isdigit() != self.bare[place].isdigit()
        amount = re.match(r"[.,][0-9]{2}(?![0-9])", self.text[self.at[place - 1] + 1 :])
        return not (amount and self.bare[place - 1].isdigit())

    def ends_surely(self, place: int) -> bool:
        """Whether nothing suggests that the number goes on: no digit on the next line, none after a dash."""
        if place >= len(self.bare):
            return True
        between = self._between(place)
        if not between:
            return False
        return not (self.bare[place].isdigit() and ("\n" in between or between in ("-", "/", ".", "_")))

    def gaps(self, start: int, end: int) -> frozenset[int] | None:
        """Where signs stand inside, counted from the start; None where they part two things."""
        found = set()
        for place in range(start + 1, end):
            between = self._between(place)
            if not between:
                continue
            if len(between) > 3 or _LIST_SIGNS & set(between):
                return None
            found.add(place - start)
        return frozenset(found)

    def is_line_end(self, place: int) -> bool:
        return "\n" in self._between(place)


def _breaks(number: str) -> frozenset[int]:
    """Where a number may be written with a sign inside: at its own signs, and between letters and digits."""
    plain = folded(number)
    found, count, previous = set(), 0, ""
    for sign in plain:
        if sign.isalnum():
            if count and previous and (not previous.isalnum() or previous.isdigit() != sign.isdigit()):
                found.add(count)
            count += 1
        previous = sign
    return frozenset(found)


def _shape(bare: str) -> str:
    """Letters as they are, digits by their count; a number of digits alone is known by its beginning too."""
    return f"{bare[:3]}{len(bare)}" if bare.isdigit() else re.sub("[0-9]", "#", bare)
