"""May we believe that the mail comes from whom it says? From only, and the Authentication-Results of our own server.

The topmost results are those of the server that handed us the mail; whatever stands
below was in the mail when it arrived and may be forged, under our server's name too
(RFC 8601, section 5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.reading.model import InboundMessage, Trust

_RESULT = re.compile(r"(?:^|;)\s*(spf|dkim|dmarc|arc)\s*=\s*([a-z]+)", re.IGNORECASE)
_AUTHSERV = re.compile(r"^\s*([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    trust: Trust
    why: str  # a code
    words: str


def judge(message: InboundMessage, authserv_id: str | None) -> Verdict:
    """verified, unverified or failed. Without a pinned server a failing result counts and absence is no evidence."""
    if len(message.from_addresses) != 1:
        return Verdict("failed", "sender-ambiguous", f"{len(message.from_addresses)} From addresses")
    if "several From headers" in message.defects:
        return Verdict("failed", "sender-ambiguous", "several From headers")
    name, address = message.from_addresses[0]
    if any(d.startswith("control characters") for d in message.defects):
        return Verdict("failed", "header-injection", "control characters inside the headers")
    if re.search(r"[^\s@<>]+@[^\s@<>]+\.[a-z]{2,}", name, re.IGNORECASE):
        shown = re.findall(r"[^\s@<>\"']+@([^\s@<>\"']+\.[a-z]{2,})", name, re.IGNORECASE)
        if shown and shown[0].lower() != address.rpartition("@")[2]:
            return Verdict("failed", "name-imitates-address", f"the name shows another address than {address}")
    if not message.auth_results:
        if authserv_id is None:
            return Verdict("unverified", "no-results", "no authentication results")
        return Verdict("unverified", "not-vouched", f"{authserv_id} did not vouch for it")
    top = message.auth_results[0]
    server = _AUTHSERV.match(top)
    if authserv_id is not None and (not server or server[1].lower() != authserv_id.lower()):
        return Verdict("unverified", "not-vouched", f"the topmost results are not of {authserv_id}")
    results: dict[str, str] = {}
    for method, result in _RESULT.findall(re.sub(r"\([^()]*\)", "", top)):
        results.setdefault(method.lower(), result.lower())
    dmarc = results.get("dmarc")
    if dmarc == "fail" or (dmarc != "pass" and results.get("spf") in ("fail",) and results.get("dkim") != "pass"):
        return Verdict("failed", "authentication-failed", top.replace("\n", " ")[:200])
    if dmarc != "pass" and results.get("dkim") == "fail" and results.get("spf") != "pass":
        return Verdict("failed", "authentication-failed", top.replace("\n", " ")[:200])
    if dmarc == "pass" or _aligned(top, address.rpartition("@")[2], results):
        return Verdict("verified", "vouched", "authentication passed")
    if results.get("spf") == "softfail" and results.get("dkim") != "pass":
        return Verdict("failed", "authentication-failed", top.replace("\n", " ")[:200])
    return Verdict("unverified", "weak-results", "no result speaks for the From domain")


def _aligned(top: str, domain: str, results: dict[str, str]) -> bool:
    """SPF or DKIM passed for the domain of From itself."""
    for method, key in (
        ("dkim", r"header\.[di]=@?([a-z0-9.-]+)"),
        ("spf", r"smtp\.mailfrom=(?:[^\s;@]*@)?([a-z0-9.-]+)"),
    ):
        if results.get(method) == "pass":
            found = re.search(key, top, re.IGNORECASE)
            if found and (found[1].lower() == domain or domain.endswith("." + found[1].lower())):
                return True
    return False
