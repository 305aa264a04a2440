"""Remember how the files of a source are read: its mapping, given once and kept in the archive under its name."""

from __future__ import annotations

import re

from chalicelib.errors import BadFile, BadInput, PermanentError
from chalicelib.ledger.mapping import OURS, ColumnMap, read_mapping
from chalicelib.ports import Archive

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def remember_mapping(archive: Archive, source: str, text: str) -> ColumnMap:
    """Keep the mapping of a source, in the place of an earlier one. BadFile where it is wrong: then nothing is kept."""
    key = _key(source)
    mapping = read_mapping(text, f"the mapping of {source}")
    archive.put(key, text.encode(), content_type="application/yaml")
    return mapping


def forget_mapping(archive: Archive, source: str) -> None:
    """Nothing is remembered for the source any more: a mapping that says nothing takes the place of its own."""
    archive.put(_key(source), b"columns: {}\n", content_type="application/yaml")


def mapping_of(archive: Archive, source: str) -> ColumnMap:
    """The mapping that a source was given. BadInput where it has none."""
    key = _key(source)
    try:
        text = archive.get(key)
    except PermanentError as error:
        remedy = f"name it once with its mapping: relance import invoices FILE --source {source} --map M"
        raise BadInput(source, "no mapping is remembered for this source", remedy) from error
    return read_mapping(text.decode(), f"the mapping of {source}")


def remembered(archive: Archive, source: str) -> ColumnMap | None:
    """The mapping of a source; None where it has none."""
    try:
        mapping = mapping_of(archive, source)
    except BadFile:
        raise
    except BadInput:
        return None
    return None if mapping == OURS else mapping


def _key(source: str) -> str:
    if not _NAME.fullmatch(source):
        raise BadInput(
            source, "is no name of a source", "small letters, digits, - and _, for example sage or sage-lyon"
        )
    return f"mappings/{source}.yaml"
