"""The words of the import page, and the findings of files in the reader's language; French in `imports.po`."""

from __future__ import annotations

import re

from chalicelib.domain.findings import finding_in_words
from chalicelib.ports import ImportState
from chalicelib.web.pages.marked import N_
from chalicelib.web.pages.render import texts

KINDS = {
    "invoices": N_("Invoices"),
    "payments": N_("Payments"),
    "statements": N_("Bank statement"),
    "einvoices": N_("Electronic invoices"),
    "": N_("File"),
}

STATES = {
    ImportState.EXPECTED: (N_("being read"), "accent"),
    ImportState.TAKEN: (N_("taken in"), "good"),
    ImportState.REFUSED: (N_("refused"), "bad"),
    ImportState.UNNAMED: (N_("name its columns"), "warn"),
}

COLUMNS = {
    "number": N_("Invoice number"),
    "account": N_("Customer account"),
    "client": N_("Customer’s name"),
    "country": N_("Country"),
    "issued": N_("Invoice date"),
    "due": N_("Due date"),
    "amount": N_("Amount, VAT included"),
    "currency": N_("Currency"),
    "paid_on": N_("Day of payment"),
    "email": N_("E-mail of who pays"),
    "phone": N_("Telephone"),
    "contact": N_("Name of the contact"),
    "purchase_order": N_("Order number"),
    "disputed": N_("Disputed"),
    "language": N_("Language"),
    "sales_rep": N_("E-mail of the sales representative"),
    "reference": N_("Reference of the payment"),
    "booked_on": N_("Day of the entry"),
    "debit": N_("Debit: money that left"),
    "credit": N_("Credit: money that came in"),
    "payer": N_("Who paid"),
    "text": N_("Text of the entry"),
    "payer_iban": N_("IBAN of who paid"),
    "valued_on": N_("Value date"),
}
OF_BANKS_ALONE = ("booked_on", "valued_on", "debit", "credit")
"""Our names of columns that stand in no ledger: a person never wrote them."""
COLUMNS_OF = {
    "statements": {
        "amount": N_("Amount with its sign"),
        "reference": N_("The bank’s reference"),
        "account": N_("Your own account"),
    }
}
"""Where a kind of file gives a column another sense."""

HINTS = {
    "statements": {
        "amount": N_("Minus is money that left. Where the file has debit and credit instead, name those."),
    }
}

DATES = {
    "": N_("2026-12-31, or day first: 31/12/2026"),
    "DD/MM/YYYY": N_("day first: 31/12/2026"),
    "MM/DD/YYYY": N_("month first: 12/31/2026"),
    "DD.MM.YYYY": N_("day first, with dots: 31.12.2026"),
    "DD-MM-YYYY": N_("day first, with dashes: 31-12-2026"),
    "YYYYMMDD": N_("digits only: 20261231"),
}

FINDINGS = {
    "is empty": N_("is empty"),
    "fill it in, or delete the row": N_("fill it in, or delete the row"),
    "the file is empty": N_("the file is empty"),
    "export it again": N_("export it again"),
    "export it again as UTF-8": N_("export it again as UTF-8"),
    "the column is missing": N_("the column is missing"),
    "the header names it twice": N_("the header names it twice"),
    "keep one of the two columns": N_("keep one of the two columns"),
    "keep the row that is right": N_("keep the row that is right"),
    "correct one of the two dates": N_("correct one of the two dates"),
    "correct one of them": N_("correct one of them"),
    "import its invoices first": N_("import its invoices first"),
    "shorten it": N_("shorten it"),
    "delete the row": N_("delete the row"),
    "write for example 1234.56 or 1234,56": N_("write for example 1234.56 or 1234,56"),
    "write for example EUR, GBP or CHF": N_("write for example EUR, GBP or CHF"),
    "write one address, for example compta@client.example": N_("write one address, for example compta@client.example"),
    "export the sheet as CSV (UTF-8)": N_("export the sheet as CSV (UTF-8)"),
    "save it anew as .xlsx, or export the sheet as CSV (UTF-8)": N_(
        "save it anew as .xlsx, or export the sheet as CSV (UTF-8)"
    ),
    "put a cell that holds the separator in quotation marks": N_(
        "put a cell that holds the separator in quotation marks"
    ),
    "complete the row, or delete it": N_("complete the row, or delete it"),
    "export it as text with all its digits": N_("export it as text with all its digits"),
    "enter a credit note, or withdraw the invoice first": N_("enter a credit note, or withdraw the invoice first"),
    "an invoice number belongs to one debtor": N_("an invoice number belongs to one debtor"),
    "the file has a single column": N_("the file has a single column"),
    "export it as CSV with a header, or as XLSX": N_("export it as CSV with a header, or as XLSX"),
}

PATTERNS = {
    r"'(?P<text>.*)' is no amount": N_("“%(text)s” is no amount"),
    r"'(?P<text>.*)' is no date": N_("“%(text)s” is no date"),
    r"'(?P<text>.*)' is no ISO 4217 code": N_("“%(text)s” is no currency code (ISO 4217)"),
    r"'(?P<text>.*)' is no e-mail address": N_("“%(text)s” is no e-mail address"),
    r"(?P<due>\S+) lies before the day of issue, (?P<issued>\S+)": N_(
        "%(due)s lies before the day of issue, %(issued)s"
    ),
    r"(?P<number>.+) is in line (?P<line>[0-9]+) with other content": N_(
        "%(number)s is in line %(line)s with other content"
    ),
    r"no debtor '(?P<account>.*)'": N_("no debtor “%(account)s”"),
    r"(?P<number>.+) is an invoice of debtor (?P<debtor>.+)": N_("%(number)s is an invoice of debtor %(debtor)s"),
    r"(?P<number>.+) stands in our books with (?P<ours>.+), here with (?P<theirs>.+)": N_(
        "%(number)s stands in our books with %(ours)s, here with %(theirs)s"
    ),
    r"the row has (?P<cells>[0-9]+) cells, the header (?P<head>[0-9]+)": N_(
        "the row has %(cells)s cells, the header %(head)s"
    ),
    r"(?P<count>[0-9]+) more findings from here on": N_("%(count)s more findings from here on"),
    r"write YYYY-MM-DD or (?P<form>[A-Z/.\-]+), or give a mapping with date_format": N_(
        "write YYYY-MM-DD or %(form)s, or choose how dates are written"
    ),
    r"the columns of the file are (?P<names>.*)": N_("the columns of the file are %(names)s"),
}
"""What files are told most often, in words of this page; all else is told by `domain/findings.py`."""


def said_in(language: str, text: str) -> str:
    """A finding's words in a language; as they are where they are not known."""
    say = texts(language).gettext
    if text in FINDINGS:
        return say(FINDINGS[text])
    for pattern, words in PATTERNS.items():
        if found := re.fullmatch(pattern, text):
            return say(words) % found.groupdict()
    return finding_in_words(text, language)
