"""Statements that a connection executes again are prepared: the server parses and plans them once for the session.

pg8000 by itself looks for the parameters letter by letter, has the server parse and plan the text and describe its
result, and waits three times, at every execution. A prepared statement is one round trip.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from shared.db.errors import sqlstate

MOST: Final = 200  # of a session; each costs the server some memory. What comes later is executed as before.
# The session does not know the statement any more, or a migration changed what it returns.
GONE: Final = frozenset({"26000", "0A000"})
_KEY: Final = "prepared"


def install(engine: sa.Engine) -> None:
    """Prepare the statements of an engine over `pg8000.dbapi` when they are executed for the second time."""
    sa.event.listen(engine, "do_execute", _execute)


def _execute(cursor: Any, statement: str, parameters: Sequence[Any], context: Any) -> bool:
    """Execute a statement as a prepared one; False leaves it to the driver."""
    connection = cursor._c
    if not parameters or connection is None or connection._sock is None:
        return False  # nothing to prepare, or closed, which the driver says in its own words
    known: dict[tuple[str, tuple[int, ...]], Any] = context.root_connection.info.setdefault(_KEY, {})
    key = statement, tuple(cursor._input_oids)
    if key not in known:
        if len(known) < MOST:
            known[key] = None
        return False
    from pg8000 import core

    if not connection._in_transaction and not connection.autocommit:
        connection.execute_simple("begin transaction")
    values = core.make_params(connection.py_types, parameters)
    try:
        prepared = known[key] = known[key] or _prepare(connection, *key)
        answer = connection.execute_named(prepared[0], values, prepared[1], prepared[2], statement)
    except Exception as error:
        if sqlstate(error) not in GONE:
            raise
        known.clear()
        if connection._in_transaction:
            raise
        return False
    cursor._context = answer
    cursor._row_iter = None if answer.rows is None else iter(answer.rows)
    cursor._input_oids, cursor.input_types = (), []
    return True


def _prepare(connection: Any, statement: str, types: Sequence[int]) -> Any:
    """The statement's name in the session, its columns, and what reads them."""
    from pg8000.dbapi import convert_paramstyle

    numbered = convert_paramstyle("format", statement, ())[0]
    return connection.prepare_statement(numbered, types)
