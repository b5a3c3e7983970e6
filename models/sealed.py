"""SQL expressions that find out with which key a value was encrypted, and an index for them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Index, LargeBinary, false, func, literal_column, or_, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.vault import vault

# Two zero bytes are appended, so that a value shorter than two bytes (which is not encrypted) gets an empty name.
NAME = "substring({column}, 3, get_byte(substring({column}, 1, 2) || '\\x0000'::bytea, 1))"


def key_name(column: Any) -> ColumnElement[bytes]:
    """Return an expression for the name of the key, as bytes. An encrypted value consists of a version, the length of
    the name, the name, and the rest; see `models.vault`. The name is empty for a value that is not encrypted.
    """
    return literal_column(NAME.format(column=column.key), LargeBinary())


def key_index(name: str, column: str) -> Index:
    """Return an index of the names of the keys with which a column's values are encrypted. Nearly all have the same
    name.
    """
    return Index(name, text(f"({NAME.format(column=column)})"))


def sealed_with(column: InstrumentedAttribute[Any], names: Iterable[str]) -> ColumnElement[bool]:
    """Return a condition: the column's value was encrypted with one of these keys."""
    heads = [bytes([1, len(name)]) + name.encode() for name in names]
    return or_(false(), *(func.substring(column, 1, len(head)) == head for head in heads))


def key_is_known(session: Session, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return a condition: the column's value was encrypted with a key that this session has, and can be decrypted
    unless somebody changed it.
    """
    return sealed_with(column, [name for name, _ in vault(session).keys])
