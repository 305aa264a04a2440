"""Texts, figures and files of the pages: both languages whole, no mix, links that work behind a stage."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from chalicelib import bootstrap
from chalicelib.domain.money import Money
from chalicelib.web.pages import render, static
from chalicelib.web.pages.messages import compile_sources
from chalicelib.web.pages.session import Role
from infra.web.messages import LANGUAGES, PROJECT, SOURCES, collect
from tests.web.pages.conftest import Desk

STATIC = bootstrap.TEMPLATES / "web" / "static"


def catalogues() -> list[tuple[str, Path]]:
    return [(lang, path) for lang in LANGUAGES for path in sorted((PROJECT / SOURCES / lang).glob("*.po"))]


def test_every_text_is_translated_and_none_is_left_over() -> None:
    wanted = {(name, m.id) for name, texts in collect().items() for m in texts if m.id}
    for language in LANGUAGES:
        found = {}
        for path in sorted((PROJECT / SOURCES / language).glob("*.po")):
            for message in read_po(BytesIO(path.read_bytes()), locale=language):
                if message.id:
                    found[path.stem, message.id] = message.string
        missing = [key for key in wanted if not found.get(key) or not all(found[key])]
        assert missing == [], "write the French: make messages"
        assert set(found) == wanted, "make messages"


def test_a_text_has_one_translation_whichever_page_shows_it() -> None:
    meanings: dict[object, set[object]] = {}
    for _, path in catalogues():
        for message in read_po(BytesIO(path.read_bytes()), locale="fr"):
            if message.id:
                meanings.setdefault((message.context, message.id), set()).add(message.string)
    assert {id_: told for id_, told in meanings.items() if len(told) > 1} == {}


def test_a_translation_holds_the_very_places_of_its_text() -> None:
    for _, path in catalogues():
        for message in read_po(BytesIO(path.read_bytes()), locale="fr"):
            if not message.id:
                continue
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            places = {place for id_ in ids for place in re.findall(r"%\(\w+\)[sd]", str(id_))}
            for string in strings:
                assert set(re.findall(r"%\(\w+\)[sd]", str(string))) <= places, (path.name, string)


def test_compiled_catalogues_are_the_same_bytes_every_time() -> None:
    sources = tuple(path for _, path in catalogues())
    assert compile_sources(sources) == compile_sources(sources)


@pytest.mark.parametrize(
    ("accepts", "title"),
    [("fr-FR,fr;q=0.9", "Se connecter"), ("en-US", "Sign in"), ("de, en;q=0.5", "Sign in"), ("", "Se connecter")],
)
def test_the_browsers_language_is_spoken(desk: Desk, accepts: str, title: str) -> None:
    body = desk.ask("GET", "/ops/sign-in", headers={"Accept-Language": accepts}).body
    assert f"<title>{title} · Relance</title>" in body


def test_what_was_chosen_goes_before_the_profile_and_that_before_the_browser(desk: Desk) -> None:
    cookies = desk.sign_in("viewer", language="fr-FR")
    assert 'lang="fr"' in desk.ask("GET", "/ops/today", cookies=cookies).body
    chosen = {**cookies, "__Host-relance-language": "en"}
    assert '<html lang="en">' in desk.ask("GET", "/ops/today", cookies=chosen).body


def test_amounts_and_days_are_written_as_the_language_writes_them() -> None:
    money = Money.of("-1234567.80", "EUR")
    assert render.amount(money, "fr") == "-1\u202f234\u202f567,80\u00a0€"
    assert render.amount(money, "en") == "-€1,234,567.80"
    assert render.amount(Money.of("10.00", "USD"), "en") == "US$10.00"
    assert render.day(date(2026, 3, 1), "fr") == "1er mars 2026"
    assert render.day(date(2026, 3, 12), "en") == "12 March 2026"
    assert render.number(Decimal("1234.5"), "fr", 1) == "1\u202f234,5"


@pytest.mark.parametrize(
    ("profile", "browser", "zone"),
    [
        ("", "", "Europe/Paris"),
        ("", "America/New_York", "America/New_York"),
        ("", "America%2FNew_York", "America/New_York"),
        ("Asia/Tokyo", "America/New_York", "Asia/Tokyo"),
        ("Not/AZone", "", "Europe/Paris"),
        ("../../etc/passwd", "", "Europe/Paris"),
        ("/etc/localtime", "", "Europe/Paris"),
        ("", "a" * 5000, "Europe/Paris"),
    ],
)  # fmt: skip
def test_times_are_told_in_the_persons_zone_else_the_creditors(
    desk: Desk, profile: str, browser: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[ZoneInfo] = []
    before = render.zone_of
    monkeypatch.setattr(render, "zone_of", lambda visit: seen.append(before(visit)) or seen[-1])
    cookies = {**desk.sign_in("viewer", zone=profile), **({"relance-zone": browser} if browser else {})}
    assert desk.ask("GET", "/ops/today", cookies=cookies).status == 200
    assert str(seen[0]) == zone


def test_links_carry_the_stage_and_files_the_hash_of_their_content(desk: Desk) -> None:
    body = desk.ask("GET", "/ops/today", cookies=desk.sign_in("viewer")).body
    links = re.findall(r'(?:href|src|action)="([^"#]+)"', body)
    assert links
    assert all(link.startswith("/api/") for link in links)
    (style,) = [link for link in links if link.endswith(".css")]
    answer = desk.ask("GET", "/ops/static/{name}", ids={"name": style.rpartition("/")[2]})
    assert answer.body == (STATIC / "ops.css").read_text("utf-8")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize(
    "name", ["ops.css", "ops.000000000000.css", "../guard.py", "..%2f..%2fcreditor.yaml", ".lock", "ops.", "x"]
)
def test_no_other_file_is_served(desk: Desk, name: str) -> None:
    assert desk.ask("GET", "/ops/static/{name}", ids={"name": name}).status == 404


def test_the_style_stays_small() -> None:
    assert (STATIC / "ops.css").stat().st_size < 25_000


def test_no_template_holds_what_the_policy_of_the_browser_refuses() -> None:
    inline = re.compile(r"""<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b""")
    found = {
        path.name: inline.findall(path.read_text("utf-8"))
        for path in (bootstrap.TEMPLATES / "web").rglob("*.j2")
    }  # fmt: skip
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_a_name_with_markup_is_shown_as_it_is_written(desk: Desk) -> None:
    cookies = desk.sign_in("viewer", name="<img src=x onerror=alert(1)>")
    body = desk.ask("GET", "/ops/today", cookies=cookies).body
    assert "<img src=x" not in body
    assert "&lt;img src=x onerror=alert(1)&gt;" in body


def test_the_word_of_an_act_is_shown_once_and_its_way_back_stays_here(desk: Desk) -> None:
    cookies = {**desk.sign_in("viewer"), "__Host-relance-toast": "<b>Bloqu%C3%A9%0Ahttps%3A//evil.example"}
    answer = desk.ask("GET", "/ops/today", cookies=cookies)
    assert "&lt;b&gt;Bloqué" in answer.body
    assert "evil.example" not in answer.body
    assert "Max-Age=0" in answer.cookies["__Host-relance-toast"]


def test_every_role_has_its_name_on_the_page(desk: Desk) -> None:
    for role, name in ((Role.VIEWER, "Viewer"), (Role.COLLECTOR, "Collector"), (Role.MANAGER, "Manager")):
        assert f"<span>{name}</span>" in desk.ask("GET", "/ops/today", cookies=desk.sign_in(role.name.lower())).body


def test_a_file_that_was_not_fetched_is_left_out_and_the_page_still_works(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = static._files()
    monkeypatch.setattr(static, "_files", lambda: {k: v for k, v in known.items() if k != "htmx.min.js"})
    body = desk.ask("GET", "/ops/today", cookies=desk.sign_in("viewer")).body
    assert "htmx.min" not in body
    assert 'src=""' not in body


def test_a_moment_is_told_on_the_persons_clock(desk: Desk) -> None:
    made = render.environment("fr").from_string("{{ at|moment }} · {{ at|clock }}")
    at = datetime.fromisoformat("2026-03-12T23:30:00+00:00")
    assert made.render(at=at, zone=ZoneInfo("Europe/Paris"), language="fr") == "13 mars 2026, 00:30 · 00:30"
