"""The sign-in of the pages on the embedded stack: its address, and one person of each role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from infra.local.ministack import MiniStack

PASSWORD = "Relance-2026-demo"


@dataclass(frozen=True)
class Someone:
    """A person who can sign in."""

    role: str
    email: str
    name: str
    password: str = PASSWORD


PEOPLE = (
    Someone("viewer", "vera@relance.example", "Véra Lenoir"),
    Someone("collector", "colin@relance.example", "Colin Masson"),
    Someone("manager", "maud@relance.example", "Maud Girard"),
)


def admit(stack: MiniStack, *, pool: str, client: str, pages_url: str) -> None:
    """Invite one person of each role and let them come back to the pages at this address."""
    cognito: Any = boto3.client("cognito-idp", **stack.client_settings())
    known = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]
    kept = {key: value for key, value in known.items() if key in _SET_WITH}
    cognito.update_user_pool_client(
        **kept | {
            "CallbackURLs": [f"{pages_url}/ops/signed-in"],
            "LogoutURLs": [f"{pages_url}/ops/signed-out"],
        }
    )  # fmt: skip
    for someone in PEOPLE:
        try:
            cognito.admin_create_user(
                UserPoolId=pool, Username=someone.email, MessageAction="SUPPRESS", TemporaryPassword=someone.password,
                UserAttributes=[
                    {"Name": "email", "Value": someone.email}, {"Name": "email_verified", "Value": "true"},
                    {"Name": "name", "Value": someone.name},
                ],
            )  # fmt: skip
        except cognito.exceptions.UsernameExistsException:
            continue
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=someone.email, Password=someone.password, Permanent=True
        )
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=someone.email, GroupName=someone.role)


def sign_in_settings(stack: MiniStack, *, pool: str, client: str) -> str:
    """What the secret of the sign-in holds here: the issuer's name is Amazon's, its description is local."""
    return json.dumps(
        {
            "issuer": f"https://cognito-idp.{stack.region}.amazonaws.com/{pool}",
            "client_id": client,
            "metadata": f"{stack.endpoint}/{pool}/.well-known/openid-configuration",
        }
    )


def settings_of_pages(stack: MiniStack, *, secret: str, pages_url: str, pool: str = "") -> Mapping[str, str]:
    """Variables of the application that serves the pages here."""
    return {
        "RELANCE_PAGES_URL": pages_url,
        "RELANCE_SIGN_IN_SECRET": secret,
        "RELANCE_SIGN_IN_ORIGIN": stack.endpoint,
        **({"RELANCE_PEOPLE_POOL": pool} if pool else {}),
    }


_SET_WITH = {
    "UserPoolId", "ClientId", "ClientName", "RefreshTokenValidity", "AccessTokenValidity", "IdTokenValidity",
    "TokenValidityUnits", "ReadAttributes", "WriteAttributes", "ExplicitAuthFlows", "SupportedIdentityProviders",
    "AllowedOAuthFlows", "AllowedOAuthScopes", "AllowedOAuthFlowsUserPoolClient", "PreventUserExistenceErrors",
    "EnableTokenRevocation",
}  # fmt: skip
