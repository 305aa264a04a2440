"""The application's table on a real DynamoDB, made from the very template that deploys it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml
from botocore.config import Config

from chalicelib.adapters.dynamodb_table import PATIENCE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "resources.yaml"
CREATED_WITH = {"AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema"}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class RealTable:
    """A fresh table, with what a test needs to go round the store."""

    client: DynamoDBClient
    name: str
    endpoint: str

    def rows(self, pk: str) -> dict[str, dict[str, Any]]:
        """Every row of a partition by its sort key, as DynamoDB holds it."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )
        return {item["sk"]["S"]: item for page in pages for item in page["Items"]}


def dynamodb_client(endpoint: str, *, attempts: int = 4) -> DynamoDBClient:
    """The client as it runs, but for the number of attempts where a test should not wait for them."""
    config = PATIENCE.merge(Config(retries={"mode": "standard", "total_max_attempts": attempts}))
    client: DynamoDBClient = boto3.client("dynamodb", endpoint_url=endpoint, config=config)
    return client


def new_real_table(endpoint: str) -> RealTable:
    client = dynamodb_client(endpoint)
    return RealTable(client, create_table(client, f"relance-{next(_numbers)}"), endpoint)


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
