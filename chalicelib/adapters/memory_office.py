"""Policies, deeds and people in memory: the same promises as DynamoDB's and Cognito's, for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from chalicelib.errors import Refused
from chalicelib.ports import Deed, DeedPage, Member, MemberPage, PolicyDraft, PolicyVersion


class FakePolicyStore:
    def __init__(self) -> None:
        self.kept: dict[str, list[PolicyVersion]] = {}
        self.drafts: dict[str, PolicyDraft] = {}

    def adopted(self) -> tuple[PolicyVersion, ...]:
        return tuple(self.kept[name][-1] for name in sorted(self.kept))

    def versions(self, name: str, *, limit: int = 50) -> tuple[PolicyVersion, ...]:
        return tuple(reversed(self.kept.get(name, [])))[:limit]

    def version(self, name: str, number: int) -> PolicyVersion | None:
        return next((one for one in self.kept.get(name, []) if one.number == number), None)

    def adopt(self, version: PolicyVersion) -> bool:
        known = self.kept.setdefault(version.name, [])
        if known and known[-1].number >= version.number:
            return False
        known.append(version)
        return True

    def draft(self, id_: str) -> PolicyDraft | None:
        return self.drafts.get(id_)

    def keep_draft(self, draft: PolicyDraft, *, before: PolicyDraft | None, forget_at: datetime) -> bool:
        known = self.drafts.get(draft.id)
        if (known.turn if known else None) != (before.turn if before else None):
            return False
        self.drafts[draft.id] = draft
        return True


class FakeAuditLog:
    def __init__(self) -> None:
        self.deeds: list[Deed] = []

    def note(self, deed: Deed) -> None:
        self.deeds.append(deed)

    def redact(self, redacted: Callable[[Deed], Deed], *, since: datetime) -> int:
        count = 0
        for n, deed in enumerate(self.deeds):
            if deed.at >= since:
                after = redacted(deed)
                self.deeds[n] = replace(deed, why=after.why, changes=after.changes)
                count += self.deeds[n] != deed
        return count

    def page(
        self, *, limit: int, who: str = "", since: datetime | None = None, until: datetime | None = None,
        after: str = "",
    ) -> DeedPage:  # fmt: skip
        def place(n: int) -> str:
            return f"{self.deeds[n].at.astimezone(UTC).isoformat(timespec='microseconds')}#{n:06}"

        found = [
            (place(n), deed) for n, deed in enumerate(self.deeds)
            if (not who or deed.who == who) and (not since or deed.at >= since) and (not until or deed.at < until)
        ]  # fmt: skip
        found = sorted((one for one in found if not after or one[0] < after), key=lambda one: one[0], reverse=True)
        last = found[limit - 1][0] if len(found) > limit else ""
        return DeedPage(deeds=tuple(deed for _, deed in found[:limit]), next=last)


class FakeDirectory:
    def __init__(self, members: Sequence[Member] = ()) -> None:
        self.members = {member.id: member for member in members}

    def page(self, *, after: str = "") -> MemberPage:
        return MemberPage(members=tuple(self.members.values()))

    def find(self, id_: str) -> Member | None:
        return self.members.get(id_)

    def invite(self, email: str, *, name: str, role: str) -> Member:
        if any(member.email == email for member in self.members.values()):
            raise Refused("known already")
        member = Member(id=f"id-{email}", email=email, name=name, roles=(role,), confirmed=False)
        self.members[member.id] = member
        return member

    def set_role(self, member: Member, role: str) -> None:
        self.members[member.id] = replace(member, roles=(role,) if role else ())

    def set_enabled(self, member: Member, enabled: bool) -> None:
        self.members[member.id] = replace(member, enabled=enabled)
