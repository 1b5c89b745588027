"""The database's shape, step by step: plain SQL, carried out by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

_FOLDER = Path(__file__).parent


def _configuration(url: str) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(_FOLDER))
    configuration.attributes["url"] = url
    return configuration


def migrate(url: str) -> None:
    """Bring the database at ``url`` to the newest shape; does nothing if it is there."""
    command.upgrade(_configuration(url), "head")


def newest() -> str:
    """The identifier of the newest migration."""
    head = ScriptDirectory.from_config(_configuration("")).get_current_head()
    if head is None:
        raise LookupError("there are no migrations")
    return head
