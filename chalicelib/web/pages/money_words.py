"""The words of the money page: buckets of the ageing, steps, figures and how each is reckoned; French in `money.po`."""

from __future__ import annotations

from chalicelib.web.pages.mail_names import MAILS
from chalicelib.web.pages.marked import N_

BUCKETS = {
    "not_due": N_("Not due"),
    "1_30": N_("1–30 days late"),
    "31_60": N_("31–60 days late"),
    "61_90": N_("61–90 days late"),
    "over_90": N_("Over 90 days late"),
}

STEPS = {**MAILS, "call_reached": N_("Call that reached somebody")}
"""In the order of the ladder; another step, of a policy of yours, keeps the name that it has there."""

MEANS = {
    "ageing": N_(
        "Open balances, VAT included, by days after the due date. Due today is not late. What is disputed stands in "
        "its bucket and is told apart; unallocated credit is not deducted."
    ),
    "overdue": N_("Open balances of the invoices whose due date is over, disputed ones included."),
    "disputed": N_("The part of what is owed that the debtor contests. These invoices are not chased."),
    "dso": N_(
        "Days sales outstanding, by count-back: what is open, less unallocated credit, is explained by the latest "
        "sales, month by month backwards. A month explained whole counts all its days; the last one counts "
        "days × what is left ÷ its sales."
    ),
    "dso_at_least": N_(
        "Two years of known sales do not explain what is open: it is higher. Import closed invoices too."
    ),
    "promises": N_(
        "Of the promises judged in the last 90 days, those kept whole. A promise is judged when the money comes, "
        "else on the day after its grace. By amount: money that came by then ÷ money promised."
    ),
    "late": N_("Invoices paid in the last 90 days: days from due date to payment, early ones counted as 0."),
    "forecast": N_(
        "First what is promised, on its day; then missing instalments of payment plans; then the rest by habit: due "
        "date plus the debtor’s average lateness over a year. Without a date: disputed, insolvent, covered by credit, "
        "or overdue beyond the habit. All of it sums to what is owed."
    ),
    "effects": N_(
        "Of the invoices that a step was taken for 8 to 180 days ago, those that a payment closed within seven days. "
        "Left out: what was settled by that very day, and what a promise or plan of before covered. It shows what "
        "goes before payments, not what causes them."
    ),
    "top": N_("The debtors with the most overdue, disputed invoices included."),
    "holds": N_(
        "Debtors to whom you deliver only against prepayment, and those about whom sales was asked. What is disputed "
        "is not counted."
    ),
}
"""How each figure is reckoned; docs/numbers.md says the same at length."""
