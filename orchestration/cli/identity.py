"""`lienthong identity`: who is who, and what stewards decide about it."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.cli.output import Json
from orchestration.cli.output import show as show_rows

if TYPE_CHECKING:
    import psycopg

identity = typer.Typer(help="Persons: what waits for a steward, why records are one, decisions.", no_args_is_help=True)

Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept.")]
Item = Annotated[int | None, typer.Option("--item", min=1, help="Number of an item of the queue.")]
Records = Annotated[list[str] | None, typer.Option("--record", help="Record as source/record/key; give it again.")]
WATERFALL = ("left_record", "right_record", "method", "weight", "probability", "broken", "withdrawn_at", "bits")


@contextmanager
def _warehouse() -> Iterator[psycopg.Connection]:
    from orchestration.settings import settings
    from orchestration.warehouse import connect, prepare, warehouse_url

    with connect(warehouse_url(settings())) as connection:
        prepare(connection)
        yield connection


def _pair(connection: psycopg.Connection, item: int | None, records: list[str] | None) -> tuple[str, str]:
    from identity.stewardship import item_records

    if item is not None:
        return item_records(connection, item)
    if not records or len(records) != 2:
        raise typer.BadParameter("name --item, or --record twice")
    return records[0], records[1]


@identity.command()
def queue(
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many items.")] = 40,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="What sources must set right: keys and numbers of two people, slips.")
    ] = False,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="What was decided, newest first, and whether it stands.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List pairs that wait for a steward, those first on which most depends. No personal value is shown.

    Example: lienthong identity queue --limit 10
    """
    from identity import stewardship

    if conflicts and decisions:
        raise typer.BadParameter("ask for --conflicts or --decisions, not both")
    with _warehouse() as connection:
        if decisions:
            rows, empty = stewardship.decisions(connection, at_most=limit), "Nothing was decided yet."
        elif conflicts:
            rows, empty = stewardship.conflicts(connection, limit), "No conflict stands."
        else:
            rows, empty = stewardship.queue(connection, limit), "Nothing waits for a steward."
    show_rows(rows, as_json=as_json, empty=empty)


@identity.command()
def show(
    person: Annotated[str | None, typer.Option("--person", help="Id of a person, also one that was merged.")] = None,
    item: Item = None,
    record: Records = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show values in full; who looked is kept.")] = False,
    as_json: Json = False,
) -> None:
    """Show records side by side, the evidence between them in bits, and what was decided about them.

    Example: lienthong identity show --item 12
    """
    from identity import stewardship

    with _warehouse() as connection:
        if person is not None:
            records = stewardship.person_records(connection, person)
        elif item is None and record:
            records = record
        else:
            records = list(_pair(connection, item, record))
        values = stewardship.show(connection, records, getpass.getuser(), reveal=reveal)
        evidence = stewardship.explain(connection, records)
        decisions = stewardship.decisions(connection, records)
    if as_json:
        import json

        told = {"values": values, "evidence": evidence, "decisions": decisions}
        print(json.dumps(told, ensure_ascii=False, default=str, indent=2))
        return
    show_rows(values, as_json=False, empty="None of these records is delivered now.")
    print()
    show_rows([_waterfall(e) for e in evidence], as_json=False, empty="No evidence between them.")
    print()
    show_rows(decisions, as_json=False, empty="Nothing was decided about them.")


def _waterfall(evidence: dict[str, Any]) -> dict[str, Any]:
    vector: dict[str, list[float]] = evidence["vector"] or {}
    bits = ", ".join(f"{name} {weight:+.1f}" for name, (level, weight) in vector.items() if level != -1)
    return {name: (evidence | {"bits": bits})[name] for name in WATERFALL}


@identity.command()
def decide(
    verdict: Annotated[str, typer.Argument(help="same, different or “cannot tell”.")],
    reason: Reason,
    item: Item = None,
    record: Records = None,
) -> None:
    """Decide whether two records are one person; no later run overrules it.

    Example: lienthong identity decide same --item 12 --reason "Hồ sơ gốc có xác nhận của huyện ủy"
    """
    from identity import stewardship
    from orchestration.settings import today

    if verdict not in stewardship.VERDICTS:
        raise typer.BadParameter("the verdict is same, different or “cannot tell”")
    with _warehouse() as connection:
        pair = _pair(connection, item, record)
        number = stewardship.decide(
            connection, pair, verdict, reason=reason, who=getpass.getuser(), business_date=today()
        )
    print(f"Decision {number}. To take it back: lienthong identity undo {number} --reason …")


@identity.command()
def split(
    person: Annotated[str, typer.Argument(help="Id of the person.")], record: Records = None, reason: Reason = ""
) -> None:
    """Take records out of a person: they are somebody else's.

    Example: lienthong identity split 57778bd6-ef08-66f0-0a3c-ee7466fac16f --record 38/member/3 --reason "Hai người"
    """
    from identity import stewardship
    from orchestration.settings import today

    with _warehouse() as connection:
        number = stewardship.split(
            connection, person, record or [], reason=reason, who=getpass.getuser(), business_date=today()
        )
    print(f"Decision {number}. To take it back: lienthong identity undo {number} --reason …")


@identity.command()
def undo(decision: Annotated[int, typer.Argument(min=1, help="Number of the decision.")], reason: Reason) -> None:
    """Take a decision back: clusters and person ids are those before it.

    Example: lienthong identity undo 7 --reason "Nhầm hồ sơ"
    """
    from identity import stewardship
    from orchestration.settings import today

    with _warehouse() as connection:
        stewardship.undo(connection, decision, reason=reason, who=getpass.getuser(), business_date=today())
    print(f"Decision {decision} is undone.")


def mount(app: typer.Typer) -> None:
    """Put these commands on the command line."""
    app.add_typer(identity, name="identity")
