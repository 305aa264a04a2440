"""What a label may say: one list for the exam and for the examples, written apart from the reader that they judge."""

INTENTS = {
    "promise_to_pay",
    "remittance",
    "dispute",
    "payment_plan_request",
    "document_request",
    "contact_change",
    "insolvency",
    "complaint",
}
REASONS = {
    "price",
    "quantity",
    "quality",
    "not_delivered",
    "not_ordered",
    "duplicate",
    "missing_reference",
    "credit_note",
    "other",
}
