"""What the commands on packs read: one store of round 2020-1, and its packs."""

from collections.abc import Sequence

import psycopg


def packs_of_one_store(connection: psycopg.Connection, states: Sequence[str]) -> None:
    """An order in each of these states, and its pack; bags are numbered by state, A to Z."""
    connection.execute(
        "INSERT INTO store (chain, store_code, name, address, county, town, zip_code)"
        " VALUES ('SE', '100001', '門市', '台北市', '臺北市', '大安區', '106')"
    )
    connection.execute(
        "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state,"
        " paid_at, changed_at) SELECT gen_random_uuid(), '2020-1', 'SE', '100001',"
        " 'computer', 22, state, now(), now() FROM unnest(%s::text[]) state",
        (list(states),),
    )
    connection.execute(
        "INSERT INTO parcel (person_id, round_id, chain, store_code, bag_number, pickup_number)"
        " SELECT person_id, round_id, chain, store_code, row_number() OVER (ORDER BY state),"
        " '000000000' FROM orders"
    )
