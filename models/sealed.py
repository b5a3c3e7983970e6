"""Which key a sealed value was written with, told in SQL and kept in an index."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Index, LargeBinary, false, func, literal_column, or_, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.vault import vault

# Two zero bytes are put behind what is shorter than two bytes, which no sealed value is: its name is empty then.
NAME = "substring({column}, 3, get_byte(substring({column}, 1, 2) || '\\x0000'::bytea, 1))"


def key_name(column: Any) -> ColumnElement[bytes]:
    """The name of the key, as bytes: a sealed value is a version, the length of the name, the name, and the rest.

    See `models.vault`. Empty for a value that is not sealed at all.
    """
    return literal_column(NAME.format(column=column.key), LargeBinary())


def key_index(name: str, column: str) -> Index:
    """An index of the names of the keys that a column's values are sealed with: all but always one and the same."""
    return Index(name, text(f"({NAME.format(column=column)})"))


def sealed_with(column: InstrumentedAttribute[Any], names: Iterable[str]) -> ColumnElement[bool]:
    """Whether the column's value was sealed with one of these keys."""
    heads = [bytes([1, len(name)]) + name.encode() for name in names]
    return or_(false(), *(func.substring(column, 1, len(head)) == head for head in heads))


def key_is_known(session: Session, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Whether the column's value was sealed with a key of this session's ring, and can be opened unless it was
    tampered with.
    """
    return sealed_with(column, [name for name, _ in vault(session).keys])
