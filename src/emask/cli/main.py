"""The command ``emask``."""

import typer

from emask.cli import (
    clock,
    conform,
    counter_clients,
    counter_sites,
    draw,
    imports,
    notices,
    packing,
    people,
    policies,
    rounds,
    staff,
)
from emask.cli.audit import audit_command
from emask.cli.bench_counter import bench_counter
from emask.cli.bench_intake import bench_intake
from emask.cli.bench_opendata import bench_opendata
from emask.cli.bench_parcels import bench_parcels
from emask.cli.bench_payments import bench_payments
from emask.cli.card_agent import card_agent
from emask.cli.deliveries import deliveries_command
from emask.cli.features import features
from emask.cli.reconcile import reconcile_command
from emask.cli.rehearse import rehearse_command
from emask.cli.up import up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    # Plain tracebacks: the pretty ones show what variables hold, personal data too.
    pretty_exceptions_enable=False,
    help="Real-name rationing: rounds, people, draws, and everything that falls due.",
)
bench = typer.Typer(no_args_is_help=True, help="Measurements, each with its ratio.")

app.command("up")(up)
app.command("rehearse")(rehearse_command)
app.command("audit")(audit_command)
app.command("reconcile")(reconcile_command)
app.command("deliveries")(deliveries_command)
app.command("features")(features)
app.command(
    "card-agent",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)(card_agent)
app.add_typer(rounds.app, name="rounds")
app.add_typer(policies.app, name="policies")
app.add_typer(imports.stores, name="stores")
app.add_typer(counter_sites.app, name="counter-sites")
app.add_typer(people.app, name="people")
app.add_typer(staff.app, name="staff")
app.add_typer(counter_clients.app, name="counter-clients")
app.add_typer(clock.app, name="clock")
app.add_typer(notices.app, name="notices")
app.add_typer(draw.app, name="draw")
app.add_typer(packing.app, name="packing")
app.add_typer(conform.app, name="conform")
app.add_typer(bench, name="bench")
bench.command("counter")(bench_counter)
bench.command("intake")(bench_intake)
bench.command("opendata")(bench_opendata)
bench.command("parcels")(bench_parcels)
bench.command("payments")(bench_payments)
