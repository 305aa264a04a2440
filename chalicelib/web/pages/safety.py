"""The headers of every page: what the browser may load, whom it may tell, and that it keeps no copy."""

from __future__ import annotations

from collections.abc import Mapping

from chalice.app import Response

from chalicelib import bootstrap


def headers_of_a_page(secure: bool) -> Mapping[str, str]:
    """Nothing inline, nothing foreign, no frame around us; `secure`: reached by TLS, and from now on only so."""
    # A browser follows form-action through redirects: signing out ends at the identity provider.
    forms = " ".join(filter(None, ["'self'", bootstrap.sign_in_origin()]))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"frame-src 'self'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Vary": "Cookie, HX-Request",
        **({"Strict-Transport-Security": "max-age=63072000; includeSubDomains"} if secure else {}),
    }


def headers_of_a_shown_mail(secure: bool) -> Mapping[str, str]:
    """A mail of ours in a frame of ours: its own styles and the pictures within it; no script, no form, no link out.

    It is served by itself and not written into the frame (srcdoc), which would inherit the page's policy and lose all
    its styles: a preview must look as the mail will.
    """
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'; sandbox"
    )
    return {**headers_of_a_page(secure), "Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}


def reaching(response: Response, origin: str) -> Response:
    """The answer, whose page may also send forms and files to this origin: what is handed over there alone."""
    policy = str(response.headers["Content-Security-Policy"])
    for directive in ("connect-src 'self'", "form-action 'self'"):
        policy = policy.replace(directive, f"{directive} {origin}")
    response.headers["Content-Security-Policy"] = policy
    return response


def headers_of_a_static_file() -> Mapping[str, str]:
    """Its name tells its content: a copy never grows old."""
    return {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
