"""The labelled mails of the corpus as examples: the client's own words, cut out by the reader, with the mail's labels.

    python -m tests.corpus.examples.from_mail

Nothing is learned from the fifth and the eighteenth corpus: they are kept aside to measure.
"""

from __future__ import annotations

import json
from pathlib import Path

from chalicelib.reading import Context, parse, read
from chalicelib.reading_command import _accounts, _items

HERE = Path(__file__).parent
OMBELLE = "facturation@ombelle-mobilier.example"
CORPORA = {  # file of examples: folder of the corpus, mailbox
    "replies": ("replies", "compta@atelier-lumen.example"),
    "written": ("written", OMBELLE),
    "written_rest": ("written/kept-aside", OMBELLE),
    "second": ("second", OMBELLE),
    "third": ("third", OMBELLE),
    "fourth": ("fourth", OMBELLE),
    "sixth": ("sixth", OMBELLE),
    "seventh": ("seventh", OMBELLE),
    "eighth": ("eighth", OMBELLE),
    "ninth": ("ninth", OMBELLE),
    "tenth": ("tenth", OMBELLE),
    "eleventh": ("eleventh", OMBELLE),
    "twelfth": ("twelfth", OMBELLE),
    "thirteenth": ("thirteenth", OMBELLE),
    "fourteenth": ("fourteenth", OMBELLE),
    "fifteenth": ("fifteenth", OMBELLE),
    "sixteenth": ("sixteenth", OMBELLE),
    "seventeenth": ("seventeenth", OMBELLE),
    "nineteenth": ("nineteenth", OMBELLE),
    "twentieth": ("twentieth", OMBELLE),
    "twentyfirst": ("twentyfirst", OMBELLE),
    "twentysecond": ("twentysecond", OMBELLE),
    "twentythird": ("twentythird", OMBELLE),
    "twentyfourth": ("twentyfourth", OMBELLE),
    "twentyfifth": ("twentyfifth", OMBELLE),
    "twentysixth": ("twentysixth", OMBELLE),
}
LABELS = ("intents", "invoices", "promise", "remittance", "dispute", "contacts", "decision", "why")


def lines(folder: Path, mailbox: str) -> list[str]:
    """One line for each reply in which a person's words are left."""
    books = folder if (folder / "invoices.csv").exists() else folder.parent
    known = Context(
        our_addresses=frozenset({mailbox}),
        accounts=_accounts(books / "accounts.csv"),
        items=_items(books / "invoices.csv"),
    )
    out = []
    for label in map(json.loads, (folder / "labels.jsonl").read_text("utf-8").splitlines()):
        message = parse((folder / "mail" / label["file"]).read_bytes())
        words = read(message, known).own_words
        if label["kind"] == "reply" and words.strip() and message.sent_at:
            row = {"id": label["id"], "lang": label["language"], "date": message.sent_at.isoformat(), "text": words}
            out.append(json.dumps(row | {name: label[name] for name in LABELS}, ensure_ascii=False))
    return out


if __name__ == "__main__":
    for name, (folder, mailbox) in CORPORA.items():
        made = lines(HERE.parent / folder, mailbox)
        (HERE / f"mail_{name}.jsonl").write_text("\n".join(made) + "\n", "utf-8")
        print(name, len(made))
