"""The JSON routes."""
from __future__ import annotations
from typing import Any
from chalice import Blueprint, IAMAuthorizer
routes = Blueprint(__name__)
@routes.route("/health", authorizer=IAMAuthorizer())
def health() -> Any:
    return {"identity": routes.current_request.context}
@routes.route("/debtors/{debtor_id}", authorizer=IAMAuthorizer())
def debtor(debtor_id: str) -> Any:
    return {"identity": routes.current_request.context, "id": debtor_id}
