"""What the store on DynamoDB does beyond the contract: killed, overtaken, throttled, unanswered; and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_items import to_item
from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
from chalicelib.adapters.dynamodb_office import DynamoOfficeStore
from chalicelib.adapters.dynamodb_table import ConditionLost, Table
from chalicelib.domain import events as e
from chalicelib.domain.apply import apply_all
from chalicelib.domain.debtor_file import live_part
from chalicelib.errors import PermanentError, RetryableError, Throttled
from chalicelib.ports import MailState
from infra.local.ports import free_port
from tests.contract.samples import AT, claimed, contact, entries, invoice, opened, paid, task
from tests.contract.test_mail_log import mail
from tests.contract.test_office_store import ACME
from tests.parts.calls import counted
from tests.parts.table import RealTable, dynamodb_client, new_real_table


@pytest.fixture
def table(dynamodb_local: str) -> RealTable:
    return new_real_table(dynamodb_local)


@pytest.fixture
def store(table: RealTable) -> DynamoCaseStore:
    return DynamoCaseStore(table.client, table.name)


class Around:
    """A client that does what a test wants around one operation of the real one."""

    def __init__(self, client: Any, operation: str, act: Callable[..., Any]) -> None:
        self._client, self._operation, self._act = client, operation, act

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        return (lambda **request: self._act(real, **request)) if name == self._operation else real


class Killed(BaseException):
    """The process ends here."""


# Replies that are lost, and calls that are refused


@pytest.fixture
def proxied(table, faults) -> tuple[DynamoCaseStore, Any]:
    """The store behind a proxy that can lose replies; two attempts, so that a test need not wait for four."""
    proxy = faults(table.endpoint, "dynamodb")
    return DynamoCaseStore(dynamodb_client(proxy.endpoint, attempts=2), table.name), proxy


@pytest.mark.parametrize("times", [1, 2])
def test_a_save_that_was_done_and_whose_reply_was_lost_is_done_once_and_says_so(proxied, store, times):
    behind, proxy = proxied
    before = opened(store, "D1", invoice("F1"))
    proxy.lose_reply("dynamodb", "TransactWriteItems", times=times)
    saved = behind.save(before, entries(before, claimed("n1", "F1")), next_action_at=AT)
    assert len(proxy.struck()) == times
    assert saved == store.load("D1")
    assert [type(entry.event).__name__ for entry in store.journal("D1")][-2:] == ["InvoiceEntered", "NoticeClaimed"]


def test_a_save_that_lost_its_race_says_so_even_if_the_reply_is_lost(proxied, store):
    behind, proxy = proxied
    before = opened(store, "D1", invoice("F1"))
    winner = store.save(before, entries(before, *paid("F1")), next_action_at=AT)
    proxy.lose_reply("dynamodb", "TransactWriteItems", times=2)
    assert behind.save(before, entries(before, claimed("n1", "F1")), next_action_at=AT) is None
    assert len(proxy.struck()) == 2
    assert store.load("D1", whole=True) == winner


def test_a_save_of_which_nothing_is_known_is_no_success_and_no_lost_race(proxied, store):
    behind, proxy = proxied
    before = opened(store, "D1", invoice("F1"))
    proxy.reset("dynamodb", "TransactWriteItems", times=2)
    with pytest.raises(RetryableError, match="did not answer"):
        behind.save(before, entries(before, claimed("n1", "F1")), next_action_at=AT)
    assert store.load("D1") == before


def test_one_reset_is_borne_without_a_word(proxied, store):
    behind, proxy = proxied
    before = opened(store, "D1", invoice("F1"))
    proxy.reset("dynamodb", "TransactWriteItems", times=1)
    assert behind.save(before, entries(before, claimed("n1", "F1")), next_action_at=AT) == store.load("D1")


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException"])
def test_a_throttled_save_can_be_tried_again_and_wrote_nothing(proxied, store, code):
    behind, proxy = proxied
    before = opened(store, "D1", invoice("F1"))
    proxy.refuse("dynamodb", "TransactWriteItems", code=code, times=2)
    with pytest.raises(Throttled):
        behind.save(before, entries(before, claimed("n1", "F1")), next_action_at=AT)
    assert store.load("D1") == before
    assert behind.save(before, entries(before, claimed("n1", "F1")), next_action_at=AT) is not None


def test_a_throttled_load_can_be_tried_again(proxied, store):
    behind, proxy = proxied
    opened(store, "D1")
    proxy.refuse("dynamodb", "Query", code="ProvisionedThroughputExceededException", times=2)
    with pytest.raises(Throttled):
        behind.load("D1")


def test_a_second_attempt_that_meets_the_first_knows_it_as_its_own(table, store):
    """As where a server forgets the token of the transaction: ten minutes later, or an emulator."""

    def twice(transact: Callable[..., Any], **request: Any) -> Any:
        transact(**request)
        return transact(**{**request, "ClientRequestToken": "another"})

    before = opened(store, "D1", invoice("F1"))
    forgetful = DynamoCaseStore(Around(table.client, "transact_write_items", twice), table.name)
    saved = forgetful.save(before, entries(before, claimed("n1", "F1")), next_action_at=AT)
    assert saved == store.load("D1")
    later = store.save(saved, entries(saved, task("t1")), next_action_at=AT)
    assert later is not None


def test_a_transaction_that_another_one_stops_is_a_lost_race(table, store):
    def conflicting(_: object, **request: Any) -> Any:
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict", "Message": "busy"}]
        raise cancelled(reasons)

    before = opened(store, "D1", invoice("F1"))
    stopped = DynamoCaseStore(Around(table.client, "transact_write_items", conflicting), table.name)
    assert stopped.save(before, entries(before, claimed("n1", "F1")), next_action_at=AT) is None


def test_mail_that_was_recorded_or_settled_and_whose_reply_was_lost_is_so_once(table, faults):
    proxy = faults(table.endpoint, "dynamodb")
    log = DynamoMailLog(dynamodb_client(proxy.endpoint, attempts=2), table.name)
    proxy.lose_reply("dynamodb", "PutItem", times=1)
    assert log.record(mail("m1")) is True
    assert log.record(mail("m1")) is False
    proxy.lose_reply("dynamodb", "PutItem", times=1)
    assert log.settle(mail("m1").becomes(MailState.READ)) is True
    assert log.settle(mail("m1").becomes(MailState.READ)) is False
    assert len(proxy.struck()) == 2


def test_when_nobody_listens_it_says_so_within_seconds(store):
    dead = DynamoCaseStore(dynamodb_client(f"http://127.0.0.1:{free_port()}", attempts=2), "relance")
    began = time.monotonic()
    with pytest.raises(RetryableError, match="did not answer"):
        dead.load("D1")
    assert time.monotonic() - began < 10


def test_a_missing_table_is_named(table):
    with pytest.raises(PermanentError, match="no table nowhere: deploy"):
        DynamoCaseStore(table.client, "nowhere").load("D1")


def cancelled(reasons: list[dict[str, Any]]) -> ClientError:
    response: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return ClientError(response, "TransactWriteItems")


def refused(code: str, message: str = "", status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "TransactWriteItems",
    )


@pytest.mark.parametrize(
    ("error", "meaning", "told"),
    [
        (refused("ThrottlingException"), Throttled, "throttled"),
        (refused("RequestLimitExceeded"), Throttled, "throttled"),
        (refused("InternalServerError", status=500), RetryableError, "failed"),
        (refused("SomethingNew", status=503), RetryableError, "failed"),
        (refused("TransactionInProgressException"), RetryableError, "failed"),
        (refused("ValidationException", "Item size has exceeded the maximum"), PermanentError, "400 KB"),
        (refused("ValidationException", "One of the keys is empty"), PermanentError, "keys is empty"),
        (refused("AccessDeniedException", "not authorized"), PermanentError, "not authorized"),
        (refused("ConditionalCheckFailedException"), ConditionLost, "did not hold"),
        (cancelled([{"Code": "None"}, {"Code": "ThrottlingError"}]), Throttled, "throttled"),
        (cancelled([{"Code": "ProvisionedThroughputExceeded"}]), Throttled, "throttled"),
        (cancelled([{"Code": "ValidationError", "Message": "bad"}]), PermanentError, "bad"),
        (cancelled([{"Code": "ThrottlingError"}, {"Code": "ConditionalCheckFailed"}]), ConditionLost, "hold"),
        (cancelled([{"Code": "TransactionConflict"}]), ConditionLost, "hold"),
        (cancelled([]), RetryableError, "without a reason"),
    ],
)  # fmt: skip
def test_errors_are_named_by_what_follows_from_them(error, meaning, told):
    def fail(**request: Any) -> Any:
        raise error

    client: Any = type("Client", (), {"transact_write_items": staticmethod(fail)})()
    with pytest.raises(meaning, match=told) as raised:
        Table(client, "t").transact([], token="x", doing="save debtor D1")
    assert type(raised.value) is meaning


def test_keys_that_dynamodb_left_unread_are_asked_for_again():
    asked: list[int] = []

    def batch_get_item(RequestItems: dict[str, Any]) -> Any:  # noqa: N803 — boto3's own name
        keys = RequestItems["t"]["Keys"]
        asked.append(len(keys))
        return {"Responses": {"t": keys[:40]}, "UnprocessedKeys": {"t": {"Keys": keys[40:]}} if keys[40:] else {}}

    client: Any = type("Client", (), {"batch_get_item": staticmethod(batch_get_item)})()
    assert len(list(Table(client, "t").get_many([(str(n), "x") for n in range(100)]))) == 100
    assert asked == [100, 60, 20]


# Two at the same time


def test_of_savers_at_the_same_moment_exactly_one_wins(store):
    file = opened(store, "D1", invoice("F0"))
    won = 0
    for turn in range(30):
        same = entries(file, claimed(f"n{turn}", "F0"))

        def save(_: int, file: Any = file, same: Any = same) -> Any:
            return store.save(file, same, next_action_at=AT)

        with ThreadPoolExecutor(2) as pool:
            winners = [saved for saved in pool.map(save, range(2)) if saved is not None]
        assert len(winners) <= 1
        now = store.load("D1")
        # The two may stop each other. But a winner has written, and who wrote is told that it won.
        assert (now.entries == file.entries + 1) == (len(winners) == 1)
        won += len(winners)
        file = now
    assert won


def pages(table: RealTable, part: str = "FILE#") -> list[dict[str, Any]]:
    """The rows of a file as one query gives them now."""
    return [row for sk, row in table.rows("DEBTOR#D1").items() if sk.startswith(part)]


def torn(table: RealTable, *readings: list[dict[str, Any]]) -> tuple[DynamoCaseStore, list[Any]]:
    """A store whose first queries meet these rows, and the readings that it has not met yet."""
    left = list(readings)

    def query(real: Callable[..., Any], **request: Any) -> Any:
        return {"Items": left.pop(0)} if left else real(**request)

    return DynamoCaseStore(Around(table.client, "query", query), table.name), left


def test_a_load_that_meets_half_of_a_save_reads_again(table, store):
    """A case is closed: its row goes."""
    before = opened(store, "D1", invoice("F1"), invoice("F2"))
    old = pages(table)
    after = store.save(before, entries(before, *paid("F1")), next_action_at=AT)
    new = pages(table)
    reader, left = torn(table, [new[0], *old[1:]], [old[0], *new[1:]])
    assert reader.load("D1") == live_part(after)
    assert left == []


def test_a_load_that_meets_half_of_a_change_reads_again(table, store):
    """A case is paid in part: its row stays, and tells by its entry which state it is of."""
    before = opened(store, "D1", invoice("F1"))
    before = store.save(before, entries(before, task("t1", "F1")), next_action_at=AT)
    old = pages(table)
    after = store.save(before, entries(before, *paid("F1", "40.00")), next_action_at=AT)
    new = pages(table)
    reader, left = torn(table, [new[0], *old[1:]], [old[0], *new[1:]])
    loaded = reader.load("D1")
    assert str(loaded.cases["F1"].balance) == "60.00 EUR"
    assert loaded == live_part(after)
    assert left == []


def test_a_whole_load_that_meets_half_of_a_change_of_the_past_reads_again(table, store):
    before = opened(store, "D1", invoice("F1"), task("t1"))
    closed = e.TaskClosed(task_id="t1", outcome="done", note="", at=AT)
    before = store.save(before, entries(before, closed), next_action_at=AT)
    old = pages(table, "FILE")
    assigned = e.TaskAssigned(task_id="t1", assignee="lea@acme.test")
    after = store.save(before, entries(before, assigned), next_action_at=AT)
    new = pages(table, "FILE")
    reader, left = torn(table, [new[0], *old[1:]])
    assert reader.load("D1", whole=True) == after
    assert left == []


def test_a_file_that_changes_during_every_reading_is_tried_again_later(table, store):
    opened(store, "D1", invoice("F1"))
    turns = iter(range(100))

    def query(real: Callable[..., Any], **request: Any) -> Any:
        answer = real(**request)
        answer["Items"][0]["entries"] = {"N": str(next(turns) + 50)}
        answer["Items"][1]["entry"] = {"N": str(next(turns) + 50)}
        return answer

    with pytest.raises(RetryableError, match="changed during"):
        DynamoCaseStore(Around(table.client, "query", query), table.name).load("D1")


# Saves of many entries


@pytest.mark.slow
def test_a_save_of_five_thousand_entries_killed_between_its_pieces_leaves_a_valid_file(table, store):
    before = opened(store, "D1", next_action_at=None)
    wanted = entries(before, *(invoice(f"F{n:05d}") for n in range(5000)))
    done = iter(range(60))

    def until_killed(transact: Callable[..., Any], **request: Any) -> Any:
        if next(done, None) is None:
            raise Killed
        return transact(**request)

    mortal = DynamoCaseStore(Around(table.client, "transact_write_items", until_killed), table.name)
    with pytest.raises(Killed):
        mortal.save(before, wanted, next_action_at=AT + timedelta(days=30))
    left = store.load("D1")
    assert 1000 < left.entries < 5001
    assert left == apply_all(None, store.journal("D1")) == apply_all(before, wanted[: left.entries - 1])
    assert list(store.due(AT)) == ["D1"], "what was interrupted is looked at by the next run"
    assert store.find("invoice", wanted[left.entries - 2].event.case.number) == ("D1",)
    assert store.find("invoice", wanted[left.entries - 1].event.case.number) == ()
    rest = store.save(left, wanted[left.entries - 1 :], next_action_at=AT + timedelta(days=30))
    assert rest == apply_all(before, wanted) == store.load("D1", whole=True)
    assert list(store.due(AT)) == []


def test_a_piece_that_is_overtaken_loses_and_the_pieces_before_it_stay(table, store):
    before = opened(store, "D1", next_action_at=None)
    wanted = entries(before, *(invoice(f"F{n:05d}") for n in range(100)))
    pieces = 0

    def overtaken(transact: Callable[..., Any], **request: Any) -> Any:
        nonlocal pieces
        pieces += 1
        if pieces == 2:
            now = store.load("D1")
            assert store.save(now, entries(now, task("t1")), next_action_at=AT)
        return transact(**request)

    slow = DynamoCaseStore(Around(table.client, "transact_write_items", overtaken), table.name)
    assert slow.save(before, wanted, next_action_at=AT) is None
    left = store.load("D1")
    assert set(left.tasks) == {"t1"}
    assert 20 <= len(left.cases) < 100
    assert left == apply_all(None, store.journal("D1"))


def test_pieces_are_cut_by_bytes_too(table, store):
    before = opened(store, "D1")
    with counted() as calls:
        file = store.save(
            before,
            entries(
                before,
                *(e.ReplyReceived(mail=f"m{n}" * 100_000, kind="human", intents=(), decision="") for n in range(15)),
            ),
            next_action_at=AT,
        )
    assert file.entries == before.entries + 15
    assert calls.by_name["dynamodb.TransactWriteItems"] == 2
    assert len(list(store.journal("D1"))) == file.entries


def test_what_is_too_large_for_a_row_is_refused_in_words_before_anything_is_written(store):
    before = opened(store, "D1", invoice("F1"))
    huge = replace(claimed("n1", "F1").notice, why="x" * 420_000)
    with pytest.raises(PermanentError, match=r"D1 FILE#notice#n1 is too large .* DynamoDB \(400 KB\)"):
        store.save(before, entries(before, e.NoticeClaimed(notice=huge)), next_action_at=AT)
    assert store.load("D1") == before


def test_what_does_not_fit_beside_one_entry_is_moved_right_after_it(table, store):
    file, past = last_case_of_many_tasks(store)
    after = store.save(file, past, next_action_at=AT)
    rows = table.rows("DEBTOR#D1")
    assert [sk for sk in rows if sk.startswith("FILE#task")] == []
    assert len([sk for sk in rows if sk.startswith("FILE-PAST#task")]) == 100
    with counted() as calls:
        assert store.load("D1") == live_part(after)
        assert store.load("D1", whole=True) == after
    assert calls.by_name == {"dynamodb.Query": 2}


def test_killed_before_it_is_moved_it_is_left_out_of_loads_all_the_same(table, store):
    file, past = last_case_of_many_tasks(store)
    calls = iter(range(2))  # CreditReceived and CreditAllocated are cut apart: the second one moves the tasks

    def until_killed(transact: Callable[..., Any], **request: Any) -> Any:
        if next(calls, None) is None:
            raise Killed
        return transact(**request)

    with pytest.raises(Killed):
        DynamoCaseStore(Around(table.client, "transact_write_items", until_killed), table.name).save(
            file, past, next_action_at=AT
        )
    after = apply_all(file, past)
    assert [sk for sk in table.rows("DEBTOR#D1") if sk.startswith("FILE#task")]
    assert store.load("D1") == live_part(after)
    assert store.load("D1", whole=True) == after
    # A past task is changed, and its remnant among the live rows does not come through.
    whole = store.load("D1", whole=True)
    changed = store.save(
        whole, entries(whole, *(e.TaskAssigned(task_id=f"t{n}", assignee="a") for n in range(100))), next_action_at=AT
    )
    assert store.load("D1", whole=True) == changed
    assert store.load("D1") == live_part(changed)


def test_who_makes_records_live_again_is_not_overtaken_by_who_puts_them_aside(table, store):
    file, past = last_case_of_many_tasks(store)
    calls = 0

    def overtaken(transact: Callable[..., Any], **request: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            whole = store.load("D1", whole=True)
            assert store.save(whole, entries(whole, undone(whole)), next_action_at=AT)
        return transact(**request)

    slow = DynamoCaseStore(Around(table.client, "transact_write_items", overtaken), table.name)
    assert slow.save(file, past, next_action_at=AT) == apply_all(file, past)
    assert calls == 3, "the first transaction that puts tasks aside is stopped, and no other is tried"
    assert len(store.load("D1").tasks) == 100
    assert store.load("D1") == live_part(apply_all(None, store.journal("D1")))


def test_what_one_entry_makes_live_again_is_live_before_the_entry(table, store):
    file, past = last_case_of_many_tasks(store)
    file = store.save(file, past, next_action_at=AT)
    calls = iter(range(2))

    def until_killed(transact: Callable[..., Any], **request: Any) -> Any:
        if next(calls, None) is None:
            raise Killed
        return transact(**request)

    mortal = DynamoCaseStore(Around(table.client, "transact_write_items", until_killed), table.name)
    with pytest.raises(Killed):
        mortal.save(file, entries(file, undone(file)), next_action_at=AT)
    with counted() as made:
        assert store.load("D1") == live_part(file)
    assert made.total == 1
    assert store.load("D1", whole=True) == file
    after = store.save(file, entries(file, undone(file)), next_action_at=AT)
    assert len(store.load("D1").tasks) == 100
    assert store.load("D1") == live_part(after)
    assert store.load("D1", whole=True) == after == apply_all(None, store.journal("D1"))


def test_who_moves_records_for_a_file_that_changed_loses_its_race(table, store):
    file, past = last_case_of_many_tasks(store)
    file = store.save(file, past, next_action_at=AT)
    winner = store.save(file, entries(file, task("late")), next_action_at=AT)
    assert store.save(file, entries(file, undone(file)), next_action_at=AT) is None
    assert store.load("D1", whole=True) == winner


def undone(file: Any) -> e.AllocationUndone:
    return e.AllocationUndone(credit_id="p-F1", number="F1", amount=file.credits["p-F1"].amount)


def last_case_of_many_tasks(store: DynamoCaseStore) -> tuple[Any, Any]:
    file = opened(store, "D1", invoice("F1"), *(task(f"t{n}", "F1") for n in range(100)))
    closed = [e.TaskClosed(task_id=f"t{n}", outcome="done", note="", at=AT) for n in range(100)]
    file = store.save(file, entries(file, *closed), next_action_at=AT)
    return file, entries(file, *paid("F1"))


# Rows


def test_a_row_can_be_read_in_the_console(table, store):
    file = opened(store, "D1", invoice("F1"), task("t1", "F1"))
    store.save(file, entries(file, claimed("n1", "F1")), next_action_at=AT)
    rows = table.rows("DEBTOR#D1")
    assert list(rows) == [
        "FILE#PROFILE", "FILE#case#F1", "FILE#notice#n1", "FILE#task#t1",
        "JOURNAL#0000000001", "JOURNAL#0000000002", "JOURNAL#0000000003", "JOURNAL#0000000004",
    ]  # fmt: skip
    assert rows["FILE#case#F1"] == {
        "pk": {"S": "DEBTOR#D1"}, "sk": {"S": "FILE#case#F1"}, "entry": {"N": "3"},
        "case": {"M": {
            "number": {"S": "F1"}, "issued_on": {"S": "2026-01-31"}, "due_on": {"S": "2026-03-02"},
            "amount": {"M": {"amount": {"S": "100.00"}, "currency": {"S": "EUR"}}},
            "balance": {"M": {"amount": {"S": "100.00"}, "currency": {"S": "EUR"}}},
            "entered_on": {"S": "2026-03-02"}, "purchase_order": {"S": ""}, "document": {"S": ""},
            "settled_on": {"NULL": True}, "closed": {"NULL": True},
            "buyer_status": {"S": ""}, "buyer_status_on": {"NULL": True},
            "unpaid_since_on": {"NULL": True}, "settlements": {"L": []},
        }},
    }  # fmt: skip
    assert rows["FILE#PROFILE"]["agenda_sk"] == {"S": "2026-03-02T08:00:00.000000Z#D1"}
    assert rows["FILE#task#t1"]["agenda_pk"] == {"S": "TASKS"}
    assert rows["JOURNAL#0000000004"]["event"] == {"S": "NoticeClaimed"}
    assert rows["JOURNAL#0000000004"]["at"] == {"S": "2026-03-02T08:00:00Z"}


def test_a_row_of_another_version_of_the_program_is_read(table, store):
    file = opened(store, "D1", invoice("F1"), claimed("n1", "F1"))
    for sk, change in [
        ("FILE#PROFILE", "SET colour = :x REMOVE promises_kept, last_contact_on"),
        ("FILE#case#F1", "SET #case.colour = :x REMOVE #case.document"),
        ("FILE#notice#n1", "REMOVE notice.cc"),
    ]:
        names = {"ExpressionAttributeNames": {"#case": "case"}} if "#case" in change else {}
        values = {"ExpressionAttributeValues": {":x": {"S": "blue"}}} if ":x" in change else {}
        table.client.update_item(
            TableName=table.name, Key={"pk": {"S": "DEBTOR#D1"}, "sk": {"S": sk}},
            UpdateExpression=change, **names, **values,
        )  # fmt: skip
    assert store.load("D1") == replace(file, last_contact_on=None)


def test_an_entry_of_an_unknown_kind_is_named(table, store):
    opened(store, "D1", invoice("F1"))
    table.client.update_item(
        TableName=table.name, Key={"pk": {"S": "DEBTOR#D1"}, "sk": {"S": "JOURNAL#0000000002"}},
        UpdateExpression="SET #event = :x", ExpressionAttributeNames={"#event": "event"},
        ExpressionAttributeValues={":x": {"S": "InvoicePainted"}},
    )  # fmt: skip
    with pytest.raises(PermanentError, match="0000000002 of debtor D1 is a InvoicePainted"):
        list(store.journal("D1"))


def test_a_row_that_cannot_be_read_is_named(table, store):
    opened(store, "D1", invoice("F1"))
    table.client.update_item(
        TableName=table.name, Key={"pk": {"S": "DEBTOR#D1"}, "sk": {"S": "FILE#case#F1"}},
        UpdateExpression="SET #case.due_on = :x", ExpressionAttributeNames={"#case": "case"},
        ExpressionAttributeValues={":x": {"S": "31/02/2026"}},
    )  # fmt: skip
    with pytest.raises(PermanentError, match="file of debtor D1 cannot be read: Invalid RFC3339"):
        store.load("D1")


def test_history_is_never_written_over(table, store):
    before = opened(store, "D1", invoice("F1"))
    store.save(before, entries(before, task("t1")), next_action_at=AT)
    backup = table.rows("DEBTOR#D1")["FILE#PROFILE"] | {"entries": {"N": str(before.entries)}}
    table.client.put_item(TableName=table.name, Item=backup)
    assert store.save(before, entries(before, task("t2")), next_action_at=AT) is None
    assert list(store.journal("D1"))[-1].event.task.id == "t1"


def test_a_file_is_not_opened_anew_over_one_whose_journal_is_gone(table, store):
    before = opened(store, "D1")
    key = {"pk": {"S": "DEBTOR#D1"}, "sk": {"S": "JOURNAL#0000000001"}}
    table.client.delete_item(TableName=table.name, Key=key)
    begins = entries(None, e.DebtorOpened(debtor=replace(before.debtor, name="another")))
    assert store.save(None, begins, next_action_at=AT) is None
    assert store.load("D1") == before


def test_a_debtor_id_that_fits_no_key_is_refused(store):
    with pytest.raises(PermanentError, match="over 800 bytes"):
        store.load("é" * 401)
    assert store.load("é" * 400) is None


def test_a_record_id_that_fits_no_key_is_kept_all_the_same(store):
    file = opened(store, "D1", invoice("F" * 3000), invoice("F" * 3001), task("t" * 3000))
    assert store.load("D1") == file
    assert [t.id for _, t in store.open_tasks()] == ["t" * 3000]


# Cost


def test_a_load_is_one_query_and_a_save_one_transaction(store):
    file = opened(store, "D1", invoice("F1"), invoice("F2"), contact("c1", "a@client.test"))
    with counted() as calls:
        file = store.load("D1")
        file = store.save(file, entries(file, claimed("n1", "F1", "F2")), next_action_at=AT)
        sent = e.NoticeSent(notice_id="n1", message_id="<m1>", at=AT)
        store.save(file, entries(file, sent), next_action_at=AT)
    assert calls.by_name == {"dynamodb.Query": 1, "dynamodb.TransactWriteItems": 2}
    assert calls.read_units == 1
    # Claim: journal, notice, token, profile; confirm: journal, notice, Message-ID, profile; each twice its size.
    # The profile moves twice in the agenda.
    assert calls.write_units == pytest.approx(2 * (4 * 2 + 2), abs=2)


def test_what_the_office_noted_of_a_thousand_runs_is_not_read(table):
    offices = DynamoOfficeStore(table.client, table.name)
    offices.set_creditor(ACME)
    for number in range(200):
        offices.note_run({"at": (AT + timedelta(hours=number)).isoformat(), "summary": "x" * 500})
    offices.note_read("mailbox", AT)
    with counted() as calls:
        assert offices.load()[0] == ACME
    assert (calls.by_name, calls.read_units) == ({"dynamodb.Query": 1}, 1.0)


def test_a_batch_of_lookups_costs_a_call_a_hundred(store):
    opened(store, "D1", *(invoice(f"F{n}") for n in range(20)))
    with counted() as calls:
        store.find_many("invoice", [f"F{n}" for n in range(250)])
    assert calls.by_name == {"dynamodb.BatchGetItem": 3}


def test_a_name_is_searched_in_three_queries_of_a_page_however_many_begin_so(table, store):
    opened(store, "D1", invoice("F1"))
    names = ["societe", "sociale", "solaire"]
    for start in range(0, 3_000, 25):
        table.client.batch_write_item(RequestItems={table.name: [
            {"PutRequest": {"Item": to_item(
                {"pk": "NAMED#so", "sk": f"{names[n % 3]}#C{n}", "debtor": f"C{n}", "words": names}
            )}}
            for n in range(start, start + 25)
        ]})  # fmt: skip
    with counted() as calls:
        assert len(store.named(("so", "soc", "societ"))) == 400, "two beginnings read the same page"
    assert calls.by_name == {"dynamodb.Query": 3}
    assert calls.read_units <= 3 * 6
    with counted() as calls:
        assert store.named(("societes", "so")) == ()
    assert (calls.by_name, calls.read_units) == ({"dynamodb.Query": 1}, 1.0)


def test_a_name_is_written_once_and_again_only_where_it_changes(store):
    file = opened(store, "D1", invoice("F1"))
    moved = replace(file.debtor, address=("1 rue Neuve",))
    renamed = replace(moved, name="Trois Petits Mots")
    with counted() as calls:
        file = store.save(file, entries(file, e.DebtorChanged(debtor=moved)), next_action_at=AT)
    unnamed = calls.write_units
    with counted() as calls:
        store.save(file, entries(file, e.DebtorChanged(debtor=renamed)), next_action_at=AT)
    assert calls.by_name == {"dynamodb.TransactWriteItems": 1}
    assert unnamed < calls.write_units <= unnamed + 2 * (3 + 3 + 2)


@pytest.mark.parametrize("debtors", [100, 10_000])
def test_a_night_with_nothing_due_costs_one_query_however_many_debtors(table, store, debtors):
    put_profiles(table, debtors)
    with counted() as calls:
        assert list(store.due(AT)) == []
    assert (calls.by_name, calls.read_units) == ({"dynamodb.Query": 1}, 0.5)
    with counted() as calls:
        assert next(store.due(AT + timedelta(days=9))) == "D000000"
    assert calls.total == 1, "the agenda is read a page when it is needed"
    assert len(set(store.due(AT + timedelta(days=9)))) == debtors


def put_profiles(table: RealTable, debtors: int) -> None:
    """Debtors of whom something is due tomorrow, straight into the table: the index alone is looked at."""

    def batches() -> Iterator[list[dict[str, Any]]]:
        for start in range(0, debtors, 25):
            yield [
                {
                    "PutRequest": {
                        "Item": {
                            "pk": {"S": f"DEBTOR#D{n:06d}"},
                            "sk": {"S": "FILE#PROFILE"},
                            "agenda_pk": {"S": "AGENDA#0"},
                            "agenda_sk": {"S": f"2026-03-03T08:00:00.000000Z#D{n:06d}"},
                        }
                    }
                }
                for n in range(start, min(start + 25, debtors))
            ]

    for batch in batches():
        assert not table.client.batch_write_item(RequestItems={table.name: batch}).get("UnprocessedItems")  # type: ignore[dict-item]


def test_an_agenda_in_shards_is_read_as_one(table):
    store = DynamoCaseStore(table.client, table.name, shards=4)
    for number in range(20):
        opened(store, f"D{number:02d}", next_action_at=AT + timedelta(minutes=number))
    assert list(store.due(AT + timedelta(minutes=14))) == [f"D{number:02d}" for number in range(15)]
    places = {table.rows(f"DEBTOR#D{n:02d}")["FILE#PROFILE"]["agenda_pk"]["S"] for n in range(20)}
    assert places == {f"AGENDA#{shard}" for shard in range(4)}


def test_shards_that_were_added_lose_sight_of_nobody(table):
    for number in range(20):
        opened(DynamoCaseStore(table.client, table.name), f"D{number:02d}")
    more = DynamoCaseStore(table.client, table.name, shards=3)
    assert len(list(more.due(AT))) == 20
    file = more.load("D07")
    more.save(file, entries(file, task("t1")), next_action_at=AT + timedelta(days=1))
    assert len(list(more.due(AT))) == 19
