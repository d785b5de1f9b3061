"""Statements on one connection, executed by the driver itself.

SQLAlchemy writes the text of each statement once and keeps transactions and lost connections in order. What it would
do on every execution – find the text, adapt each value, describe each result – is done once for a statement's
structure: its own form, the names of its values and the lengths of its lists. Values never decide it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.engine.interfaces import DBAPICursor, DBAPIModule
from sqlalchemy.exc import DBAPIError

Statement = Select[*tuple[Any, ...]] | Insert | Update | Delete
Values = Mapping[str, Any]
_Adapt = Callable[[Any], Any]


@dataclass(slots=True)
class _Plan:
    """How one structure of a statement is executed."""

    text: str
    constants: Values
    """What stands in the statement itself, adapted."""
    adapts: Sequence[tuple[str, _Adapt]]
    """How values of some names are adapted to the driver."""
    lists: Mapping[str, Sequence[str]]
    """The names of the single values of each list."""
    columns: Sequence[Any]
    """The types of the results."""
    readers: Sequence[tuple[int, _Adapt]] | None = None
    """How results in some places are read; None: nothing was executed yet, so the driver's types are not known."""

    def parameters(self, values: Values) -> dict[str, Any]:
        """Return what the driver gets."""
        found = {**self.constants, **values}
        for name, adapt in self.adapts:
            found[name] = [adapt(each) for each in found[name]] if name in self.lists else adapt(found[name])
        for name, singles in self.lists.items():
            found.update(zip(singles, found.pop(name), strict=True))
        return found

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Return what a row of the driver means."""
        values = list(row)
        for place, reader in self.readers or ():
            values[place] = reader(values[place])
        return tuple(values)


class Session:
    """Executes statements, each by name of its values. Raises what SQLAlchemy raises."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect
        self._plans: dict[tuple[object, ...], _Plan] = {}

    @property
    def is_sqlite(self) -> bool:
        """Whether it speaks SQLite's dialect, else Postgres's."""
        return self._dialect.name == "sqlite"

    def rows(self, statement: Statement, values: Values) -> list[tuple[Any, ...]]:
        """Return all rows."""
        rows, _ = self._execute(statement, values)
        return rows

    def row(self, statement: Statement, values: Values) -> tuple[Any, ...] | None:
        """Return the first row, if there is one."""
        rows, _ = self._execute(statement, values)
        return rows[0] if rows else None

    def value(self, statement: Statement, values: Values) -> Any:
        """Return the first value of the first row; None: there is no row."""
        row = self.row(statement, values)
        return row[0] if row else None

    def run(self, statement: Statement, values: Values) -> int:
        """Execute it; return how many rows it touched."""
        _, count = self._execute(statement, values)
        return count

    def run_all(self, statement: Statement, rows: Sequence[Values]) -> None:
        """Execute it once for each, all with the same names."""
        plan = self._plan(statement, rows[0])
        self._on_cursor(plan, [plan.parameters(row) for row in rows])

    def _execute(self, statement: Statement, values: Values) -> tuple[list[tuple[Any, ...]], int]:
        plan = self._plan(statement, values)
        return self._on_cursor(plan, plan.parameters(values))

    def _on_cursor(
        self, plan: _Plan, parameters: dict[str, Any] | list[dict[str, Any]]
    ) -> tuple[list[tuple[Any, ...]], int]:
        cursor = self._connection.connection.cursor()
        try:
            if isinstance(parameters, list):
                cursor.executemany(plan.text, parameters)
            else:
                cursor.execute(plan.text, parameters)
            return self._fetch(plan, cursor), cursor.rowcount
        except self._dialect.loaded_dbapi.Error as error:
            raise self._wrapped(error, plan, cursor) from error
        finally:
            cursor.close()

    def _fetch(self, plan: _Plan, cursor: DBAPICursor) -> list[tuple[Any, ...]]:
        if not cursor.description:
            return []
        if plan.readers is None:
            kinds = [type_.dialect_impl(self._dialect) for type_ in plan.columns]
            codes = [column[1] for column in cursor.description]
            readers = [
                kind.result_processor(self._dialect, code) for kind, code in zip(kinds, codes, strict=True)
            ]
            plan.readers = [(place, reader) for place, reader in enumerate(readers) if reader]
        rows: list[tuple[Any, ...]] = list(cursor.fetchall())
        return [plan.read(row) for row in rows] if plan.readers else rows

    def _plan(self, statement: Statement, values: Values) -> _Plan:
        lengths = [
            len(cast(list[object], value)) if isinstance(value, list) else -1 for value in values.values()
        ]
        key = (statement, *values, *lengths)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._make(statement, values)
        return plan

    def _make(self, statement: Statement, values: Values) -> _Plan:
        if isinstance(statement, Insert) and not len(statement.exported_columns):
            statement = statement.inline()  # nobody asks for the key of the row
        compiled = statement.compile(dialect=self._dialect, column_keys=list(values))
        expanded = compiled.construct_expanded_state(dict(values))
        binds = {name: bind.type.dialect_impl(self._dialect) for name, bind in compiled.binds.items()}
        processors = {name: bind.bind_processor(self._dialect) for name, bind in binds.items()}
        constants = {name: value for name, value in compiled.params.items() if name not in values}
        return _Plan(
            text=expanded.statement,
            constants={
                name: adapt(value) if (adapt := processors.get(name)) else value
                for name, value in constants.items()
            },
            adapts=[(name, adapt) for name, adapt in processors.items() if adapt and name in values],
            lists=expanded.parameter_expansion,
            columns=[column.type for column in statement.exported_columns],
        )

    def _wrapped(self, error: DBAPIModule.Error, plan: _Plan, cursor: DBAPICursor) -> BaseException:
        """Put a driver's error into SQLAlchemy's words, and give up a connection that it tells to be lost."""
        raw = self._connection.connection
        is_lost = self._dialect.is_disconnect(error, raw, cursor)
        if is_lost:
            self._connection.invalidate(error)
        return DBAPIError.instance(
            plan.text,
            None,
            error,
            self._dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_lost,
            dialect=self._dialect,
        )
