"""Tell a reason that the program gave in the reader's language; what a person wrote stays as it was written.

Reasons are kept as English sentences, in the journal for ever. Their French stands in `reasons_french.py`, template by
template, so that what was kept years ago is told as well. A hole of a template says by its name what it takes (a digit
behind it tells two of them apart):

    day at clock rate n   2026-11-21, 2026-11-21 14:05, 09:00, 2.00%, a whole number
    sum sums         120.00 EUR, and several of them, each with its day
    step when        a step of the ladder, and its day in the words of the policy
    kind word words  a word of the program: a task, an outcome, a cause
    status           what the buyer's platform said, and when
    quoted           what somebody gave, in quotation marks
    who phone x      a name without blanks, a number to call, anything: they are not told otherwise
    why known        a reason within the reason; `known` must be one of the program's
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache, lru_cache

from chalicelib.domain.after_notice import OPTIONS
from chalicelib.domain.calendar import MONTHS
from chalicelib.domain.lifecycle import STATUSES
from chalicelib.domain.reasons_french import DECISIONS, STATUS_WORDS, STEPS, TEMPLATES, WORDS

LONGEST, MOST_PIECES, DEEPEST = 1500, 40, 8
"""What is longer, in more pieces or deeper within each other is no reason of ours: it is not looked through."""


def in_words(reason: str, language: str) -> str:
    """The reason in this language: itself in English, and wherever it is not the program's own."""
    told = _french(reason) if language == "fr" and len(reason) <= LONGEST else None
    return told[0] if told else reason


def templates() -> tuple[tuple[str, str], ...]:
    """English and French of every reason, with its holes."""
    return (*TEMPLATES, *DECISIONS.items(), *_chosen())


Told = tuple[str, int]
"""A sentence in French, and how much in it stands as it was: of two ways to understand a reason, less is better."""


Patterns = tuple[tuple[re.Pattern[str], str], ...]


def patterns_of(pairs: Iterable[tuple[str, str]]) -> Patterns:
    """Pairs of templates, those that begin with words of their own first, and of these the ones that say most."""
    by_words = sorted(pairs, key=lambda pair: (pair[0].startswith("{"), -len(_HOLE.sub("", pair[0]))))
    return tuple((re.compile("".join(_pattern(english)), re.DOTALL), _spaced(french)) for english, french in by_words)


def told_by(patterns: Patterns, text: str, deep: int = 0) -> Told | None:
    """By the template that fits the whole text, and of several by the one that leaves least as it was."""
    matches = ((pattern.fullmatch(text), french) for pattern, french in patterns)
    told = [filled for found, french in matches if found and (filled := _filled(french, found.groupdict(), deep + 1))]
    return min(told, key=_left, default=None)


@lru_cache(maxsize=4096)
def _french(reason: str, deep: int = 0) -> Told | None:
    """Whole or in pieces; None where nothing of it is known."""
    if deep > DEEPEST:
        return None
    parts = _AND_OF_A_DRAFT.split(reason)
    if len(parts) > 1:
        told = [_why(part, deep + 1) for part in parts]
        return ". ".join(text for text, _ in told), sum(left for _, left in told)
    found = [told for told in (_one(reason, deep), _joined(reason.split("; "), deep)) if told]
    return min(found, key=_left, default=None)


def _joined(parts: list[str], deep: int) -> Told | None:
    """Pieces with "; " between them, of which a reason may hold some itself: the longest that is known counts."""
    told, known, start = [], False, 0
    if not 1 < len(parts) <= MOST_PIECES:
        return None
    while start < len(parts):
        for end in range(min(len(parts), start + _WITHIN + 1), start, -1):
            if french := _one("; ".join(parts[start:end]), deep):
                told.append(french)
                known, start = True, end
                break
        else:
            told.append((parts[start], len(parts[start])))
            start += 1
    return (f"{_NBSP}; ".join(text for text, _ in told), sum(left for _, left in told)) if known else None


def _one(reason: str, deep: int) -> Told | None:
    """A reason that one template tells, or several with commas between them."""
    told = told_by(_compiled(), reason, deep)
    if told or ", " not in reason:
        return told
    parts = [_one(part, deep) for part in reason.split(", ")]
    known = [part for part in parts if part]
    return (", ".join(text for text, _ in known), sum(map(_left, known))) if len(known) == len(parts) else None


def _left(told: Told) -> int:
    return told[1]


def _filled(french: str, holes: dict[str, str], deep: int) -> Told | None:
    """The French sentence with its holes filled; None where a hole holds what it may not."""
    values: dict[str, str] = {}
    left = 0
    for name, text in holes.items():
        tell = _HOLES[name.rstrip("0123456789")][1]
        value = tell(text, deep)
        if value is None:
            return None
        values[name], more = (value, 0) if isinstance(value, str) else value
        left += more
    return french.format(**values), left


@cache
def _compiled() -> Patterns:
    return patterns_of(templates())


def _pattern(english: str) -> Iterator[str]:
    at = 0
    for hole in _HOLE.finditer(english):
        name = hole[1]
        yield re.escape(english[at : hole.start()])
        at = hole.end()
        takes = _HOLES[name.rstrip("0123456789")][0]
        yield f"(?P<{name}>{takes if at < len(english) or takes != _ANYTHING else '.+'})"
    yield re.escape(english[at:])


def _chosen() -> Iterator[tuple[str, str]]:
    """The tasks of `after_notice.py`, which has its options in both languages."""
    yield from ((option.reason("en", "{x}"), option.reason("fr", "{x}")) for option in OPTIONS)


def _spaced(french: str) -> str:
    """With no-break spaces where French wants them."""
    return re.sub(r" (?=[:;?!»])|(?<=«) ", _NBSP, french)


# --- what stands in the holes


def _day(text: str) -> str | None:
    """21 novembre 2026; 1er mars 2026."""
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return None
    return f"{'1er' if on.day == 1 else on.day}{_NBSP}{MONTHS['fr'][on.month - 1]}{_NBSP}{on.year}"


def _at(text: str) -> str | None:
    day = _day(text[:10])
    return f"{day} à {text[11:]}" if day else None


def _sum(text: str) -> str:
    """1 234,50 €."""
    number, _, currency = text.rpartition(" ")
    whole, _, cents = number.partition(".")
    grouped = f"{int(whole):,}".replace(",", "\u202f")
    if whole.startswith("-") and not grouped.startswith("-"):
        grouped = f"-{grouped}"  # -0.50
    return f"{grouped}{',' + cents if cents else ''}{_NBSP}{_SIGNS.get(currency, currency)}"


def _sums(text: str) -> str | None:
    told = []
    for part in text.split(", "):
        amount, _, day = part.partition(" on ")
        on = _day(day)
        if on is None:
            return None
        told.append(f"{_sum(amount)} le {on}")
    return ", ".join(told)


def _step(text: str) -> str:
    return STEPS.get(text, text.replace("_", " "))


def _when(text: str) -> str:
    """7 jours après l’échéance; 3 jours ouvrés après « première relance »."""
    anchor, _, offset = text.partition(" ")
    since = "l’échéance" if anchor == "due" else f"«{_NBSP}{_step(anchor)}{_NBSP}»"
    if not offset:
        return f"le jour de {since}"
    sign, count, *unit = offset.split()
    days = f"jour{'s' if count != '1' else ''}" + (f" ouvré{'s' if count != '1' else ''}" if len(unit) > 1 else "")
    return f"{count} {days} {'avant' if sign == '-' else 'après'} {since}"


def _word(text: str) -> Told:
    if text in WORDS:
        return WORDS[text], 0
    return text.replace("_", " ") if re.fullmatch("[a-z]+(_[a-z]+)+", text) else text, len(text)


def _words(text: str) -> Told:
    told = [_word(part) for part in text.split(", ")]
    return ", ".join(word for word, _ in told), sum(map(_left, told))


def _status(text: str) -> str | None:
    """approuvée le 21 novembre 2026 (REF, ce qui est dit)."""
    found = re.fullmatch(rf"({_STATUS_WORDS}) on ({_DAY})( \(.*\))?", text, re.DOTALL)
    if found is None:
        return None
    word = STATUS_WORDS.get(found[1]) or WORDS[found[1]]
    return f"{word} le {_day(found[2])}{found[3] or ''}"


def _same(text: str, deep: int) -> Told:
    """As it is; what follows a semicolon at the end of a reason may be a reason of its own."""
    first, *others = text.split("; ")
    told = [(first, len(first)), *(_why(other, deep) for other in others)]
    left = sum(map(_left, told))
    known = left < sum(map(len, (first, *others)))
    return (f"{_NBSP}; ".join(words for words, _ in told), left) if known else (text, len(text))


def _why(text: str, deep: int) -> Told:
    return _french(text, deep) or (text, len(text))


def _only(tell: Callable[[str], Told | str | None]) -> Callable[[str, int], Told | str | None]:
    """For a hole that holds no reason: how deep it lies does not matter."""
    return lambda text, deep: tell(text)


_NBSP = "\u00a0"
_WITHIN = max(english.count("; ") for english, _ in templates())
"""So many "; " stand within one template."""
_AND_OF_A_DRAFT = re.compile(r"\. (?=the draft approved before |cannot be approved yet: )")
_HOLE = re.compile(r"\{([a-z]+[0-9]?)\}")
_DAY = r"\d{4}-\d\d-\d\d"
_SUM = r"-?\d+(?:\.\d+)? [A-Z]{3}"
_ANYTHING = r"(?:(?!; ).)+?"
_STATUS_WORDS = "|".join(sorted(map(re.escape, STATUSES.values()), key=len, reverse=True))
_SIGNS = {"EUR": "€", "GBP": "£"}
_HOLES: dict[str, tuple[str, Callable[[str, int], Told | str | None]]] = {
    "day": (_DAY, _only(_day)),
    "at": (rf"{_DAY} \d\d:\d\d", _only(_at)),
    "clock": (r"\d\d:\d\d", _only(str)),
    "rate": (r"[0-9.]+%", lambda text, _: f"{text[:-1].replace('.', ',')}{_NBSP}%"),
    "n": (r"\d+", _only(str)),
    "sum": (_SUM, _only(_sum)),
    "sums": (rf"{_SUM} on {_DAY}(?:, {_SUM} on {_DAY})*", _only(_sums)),
    "step": (r"\w+", _only(_step)),
    "when": (r"\w+(?: [-+] \d+ (?:business )?days?)?", _only(_when)),
    "kind": (r"[a-z]+(?:_[a-z]+)*", _only(_word)),
    "word": (_ANYTHING, _only(_word)),
    "words": (_ANYTHING, _only(_words)),
    "status": (rf"(?:{_STATUS_WORDS}) on {_DAY}(?: \(.*\))?", _only(_status)),
    "who": (r"[^\s:]+", _same),
    "phone": (r"\+?[0-9 ().-]+?", _same),
    "x": (_ANYTHING, _same),
    "quoted": (r"'.*?'|\".*?\"", lambda text, _: (f"«{_NBSP}{text[1:-1]}{_NBSP}»", len(text))),
    "why": (r".+", _why),
    "known": (r".+?", _french),
}
"""By the name of a hole: what it takes, and how that is told; None: the template does not fit after all."""
