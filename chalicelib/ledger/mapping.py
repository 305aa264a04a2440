"""A mapping: how the columns, dates, decimal marks and values of a foreign export become ours, from a YAML file.

columns: {number: invoiceNumber, issued: InvoiceDate}   ours: theirs
constants: {currency: USD}                              for what the file does not have
values: {country: {"391": US}}                          their value: ours, by our column
date_format: M/D/YYYY                                   which number is the month is never guessed
decimal: ","                                            the decimal mark
encoding: cp1252                                        where the bytes do not tell
separator: ";"                                          where the header does not tell
where_present: [paid_on]                                columns that a file may lack
without: [payer]                                        columns of a statement that are not ours, whatever their names
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.domain.yaml_keys import Keys, read_keys
from chalicelib.errors import BadFile, BadInput
from chalicelib.ledger.cells import day_reader

ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp1250", "iso8859-1", "iso8859-15", "mac-roman", "cp850")

INVOICE_COLUMNS = ("number", "account", "client", "country", "issued", "due", "amount", "currency")
INVOICE_EXTRAS = (
    "paid_on", "disputed", "email", "purchase_order", "contact", "phone", "role", "language", "kind", "policy",
    "sales_rep", "client_since", "document", "legal_id", "vat_number", "address",
)  # fmt: skip
PAYMENT_COLUMNS = ("account", "paid_on", "amount", "currency")
PAYMENT_EXTRAS = ("number", "reference")
BANK_COLUMNS = (
    "booked_on", "valued_on", "amount", "debit", "credit", "currency", "payer", "payer_iban", "text", "reference",
    "account",
)  # fmt: skip
COLUMNS = tuple(dict.fromkeys(INVOICE_COLUMNS + INVOICE_EXTRAS + PAYMENT_COLUMNS + PAYMENT_EXTRAS + BANK_COLUMNS))


@dataclass(frozen=True, kw_only=True)
class ColumnMap:
    """How a foreign file is read; the empty one reads files that have our own column names."""

    columns: Mapping[str, str] = field(default_factory=dict)  # ours: theirs
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    date_format: str = ""
    decimal: str = ""
    encoding: str = ""
    separator: str = ""
    where_present: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


OURS = ColumnMap()


def read_mapping(text: str, file_name: str = "mapping") -> ColumnMap:
    """A mapping; BadFile with every finding when anything in it is wrong."""
    findings: list[BadInput] = []
    top = read_keys(text, file_name, findings)
    top.text("title", "")
    columns, constants, values = top.section("columns"), top.section("constants"), top.section("values")
    separator = top.text("separator", "", one_of=(",", ";", "|", "tab"))
    result = ColumnMap(
        columns={ours: columns.text(ours) for ours in COLUMNS if ours in columns},
        constants={ours: constants.text(ours) for ours in COLUMNS if ours in constants},
        values={ours: _values(values.section(ours)) for ours in COLUMNS if ours in values},
        date_format=top.text("date_format", ""),
        decimal=top.text("decimal", "", one_of=(".", ",")),
        encoding=top.text("encoding", "", one_of=ENCODINGS),
        separator="\t" if separator == "tab" else separator,
        where_present=tuple(top.texts("where_present")),
        without=tuple(top.texts("without")),
    )
    if result.date_format:
        try:
            day_reader(result.date_format)
        except ValueError as error:
            top.report("date_format", str(error), "expected for example M/D/YYYY, DD.MM.YYYY or YYYYMMDD")
    for key in columns.names():
        if key in constants:
            constants.report(key, "is a column and a constant", "keep one of them")
    for key, some in (("where_present", result.where_present), ("without", result.without)):
        for ours in some:
            if ours not in COLUMNS:
                top.report(key, f"{ours!r} is no column of ours", f"known here: {', '.join(COLUMNS)}")
    for section in (columns, constants, values):
        section.done(COLUMNS)
    top.done()
    if findings:
        raise BadFile(file_name, findings)
    return result


def _values(section: Keys) -> dict[str, str]:
    return {theirs: section.text(theirs, "") for theirs in section.names()}
