"""Tell a reason that the program gave in the reader's language; what a person wrote stays as it was written.

Reasons are kept as English sentences, in the journal for ever. Their French stands in `reasons_french.py`, template by
template, so that what was kept years ago is told as well. A hole of a template says by its name what it takes (a digit
behind it tells two of them apart):

    day at clock rate n   2026-11-21, 2026-11-21 14:05, 09:00, 2.00%, a whole number
    sum sums         120.00 EUR, and several of them, each with its day
    step when        a step of the ladder, and its day in the words of the policy
    kind word words  a word of the program: a task, an outcome, a cause
    status           what the buyer's platform said, and when
    who phone x      a name without blanks, a number to call, anything: they are not told otherwise
    why known        a reason within the reason; `known` must be one of the program's
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache, lru_cache

from chalicelib.domain.after_notice import OPTIONS
from chalicelib.domain.lifecycle import STATUSES
from chalicelib.domain.reasons_french import DECISIONS, STATUS_WORDS, STEPS, TEMPLATES, WORDS

LONGEST = 4000
"""What is longer is no reason of ours: it is not looked through."""


def in_words(reason: str, language: str) -> str:
    """The reason in this language: itself in English, and wherever it is not the program's own."""
    return (_french(reason) or reason) if language == "fr" and len(reason) <= LONGEST else reason


def templates() -> tuple[tuple[str, str], ...]:
    """English and French of every reason, with its holes."""
    return (*TEMPLATES, *DECISIONS.items(), *_chosen())


@lru_cache(maxsize=4096)
def _french(reason: str) -> str | None:
    """Whole, else in pieces; None where nothing of it is known."""
    for separator in (r"\. (?=the draft approved before |cannot be approved yet: )", "; "):
        parts = re.split(separator, reason)
        if separator == "; ":
            return _one(reason) if len(parts) == 1 else _joined(parts)
        if len(parts) > 1:
            return ". ".join(_french(part) or part for part in parts)
    return None


def _joined(parts: list[str]) -> str | None:
    """Pieces with "; " between them, of which a reason may hold some itself: the longest that is known counts."""
    told, known, start = [], False, 0
    while start < len(parts):
        for end in range(len(parts), start, -1):
            if french := _one("; ".join(parts[start:end])):
                told.append(french)
                known, start = True, end
                break
        else:
            told.append(parts[start])
            start += 1
    return f"{_NBSP}; ".join(told) if known else None


def _one(reason: str) -> str | None:
    """A reason that one template tells, or several with commas between them."""
    for pattern, french in _compiled():
        found = pattern.fullmatch(reason)
        if found and (told := _filled(french, found.groupdict())):
            return told
    parts = [_one(part) for part in reason.split(", ")] if ", " in reason else []
    return ", ".join(part for part in parts if part) if parts and all(parts) else None


def _filled(french: str, holes: dict[str, str]) -> str | None:
    """The French sentence with its holes filled; None where a hole holds what it may not."""
    values: dict[str, str] = {}
    for name, text in holes.items():
        value = _HOLES[name.rstrip("0123456789")][1](text)
        if value is None:
            return None
        values[name] = value
    return french.format(**values)


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The templates, those that begin with words of their own first, and of these the ones that say most."""
    by_words = sorted(templates(), key=lambda pair: (pair[0].startswith("{"), -len(_HOLE.sub("", pair[0]))))
    return tuple((re.compile("".join(_pattern(english)), re.DOTALL), _spaced(french)) for english, french in by_words)


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
    for option in OPTIONS:
        law = f" ({option.law})" if option.law else ""
        yield (
            f"{option.title['en']}{law}: {option.what['en']}. Costs: {option.costs['en']}. Needs: "
            f"{option.needs['en']}. The file to hand over: {{x}}",
            f"{option.title['fr']}{law} : {option.what['fr']}. Coût : {option.costs['fr']}. Il faut : "
            f"{option.needs['fr']}. Le dossier à remettre : {{x}}",
        )


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
    return f"{'1er' if on.day == 1 else on.day}{_NBSP}{_MONTHS[on.month - 1]}{_NBSP}{on.year}"


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


def _word(text: str) -> str:
    if text in WORDS:
        return WORDS[text]
    return text.replace("_", " ") if re.fullmatch("[a-z]+(_[a-z]+)+", text) else text


def _words(text: str) -> str:
    return ", ".join(_word(part) for part in text.split(", "))


def _status(text: str) -> str | None:
    """approuvée le 21 novembre 2026 (REF, ce qui est dit)."""
    found = re.fullmatch(rf"({_STATUS_WORDS}) on ({_DAY})( \(.*\))?", text, re.DOTALL)
    if found is None:
        return None
    word = STATUS_WORDS.get(found[1]) or WORDS[found[1]]
    return f"{word} le {_day(found[2])}{found[3] or ''}"


def _same(text: str) -> str:
    """As it is; what follows a semicolon at the end of a reason may be a reason of its own."""
    first, *others = text.split("; ")
    return f"{_NBSP}; ".join([first, *(_french(other) or other for other in others)]) if others else text


def _why(text: str) -> str:
    return _french(text) or text


_NBSP = "\u00a0"
_HOLE = re.compile(r"\{([a-z]+[0-9]?)\}")
_DAY = r"\d{4}-\d\d-\d\d"
_SUM = r"-?\d+(?:\.\d+)? [A-Z]{3}"
_ANYTHING = r"(?:(?!; ).)+?"
_STATUS_WORDS = "|".join(sorted(map(re.escape, STATUSES.values()), key=len, reverse=True))
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_SIGNS = {"EUR": "€", "GBP": "£"}
_HOLES: dict[str, tuple[str, Callable[[str], str | None]]] = {
    "day": (_DAY, _day),
    "at": (rf"{_DAY} \d\d:\d\d", _at),
    "clock": (r"\d\d:\d\d", _same),
    "rate": (r"[0-9.]+%", lambda text: f"{text[:-1].replace('.', ',')}{_NBSP}%"),
    "n": (r"\d+", _same),
    "sum": (_SUM, _sum),
    "sums": (rf"{_SUM} on {_DAY}(?:, {_SUM} on {_DAY})*", _sums),
    "step": (r"\w+", _step),
    "when": (r"\w+(?: [-+] \d+ (?:business )?days?)?", _when),
    "kind": (r"[a-z]+(?:_[a-z]+)*", _word),
    "word": (_ANYTHING, _word),
    "words": (_ANYTHING, _words),
    "status": (rf"(?:{_STATUS_WORDS}) on {_DAY}(?: \(.*\))?", _status),
    "who": (r"[^\s:]+", _same),
    "phone": (r"\+?[0-9 ().-]+?", _same),
    "x": (_ANYTHING, _same),
    "why": (r".+", _why),
    "known": (r".+?", lambda text: _french(text)),
}
"""By the name of a hole: what it takes, and how that is told; None: the template does not fit after all."""
