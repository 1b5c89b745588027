"""``emask audit``: whether every invariant holds, in the installation or in a kept rehearsal."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from emask.cli.installation import Installation, installation, installation_in
from emask.cli.speech import NOT_SOUND, refuse
from emask.cli.tables import show_findings
from emask.programme.audit import Finding, audit
from emask.programme.system import System
from emask.rehearsal.rehearsal import audit_rehearsal


def audit_command(
    *,
    data: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="The folder of a kept rehearsal."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check every invariant; exit status 1 if one is broken. An unfinished round breaks none."""

    async def command(system: System) -> list[Finding]:
        if data is not None:
            return await audit_rehearsal(system.db, system.partners.beacon, data)
        return await audit(system.db, system.partners.beacon)

    with _audited(data) as here:
        findings = here.run(command)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        show_findings(findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(NOT_SOUND)


@contextmanager
def _audited(data: Path | None) -> Iterator[Installation]:
    if data is None:
        with installation() as here:
            yield here
        return
    if not (data / "postgresql").is_dir():
        refuse(f"{data} 裡沒有資料庫", f"There is no database in {data}")
    with installation_in(data) as here:
        yield here
