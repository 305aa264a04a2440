#!/usr/bin/env python3
"""Wrap hand-written answers into the mails that real programs would have made of them.

    python tests/corpus/write_corpus.py              rebuild every .eml and labels.jsonl from the words
    python tests/corpus/write_corpus.py add BATCH    file a batch of words, a third of them into kept-aside/
    python tests/corpus/write_corpus.py check        print each date and amount beside the words, to proof-read

`CORPUS=third` before a command works on that folder instead of `written`.

Only the envelopes are made here: headers, quoting styles, charsets, attachments, delivery reports. The words
stand in `written/words.txt` and `written/kept-aside/words.txt`, one block a message:

    === ID HAND 2026-05-12T08:14          HAND is a key of HANDS, the time is local to the hand
    L KIND intents | inv: … | p: DATE AMOUNT | r: DATE AMOUNT REFERENCE | d: REASON | back: DATE | to: … | apply
    W what makes it hard
    O key=value …                         how it is wrapped (see `Letter.option`), all optional
    S subject      F From header          instead of the usual ones
    --
    the words; `>>2-5` quotes lines 2 to 5 of our reminder, a line `| a | b |` is a table row
    @@ pdf remittance.pdf                 an attachment, its content below

Nothing reads the clock and every choice hangs on the id, so the same words give the same bytes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import json
import os
import quopri
import random
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.header import Header, decode_header, make_header
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent / os.environ.get("CORPUS", "written")
OPEN, ASIDE = HERE, HERE / "kept-aside"
FOLDERS = (OPEN, ASIDE) if HERE.name == "written" else (OPEN,)
OWN_NAME, OWN = "Ombelle Mobilier - Comptabilité clients", "facturation@ombelle-mobilier.example"
OWN_SERVER = "mx.ombelle-mobilier.example"
ZONES = {
    "FR": "Europe/Paris",
    "BE": "Europe/Brussels",
    "CH": "Europe/Zurich",
    "LU": "Europe/Luxembourg",
    "GB": "Europe/London",
    "IE": "Europe/Dublin",
    "DE": "Europe/Berlin",
    "AT": "Europe/Vienna",
    "ES": "Europe/Madrid",
    "IT": "Europe/Rome",
    "NL": "Europe/Amsterdam",
    "US": "America/New_York",
    "PT": "Europe/Lisbon",
}
NBSP = "\u00a0"


@dataclass(frozen=True)
class Hand:
    """Somebody who writes: which account, by which program, and what stands under every message."""

    account: str
    name: str
    address: str
    program: str
    language: str
    signature: str = ""
    disclaimer: str = ""


@dataclass
class Letter:
    """One block of words, as written by hand."""

    id: str
    hand: str
    at: datetime
    label: dict[str, Any]
    options: dict[str, str] = field(default_factory=dict)
    subject: str = ""
    sender: str = ""
    body: list[str] = field(default_factory=list)
    attached: list[tuple[str, str, str]] = field(default_factory=list)
    source: str = ""

    def option(self, name: str, default: str = "") -> str:
        """How to wrap. `c` program, `q` quote (full, none, only=our own text as they returned it), `rem` which
        reminder (1 friendly, 2 second, 3 formal notice, 4 statement, 5 one line), `list` which invoices it
        names, `days` its age, `cs` charset, `cte` transfer encoding, `auth` pass/fail/softfail/none/absent,
        `sig` no, `banner` yes, `auto` yes, `dsn` action:status:recipient, `mdn` disposition, `from` bare
        address of the envelope, `reply-to`, `re` subject prefix, `html` only, `to` other To, `raw`
        cut (two thirds arrive) or latin-headers."""
        return self.options.get(name, default)


def is_kept_aside(letter_id: str) -> bool:
    """One third of `written`, by a hash that does not depend on the order or on the words; other folders are whole."""
    return HERE.name == "written" and int(hashlib.sha256(letter_id.encode()).hexdigest(), 16) % 3 == 0


# ---- who writes ---------------------------------------------------------------------------------------------


def read_hands() -> dict[str, Hand]:
    """The hands of `hands.txt`: a line `key|account|name|address|program|language`, then indented signature
    lines; lines that start with `~` belong to the company's disclaimer."""
    hands: dict[str, Hand] = {}
    key: str | None = None
    parts: list[str] = []
    signature: list[str] = []
    disclaimer: list[str] = []

    def close() -> None:
        if key:
            account, name, address, program, language = parts
            hands[key] = Hand(account, name, address, program, language, "\n".join(signature), "\n".join(disclaimer))

    for line in (HERE / "hands.txt").read_text("utf-8").splitlines():
        if not line.strip():
            continue
        if line.startswith("    "):
            text = line[4:]
            (disclaimer if text.startswith("~") else signature).append(text.lstrip("~"))
        else:
            close()
            key, *parts = line.split("|")
            signature, disclaimer = [], []
    close()
    return hands


def read_table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


ACCOUNTS = {row["account"]: row for row in read_table("accounts.csv")}
INVOICES: dict[str, list[dict[str, str]]] = {}
for _row in read_table("invoices.csv"):
    INVOICES.setdefault(_row["account"], []).append(_row)
HANDS = read_hands() if (HERE / "hands.txt").exists() else {}


# ---- words → letters ----------------------------------------------------------------------------------------


def read_words(path: Path) -> Iterator[Letter]:
    """The letters of a words file. Raises ValueError that names the block which is malformed."""
    if not path.exists():
        return
    for block in re.split(r"(?m)^(?==== )", path.read_text("utf-8")):
        if not block.strip():
            continue
        try:
            yield read_block(block)
        except (ValueError, KeyError, IndexError) as e:
            raise ValueError(f"{path.name}: {block.splitlines()[0]}: {e!r}") from e


def read_block(block: str) -> Letter:
    head, _, rest = block.partition("\n--\n")
    first, *lines = head.splitlines()
    _, letter_id, hand, at = first.split()
    zone = ZoneInfo(ZONES[ACCOUNTS[HANDS[hand].account]["country"]])
    letter = Letter(letter_id, hand, datetime.fromisoformat(at).replace(tzinfo=zone), {}, source=block)
    for line in lines:
        mark, _, text = line.partition(" ")
        if mark == "L":
            letter.label = read_label(letter, text)
        elif mark == "W":
            letter.label["why"] = text
        elif mark == "O":
            for pair in text.split():
                name, _, value = pair.partition("=")
                letter.options[name] = value
        elif mark == "S":
            letter.subject = text
        elif mark == "F":
            letter.sender = text
        else:
            raise ValueError(f"unknown mark {mark!r}")
    chunks = re.split(r"(?m)^@@ (\w+) ?(.*)\n", rest.rstrip("\n") + "\n")
    letter.body = chunks[0].rstrip("\n").split("\n")
    for form, name, text in zip(chunks[1::3], chunks[2::3], chunks[3::3], strict=True):
        letter.attached.append((form, name.strip(), text.rstrip("\n")))
    letter.label["language"] = letter.label.get("language") or HANDS[hand].language
    return letter


def read_label(letter: Letter, text: str) -> dict[str, Any]:
    head, *rest = [part.strip() for part in text.split("|")]
    kind, *intents = head.split()
    label: dict[str, Any] = {
        "id": letter.id,
        "file": f"{letter.id}.eml",
        "language": "",
        "kind": kind,
        "intents": " ".join(intents).replace("+", " ").split(),
        "invoices": [],
        "promise": None,
        "remittance": None,
        "dispute": None,
        "return_date": None,
        "contacts": [],
        "decision": rest[-1],
        "why": "",
    }
    for part in rest[:-1]:
        key, _, value = part.partition(":")
        words = [None if word == "-" else word for word in value.split()]
        if key == "inv":
            own = [row["number"] for row in INVOICES[HANDS[letter.hand].account]]
            picked = own if words == ["all"] else [own[int(w) - 1] for w in words if w]
            label["invoices"] = picked
        elif key == "p":
            label["promise"] = dict(zip(("date", "amount"), [*words, None][:2], strict=True))
        elif key == "r":
            tail = " ".join(w for w in words[2:] if w) or None
            label["remittance"] = {"date": words[0], "amount": [*words, None][1], "reference": tail}
        elif key == "d":
            label["dispute"] = {"reason": words[0]}
        elif key == "back":
            label["return_date"] = words[0]
        elif key == "to":
            label["contacts"] = words
        elif key == "lang":
            label["language"] = words[0]
        else:
            raise ValueError(f"unknown label part {key!r}")
    return label


# ---- our own reminder, as it is quoted -----------------------------------------------------------------------

FRENCH_MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
SHORT_MONTHS = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()
MONTHS = {
    "fr": FRENCH_MONTHS,
    "en": "January February March April May June July August September October November December".split(),
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split(),
    "nl": "januari februari maart april mei juni juli augustus september oktober november december".split(),
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split(),
}
DAYS = {
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split(),
    "es": "lunes martes miércoles jueves viernes sábado domingo".split(),
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica".split(),
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag".split(),
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo".split(),
}
SIGNERS = ("Solène Garrec", "Bastien Nouvel", "Mireille Castagnet")


@dataclass(frozen=True)
class Reminder:
    subject: str
    lines: list[str]
    at: datetime
    message_id: str
    to: str


def money(amount: str, language: str, currency: str = "EUR") -> str:
    whole, cents = amount.split(".")
    if language == "en":
        return f"{currency} {int(whole):,}.{cents}"
    return f"{int(whole):,}".replace(",", NBSP) + f",{cents}{NBSP}" + ("€" if currency == "EUR" else currency)


def day(iso: str, language: str) -> str:
    year, month, number = iso.split("-")
    return f"{int(number)} {MONTHS['en'][int(month) - 1]} {year}" if language == "en" else f"{number}/{month}/{year}"


def write_reminder(letter: Letter, dice: random.Random) -> Reminder:
    """What we had sent, a few working days before the answer."""
    hand = HANDS[letter.hand]
    account = ACCOUNTS[hand.account]
    rows = INVOICES[hand.account]
    if letter.option("list"):
        rows = [rows[int(n) - 1] for n in letter.option("list").split(",")]
    language = "en" if account["language"] == "en" else "fr"
    age = int(letter.option("days") or dice.randint(1, 5))
    at = (letter.at.astimezone(ZoneInfo("Europe/Paris")) - timedelta(days=age)).replace(
        hour=dice.choice((7, 8, 9)), minute=dice.randrange(60), second=dice.randrange(60)
    )
    while at.weekday() > 4:
        at -= timedelta(days=1)
    kind = int(letter.option("rem") or dice.choice((1, 1, 1, 2, 2, 2, 3, 4, 4, 5)))
    named = letter.label["invoices"]
    if kind == 5 and rows[0]["number"] not in named:
        # Its subject names the invoice, and a number in the subject counts as the client's own word.
        rows = [row for row in rows if row["number"] in named] or rows
        kind = 5 if named else 1
    who = dice.choice(SIGNERS)
    total = sum(int(row["amount"].replace(".", "")) for row in rows)
    sum_of = money(f"{total // 100}.{total % 100:02d}", language, rows[0]["currency"])

    def cells(row: dict[str, str]) -> tuple[str, str, str, str]:
        return (
            row["number"],
            day(row["issued"], language),
            day(row["due"], language),
            money(row["amount"], language, row["currency"]),
        )

    name, number = account["client"], hand.account
    if language == "fr":
        heads = {
            1: f"Factures en attente de règlement - {number}",
            2: f"Second rappel - compte {number}",
            3: f"MISE EN DEMEURE - {name}",
            4: f"Votre relevé de compte {number}",
            5: f"Votre facture {rows[0]['number']}",
        }
        subject = heads[kind]
        if kind == 5:
            cell = cells(rows[0])
            lines = [
                "Bonjour,",
                "",
                f"Notre facture {cell[0]} du {cell[1]}, soit {cell[3]}, est arrivée à échéance",
                f"le {cell[2]}. Pouvez-vous nous dire quand elle sera payée ?",
                "",
                "Merci d'avance,",
                who,
                "Ombelle Mobilier",
            ]
        else:
            openers = {
                1: ["Bonjour,", "", "Nous n'avons pas trace du paiement des pièces suivantes :", ""],
                2: ["Madame, Monsieur,", "", "Notre premier message est resté sans réponse. Restent dus :", ""],
                3: ["Madame, Monsieur,", "", "Nous vous mettons en demeure de payer sous huit jours :", ""],
                4: ["Bonjour,", "", f"Situation de votre compte au {at:%d/%m/%Y} :", ""],
            }
            closers = {
                1: [
                    "",
                    "Si le virement est déjà parti, ne tenez pas compte de ce message, mais",
                    "indiquez-nous sa date.",
                    "",
                    "Cordialement,",
                    who,
                    "Ombelle Mobilier SAS",
                ],
                2: [
                    "",
                    "Une contestation, un avoir attendu, une pièce manquante ? Dites-le-nous.",
                    "À défaut, merci de payer avant la fin de la semaine prochaine.",
                    "",
                    who,
                    "Ombelle Mobilier SAS",
                ],
                3: [
                    "",
                    f"soit un total de {sum_of}.",
                    "",
                    "Faute de paiement, le dossier sera remis à notre avocat et les",
                    "pénalités de retard (article L441-10 du code de commerce) ainsi que",
                    "l'indemnité de 40 € par facture vous seront réclamées. Si votre société",
                    "fait l'objet d'une procédure collective, informez-nous sans délai.",
                    "",
                    "La direction",
                    "Ombelle Mobilier SAS",
                ],
                4: [
                    "",
                    f"Total : {sum_of}",
                    "",
                    "Vous ne reconnaissez pas une facture ? Répondez à ce message.",
                    "",
                    who,
                ],
            }
            lines = list(openers[kind])
            for row in rows:
                cell = cells(row)
                lines.append(
                    {
                        1: f"- {cell[0]} du {cell[1]}, échéance {cell[2]} : {cell[3]}",
                        2: f"* facture {cell[0]}, {cell[3]}, échue le {cell[2]}",
                        3: f"{cell[0]} ; échéance {cell[2]} ; {cell[3]}",
                        4: f"{cell[0]:<14}{cell[1]:<12}{cell[2]:<12}{cell[3]:>14}",
                    }[kind]
                )
            lines += closers[kind]
    else:
        heads = {
            1: f"Open invoices - account {number}",
            2: f"Second reminder - account {number}",
            3: f"FORMAL NOTICE - {name}",
            4: f"Statement of account {number}",
            5: f"Our invoice {rows[0]['number']}",
        }
        subject = heads[kind]
        if kind == 5:
            cell = cells(rows[0])
            lines = [
                "Hello,",
                "",
                f"Our invoice {cell[0]} of {cell[1]} ({cell[3]}) fell due on",
                f"{cell[2]}.",
                "Could you let us know when it will be paid?",
                "",
                "Thank you,",
                who,
                "Ombelle Mobilier",
            ]
        else:
            openers = {
                1: ["Hello,", "", "We cannot find your payment of the following:", ""],
                2: ["Dear Sir or Madam,", "", "Our first message had no answer. Still owed:", ""],
                3: ["Dear Sir or Madam,", "", "We hereby demand payment within eight days of:", ""],
                4: ["Hello,", "", f"Your account on {day(f'{at:%Y-%m-%d}', 'en')}:", ""],
            }
            closers = {
                1: [
                    "",
                    "If the transfer is on its way, please give us its date.",
                    "",
                    "Kind regards,",
                    who,
                    "Ombelle Mobilier SAS",
                ],
                2: [
                    "",
                    "A dispute, a credit note awaited, a missing document? Please tell us.",
                    "Otherwise we expect payment by the end of next week.",
                    "",
                    who,
                    "Ombelle Mobilier SAS",
                ],
                3: [
                    "",
                    f"in total {sum_of}.",
                    "",
                    "Failing payment our lawyers will claim interest and a compensation of",
                    "EUR 40 per invoice. If insolvency proceedings have been opened, let us",
                    "know at once.",
                    "",
                    "The management",
                    "Ombelle Mobilier SAS",
                ],
                4: ["", f"Total: {sum_of}", "", "Something you do not recognise? Just answer.", "", who],
            }
            lines = list(openers[kind])
            for row in rows:
                cell = cells(row)
                lines.append(
                    {
                        1: f"- {cell[0]} of {cell[1]}, due {cell[2]}: {cell[3]}",
                        2: f"* invoice {cell[0]}, {cell[3]}, due {cell[2]}",
                        3: f"{cell[0]}; due {cell[2]}; {cell[3]}",
                        4: f"{cell[0]:<14}{cell[1]:<19}{cell[2]:<19}{cell[3]:>14}",
                    }[kind]
                )
            lines += closers[kind]
    message_id = f"<om-{at:%Y%m%d}-{number.lower()}-{kind}@ombelle-mobilier.example>"
    return Reminder(subject, lines, at, message_id, hand.address)


# ---- quoting styles ------------------------------------------------------------------------------------------

OUTLOOK = {
    "fr": (f"De{NBSP}:", f"Envoyé{NBSP}:", f"À{NBSP}:", f"Objet{NBSP}:"),
    "en": ("From:", "Sent:", "To:", "Subject:"),
    "de": ("Von:", "Gesendet:", "An:", "Betreff:"),
    "es": ("De:", "Enviado:", "Para:", "Asunto:"),
    "it": ("Da:", "Inviato:", "A:", "Oggetto:"),
    "nl": ("Van:", "Verzonden:", "Aan:", "Onderwerp:"),
    "pt": ("De:", "Enviada:", "Para:", "Assunto:"),
}
WROTE = {
    "fr": "Le {d} à {t}, {who} a écrit{nb}:",
    "en": "On {d} at {t}, {who} wrote:",
    "de": "Am {d} um {t} schrieb {who}:",
    "es": "El {d} a las {t}, {who} escribió:",
    "it": "Il giorno {d} alle ore {t} {who} ha scritto:",
    "nl": "Op {d} om {t} schreef {who}:",
    "pt": "Em {d}, {t}, {who} escreveu:",
}
ORIGINAL = {
    "fr": "Message d'origine",
    "en": "Original message",
    "de": "Ursprüngliche Nachricht",
    "es": "Mensaje original",
    "it": "Messaggio originale",
    "nl": "Oorspronkelijk bericht",
    "pt": "Mensagem original",
}
FROM_PHONE = {
    "fr": "Envoyé de mon iPhone",
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "es": "Enviado desde mi iPhone",
    "it": "Inviato da iPhone",
    "nl": "Verstuurd vanaf mijn iPhone",
    "pt": "Enviado do meu iPhone",
}
FROM_GALAXY = {
    "fr": "Envoyé depuis mon smartphone Galaxy",
    "en": "Sent from my Galaxy",
    "de": "Von meinem Galaxy gesendet",
    "es": "Enviado desde mi Galaxy",
    "it": "Inviato dal mio Galaxy",
    "nl": "Verzonden vanaf mijn Galaxy",
    "pt": "Enviado do meu Galaxy",
}
FROM_OUTLOOK = {
    "fr": "Télécharger Outlook pour Android",
    "en": "Get Outlook for Android",
    "de": "Outlook für Android herunterladen",
    "es": "Obtener Outlook para Android",
    "it": "Scarica Outlook per Android",
    "nl": "Outlook voor Android downloaden",
    "pt": "Obter o Outlook para Android",
}
CAUTION = {
    "fr": "ATTENTION : ce message vient de l'extérieur. Ne cliquez sur aucun lien et n'ouvrez aucune pièce jointe sans "
    "connaître l'expéditeur.",
    "en": "[EXTERNAL] Do not click links or open attachments unless you know the sender and expected this message.",
    "de": "Achtung: Diese Nachricht kommt von extern. Öffnen Sie keine Anhänge unbekannter Absender.",
    "nl": "Let op: deze mail komt van buiten de organisatie.",
    "es": "AVISO: correo externo a la organización.",
    "it": "ATTENZIONE: messaggio proveniente dall'esterno.",
    "pt": "AVISO: mensagem externa.",
}
PREFIX = {"fr": "Re: ", "en": "Re: ", "de": "AW: ", "es": "RE: ", "it": "R: ", "nl": "Antw: ", "pt": "RE: "}
PROGRAMS = {
    "outlook": None,
    "owa": None,
    "outlookphone": None,
    "gmail": None,
    "apple": "Apple Mail (2.3826.500.181)",
    "iphone": "iPhone Mail (23C71)",
    "thunderbird": None,
    "zimbra": "Zimbra 9.0.0_GA_4583 (ZimbraWebClient)",
    "orange": "Courrier Orange web",
    "free": "Zimbra 8.7.11 (zimbra-free)",
    "yahoo": "YMailNovation/3.2",
    "samsung": None,
    "notes": "HCL Notes Release 12.0.2",
    "roundcube": "Roundcube Webmail/1.6.9",
    "gmx": None,
    "robot": None,
    "plain": None,
}


def long_date(at: datetime, language: str) -> str:
    number = "1er" if at.day == 1 and language == "fr" else str(at.day)
    dot = "." if language == "de" else ""
    joint = " de " if language in ("es", "pt") else " "
    return f"{number}{dot}{joint}{MONTHS[language][at.month - 1]}{joint}{at.year}"


def quote_head(reminder: Reminder, program: str, language: str) -> list[str]:
    """The line or lines by which the program announces the message that it quotes."""
    at, who = reminder.at, f"{OWN_NAME} <{OWN}>"
    nb = NBSP if language == "fr" else ""
    week = DAYS[language][at.weekday()]
    names = OUTLOOK[language]
    if program in ("outlook", "owa", "outlookphone"):
        sent = {
            "en": f"{at.day} {MONTHS['en'][at.month - 1]} {at:%Y %H:%M}",
            "de": f"{week}, {at.day}. {MONTHS['de'][at.month - 1]} {at:%Y %H:%M}",
        }.get(language, f"{week} {long_date(at, language)} {at:%H:%M}")
        head = [
            f"{names[0]} {who}",
            f"{names[1]} {sent}",
            f"{names[2]} {reminder.to}",
            f"{names[3]} {reminder.subject}",
        ]
        return (["________________________________"] if program != "outlook" else []) + head
    if program in ("gmail", "apple", "iphone"):
        short = {
            "fr": f"{week[:3]}. {at.day} {SHORT_MONTHS[at.month - 1]} {at.year}",
            "en": f"{week[:3]}, {at.day} {MONTHS['en'][at.month - 1][:3]} {at.year}",
        }.get(language, long_date(at, language))
        stamp = short if program == "gmail" else long_date(at, language)
        return [WROTE[language].format(d=stamp, t=f"{at:%H:%M}", who=who, nb=nb)]
    if program in ("thunderbird", "roundcube"):
        stamp = {"en": f"{at:%d/%m/%Y}", "de": f"{at:%d.%m.%y}"}.get(language, f"{at:%d/%m/%Y}")
        whom = OWN_NAME if program == "thunderbird" else "facturation"
        return [WROTE[language].format(d=stamp, t=f"{at:%H:%M}", who=whom, nb=nb)]
    if program in ("zimbra", "free"):
        sent = f"{week.capitalize()} {at.day} {MONTHS[language][at.month - 1].capitalize()} {at:%Y %H:%M:%S}"
        rule = [
            f"----- {ORIGINAL[language].replace('Message d', 'Mail ')} -----",
        ]
        return (rule if program == "free" else []) + [
            f'{names[0].replace(NBSP, "")} "{OWN_NAME}" <{OWN}>',
            f"{names[2].replace(NBSP, '')} {reminder.to}",
            f"{names[1].replace(NBSP, '')} {sent}",
            f"{names[3].replace(NBSP, '')} {reminder.subject}",
        ]
    if program == "orange":
        return [
            f"> Message du {at:%d/%m/%y %H:%M}",
            f'> De : "{OWN_NAME}" <{OWN}>',
            f"> A : {reminder.to}",
            "> Copie à : ",
            f"> Objet : {reminder.subject}",
            "> ",
        ]
    if program == "yahoo":
        return [WROTE[language].format(d=f"{week} {long_date(at, language)}", t=f"{at:%H:%M:%S} UTC+2", who=who, nb=nb)]
    if program == "samsung":
        return [
            f"-------- {ORIGINAL[language]} --------",
            f"{names[0]} {who}",
            f"Date : {at:%d/%m/%Y  %H:%M}  (GMT+01:00)",
            f"{names[2]} {reminder.to}",
            f"{names[3]} {reminder.subject}",
        ]
    if program == "notes":
        return [
            "",
            f'{names[0]}\t"{OWN_NAME}" <{OWN}>',
            f"{names[2]}\t{reminder.to}",
            f"Date :\t{at:%d/%m/%Y %H:%M}",
            f"{names[3]}\t{reminder.subject}",
            "",
        ]
    if program == "gmx":
        return [
            f"Gesendet: {week}, {at.day}. {MONTHS['de'][at.month - 1]} {at.year} um {at:%H:%M} Uhr",
            f"Von: {OWN_NAME}",
            f"An: {reminder.to}",
            f"Betreff: {reminder.subject}",
        ]
    return [f"----- {ORIGINAL[language]} -----"]


def quoted_text(reminder: Reminder, program: str, language: str, banner: bool) -> list[str]:
    """The reminder below the answer, as the program's plain text part has it."""
    lines = ([CAUTION[language], ""] if banner else []) + reminder.lines
    head = quote_head(reminder, program, language)
    if program in ("gmail", "apple", "thunderbird", "roundcube"):
        gap = [""] if program == "gmail" else []
        return head + gap + [f"> {line}".rstrip() if program != "apple" else f"> {line}" for line in lines]
    if program == "iphone":
        return [f"> {head[0]}", "> "] + [f"> {line}" for line in lines]
    if program == "orange":
        return head + [f"> {line}" for line in lines]
    if program == "yahoo":
        return [f"    {head[0]}  ", " ", " "] + [f" {line}" for line in lines]
    return [*head, "", *lines]


# ---- text → parts --------------------------------------------------------------------------------------------


def to_html(lines: list[str], program: str) -> str:
    """The same lines as the program would mark them up; rows between bars become a table."""
    out: list[str] = []
    table: list[str] = []

    def flush() -> None:
        if table:
            rows = "".join(
                "<tr>" + "".join(f"<td>{html.escape(c.strip())}</td>" for c in row.strip("| ").split("|")) + "</tr>\n"
                for row in table
            )
            out.append(f'<table border="1" cellspacing="0" cellpadding="3">\n{rows}</table>')
            table.clear()

    for line in lines:
        if line.startswith("|"):
            table.append(line)
            continue
        flush()
        text = re.sub(" {2,}", lambda m: "&nbsp;" * len(m[0]), html.escape(line, quote=False)) or (
            "&nbsp;" if program == "outlook" else "<br>"
        )
        out.append(f'<p class="MsoNormal">{text}</p>' if program == "outlook" else f"<div>{text}</div>")
    flush()
    return "\n".join(out)


def plain_lines(lines: list[str]) -> list[str]:
    """Table rows fall apart into one cell a line, as they do when a program makes text of its own HTML."""
    out: list[str] = []
    for line in lines:
        if line.startswith("|"):
            out += [cell.strip() for cell in line.strip("| ").split("|")]
        else:
            out.append(line)
    return out


def html_page(own: list[str], reminder: Reminder | None, program: str, language: str, banner: bool) -> str:
    body = to_html(own, program)
    if reminder is None:
        return f"<html><body>{body}</body></html>"
    head = quote_head(reminder, program, language)
    lines = ([CAUTION[language], ""] if banner else []) + reminder.lines
    quoted = to_html(lines, "outlook" if program == "outlook" else "other")
    if program in ("gmail", "apple", "iphone", "yahoo", "thunderbird"):
        css = {"gmail": ' class="gmail_quote"', "yahoo": ' class="yahoo_quoted"'}.get(program, "")
        quote = (
            f"<br><div{css}><div>{html.escape(head[0])}<br></div>"
            f'<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">{quoted}'
            "</blockquote></div>"
        )
    elif program in ("outlook", "owa", "outlookphone"):
        bold = "<br>\n".join(
            f"<b>{html.escape(h.partition(' ')[0])}</b> {html.escape(h.partition(' ')[2])}"
            for h in head
            if "___" not in h
        )
        rule = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        start = rule if program == "outlook" else '<hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg">'
        quote = f"{start}<p>{bold}</p></div>{quoted}"
    else:
        quote = (
            f'<hr id="zwchr"><div>{"<br>".join(html.escape(h) for h in head)}</div><blockquote>{quoted}</blockquote>'
        )
    styles = "<head><style>p.MsoNormal{margin:0cm;font-size:11.0pt;font-family:Calibri}</style></head>"
    return f"<html>{styles if program == 'outlook' else ''}<body>{body}\n{quote}</body></html>"


def wrapped(lines: list[str], width: int) -> list[str]:
    """Long lines broken as programs that send format=fixed text do."""
    out: list[str] = []
    for line in lines:
        lead = re.match(r"(> ?)*", line)
        prefix = lead.group() if lead else ""
        rest = line[len(prefix) :]
        while len(prefix) + len(rest) > width and " " in rest[: width - len(prefix)].strip():
            cut = rest.rindex(" ", 0, width - len(prefix))
            out.append(prefix + rest[:cut])
            rest = rest[cut + 1 :]
        out.append(prefix + rest)
    return out


def text_part(text: str, subtype: str, charset: str, encoding: str) -> bytes:
    """A text part. `charset` may be `said/meant`, where what the header says is not what the bytes are."""
    said, _, meant = charset.partition("/")
    raw = text.replace("\n", "\r\n").encode(meant or said, "replace")
    if encoding == "base64":
        payload = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        payload = quopri.encodestring(raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    else:
        payload = raw
    head = f'Content-Type: text/{subtype}; charset="{said}"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + payload


# ---- attachments ---------------------------------------------------------------------------------------------

MIME = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "txt": "text/plain",
    "htm": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "camt": "application/xml",
    "png": "image/png",
    "scan": "application/pdf",
    "ics": "text/calendar",
    "eml": "message/rfc822",
    "headers": "text/rfc822-headers",
}


def write_pdf(text: str, deflate: bool) -> bytes:
    """A page of Helvetica; runs of two spaces or more start a new column, as report writers position text."""
    ops: list[str] = []
    for row, line in enumerate(text.split("\n")):
        x = 50.0
        for piece in re.finditer(r"\S+(?: \S+)*", line):
            x = 50 + 6.0 * piece.start()
            shown = piece.group().replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            ops.append(f"BT /F1 10 Tf 1 0 0 1 {x:.1f} {800 - 14 * row} Tm ({shown}) Tj ET")
    stream = "\n".join(ops).encode("cp1252", "replace")
    # Stored, not squeezed: the bytes must not depend on which zlib the machine has.
    packed = zlib.compress(stream, 0) if deflate else stream
    flag = b"/Filter /FlateDecode " if deflate else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< " + flag + b"/Length " + str(len(packed)).encode() + b" >>\nstream\n" + packed + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    return assemble_pdf(objects)


def write_scan() -> bytes:
    """A page that is only a picture (a grey square): there is no text to be read."""
    pixels = bytes((x * y) % 251 for x in range(24) for y in range(24))
    paint = b"q 500 0 0 700 40 60 cm /I0 Do Q"
    return assemble_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /XObject << /I0 5 0 R >> >> >>",
            b"<< /Length " + str(len(paint)).encode() + b" >>\nstream\n" + paint + b"\nendstream",
            b"<< /Type /XObject /Subtype /Image /Width 24 /Height 24 /ColorSpace /DeviceGray "
            b"/BitsPerComponent 8 /Length " + str(len(pixels)).encode() + b" >>\nstream\n" + pixels + b"\nendstream",
        ]
    )


def assemble_pdf(objects: list[bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{place:010d} 00000 n \n".encode() for place in places)
    out.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def write_xlsx(text: str) -> bytes:
    """A workbook of one sheet; cells are split at `;`, and a bare number becomes a number."""
    rows = []
    for r, line in enumerate(text.split("\n"), 1):
        cells = []
        for c, value in enumerate(line.split(";")):
            place, value = f"{chr(65 + c)}{r}", value.strip()
            if re.fullmatch(r"-?\d{1,9}(\.\d+)?", value):
                cells.append(f'<c r="{place}"><v>{value}</v></c>')
            elif value:
                cells.append(f'<c r="{place}" t="inlineStr"><is><t>{html.escape(value, quote=False)}</t></is></c>')
        rows.append(f'<row r="{r}">{"".join(cells)}</row>')
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet_type}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet_type}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Feuil1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{"".join(rows)}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as book:
        for name, content in files.items():
            book.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), xml + content)
    return out.getvalue()


def attachment(form: str, name: str, text: str, dice: random.Random) -> bytes:
    """One attached file as a MIME part."""
    kind = MIME[form]
    if form in ("eml", "headers"):
        raw = text.replace("\n", "\r\n").encode()
        return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + raw + b"\r\n"
    if form == "pdf":
        data = write_pdf(text, dice.random() < 0.5)
    elif form == "scan":
        data = write_scan()
    elif form == "xlsx":
        data = write_xlsx(text)
    elif form == "png":
        data = base64.b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
        )
    elif form == "csv":
        data = text.replace("\n", "\r\n").encode(dice.choice(("utf-8-sig", "cp1252", "utf-8")))
    else:
        data = text.encode("utf-8")
    shown = name if name.isascii() else Header(name, "utf-8").encode()
    where = "inline" if form == "png" else "attachment"
    head = (
        f'Content-Type: {kind}; name="{shown}"\r\nContent-Disposition: {where}; filename="{shown}"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(data).replace(b"\n", b"\r\n")


# ---- the whole message ---------------------------------------------------------------------------------------


def bundle(subtype: str, parts: list[bytes], boundary: str, parameters: str = "") -> bytes:
    head = f'Content-Type: multipart/{subtype}{parameters};\r\n\tboundary="{boundary}"\r\n\r\n'.encode()
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part.rstrip(b"\r\n") + b"\r\n\r\n" for part in parts)
    return head + body + b"--" + boundary.encode() + b"--\r\n"


def encoded(text: str, dice: random.Random) -> str:
    if text.isascii():
        return text
    if dice.random() < 0.3:
        try:
            return Header(text, "iso-8859-1", header_name="Subject").encode()
        except UnicodeEncodeError:
            pass
    return Header(text, "utf-8", header_name="Subject").encode()


def own_words(letter: Letter, reminder: Reminder, program: str, language: str) -> list[str]:
    """What the client wrote, with `>>a-b` replaced by those lines of our reminder, and the signature."""
    hand = HANDS[letter.hand]
    lines: list[str] = []
    for line in letter.body:
        found = re.fullmatch(r">>(\d+)-(\d+)", line.strip())
        if found:
            first, last = int(found[1]), int(found[2])
            mark = "" if program in ("outlook", "owa", "notes") else "> "
            lines += [f"{mark}{quoted}" for quoted in reminder.lines[first - 1 : last]]
        elif line.strip() == ">>head":
            lines += quote_head(reminder, program, language)
        else:
            lines.append(line)
    if letter.option("sig", "yes") != "no":
        if hand.signature and program not in ("iphone", "samsung", "outlookphone"):
            gap = ["", "-- "] if program in ("gmail", "thunderbird", "roundcube") else [""]
            lines += gap + hand.signature.split("\n")
        if hand.disclaimer:
            lines += ["", *hand.disclaimer.split("\n")]
    phone = {"iphone": FROM_PHONE, "samsung": FROM_GALAXY, "outlookphone": FROM_OUTLOOK}.get(program)
    if phone:
        lines += ["", phone[language]]
    return lines


def write_mail(letter: Letter) -> bytes:
    """The bytes that the mailbox received."""
    dice = random.Random(letter.id)
    hand = HANDS[letter.hand]
    program = letter.option("c") or hand.program
    language = hand.language if hand.language in OUTLOOK else "en"
    reminder = write_reminder(letter, dice)
    machine = letter.label["kind"] != "reply"
    quote = letter.option("q") or ("none" if machine or program in ("robot", "plain") else "full")
    interleaved = any(line.startswith(">>") for line in letter.body)
    own = own_words(letter, reminder, program, language)
    if machine and letter.option("sig") != "yes":
        own = list(letter.body)
    shown = reminder if quote == "full" and not interleaved else None
    banner = letter.option("banner") == "yes"
    plain = plain_lines(own)
    if shown:
        plain += ["", *quoted_text(shown, program, language, banner)]
    if program in ("thunderbird", "gmail", "roundcube"):
        plain = wrapped(plain, 76)
    charset = letter.option("cs") or dice.choice(
        {
            "outlook": ("utf-8", "iso-8859-1/cp1252", "windows-1252"),
            "zimbra": ("utf-8",),
            "orange": ("utf-8", "iso-8859-1/cp1252"),
            "notes": ("iso-8859-1/cp1252", "utf-8"),
            "robot": ("utf-8", "iso-8859-15", "windows-1252"),
            "thunderbird": ("utf-8", "iso-8859-15"),
        }.get(program, ("utf-8",))
    )
    text = "\n".join(plain) + "\n"
    meant = charset.partition("/")[2] or charset
    try:
        text.encode(meant)
    except UnicodeEncodeError:
        charset = "utf-8"
    encoding = letter.option("cte") or dice.choice(("quoted-printable", "quoted-printable", "base64", "8bit"))
    raw_html = next((t for form, _, t in letter.attached if form == "html"), None)
    boundary = hashlib.sha256(letter.id.encode()).hexdigest()[:24].upper()
    parts = [text_part(text, "plain", charset, encoding)]
    with_html = {"outlook", "owa", "outlookphone", "gmail", "apple", "iphone", "zimbra", "yahoo", "samsung", "gmx"}
    if raw_html is not None or (
        program in with_html and letter.option("html") != "no" and "/" not in letter.option("cs")
    ):
        page = raw_html or html_page(own, shown, program, language, banner)
        mark = text_part(page, "html", charset, encoding if encoding != "8bit" else "quoted-printable")
        only = letter.option("html") == "only"
        content = mark if only else bundle("alternative", [parts[0], mark], f"----=_alt_{boundary}")
    else:
        content = parts[0]
    files = [attachment(form, name, body, dice) for form, name, body in letter.attached if form != "html"]
    if letter.option("dsn"):
        content = bundle(
            "report", [content, delivery_status(letter), *files], f"{boundary}/mx", "; report-type=delivery-status"
        )
    elif letter.option("mdn"):
        content = bundle(
            "report",
            [content, disposition(letter, reminder), *files],
            f"----{boundary}",
            "; report-type=disposition-notification",
        )
    elif files:
        content = bundle("mixed", [content, *files], f"----=_mix_{boundary}")
    if letter.option("raw") == "cut":
        content = content[: len(content) * 2 // 3]
    elif letter.option("raw") == "latin-headers":
        # Programs of another age write raw Latin-1 letters into header fields.
        return raw_headers(headers(letter, reminder, program, dice)) + content
    return headers(letter, reminder, program, dice) + content


def raw_headers(block: bytes) -> bytes:
    """The encoded words of a header block undone into bare Latin-1 bytes."""

    def undo(found: re.Match[bytes]) -> bytes:
        return str(make_header(decode_header(found[0].decode("ascii")))).encode("latin-1", "replace")

    return re.sub(rb"=\?[\w-]+\?[bq]\?[^?]*\?=(?:\r\n =\?[\w-]+\?[bq]\?[^?]*\?=)*", undo, block)


def delivery_status(letter: Letter) -> bytes:
    action, status, recipient, *rest = letter.option("dsn").split(":")
    diagnostic = ":".join(rest).replace("_", " ")
    domain = letter.option("mta") or recipient.rpartition("@")[2]
    lines = [
        f"Reporting-MTA: dns; {domain}",
        f"Arrival-Date: {format_datetime(letter.at - timedelta(minutes=3))}",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Action: {action}",
        f"Status: {status}",
    ]
    if diagnostic:
        lines.append(f"Diagnostic-Code: smtp; {diagnostic}")
    return ("Content-Type: message/delivery-status\r\n\r\n" + "\r\n".join(lines) + "\r\n").encode()


def disposition(letter: Letter, reminder: Reminder) -> bytes:
    hand = HANDS[letter.hand]
    lines = [
        "Reporting-UA: mail.example; desk 7.2",
        f"Final-Recipient: rfc822;{hand.address}",
        f"Original-Message-ID: {reminder.message_id}",
        f"Disposition: {letter.option('mdn').replace('_', ' ')}",
    ]
    return ("Content-Type: message/disposition-notification\r\n\r\n" + "\r\n".join(lines) + "\r\n").encode()


def headers(letter: Letter, reminder: Reminder, program: str, dice: random.Random) -> bytes:
    """Trace fields, what our server found about the sender, and the fields that the client's program sets."""
    hand = HANDS[letter.hand]
    sender = letter.sender or f"{hand.name} <{hand.address}>"
    name, _, rest = sender.partition("<")
    bare = rest.rstrip("> ") if rest else sender.strip()
    name = name.strip()
    envelope = letter.option("from") or bare
    domain = (envelope if envelope not in ("<>", "") else bare).rpartition("@")[2]
    host = domain if domain.startswith(("mx", "mail", "smtp")) else f"mail.{domain}"
    address = f"198.51.100.{dice.randrange(1, 255)}" if dice.random() < 0.5 else f"203.0.113.{dice.randrange(1, 255)}"
    stamp = letter.at
    received = format_datetime(stamp.astimezone(ZoneInfo("Europe/Paris")) + timedelta(seconds=dice.randrange(2, 40)))
    queue = f"{dice.getrandbits(40):010X}"
    out = [
        f"Return-Path: <{'' if envelope == '<>' else envelope}>",
        f"Delivered-To: {OWN}",
        f"Received: from {host} ({host} [{address}])\r\n\tby {OWN_SERVER} (Postfix) with ESMTPS id {queue}\r\n"
        f"\tfor <{OWN}>; {received}",
    ]
    from_domain = bare.rpartition("@")[2]
    auth = letter.option("auth") or ("absent" if dice.random() < 0.18 or envelope == "<>" else "pass")
    spf = {"pass": "pass", "fail": "fail", "softfail": "softfail", "none": "none"}.get(auth, "")
    if auth != "absent":
        dkim = f"pass header.d={from_domain} header.s=s{dice.randrange(1, 9)}" if auth == "pass" else "none"
        if auth == "pass" and dice.random() < 0.3:
            dkim = "none"
        dmarc = {"pass": "pass", "none": "none"}.get(auth, "fail")
        out.append(
            f"Authentication-Results: {OWN_SERVER};\r\n\tspf={spf} smtp.mailfrom={domain};\r\n\tdkim={dkim};\r\n"
            f"\tdmarc={dmarc} header.from={from_domain}"
        )
    out.append(f"From: {encoded_name(name, dice)}<{bare}>" if name else f"From: {bare}")
    out.append(f"To: {letter.option('to') or encoded_name(OWN_NAME, dice) + f'<{OWN}>'}")
    prefix = letter.option("re").replace("_", " ") or (PREFIX.get(HANDS[letter.hand].language, "Re: "))
    if program in ("outlook", "owa", "outlookphone") and prefix == "Re: ":
        prefix = "RE: " if letter.hand != "lower" else "re: "
    subject = letter.subject or prefix + reminder.subject
    out.append("Subject: " + encoded(subject, dice).replace("\n", "\r\n"))
    out.append(f"Date: {format_datetime(stamp)}")
    out.append(f"Message-ID: <{queue.lower()}.{letter.id}@{domain}>")
    answers = letter.label["kind"] in ("reply", "auto_reply") and program != "robot"
    if answers and (letter.option("q") != "none" or not letter.subject):
        out += [f"In-Reply-To: {reminder.message_id}", f"References: {reminder.message_id}"]
    if letter.option("reply-to"):
        out.append(f"Reply-To: {letter.option('reply-to')}")
    if PROGRAMS.get(program):
        out.append(f"X-Mailer: {PROGRAMS[program]}")
    if program in ("outlook", "owa"):
        out += [
            "X-MS-Has-Attach: " + ("yes" if letter.attached else ""),
            "X-MS-TNEF-Correlator:",
            f"Thread-Topic: {encoded(reminder.subject, dice)}".replace("\n", "\r\n"),
        ]
    if program == "thunderbird":
        out.append("User-Agent: Mozilla Thunderbird")
    if letter.option("auto"):
        out.append(f"Auto-Submitted: {letter.option('auto')}")
        if dice.random() < 0.5:
            out.append("Precedence: bulk" if dice.random() < 0.5 else "X-Auto-Response-Suppress: All")
    for extra in letter.option("h").split("|"):
        if extra:
            out.append(extra.replace("_", " "))
    out.append("MIME-Version: 1.0")
    return "\r\n".join(out).encode("utf-8") + b"\r\n"


def encoded_name(name: str, dice: random.Random) -> str:
    if not name:
        return ""
    if name.isascii():
        return f'"{name}" ' if re.search(r"[^\w\s'-]", name) else f"{name} "
    return Header(name, "utf-8" if dice.random() < 0.6 else "iso-8859-15").encode() + " "


# ---- command -------------------------------------------------------------------------------------------------


def rebuild() -> None:
    for folder in FOLDERS:
        letters = sorted(read_words(folder / "words.txt"), key=lambda letter: letter.id)
        wanted = {f"{letter.id}.eml" for letter in letters}
        (folder / "mail").mkdir(parents=True, exist_ok=True)
        for old in (folder / "mail").glob("*.eml"):
            if old.name not in wanted:
                old.unlink()
        for letter in letters:
            (folder / "mail" / f"{letter.id}.eml").write_bytes(write_mail(letter))
        rows = [json.dumps(letter.label, ensure_ascii=False) for letter in letters]
        (folder / "labels.jsonl").write_text("".join(row + "\n" for row in rows), "utf-8")


def add(batch: Path) -> None:
    """File a batch: each block goes where its id sends it; an id that is there already is replaced."""
    new = {letter.id: letter.source.rstrip("\n") + "\n\n" for letter in read_words(batch)}
    for folder in FOLDERS:
        mine = {letter.id: letter.source.rstrip("\n") + "\n\n" for letter in read_words(folder / "words.txt")}
        mine.update({i: s for i, s in new.items() if is_kept_aside(i) == (folder == ASIDE)})
        (folder / "words.txt").write_text("".join(mine[i] for i in sorted(mine)), "utf-8")


def check() -> None:
    for folder in FOLDERS:
        for letter in read_words(folder / "words.txt"):
            label = letter.label
            told = [
                f"{letter.id} {DAYS['en'][letter.at.weekday()][:3]} {letter.at:%Y-%m-%d} {label['decision']:6}",
                "+".join(label["intents"]) or label["kind"],
            ]
            for key in ("promise", "remittance"):
                if label[key]:
                    date = label[key]["date"]
                    week = DAYS["en"][datetime.fromisoformat(date).weekday()][:3] if date else "-"
                    told.append(f"{key}={week} {date} {label[key]['amount']}")
            print(*told, "|", " / ".join(letter.body)[:230])


if __name__ == "__main__":
    if sys.argv[1:2] == ["add"]:
        add(Path(sys.argv[2]))
    if sys.argv[1:2] == ["check"]:
        check()
    else:
        rebuild()
