"""Sealed columns in SQL: a sealed value begins with a version, the length of its key's name, and the name."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.vault import vault


def sealed_with(column: InstrumentedAttribute[Any], names: Iterable[str]) -> ColumnElement[bool]:
    """Whether the column's value was sealed with one of these keys."""
    heads = [bytes([1, len(name)]) + name.encode() for name in names]
    return or_(false(), *(func.substring(column, 1, len(head)) == head for head in heads))


def key_is_known(session: Session, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Whether the column's value was sealed with a key of this session's ring, and can be opened unless it was
    tampered with.
    """
    return sealed_with(column, [name for name, _ in vault(session).keys])
