"""``falaj catalog show | check``: the dated facts the product builds on."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from falaj.catalog.regions import regions
from falaj.catalog.register import OLD_AFTER_DAYS, entries, remarks
from falaj.cli.catalog_topics import TOPICS, topic
from falaj.cli.console import output, print_json
from falaj.cli.tables import print_table
from falaj.errors import FalajError

json_option = click.option("--json", "as_json", is_flag=True, help="Print the facts as JSON, with sources and dates.")


@click.group()
def catalog() -> None:
    """Dated, sourced facts: regions, services, machine sizes, versions, tiers, profiles."""


@catalog.command()
@click.argument("name", metavar="TOPIC", type=click.Choice(list(TOPICS)))
@click.option("--region", type=click.Choice(list(regions())), help="Of this region alone, where the topic has regions.")
@json_option
def show(*, name: str, region: str | None, as_json: bool) -> None:
    """Show what the catalog knows of TOPIC; `unknown` where nobody could establish it."""
    found = topic(name, region)
    if as_json:
        print_json({key: fact.model_dump(mode="json") for key, fact in found.facts.items()})
        return
    if not found.rows:
        output.print(f"The catalog has no {name} of {region}.", markup=False)
        return
    print_table(found.columns, found.rows)


@catalog.command()
@click.option(
    "--older-than",
    "days",
    default=OLD_AFTER_DAYS,
    show_default=True,
    type=click.IntRange(min=1),
    help="Days after which a fact is worth reading again.",
)
@click.option("--strict", is_flag=True, help="Fail for old facts too.")
@json_option
def check(*, days: int, strict: bool, as_json: bool) -> None:
    """Check that every fact has a source and a date, that facts agree, and that none has grown old.

    Exit code 1 for a catalog that contradicts itself; with --strict also for one with old facts.
    """
    found = remarks(datetime.now(tz=UTC).date(), old_after_days=days)
    count = sum(1 for _ in entries())
    if as_json:
        print_json(
            {"facts": count, "remarks": [{"place": r.place, "message": r.message, "broken": r.broken} for r in found]}
        )
    else:
        for remark in found:
            mark = "wrong" if remark.broken else "old  "
            output.print(f"{mark}  {remark.place}: {remark.message}", markup=False)
        output.print(f"{count} facts, each with source and date; {len(found)} remarks.", markup=False)
    failing = [remark for remark in found if remark.broken or strict]
    if failing:
        raise FalajError(
            f"{len(failing)} of {count} facts need a reader.",
            code="FAL-CAT-001",
            where="falaj/catalog/data",
            hint="read each source again, mend the row and its `reviewed`",
        )
