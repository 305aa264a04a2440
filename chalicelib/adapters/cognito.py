"""The people of a Cognito user pool: who may sign in and in which group; invite, change the group, switch off."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import PermanentError, Refused, RetryableError
from chalicelib.ports import Member, MemberPage

ROLES = ("viewer", "collector", "manager")
ON_A_PAGE = 25
IN_A_GROUP = 60  # people of a role that are read at most; a finance team is smaller

_REFUSED = {
    "UsernameExistsException", "InvalidParameterException", "UserNotFoundException", "AliasExistsException",
    "ResourceNotFoundException", "CodeDeliveryFailureException",
}  # fmt: skip
_DENIED = {"AccessDeniedException", "NotAuthorizedException"}


class CognitoDirectory:
    """A Directory. Every page costs four calls, however many people there are: the people, and who is in each group."""

    def __init__(self, client: Any, pool: str) -> None:
        self._client = client
        self._pool = pool

    def page(self, *, after: str = "") -> MemberPage:
        with _translated("list the people"):
            asked = {"UserPoolId": self._pool, "Limit": ON_A_PAGE, **({"PaginationToken": after} if after else {})}
            answer = self._client.list_users(**asked)
            groups = {
                role: {
                    user["Username"]
                    for user in self._client.list_users_in_group(
                        UserPoolId=self._pool, GroupName=role, Limit=IN_A_GROUP
                    )["Users"]
                }
                for role in ROLES
            }
        members = [
            _member(user, tuple(role for role in ROLES if user["Username"] in groups[role])) for user in answer["Users"]
        ]
        return MemberPage(
            members=tuple(sorted(members, key=lambda m: m.email)), next=str(answer.get("PaginationToken") or "")
        )

    def find(self, id_: str) -> Member | None:
        try:
            with _translated("look somebody up"):
                user = self._client.admin_get_user(UserPoolId=self._pool, Username=id_)
                told = self._client.admin_list_groups_for_user(UserPoolId=self._pool, Username=id_)
        except Refused:
            return None
        named = {group["GroupName"] for group in told["Groups"]}
        return _member(
            {**user, "Attributes": user.get("UserAttributes", ())}, tuple(role for role in ROLES if role in named)
        )

    def invite(self, email: str, *, name: str, role: str) -> Member:
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        if name:
            attributes.append({"Name": "name", "Value": name})
        with _translated(f"invite {email}"):
            user = self._client.admin_create_user(
                UserPoolId=self._pool, Username=email, UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL"],
                TemporaryPassword=_first_password(),
            )["User"]  # fmt: skip
        member = _member(user, ())
        self.set_role(member, role)
        return _member(user, (role,))

    def set_role(self, member: Member, role: str) -> None:
        who = {"UserPoolId": self._pool, "Username": member.id}
        with _translated("change a role"):
            if role and role not in member.roles:
                self._client.admin_add_user_to_group(**who, GroupName=role)
            for other in member.roles:
                if other != role:
                    self._client.admin_remove_user_from_group(**who, GroupName=other)

    def set_enabled(self, member: Member, enabled: bool) -> None:
        change = self._client.admin_enable_user if enabled else self._client.admin_disable_user
        with _translated("switch somebody on or off"):
            change(UserPoolId=self._pool, Username=member.id)


def _first_password() -> str:
    """Known to the provider alone, which mails it: of every kind that its rules ask for, and 128 bits besides."""
    return f"Aa1-{secrets.token_urlsafe(16)}"


def _member(user: Mapping[str, Any], roles: tuple[str, ...]) -> Member:
    told = {one["Name"]: one["Value"] for one in user.get("Attributes", ())}
    return Member(
        id=user["Username"],
        email=told.get("email", user["Username"]),
        name=told.get("name", ""),
        roles=roles,
        enabled=bool(user.get("Enabled", True)),
        confirmed=user.get("UserStatus") == "CONFIRMED",
    )


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if code in _REFUSED:
            raise Refused(f"Cognito will not {doing}: {code}") from error
        if code in _DENIED:
            raise PermanentError(f"these credentials may not {doing}: deploy the stack's newest template") from error
        raise RetryableError(f"Cognito failed when asked to {doing}: {code}") from error
    except BotoCoreError as error:
        raise RetryableError(f"Cognito did not answer when asked to {doing}: {error}") from error
