"""The foundation; its SQL stands beside this file."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything of the first version."""
    statements = Path(__file__).with_suffix(".sql").read_text()
    # Handed to the driver as it stands: SQLAlchemy would read % and : as placeholders.
    op.get_bind().connection.cursor().execute(statements)
