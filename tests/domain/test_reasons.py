"""Every reason that the program can give has its French, and nothing else is touched."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.after_notice import OPTIONS, follow_up
from chalicelib.domain.debtor_file import Task, TaskKind
from chalicelib.domain.reasons import LONGEST, in_words, templates
from chalicelib.reading.decision import REASONS
from tests.sample import CREDITOR, case, file_of

ROOT = Path(__file__).parents[2] / "chalicelib"
NBSP = "\u00a0"

# Modules whose sentences are findings in files, labels in both languages, or figures: no reason comes from them.
WITHOUT_REASONS = frozenset({
    "domain/company.py", "domain/creditor_file.py", "domain/findings.py", "domain/findings_french.py",
    "domain/journal_words.py", "domain/message.py", "domain/money.py",
    "domain/policy_file.py", "domain/reasons.py", "domain/reasons_french.py", "domain/reliability.py",
    "domain/review.py", "domain/transfer_code.py", "domain/yaml_keys.py", "matching/names.py",
    "pipeline/export_personal.py", "pipeline/litigation_file.py", "pipeline/pieces.py", "pipeline/policies.py",
    "pipeline/sources.py", "pipeline/whose_mail.py",
})  # fmt: skip

# Sentences of the other modules that are no reasons: they go to the log, to whoever made a mistake, or into an id.
NO_REASONS = frozenset({
    "whom(): the sheet and the page have words of their own for these": (
        "last resort", "not approved yet", "marks invoices good to pay", "triggers the payment",
        "the others did not help", "signed the delivery",
    ),
    "keys, texts of rules and figures": (
        "{} {}", "business day", "{} day", "credit note", "none is on file", "somebody else", "an unclear sender",
        "no cause told", "a portal or person named in the mail", "one entry", "{} to {}", "{}, {}", "line ([0-9]+)",
        "due since {}", "folder {}, UID {}", "without a word", "{} on {}", "application/jsonl; charset=utf-8",
        "names {}", "names no invoice that it fits", "far off", "ends on", "is past since",
    ),
    "the buyer's statuses, told by the hole of that name": (
        "made available", "taken in hand", "partly approved", "in dispute", "payment sent", "not routed",
        "direct payment requested", "assigned to a factor", "assigned to a factor in confidence",
        "account to pay changed", "no longer with a factor",
    ),
    "findings in files, and answers to whoever handed something in": (
        "ask one of the approvers that the creditor's profile names", "{} is no deadline for a letter of {}",
        "settled before", "drop it in invoices/, payments/, statements/ or statuses/",
        "the seller is {} ({}), we are {}", "the seller is {} ({})",
        "write its account into the invoice (BT-46), or enter it as CSV", "{} is an invoice of debtor {}",
        "{} stands in our books with {}, here with {}", "(and {} more)", "is neither PDF, JPEG nor PNG",
        "copy it from the receipt, for example 1A 123 456 7890 1", "weighs {} bytes",
        "the letter is {}: there is no printed copy",
    ),
    "parts of a sentence that a test below tells whole": (
        "by its reference", "by payer and amount", "together of this amount", "one invoice has", "{} invoices have",
    ),
    "the task that follows the ladder, made of the option's words: tried by its own test": (
        "{}{}: {}. Costs: {}. Needs: {}. The file to hand over: {}", "relance litigation {} --out FILE.zip",
        "{}{} : {}. Coût : {}. Il faut : {}. Le dossier à remettre : {}",
    ),
}.values())  # fmt: skip
NOT = frozenset(text for texts in NO_REASONS for text in texts)

QUIET = frozenset({
    "BadInput", "PermanentError", "RetryableError", "Finding", "Option", "compile", "findall", "search", "warning",
    "error", "info", "exception",
})  # fmt: skip
"""What is handed to these is told to nobody who reads a reason."""


def _sources() -> list[Path]:
    found = [path for folder in ("domain", "pipeline", "matching") for path in sorted((ROOT / folder).glob("*.py"))]
    return [path for path in found if str(path.relative_to(ROOT).as_posix()) not in WITHOUT_REASONS]


_SENTENCE = re.compile(r"(?=.*(?:[a-z]{2,} |\} [a-z]{2,}))[a-z{(]", re.DOTALL)
"""Several words, the first of them small: what begins with a capital is a title."""


def _skeletons(node: ast.expr) -> Iterator[str]:
    """A literal with {} for each hole; where a hole chooses between literals, one skeleton for each."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for parts in product(*(list(_skeletons(part)) for part in node.values)):
            yield "".join(parts)
    elif isinstance(node, ast.FormattedValue):
        inner = node.value
        chosen = (inner.body, inner.orelse) if isinstance(inner, ast.IfExp) else ()
        if chosen and all(isinstance(one, ast.Constant | ast.JoinedStr) for one in chosen):
            for one in chosen:
                yield from _skeletons(one)
        else:
            yield "{}"
    else:
        yield "{}"


def _texts(node: ast.AST) -> Iterator[ast.expr]:
    """The literals under a node that could reach a reader: no docstrings, no errors, nothing for the log."""
    if isinstance(node, ast.Raise | ast.Assert):
        return
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in QUIET:
            return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr):
        yield node
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


def _reasons() -> Iterator[tuple[str, str]]:
    for path in _sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in _texts(tree):
            for skeleton in _skeletons(node):
                text = skeleton.strip(" ;,.:")
                if _SENTENCE.match(text) and text not in NOT:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def _pattern(skeleton: str) -> re.Pattern[str]:
    return re.compile("(?s:.+)".join(re.escape(part) for part in re.split(r"\{[a-z0-9]*\}", skeleton)))


ENGLISH = [english for english, _ in templates()]
PATTERNS = [(_pattern(english), len(re.sub(r"\{[a-z0-9]*\}", "", english))) for english in ENGLISH]


def _is_told(skeleton: str) -> bool:
    """Whole, as the end of a sentence that names something, or piece by piece."""
    shapes = [_pattern(skeleton), _pattern(f"{{}}: {skeleton}"), _pattern(f"{{}} {skeleton}")]
    if any(shape.fullmatch(english) for shape in shapes for english in ENGLISH):
        return True
    if any(pattern.fullmatch(skeleton) for pattern, words in PATTERNS if words > 15):
        return True
    pieces = re.split(r", but |; ", skeleton)
    return len(pieces) > 1 and all(piece == "{}" or _is_told(piece) for piece in pieces)


def test_every_reason_in_the_source_has_a_french_template() -> None:
    lost = [f"{where}  {text}" for where, text in _reasons() if not _is_told(text)]
    assert not lost, "no French in chalicelib/domain/reasons_french.py:\n" + "\n".join(lost)


def test_the_collector_sees_the_reasons_of_the_core() -> None:
    found = {text for _, text in _reasons()}
    assert len(found) > 250
    assert {"promised for {}, believed until {}", "the client answered", "accepted for {}"} <= found
    assert "the promised day {} is far off" in found  # a hole that chooses is looked into


@pytest.mark.parametrize("words", REASONS.values())
def test_every_reason_of_the_reader_has_its_french(words: str) -> None:
    assert in_words(words, "fr") != words
    assert in_words(words, "en") == words


SAMPLES = {
    "day": "2026-11-21", "at": "2026-11-21 14:05", "clock": "09:00", "rate": "2.00%", "n": "3", "sum": "1200.50 EUR",
    "sums": "100.00 EUR on 2026-11-21, 50.00 EUR on 2026-12-01", "step": "first_reminder", "when": "due + 7 days",
    "kind": "negotiate_plan", "word": "not_received", "words": "promise to pay", "status": "in dispute on 2026-11-21",
    "who": "anna@example.com", "phone": "+33 4 72 00 00 00", "x": "FA-1", "why": "the client answered",
    "known": "the client answered",
}  # fmt: skip


@pytest.mark.parametrize(("english", "french"), templates())
def test_each_template_is_told_with_all_that_it_says(english: str, french: str) -> None:
    holes = [name for _, name, _, _ in Formatter().parse(english) if name]
    assert sorted(holes) == sorted(name for _, name, _, _ in Formatter().parse(french) if name)
    reason = english.format(**{name: SAMPLES[name.rstrip("0123456789")] for name in holes})
    told = in_words(reason, "fr")
    assert told != reason
    assert in_words(reason, "en") == reason
    for left in ("2026-", "first_reminder", "1200.50", "EUR", "the client answered", "not_received", "negotiate_plan"):
        assert left not in told
    for kept in ("anna@example.com", "FA-1", "+33 4 72 00 00 00"):
        assert (kept in reason) is (kept in told)


def _plain(text: str) -> str:
    return text.replace(NBSP, " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("reason", "french"),
    [
        (
            "first_reminder is due since 2026-11-01 (due + 7 days), but another mail leaves today",
            "« première relance » à faire depuis le 1er novembre 2026 (7 jours après l’échéance), mais un autre "
            "courriel part aujourd’hui",
        ),
        (
            "choose what follows the ladder: after_notice is due since 2026-11-12 (formal_notice + 8 days); the formal "
            "notice of 2026-11-04 also demanded FA-2, FA-3, ahead of the ladder: no reminder follows",
            "choisir la suite du scénario : « choix de la suite » à faire depuis le 12 novembre 2026 (8 jours après "
            "« mise en demeure ») ; la mise en demeure du 4 novembre 2026 réclamait aussi FA-2, FA-3, en avance sur le "
            "scénario : aucune relance ne suit",
        ),
        (
            "a person has a task about it since 2026-11-20: find out whether this mail left: claimed at "
            "2026-11-20 07:30 UTC and no outcome known",
            "une personne s’en occupe depuis le 20 novembre 2026 : vérifier si ce courriel est parti : en cours "
            "d’envoi depuis le 20 novembre 2026 à 07:30 UTC, sans issue connue",
        ),
        (
            "a vague promise: ask for the amount, the date and the means; the client asks for instalments or time: "
            "obtain a first instalment now",
            "promesse vague : demander le montant, la date et le moyen ; le client demande un échéancier ou un délai : "
            "obtenir un premier versement tout de suite",
        ),
        (
            "the client promises to pay by 2026-11-21; believed until 2026-11-24; what they said",
            "le client promet de payer le 21 novembre 2026 ; attendu jusqu’au 24 novembre 2026 ; what they said",
        ),
        (
            "approve the formal notice: formal_notice is due since 2026-11-02 (last_reminder + 8 business days). the "
            "draft approved before was not sent: FA-1 is settled; 50.00 EUR of FA-2 is open and not 1250.00 EUR",
            "approuver la mise en demeure : « mise en demeure » à faire depuis le 2 novembre 2026 (8 jours ouvrés "
            "après « dernière relance »). le projet approuvé avant n’a pas été envoyé : FA-1 est soldée ; 50,00 € de "
            "FA-2 sont ouverts, et non 1 250,00 €",
        ),
        (
            "the promised day 2026-11-01 is past and the promised day 2027-11-02 is far off: obtain a nearer one",
            "le jour promis, 1er novembre 2026, est passé et le jour promis, 2 novembre 2027, est lointain : en "
            "obtenir un plus proche",
        ),
        (
            "blocked until 2026-12-01: Leur comptable revient lundi",
            "bloqué jusqu’au 1er décembre 2026 : Leur comptable revient lundi",
        ),
        ("FA-3: disputed", "FA-3 : en litige"),
        (
            "FA-1 is in dispute on 2026-11-02 (CMD_ERR; no order): find out and resolve",
            "FA-1 : en litige le 2 novembre 2026 (CMD_ERR; no order) ; vérifier et résoudre",
        ),
        (
            "a direct debit came back; by its reference it is X1: FA-1, FA-2 open again",
            "un prélèvement est revenu impayé ; par sa référence, c’est X1 : FA-1, FA-2 de nouveau à payer",
        ),
        (
            "bank, FA-1, FA-2 named, the amount to the cent; SARL X has paid from this IBAN before",
            "banque, FA-1, FA-2 au libellé, montant exact ; SARL X a déjà payé depuis cet IBAN",
        ),
        (
            "80.00 EUR of 2026-11-02 (MOREL FA-1): FA-1 named, the amount to the cent, but FA-2 has this amount too "
            "and is written nearly the same",
            "80,00 € du 2 novembre 2026 (MOREL FA-1) : FA-1 au libellé, montant exact, mais FA-2 porte aussi ce "
            "montant et s’écrit presque pareil",
        ),
        (
            "the payer is Garage Morel, and one invoice has this amount",
            "le payeur est Garage Morel, et une facture porte ce montant",
        ),
        (
            "first_reminder is due since 2026-11-02 (due + 2 business days), but a@x.fr is away until 2026-11-21",
            "« première relance » à faire depuis le 2 novembre 2026 (2 jours ouvrés après l’échéance), mais a@x.fr est "
            "absent jusqu’au 21 novembre 2026",
        ),
        (
            "FA-1, FA-2 belong to 2 debtors, together of this amount",
            "FA-1, FA-2 sont de 2 débiteurs, ensemble de ce montant",
        ),
        (
            "80.00 EUR of 2026-11-02 (without a word): nothing tells who paid; 2 invoices have this amount",
            "80,00 € du 2 novembre 2026 (sans libellé) : rien ne dit qui a payé ; 2 factures portent ce montant",
        ),
        (
            "the words as a whole sound like something else than the phrases found; doubtful: promise to pay, dispute",
            "l’ensemble du texte dit autre chose que les phrases reconnues ; douteux : promesse de règlement, litige",
        ),
    ],
)
def test_a_reason_is_told_as_finance_people_say_it(reason: str, french: str) -> None:
    assert _plain(in_words(reason, "fr")) == french


@pytest.mark.parametrize(
    "words",
    ["", "Leur comptable revient lundi", "anna@example.com: attend un avoir; rappeler", "we talked, but they refuse",
     "asked by the director", "2026-11-21", "disputed", "paid", "{x} {day}", "call the boss"],
)  # fmt: skip
def test_what_a_person_wrote_stays_as_it_was_written(words: str) -> None:
    assert in_words(words, "fr") == words


def test_a_day_that_is_none_and_a_text_without_end_are_left_alone() -> None:
    assert in_words("paid on 2026-02-31", "fr") == "paid on 2026-02-31"
    endless = "call the debtor: " + "; ".join(["x is y, but z"] * 2000)
    assert in_words(endless, "fr") == endless


@pytest.mark.parametrize(
    "hostile",
    ["a; ", "call the debtor: ", "a: ", "a named, ", "the client answered, but ", ", and one invoice has this amount",
     "x: a, but b; ", " is in a, the payment in ", "1.00 EUR of 2026-01-01 (a): ", "find the right contact: a; "],
)  # fmt: skip
def test_what_was_made_to_take_long_does_not(hostile: str) -> None:
    started = time.process_time()
    in_words((hostile * LONGEST)[:LONGEST], "fr")
    assert time.process_time() - started < 3  # a tenth of it on an idle machine


@given(st.text(max_size=200))
def test_english_is_never_touched_and_french_never_fails(text: str) -> None:
    assert in_words(text, "en") == text
    assert in_words(f"call the debtor: {text}", "fr").startswith("appeler le débiteur") or not text


def test_the_task_that_follows_the_ladder_is_told_from_its_option() -> None:
    file, today = file_of(case("FA-1", "2026-09-01")), date(2026, 11, 20)
    choice = Task(id="t", kind=TaskKind.CHOOSE_ACTION, raised_on=today, due_on=today, reason="", numbers=("FA-1",))
    for option in OPTIONS:
        if option.task is None:
            continue
        law = f" ({option.law})" if option.law else ""
        task = follow_up(file, choice, option.outcome, list(file.cases.values()), CREDITOR.calendar, today=today)
        assert task is not None
        told = in_words(task.reason, "fr")
        assert _plain(told).startswith(f"{option.title['fr']}{law} : {option.what['fr']}")
        assert told.endswith(f"relance litigation {file.id} --out FILE.zip")
