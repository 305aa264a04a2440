"""The application's table, made from the very template that deploys it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "resources.yaml"
CREATED_WITH = {"AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema"}


def create_table(client: DynamoDBClient, name: str) -> str:
    """Create the table of the template under another name; gives the name."""
    properties = _template()["Resources"]["Table"]["Properties"]
    client.create_table(TableName=name, **{k: v for k, v in properties.items() if k in CREATED_WITH})
    return name


def _template() -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(TEMPLATE.read_text("utf-8"), _Loader)  # noqa: S506 — a SafeLoader
    return template


class _Loader(yaml.SafeLoader):
    """CloudFormation's YAML: its own tags (!Ref, !Sub…) are left unread."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix}")
