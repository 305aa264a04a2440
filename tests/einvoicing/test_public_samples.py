"""The samples that ship inside public packages: every valid one is read, and says what the package says of it.

They are downloaded when the tests run and never kept. The package factur-x has a parser of its own, written by others:
what it finds in a document is compared field by field with what we find.
"""

from __future__ import annotations

import ast
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.einvoicing.model import EInvoice
from chalicelib.einvoicing.read import read_document
from chalicelib.errors import BadInput
from tests.parts.samples import samples_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("einvoice-samples")]

PACKAGES = {
    "factur-x": "7.8", "facturex": "0.6.4", "mock-einvoice": "0.4.0", "django-xrechnung": "0.5.0",
    "erechnung-core": "1.0.0",
}  # fmt: skip
ODOO = ("odoo-addon-account-invoice-import-facturx", "18.0.1.1.0.2")

_PARSE = """
import json, logging, sys
logging.disable(50)
from facturx import get_xml_from_pdf, parse_ubl_cii_xml
for path in sys.stdin.read().splitlines():
    try:
        raw = open(path, "rb").read()
        if path.endswith(".pdf"):
            raw = get_xml_from_pdf(open(path, "rb"), check_xsd=False, check_schematron=False)[1]
        print(json.dumps([path, parse_ubl_cii_xml(raw, check_xsd=False, date_as="string", bytes_as="string")]))
    except Exception as error:
        print(json.dumps([path, str(error)]))
"""


def _pip(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words, "--quiet", "--disable-pip-version-check"], capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"left out, public samples cannot be downloaded: {words[-1]}")


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds each package's source, unpacked."""
    folder = tmp_path_factory.mktemp("samples")
    for name, version in PACKAGES.items():
        source = samples_of(name, version)
        (folder / source.name).symlink_to(source, target_is_directory=True)
    (folder / "odoo-addon").symlink_to(samples_of(*ODOO), target_is_directory=True)
    return folder


@pytest.fixture(scope="session")
def expected(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Path, Any]:
    """What factur-x's own parser says of every document that it can read."""
    place = tmp_path_factory.mktemp("parser")
    _pip("install", "--target", str(place), f"factur-x=={PACKAGES['factur-x']}")
    done = subprocess.run(
        [sys.executable, "-c", _PARSE], input="\n".join(map(str, _documents(samples))), capture_output=True, text=True,
        env={"PYTHONPATH": str(place)}, timeout=300, check=True,
    )  # fmt: skip
    return {Path(path): said for path, said in map(json.loads, done.stdout.splitlines())}


def _documents(samples: Path) -> Iterator[Path]:
    yield from sorted(samples.glob("factur_x-*/tests/fixtures/*/*"))
    yield from sorted(samples.glob("facturex-*/tests/fixtures/*.xml"))
    yield from sorted(samples.glob("erechnung_core-*/fixtures/scenarios/*/*.xml"))
    yield from sorted(samples.glob("django_xrechnung-*/tests/fixtures/inbound/*.*"))
    yield from sorted(samples.glob("odoo-addon/odoo/addons/*/tests/files/*"))
    for path in sorted(samples.glob("mock_einvoice-*/tests/samples/**/*.xml")):
        if "unit" not in path.parts:
            yield path


def _read(path: Path) -> EInvoice:
    logging.getLogger("pypdf").setLevel(logging.ERROR)
    read = read_document(path.read_bytes(), path.name)
    assert isinstance(read, EInvoice)
    return read


def _first(value: Any) -> Any:
    """Of several bank accounts in one document we take the first."""
    return value[0] if isinstance(value, list) else value


def _plain(text: Any) -> str:
    return " ".join(str(text or "").split())


def _bare(text: Any) -> str:
    return re.sub(r"[\s.-]", "", str(text or "")).upper()


def _compared(invoice: EInvoice, said: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field: (ours, theirs), both made comparable."""
    buyer, seller = said.get("BG-7", {}), said.get("BG-4", {})
    credit = -1 if invoice.total.amount and Decimal(said["BT-112"]) < 0 else 1
    order = "" if said.get("BT-13") == "NA" else said.get("BT-13")
    prepaid = said.get("BT-113") or (Decimal(said["BT-112"]) - Decimal(said["BT-115"]) if "BT-9" not in said else 0)
    money = {
        "BT-109": (invoice.net, said.get("BT-109")), "BT-110": (invoice.tax, said.get("BT-110")),
        "BT-115": (invoice.due, said.get("BT-115")),
    }  # fmt: skip
    compared = {
        "BT-1": (invoice.number, said["BT-1"]), "BT-2": (str(invoice.issued_on), said["BT-2"]),
        "BT-3": (invoice.type_code, said["BT-3"]), "BT-5": (invoice.currency, said["BT-5"]),
        "BT-9": (str(invoice.due_on or ""), said.get("BT-9", "")),
        "BT-10": (invoice.buyer_reference, _plain(said.get("BT-10"))),
        "BT-12": (invoice.contract, _plain(said.get("BT-12"))), "BT-13": (invoice.purchase_order, _plain(order)),
        "BT-20": (invoice.terms, _plain(said.get("BT-20"))),
        "BT-22": ([_plain(n) for n in invoice.notes], [_plain(n.get("BT-22")) for n in said.get("BG-1", [])]),
        "BT-25": ([p.number for p in invoice.preceding], [p["BT-25"] for p in said.get("BG-3", [])]),
        "BT-26": (
            [str(p.issued_on or "") for p in invoice.preceding], [p.get("BT-26", "") for p in said.get("BG-3", [])],
        ),
        "BT-112": (invoice.total.amount * credit, Decimal(said["BT-112"])),
        "BT-27": (invoice.seller.name, _plain(seller.get("name"))),
        "BT-44": (invoice.buyer.name, _plain(buyer.get("name"))),
        "BT-30": (invoice.seller.legal_id, seller.get("legal_identifier", "")),
        "BT-47": (invoice.buyer.legal_id, buyer.get("legal_identifier", "")),
        "BT-31": (invoice.seller.vat_number, _bare(seller.get("vat_identifier"))),
        "BT-48": (invoice.buyer.vat_number, _bare(buyer.get("vat_identifier"))),
        "BT-55": (invoice.buyer.country, buyer.get("country_code", "")),
        "BT-84": (_bare(invoice.iban), _bare(_first(said.get("BT-84")))),
        "BT-86": (invoice.bic, _first(said.get("BT-86", ""))),
        "BT-83": (invoice.payment_reference, _plain(_first(said.get("BT-83")))),
        "BT-58": (
            invoice.buyer.email,
            next((c["email"] for c in buyer.get("contacts", []) if c.get("email")), None)
            or (buyer.get("einvoicing_addr", "") if buyer.get("einvoicing_addr_schemeid") == "EM" else ""),
        ),
        **{f: (None if ours is None else ours.amount, Decimal(t) if t else None) for f, (ours, t) in money.items()},
    }  # fmt: skip
    if "BT-113" in said:
        compared["BT-113"] = (invoice.prepaid.amount, Decimal(prepaid))
    return compared


def test_every_field_is_what_the_parser_of_factur_x_finds(samples: Path, expected: Mapping[Path, Any]) -> None:
    differences, documents, fields = [], 0, 0
    for path, said in expected.items():
        if isinstance(said, str) or "BT-112" not in said or "BT-1" not in said:
            continue  # neither can the other parser read it, or it is no invoice
        documents += 1
        for field, (ours, theirs) in _compared(_read(path), said).items():
            fields += 1
            if ours != theirs:
                differences.append(f"{path.name}, {field}: {ours!r}, by factur-x {theirs!r}")
    print(f"{documents} documents, {fields} fields compared")
    # This one has no registered name, only the name that the company trades under: we take that, the other neither.
    differences = [d for d in differences if not d.startswith(("facture_ubl.xml, BT-27", "facture_ubl.xml, BT-44"))]
    assert not differences, "\n".join(differences)
    assert documents == 98
    assert fields >= 2600


def test_every_document_is_read_or_refused_for_a_reason_that_is_known(samples: Path) -> None:
    refused, contradictory, read = {}, {}, 0
    for path in _documents(samples):
        if path.suffix not in (".xml", ".pdf"):
            continue
        try:
            invoice = _read(path)
        except BadInput as error:
            refused[path.name] = str(error).partition("; ")[0].partition(": ")[2]
            continue
        read += 1
        if invoice.contradictions:
            contradictory[path.name] = [f"line {t.line}: {t.what}" for t in invoice.contradictions]
    print(f"{read} documents read")
    assert refused == {
        "order-x-basic.xml": "line 3: this is an order (Order-X)",
        "order-x-comfort.xml": "line 3: this is an order (Order-X)",
        "facture_invalide_cii.xml": "line 74, CrossIndustryInvoice/SupplyChainTradeTransaction/"
        "ApplicableHeaderTradeSettlement/InvoiceCurrencyCode: is missing",
        "malformed-embedded.pdf": "line 1: this is no well-formed XML: no element found",
        "malformed.pdf": "the PDF cannot be read (PdfStreamError)",
        "malformed.xml": "line 1: this is no well-formed XML: no element found",
        "misnamed.pdf": "the PDF carries no electronic invoice",
        "no-xml.pdf": "the PDF carries no electronic invoice",
        "unknown.xml": "line 1: this is <unknown> of no namespace",
        "peppol-response.xml": "line 2: this is a UBL application response, which is not read",
    }
    assert contradictory == {
        "rejected-cii.xml": ["line 154: 1.00 is not the total less what is prepaid (529.87)"],
        # A sample of 2013 whose publisher dated the first premium before the invoice.
        "ZUGFeRD_1p0_COMFORT_Haftpflichtversicherung_Versicherungssteuer.pdf": [
            "line 141: 2013-12-06 lies before the day of issue, 2014-01-24"
        ],
    }
    assert read == 115


def test_the_addon_of_odoo_expects_the_same_of_its_pdfs(samples: Path) -> None:
    (source,) = samples.glob("odoo-addon/odoo/addons/*/tests/test_facturx.py")
    names = {"sample_files"}
    (literal,) = [
        node.value for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Assign) and {t.id for t in node.targets if isinstance(t, ast.Name)} & names
    ]  # fmt: skip
    for name, said in ast.literal_eval(literal).items():
        invoice = _read(source.parent / "files" / name)
        assert invoice.number == said["invoice_number"], name
        assert str(invoice.issued_on) == said["invoice_date"], name
        assert invoice.total.amount == Decimal(str(said["amount_total"])), name
        assert invoice.is_credit_note == (said.get("type") == "in_refund"), name
        assert str(invoice.due_on) == said.get("invoice_date_due", str(invoice.due_on)), name
        if not invoice.is_credit_note:
            assert invoice.net is not None, name
            assert invoice.net.amount == Decimal(str(said["amount_untaxed"])), name


def _rule_tests(samples: Path) -> Iterator[tuple[str, bool, bytes]]:
    """(rule, whether it must find an error, a document made whole) from the tests of EN 16931's own validator."""
    for path in sorted(samples.glob("mock_einvoice-*/tests/samples/external/en16931/unit/*/BR-*.xml")):
        rule = re.sub(r"-\d$", "", path.stem) if path.stem.count("-") > 2 else path.stem
        if rule not in RULES:
            continue
        text = re.sub(r"<!--.*?-->", "", path.read_text("utf-8"), flags=re.DOTALL)
        for test in re.findall(r"<test\b[^>]*>(.*?)</test>", text, re.DOTALL):
            found = re.search(r"<(Invoice|CreditNote)\b.*</\1>", test, re.DOTALL)
            if found:
                yield rule, f"<error>{rule}</error>" in test, _made_whole(found[0], found[1]).encode()


RULES = {
    "BR-02": "ID", "BR-03": "IssueDate", "BR-05": "DocumentCurrencyCode", "BR-15": "PayableAmount",
    "BR-CO-10": "LineExtensionAmount", "BR-CO-13": "TaxExclusiveAmount", "BR-CO-14": "TaxAmount",
    "BR-CO-15": "TaxInclusiveAmount", "BR-CO-16": "PayableAmount",
}  # fmt: skip


def _made_whole(fragment: str, root: str) -> str:
    """The fragment with what every document must have, where it lacks it and is not about it."""
    head = re.match(r"<\w+[^>]*>", fragment)
    assert head
    inner = fragment[head.end() :]
    currency = re.search(r'currencyID="(\w+)"', inner)
    code = currency[1] if currency else "EUR"
    added = {
        "ID": "<cbc:ID>F1</cbc:ID>", "IssueDate": "<cbc:IssueDate>2026-01-05</cbc:IssueDate>",
        f"{root}TypeCode": f"<cbc:{root}TypeCode>{'380' if root == 'Invoice' else '381'}</cbc:{root}TypeCode>",
        "DocumentCurrencyCode": f"<cbc:DocumentCurrencyCode>{code}</cbc:DocumentCurrencyCode>",
    }  # fmt: skip
    if "PayableAmount" not in inner:
        payable = f'<cbc:PayableAmount currencyID="{code}">1</cbc:PayableAmount>'
        inner = inner.replace("</cac:LegalMonetaryTotal>", f"{payable}</cac:LegalMonetaryTotal>")
        if payable not in inner:
            inner = f"<cac:LegalMonetaryTotal>{payable}</cac:LegalMonetaryTotal>{inner}"
    return head[0] + "".join(added.values()) + inner


@pytest.mark.parametrize("rule", ["BR-CO-10", "BR-CO-13", "BR-CO-14", "BR-CO-15", "BR-CO-16"])
def test_the_sums_that_the_standard_calls_wrong_are_found_and_no_others(samples: Path, rule: str) -> None:
    found = {True: 0, False: 0}
    for of, wrong, raw in _rule_tests(samples):
        if of != rule:
            continue
        try:
            read = read_document(raw)
        except BadInput:
            continue  # what the fragment leaves out is missed before its sums are looked at
        assert isinstance(read, EInvoice)
        if read.is_credit_note and rule == "BR-CO-16":
            continue  # a credit note owes nothing: what is left to pay of it is not looked at
        ours = [t for t in read.contradictions if t.path.endswith((RULES[rule], "TaxTotal/TaxAmount"))]
        assert bool(ours) == wrong, (rule, wrong, raw.decode())
        found[wrong] += 1
    print(rule, found)
    assert found[True] >= 2
    assert found[False] >= 2
