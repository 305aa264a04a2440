"""What is looked at when an invoice comes in: what its debtor's procedure demands, and what the law allows.

Each finding is a sentence for a person, and a task; it never keeps the invoice out.
"""

from __future__ import annotations

from datetime import date, timedelta

from chalicelib.domain.calendar import end_of_month
from chalicelib.domain.debtor_file import Case, Debtor, DebtorKind


def entry_checks(case: Case, debtor: Debtor, home: str) -> list[str]:
    """Findings about a new invoice. `home` is the creditor's country: French law is known for French parties alone."""
    findings = []
    if not case.purchase_order and (debtor.purchase_order_required or debtor.kind is DebtorKind.PUBLIC):
        findings.append(f"{case.number} carries no order number, without which this client does not pay")
    if home == debtor.country == "FR":
        findings += _french_terms(case, debtor)
    return findings


def latest_due_on(issued_on: date) -> date:
    """The last due date that two French companies may agree on (Code de commerce, article L441-10, I).

    60 days from the day of issue; or, where the contract says so expressly, 45 days to the end of a month, which is
    reckoned in two ways (45 days and then the end of the month, or the end of the month and then 45 days): the later
    of the three, so that nothing lawful is called unlawful.
    """
    end_then_45 = end_of_month(issued_on) + timedelta(days=45)
    return max(issued_on + timedelta(days=60), end_of_month(issued_on + timedelta(days=45)), end_then_45)


def _french_terms(case: Case, debtor: Debtor) -> list[str]:
    days = (case.due_on - case.issued_on).days
    if debtor.kind is DebtorKind.BUSINESS and case.due_on > latest_due_on(case.issued_on):
        return [
            f"{case.number} falls due {days} days after its issue, beyond what may be agreed between companies "
            "(60 days, or 45 to the end of a month: Code de commerce, article L441-10)"
        ]
    if debtor.kind is DebtorKind.PUBLIC and days > 60:
        return [
            f"{case.number} falls due {days} days after its issue; public buyers pay within 30, hospitals 50, "
            "public companies 60 (Code de la commande publique, articles R2192-10 and R2192-11)"
        ]
    return []
