"""From a real mailbox into a real table, with pollers and workers at once: each mail recorded and answered once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any

import boto3
import pytest

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.adapters.dynamodb_table import PATIENCE
from chalicelib.adapters.imap import ImapMailbox, ImapSettings
from chalicelib.domain import events as e
from chalicelib.domain.debtor_file import DESK
from chalicelib.errors import RetryableError
from chalicelib.pipeline.apply_replies import apply_reply
from chalicelib.pipeline.collect_mail import Collected, collect_mail
from chalicelib.pipeline.watch import watch
from chalicelib.ports import MailState, Parts
from tests.parts.dovecot import Dovecot
from tests.parts.table import create_table
from tests.pipeline.desk import Program
from tests.pipeline.letters import AT, letter
from tests.sample import CREDITOR, case, file_of, paris

_numbers = count(1)


@pytest.fixture
def program(dynamodb_local: str, dovecot: Dovecot) -> Program:
    """Stores in DynamoDB, the mailbox in Dovecot; two debtors who owe."""
    client: Any = boto3.client("dynamodb", endpoint_url=dynamodb_local, config=PATIENCE)
    table = create_table(client, f"mail-{next(_numbers)}")
    program = Program()
    program.store = DynamoCaseStore(client, table)  # type: ignore[assignment]
    offices, log = DynamoOfficeStore(client, table), DynamoMailLog(client, table)
    address = dovecot.new_address()
    login = ImapSettings(host=dovecot.host, port=dovecot.imap_port, user=address, password=dovecot.password, tls=False)
    program.parts = replace(
        program.parts, store=program.store, offices=offices, mail_log=log, mailbox=lambda: ImapMailbox(login)
    )
    # Dovecot says when mail came, and that is today: without pinned results no date of the mail matters here.
    offices.set_creditor(replace(CREDITOR, authserv_id=""))
    for id_ in ("C001", "C002"):
        program.put(file_of(case(f"FA-{id_}", "2026-03-10"), id=id_, contact=_payer(id_)), paris("2026-03-11"))
    program.deliver = lambda raw: dovecot.deliver(raw, to=address)  # type: ignore[attr-defined]
    program.renumber = lambda: dovecot.renumber(address)  # type: ignore[attr-defined]
    return program


def _payer(id_: str) -> Any:
    from chalicelib.domain.debtor_file import Contact

    return Contact(id="payer", email=f"payer@{id_.lower()}.example")


def _eager(work: Callable[[], Any]) -> Any:
    """A queue's patience: what may work later is done later."""
    for _ in range(10):
        try:
            return work()
        except RetryableError:
            continue
    return work()


def _answers(parts: Parts, debtor_id: str) -> Counter[str]:
    return Counter(x.event.mail for x in parts.store.journal(debtor_id) if isinstance(x.event, e.ReplyReceived))


def test_pollers_and_workers_at_once_record_and_answer_each_mail_once(program: Any) -> None:
    words = "Bonjour, votre message est bien arrivé, numéro {} \udce9.".encode("utf-8", "surrogateescape").decode(
        "latin-1"
    )
    raws = [
        letter(words.format(n), sender=f"payer@{id_}.example", vouched=False)
        for n in range(6) for id_ in ("c001", "c002", "nobody")
    ]  # fmt: skip
    for raw in raws:
        program.deliver(raw)
    program.deliver(
        b"From: payer@c001.example\r\n" + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" * 1200
    )
    with ThreadPoolExecutor(4) as pool:
        polls = list(pool.map(lambda _: _eager(lambda: collect_mail(program.parts, at=AT)), range(4)))
    assert sum(poll.new for poll in polls) == len(raws) + 1
    ids = {body["mail_id"] for body in program.mail_queue.take()}
    assert len(ids) == len(raws) + 1

    with ThreadPoolExecutor(6) as pool:
        work = [id_ for id_ in ids for _ in range(2)]  # a queue delivers twice
        list(pool.map(lambda id_: _eager(lambda: apply_reply(program.parts, id_, at=AT)), work))
    records = [program.parts.mail_log.get(id_) for id_ in ids]
    assert Counter(mail.state for mail in records) == {
        MailState.READ: 12, MailState.UNMATCHED: 6, MailState.QUARANTINED: 1,
    }  # fmt: skip
    for debtor_id, mails in (("C001", 7), ("C002", 6)):
        answers = _answers(program.parts, debtor_id)
        assert (len(answers), max(answers.values())) == (mails, 1)
    for mail in records:
        content, _ = program.archive.kept[mail.archive]
        assert hashlib.sha256(content).hexdigest() == mail.id
    tasks = [task for _, task in program.parts.store.open_tasks()]
    assert sum(task.mail != "" for task in program.file(DESK).open_tasks()) == 1  # one stranger, one task
    assert len(tasks) == len({task.id for task in tasks})


def test_a_renumbered_mailbox_is_read_again_and_answered_no_second_time(program: Any) -> None:
    for n in range(3):
        program.deliver(letter(f"Bonjour, {n}", sender="payer@c001.example", vouched=False))
    collect_mail(program.parts, at=AT)
    for body in program.mail_queue.take():
        apply_reply(program.parts, body["mail_id"], at=AT)
    program.renumber()
    assert collect_mail(program.parts, at=AT) == Collected(fetched=3, new=0)
    assert program.mail_queue.take() == []
    assert set(_answers(program.parts, "C001").values()) == {1}


def test_a_mail_that_the_queue_lost_is_found_again(program: Any) -> None:
    program.deliver(letter("Bonjour", sender="payer@c001.example", vouched=False))
    collect_mail(program.parts, at=AT)
    (lost,) = program.mail_queue.take()
    watch(program.parts, at=paris("2026-03-13", "11:00"))
    (found,) = program.mail_queue.take()
    assert found["mail_id"] == lost["mail_id"]
    assert apply_reply(program.parts, found["mail_id"], at=AT) == "read"
    watch(program.parts, at=paris("2026-03-13", "12:00"))
    assert program.mail_queue.take() == []
