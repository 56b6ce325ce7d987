"""Posts are forgotten: rows expire, their counts stay; keys per month; what reading cost."""

import datetime as dt
import hashlib
import os
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mentions", sa.Column("received_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE mentions SET received_at = updated_at")
    with op.batch_alter_table("mentions") as batch:
        batch.alter_column("received_at", existing_type=sa.BigInteger(), nullable=False)
        batch.add_column(sa.Column("sketch", sa.LargeBinary(), nullable=True))
        for name in ("copy", "question", "failed_contact"):
            batch.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "mentions_answering",
        "mentions",
        ["source", "reply_to"],
        sqlite_where=sa.text("direction = 'out'"),
        postgresql_where=sa.text("direction = 'out'"),
    )
    op.create_table(
        "forgotten",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="forgotten_key"),
    )
    op.create_table(
        "signal_bases",
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("ds", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("signal", "topic", "ds", name="signal_bases_key"),
    )
    op.create_table(
        "hash_keys",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("month", name="hash_keys_key"),
    )
    op.create_table(
        "spending",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", name="spending_key"),
    )
    _hide_ids()


def _hide_ids() -> None:
    """Posts held from before stand under the suppliers' own ids: hash these as `store.hash_keys` does for new ones."""
    connection = op.get_bind()
    secret = os.environ.get("FORECALL_SOCIAL__AUTHOR_KEY", "").encode()[:64]
    keys: dict[str, bytes] = {}
    rows = connection.execute(
        sa.text("SELECT source, id, created_at, reply_to, repost_of FROM mentions")
    ).all()
    for source, id, created_at, reply_to, repost_of in rows:
        month = f"{dt.datetime.fromtimestamp(created_at / 1e6, dt.UTC):%Y-%m}"
        keys.setdefault(month, secrets.token_bytes(32))
        key = hashlib.blake2b(keys[month], digest_size=32, key=secret, person=b"month").digest()
        hidden = [
            None
            if one is None
            else hashlib.blake2b(
                f"{source}\x00{one}".encode("utf-8", "surrogatepass"), digest_size=16, key=key, person=b"post"
            ).hexdigest()
            for one in (id, reply_to, repost_of)
        ]
        connection.execute(
            sa.text(
                "UPDATE mentions SET id = :new, reply_to = :to, repost_of = :of WHERE source = :source AND id = :id"
            ),
            {"new": hidden[0], "to": hidden[1], "of": hidden[2], "source": source, "id": id},
        )
    for month, made in keys.items():
        connection.execute(
            sa.text("INSERT INTO hash_keys (month, key) VALUES (:month, :key)"), {"month": month, "key": made}
        )
