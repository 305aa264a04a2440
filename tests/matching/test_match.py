"""Who paid what: certain only where what is named, the amount and the payer agree; else a person decides."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.banking.model import BankEntry, EntryKind
from chalicelib.domain.money import Money
from chalicelib.matching.match import match_all
from chalicelib.matching.model import Account, Advice, Certainty, Ledger, OpenItem, Proposal, Tolerance
from tests.sample import eur

IBAN = "FR7610096000301234567890185"


def item(number: str, amount: str, account: str = "C001", order: str = "", **facts: Any) -> OpenItem:
    known: dict[str, Any] = {"issued_on": date(2026, 1, 10), "due_on": date(2026, 2, 10)}
    return OpenItem(number=number, account=account, balance=eur(amount), purchase_order=order, **{**known, **facts})


ACCOUNTS = (
    Account(id="C001", name="Garage Morel & Fils", ibans=(IBAN,)),
    Account(id="C002", name="Hôtel du Vieux Port"),
    Account(id="C003", name="Bâti-Sud Construction"),
)
ITEMS = (
    item("FA-2026-0101", "1200.50"), item("FA-2026-0102", "310.40", order="PO-45017"), item("FA-2026-0103", "77.33"),
    item("FA-2026-0252", "1200.50", "C002"), item("202600802", "5010.23", "C002"),
    item("FA-2026-0301", "640.10", "C003"), item("AV-2026-0009", "-50.10", "C001"),
)  # fmt: skip


def entry(amount: str, text: str = "", **facts: Any) -> BankEntry:
    known: dict[str, Any] = {
        "id": "e1", "account": "FR76", "booked_on": date(2026, 3, 2), "kind": EntryKind.CREDIT, "bank_reference": "B1",
    }  # fmt: skip
    return BankEntry(amount=eur(amount), text=text, **{**known, **facts})


def match(one: BankEntry, *more: BankEntry, ledger: Ledger | None = None, tolerance: Tolerance | None = None) -> Any:
    found = match_all([one, *more], ledger or Ledger(items=ITEMS, accounts=ACCOUNTS), tolerance)
    return found if more else found[0]


def shares(proposal: Proposal) -> dict[str, str]:
    return {share.number: str(share.amount.amount) for share in proposal.shares}


@pytest.mark.parametrize(
    "text",
    [
        "FA-2026-0101", "fact FA 2026 0101", "FA20260101", "fa-2026-0101 merci", "FA/2026/0101",
        "FACTURE FA-2026-01\n01", "PAIEMENT F\nA-2026-0101", "REF:FA-2026-0101.", "N°FA-2026-0101",
        "FA.2026.0101 du 02/03/2026", "facture\u00a0FA\u20112026\u20110101",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    found = match(entry("1200.50", text))
    assert (found.certainty, shares(found)) == (Certainty.CERTAIN, {"FA-2026-0101": "1200.50"}), found.reason


@pytest.mark.parametrize("text", ["FA-2026-01011", "FA-2026-010", "1200.50", "FA-2026-0101-2 et suite"])
def test_what_may_be_another_number_is_not_taken_for_it(text: str) -> None:
    assert match(entry("1200.50", text)).certainty is not Certainty.CERTAIN


def test_a_payer_nobody_knows_and_an_amount_are_only_a_proposal() -> None:
    found = match(entry("640.10", "VIREMENT", payer="DUPONT JEAN"))
    assert (found.certainty, shares(found)) == (Certainty.PROPOSED, {"FA-2026-0301": "640.10"})


def test_two_debtors_with_equal_amounts_are_both_candidates() -> None:
    found = match(entry("1200.50", "VIREMENT"))
    assert found.certainty is Certainty.PROPOSED
    assert [c.account for c in found.candidates] == ["C001", "C002"]


def test_the_same_part_of_two_debtors_numbers_is_only_a_proposal() -> None:
    ledger = Ledger(
        items=[item("FA-2026-0777", "90.10"), item("FC-2025-0777", "90.10", "C002")], accounts=ACCOUNTS
    )  # fmt: skip
    found = match(entry("90.10", "facture 0777"), ledger=ledger)
    assert found.certainty is Certainty.PROPOSED
    assert {c.account for c in found.candidates} == {"C001", "C002"}


def test_a_part_of_a_number_with_payer_and_amount_is_certain() -> None:
    found = match(entry("310.40", "facture 0102", payer="GARAGE MOREL"))
    assert (found.certainty, shares(found)) == (Certainty.CERTAIN, {"FA-2026-0102": "310.40"})


def test_a_known_iban_and_the_only_invoice_of_the_amount_are_certain() -> None:
    found = match(entry("310.40", "VIREMENT", payer_iban="FR76 1009 6000 3012 3456 7890 185"))
    assert (found.certainty, shares(found)) == (Certainty.CERTAIN, {"FA-2026-0102": "310.40"})


def test_an_iban_learned_from_one_entry_serves_the_next() -> None:
    first = entry("640.10", "FA-2026-0301", payer_iban="DE89370400440532013000")
    second = entry("19.99", "VIREMENT", id="e2", payer_iban="DE89370400440532013000", booked_on=date(2026, 3, 3))
    ledger = Ledger(items=[*ITEMS, item("FA-2026-0302", "19.99", "C003")], accounts=ACCOUNTS)
    assert [p.certainty for p in match(first, second, ledger=ledger)] == [Certainty.CERTAIN, Certainty.CERTAIN]


def test_a_name_cut_by_the_bank_is_still_the_name() -> None:
    found = match(entry("640.10", "VIREMENT", payer="BATI SUD CONSTR"))
    assert (found.certainty, found.account) == (Certainty.CERTAIN, "C003")


def test_a_named_invoice_paid_by_another_debtor_is_only_a_proposal() -> None:
    found = match(entry("1200.50", "FA-2026-0101", payer="HOTEL DU VIEUX PORT"))
    assert found.certainty is Certainty.PROPOSED


def test_a_named_invoice_paid_by_a_stranger_to_the_cent_is_certain() -> None:
    assert match(entry("640.10", "FA-2026-0301", payer="HOLDING ORION")).certainty is Certainty.CERTAIN


def test_a_slip_of_the_pen_away_from_an_invoice_of_the_same_amount_is_only_a_proposal() -> None:
    ledger = Ledger(items=[item("FA-2026-0101", "90.10"), item("FA-2026-0110", "90.10", "C002")], accounts=ACCOUNTS)
    assert match(entry("90.10", "FA-2026-0101"), ledger=ledger).certainty is Certainty.PROPOSED


def test_several_invoices_named_are_paid_together() -> None:
    found = match(entry("1510.90", "FA-2026-0101, FA-2026-0102", payer="GARAGE MOREL"))
    assert (found.certainty, shares(found)) == (
        Certainty.CERTAIN, {"FA-2026-0101": "1200.50", "FA-2026-0102": "310.40"},
    )  # fmt: skip


def test_the_second_number_may_be_its_end_only() -> None:
    found = match(entry("1510.90", "FA-2026-0101/0102", payer="GARAGE MOREL"))
    assert (found.certainty, len(found.shares)) == (Certainty.CERTAIN, 2)


def test_invoices_of_several_debtors_are_only_a_proposal() -> None:
    found = match(entry("1840.60", "FA-2026-0101 FA-2026-0301"))
    assert found.certainty is Certainty.PROPOSED


def test_the_only_choice_of_invoices_that_makes_the_amount_is_certain_for_a_known_iban() -> None:
    ledger = Ledger(items=ITEMS[:3], accounts=ACCOUNTS)
    found = match(entry("1277.83", "VIREMENT", payer_iban=IBAN), ledger=ledger)
    assert (found.certainty, set(shares(found))) == (Certainty.CERTAIN, {"FA-2026-0101", "FA-2026-0103"})


def test_two_choices_of_invoices_that_make_the_amount_are_not_certain() -> None:
    items = [item("FA-1001", "100.10"), item("FA-1002", "200.20"), item("FA-1003", "50.05"), item("FA-1004", "250.25")]
    found = match(entry("300.30", "VIREMENT", payer_iban=IBAN), ledger=Ledger(items=items, accounts=ACCOUNTS))
    assert found.certainty is not Certainty.CERTAIN


def test_a_round_amount_proves_nothing() -> None:
    items = [item("FA-1001", "1000.00"), item("FA-1002", "3456.78")]
    found = match(entry("1000.00", "VIREMENT", payer_iban=IBAN), ledger=Ledger(items=items, accounts=ACCOUNTS))
    assert found.certainty is Certainty.PROPOSED


@pytest.mark.parametrize(
    ("paid", "certainty"), [("1195.50", "certain"), ("1195.49", "proposed"), ("1197.00", "certain")]
)
def test_bank_charges_up_to_five_euros_are_kept_back(paid: str, certainty: str) -> None:
    found = match(entry(paid, "FA-2026-0101", payer="GARAGE MOREL"))
    assert (found.certainty, shares(found)) == (certainty, {"FA-2026-0101": paid})


def test_a_cash_discount_is_certain_only_where_it_was_agreed() -> None:
    paid = entry("1176.49", "FA-2026-0101 escompte", payer="GARAGE MOREL")
    assert match(paid).certainty is Certainty.PROPOSED
    found = match(paid, tolerance=Tolerance(discount=Decimal("0.02")))
    assert (found.certainty, found.deductions) == (Certainty.CERTAIN, {"FA-2026-0101": eur("24.01")})


def test_part_of_a_named_invoice_and_then_the_rest() -> None:
    first, second = match(
        entry("500.00", "acompte FA-2026-0101", payer="GARAGE MOREL"),
        entry("700.50", "solde FA-2026-0101", payer="GARAGE MOREL", id="e2", booked_on=date(2026, 3, 9)),
    )
    assert (first.certainty, second.certainty) == (Certainty.CERTAIN, Certainty.CERTAIN)
    assert shares(second) == {"FA-2026-0101": "700.50"}


def test_an_amount_of_another_invoice_than_the_named_one_is_only_a_proposal() -> None:
    assert match(entry("310.40", "FA-2026-0101", payer="GARAGE MOREL")).certainty is Certainty.PROPOSED


def test_too_much_settles_the_invoice_and_leaves_the_rest() -> None:
    found = match(entry("1210.00", "FA-2026-0101", payer="GARAGE MOREL"))
    assert (found.certainty, found.left) == (Certainty.CERTAIN, eur("9.50"))


def test_too_much_that_another_invoice_may_explain_is_only_a_proposal() -> None:
    assert match(entry("1300.00", "FA-2026-0101", payer="GARAGE MOREL")).certainty is Certainty.PROPOSED


@pytest.mark.parametrize("text", ["FA-2026-0101", "FA-2026-0101 moins AV-2026-0009"])
def test_a_credit_note_is_deducted_named_or_not(text: str) -> None:
    found = match(entry("1150.40", text, payer="GARAGE MOREL"))
    assert (found.certainty, shares(found)) == (
        Certainty.CERTAIN, {"FA-2026-0101": "1200.50", "AV-2026-0009": "-50.10"},
    )  # fmt: skip


def test_an_order_number_with_the_amount_is_certain_for_its_debtor() -> None:
    found = match(entry("310.40", "cde PO-45017", payer="GARAGE MOREL"))
    assert (found.certainty, shares(found)) == (Certainty.CERTAIN, {"FA-2026-0102": "310.40"})


@pytest.mark.parametrize("reference", ["RFxxFA20260101", "RFxx FA20 2601 01"])
def test_a_creditor_reference_with_right_check_digits_is_the_number(reference: str) -> None:
    from chalicelib.matching.references import valid_rf

    check = next(f"{n:02}" for n in range(2, 99) if valid_rf(f"{n:02}", "FA20260101"))
    right = reference.replace("RFxx", f"RF{check}")
    found = match(entry("1200.50", "", references=(right,)))
    assert (found.certainty, shares(found)) == (Certainty.CERTAIN, {"FA-2026-0101": "1200.50"})


def test_a_belgian_reference_is_the_number_in_it() -> None:
    body = 202600802
    text = f"{body:010}{body % 97 or 97:02}"
    found = match(entry("5010.23", f"+++{text[:3]}/{text[3:7]}/{text[7:]}+++"))
    assert (found.certainty, shares(found)) == (Certainty.CERTAIN, {"202600802": "5010.23"})


def test_a_number_with_its_key_of_two_digits_is_the_number() -> None:
    key = 97 - 202600802 % 97
    assert match(entry("5010.23", f"REF 202600802 {key:02}")).certainty is Certainty.CERTAIN


def test_a_remittance_advice_with_this_amount_tells_what_is_paid() -> None:
    advice = Advice(account="C001", numbers=("FA-2026-0101", "FA-2026-0103"), amount=eur("1277.83"), reference="VIR889")
    ledger = Ledger(items=ITEMS, accounts=ACCOUNTS, advices=[advice])
    assert match(entry("1277.83", "VIREMENT", payer="GARAGE MOREL"), ledger=ledger).certainty is Certainty.CERTAIN
    assert match(entry("1277.83", "VIR889"), ledger=ledger).certainty is Certainty.CERTAIN
    assert match(entry("1277.83", "VIREMENT"), ledger=ledger).certainty is Certainty.PROPOSED
    assert match(entry("1277.83", "VIREMENT", payer="HOTEL DU VIEUX PORT"), ledger=ledger).certainty is Certainty.NONE


def test_an_invoice_paid_twice_is_settled_once() -> None:
    twice = [entry("1200.50", "FA-2026-0101", id=id_, payer="GARAGE MOREL") for id_ in ("e1", "e2")]
    first, second = match(*twice)
    assert (first.certainty, second.certainty, second.shares) == (Certainty.CERTAIN, Certainty.NONE, ())
    assert "settled already" in second.reason


@pytest.mark.parametrize("kind", [EntryKind.DEBIT, EntryKind.CHARGE, EntryKind.RETURNED_TRANSFER])
def test_what_is_no_payment_of_a_debtor_is_none(kind: EntryKind) -> None:
    found = match(entry("1200.50", "FA-2026-0101", kind=kind))
    assert (found.certainty, found.shares) == (Certainty.NONE, ())


def test_money_taken_back_opens_the_invoice_for_the_next_payment() -> None:
    first, back, again = match(
        entry("1200.50", "FA-2026-0101", bank_reference="BNK000111"),
        entry("1200.50", "REJET BNK000111", id="e2", kind=EntryKind.REVERSAL, bank_reference="BNK000222"),
        entry("1200.50", "FA-2026-0101", id="e3", booked_on=date(2026, 3, 20)),
    )
    assert (first.certainty, back.undoes, back.shares) == (Certainty.CERTAIN, "e1", ())
    assert (again.certainty, shares(again)) == (Certainty.CERTAIN, {"FA-2026-0101": "1200.50"})


def test_another_currency_is_never_certain() -> None:
    one = BankEntry(
        id="e1", account="X", booked_on=date(2026, 3, 2), kind=EntryKind.CREDIT, amount=Money.of("1200.50", "USD"),
        text="FA-2026-0101",
    )  # fmt: skip
    assert match(one).certainty is Certainty.NONE


def test_an_invoice_issued_after_the_payment_is_not_found_by_its_amount() -> None:
    later = item("FA-2026-0999", "88.17", issued_on=date(2026, 3, 3))
    ledger = Ledger(items=[later], accounts=ACCOUNTS)
    assert match(entry("88.17", "VIREMENT", payer="GARAGE MOREL"), ledger=ledger).certainty is Certainty.NONE


_texts = st.lists(
    st.sampled_from(["FA-2026-0101", "FA-2026-0102", "0103", "FA-2026-0252", "PO-45017", "AV-2026-0009", "VIR", "\n"])
).map(" ".join)
_amounts = st.sampled_from(["1200.50", "310.40", "77.33", "1510.90", "1150.40", "1588.23", "640.10", "1.00", "1198.00"])
_entries = st.lists(
    st.builds(
        entry, _amounts, _texts, id=st.sampled_from(["e1", "e2", "e3", "e4", "e5"]),
        payer=st.sampled_from(["", "GARAGE MOREL", "HOTEL DU VIEUX PORT", "X"]),
        payer_iban=st.sampled_from(["", IBAN, "DE1"]), bank_reference=st.sampled_from(["BNK000001", "BNK000002"]),
        kind=st.sampled_from([EntryKind.CREDIT] * 5 + [EntryKind.REVERSAL]),
        booked_on=st.dates(date(2026, 3, 1), date(2026, 3, 4)),
    ),
    unique_by=lambda e: e.id, max_size=5,
)  # fmt: skip


@settings(max_examples=200)
@given(_entries)
def test_nothing_is_given_twice_and_no_share_exceeds_what_is_open(entries: list[BankEntry]) -> None:
    left = {i.number: i.balance for i in ITEMS}
    done: dict[str, Proposal] = {}
    for proposal in match_all(entries, Ledger(items=ITEMS, accounts=ACCOUNTS)):
        done[proposal.entry.id] = proposal
        assert proposal.left >= eur("0")
        if proposal.certainty is Certainty.CERTAIN:
            for share in proposal.shares:
                left[share.number] -= share.amount + proposal.deductions.get(share.number, eur("0"))
        if proposal.undoes and done[proposal.undoes].certainty is Certainty.CERTAIN:
            for share in done[proposal.undoes].shares:
                left[share.number] += share.amount + done[proposal.undoes].deductions.get(share.number, eur("0"))
        for i in ITEMS:
            low, high = sorted((eur("0"), i.balance))
            assert low <= left[i.number] <= high


@settings(max_examples=100)
@given(_entries, st.randoms())
def test_the_order_of_entries_and_their_repetition_do_not_matter(entries: list[BankEntry], random: Any) -> None:
    ledger = Ledger(items=ITEMS, accounts=ACCOUNTS)
    mixed = [*entries, *entries]
    random.shuffle(mixed)
    assert match_all(mixed, ledger) == match_all(entries, ledger)


def test_a_number_of_another_debtor_gives_way_to_the_payers_own_invoice_of_the_amount() -> None:
    found = match(entry("310.40", "FA-2026-0301", payer="GARAGE MOREL"))
    assert (found.certainty, shares(found)) == (Certainty.PROPOSED, {"FA-2026-0102": "310.40"})


def test_who_pays_for_another_is_not_taken_for_it_the_next_time() -> None:
    holding = {"payer": "HOLDING ORION", "payer_iban": "LU280019400644750000"}
    first = entry("640.10", "FA-2026-0301", **holding)
    second = entry("19.99", "VIREMENT", id="e2", booked_on=date(2026, 3, 3), **holding)
    ledger = Ledger(items=[*ITEMS, item("FA-2026-0302", "19.99", "C003")], accounts=ACCOUNTS)
    assert [p.certainty for p in match(first, second, ledger=ledger)] == [Certainty.CERTAIN, Certainty.PROPOSED]


@pytest.mark.parametrize(("text", "certainty"), [("FA-2026-0120", "certain"), ("FA-2026-0999", "proposed")])
def test_a_slip_of_the_pen_in_a_number_is_forgiven_where_payer_and_amount_are_right(text: str, certainty: str) -> None:
    found = match(entry("310.40", text, payer="GARAGE MOREL"))
    assert (found.certainty, shares(found)) == (certainty, {"FA-2026-0102": "310.40"})
