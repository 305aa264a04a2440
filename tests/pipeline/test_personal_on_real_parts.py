"""An erasure on real parts: afterwards no row of the table and no version in the bucket holds a word of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import boto3
import pytest

from chalicelib.adapters.dynamodb import DynamoCaseStore
from chalicelib.adapters.dynamodb_audit import DynamoAuditLog
from chalicelib.adapters.dynamodb_mail_log import DynamoMailLog
from chalicelib.adapters.s3 import S3Archive
from chalicelib.domain import events as e
from chalicelib.domain.apply import apply_all
from chalicelib.pipeline.keep import keep, office_of
from chalicelib.pipeline.personal import erase_personal, survey
from infra.local.ministack import MiniStack
from tests.contract.samples import called
from tests.domain.test_personal import money
from tests.parts.table import RealTable, new_real_table
from tests.pipeline.desk import Program
from tests.pipeline.letters import AT, PAUL, REMINDED
from tests.pipeline.test_personal import LATER, SECRETS, WHO, Dying, Killed, pay, with_a_past

pytestmark = pytest.mark.needs_java
CALLS = 130  # more than one transaction takes
_numbers = count(1)


class Real:
    """A program whose table and bucket are real, and everything that lies in them."""

    def __init__(self, table: RealTable, s3: Any) -> None:
        self.table, self.s3, self.bucket = table, s3, f"personal-{next(_numbers)}"
        s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.program = Program(REMINDED)
        self.store, self.archive = DynamoCaseStore(table.client, table.name), S3Archive(s3, self.bucket)
        self.program.store = self.store  # type: ignore[assignment]
        self.program.archive = self.archive  # type: ignore[assignment]
        self.audit = DynamoAuditLog(table.client, table.name)
        log = DynamoMailLog(table.client, table.name)
        self.program.parts = replace(self.program.parts, store=self.store, mail_log=log, archive=self.archive)

    def everything(self) -> Iterator[str]:
        for page in self.table.client.get_paginator("scan").paginate(TableName=self.table.name):
            yield from (repr(row) for row in page["Items"] if "C009" not in repr(row))
        found = self.s3.list_object_versions(Bucket=self.bucket)
        for one in found.get("Versions", ()):
            content = self.s3.get_object(Bucket=self.bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
            yield f"{one['Key']} {content.decode('utf-8', 'replace')}"
        yield from (one["Key"] for one in found.get("DeleteMarkers", ()))


@pytest.fixture
def real(dynamodb_local: str, ministack: MiniStack) -> Real:
    settings: dict[str, Any] = dict(ministack.client_settings())
    real = Real(new_real_table(dynamodb_local), boto3.client("s3", **settings))
    with_a_past(real.program, real.audit)
    calls = [(called(f"call-{n}", "F1", spoke_to="Marie Blin", note="Paul est souffrant"), "") for n in range(CALLS)]
    keep(real.program.parts, office_of(real.program.parts), "C001", lambda _: calls, at=AT, who=WHO)
    for key in list(real.archive.keys("")):  # everything was replaced once, and one was deleted
        real.archive.put(key, b"Paul again", content_type="text/plain")
    real.s3.delete_object(Bucket=real.bucket, Key="litigation/C001/1.zip")
    pay(real.program)
    return real


def test_no_word_of_theirs_is_left_in_any_row_or_version(real: Real) -> None:
    parts, before = real.program.parts, real.program.file()
    assert any("souffrant" in one for one in real.everything())
    foreseen = survey(parts, "C001", at=LATER)
    done = erase_personal(parts, real.audit, "C001", at=LATER, who=WHO)
    assert done.records == sum(foreseen.records.values()) > CALLS
    kept = [one for one in real.everything() if not one.startswith(("documents/", "evidence/"))]
    assert [(said, one[:300]) for said in SECRETS for one in kept if said in one] == []
    after = real.program.file()
    assert money(after) == money(before)
    assert apply_all(None, real.store.journal("C001")) == after
    assert real.store.find("address", PAUL) == ()
    assert survey(parts, "C001", at=LATER).is_empty
    assert [type(x.event) for x in real.store.journal("C001")].count(e.PersonalErased) == 1


@pytest.mark.parametrize("nth", [2, 60, 150])
def test_killed_halfway_it_is_done_by_the_next_turn(real: Real, nth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, before = real.program.parts, real.program.file()
    table: Any = real.store._table
    dying = Dying(nth)
    for name in ("transact", "update"):
        monkeypatch.setattr(table, name, dying.before(getattr(table, name)))
    with pytest.raises(Killed):
        erase_personal(parts, real.audit, "C001", at=LATER, who=WHO)
    assert money(real.program.file()) == money(before)
    erase_personal(parts, real.audit, "C001", at=LATER, who=WHO)
    kept = [one for one in real.everything() if not one.startswith(("documents/", "evidence/"))]
    assert [(said, one[:300]) for said in SECRETS for one in kept if said in one] == []
    assert apply_all(None, real.store.journal("C001")) == real.program.file()
    assert money(real.program.file()) == money(before)
