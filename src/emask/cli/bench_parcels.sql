-- Paid orders of everybody there is, spread over the stores of all chains, with their claims.
INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state, paid_at,
    changed_at)
SELECT person_id, round_id, (ARRAY['SE', 'FM', 'HL', 'OK'])[1 + n % 4],
    (100001 + n / 4 % {stores})::text, 'computer', 22, 'paid', pay_from, pay_from
FROM (SELECT person_id, (row_number() OVER (ORDER BY person_id) - 1)::integer AS n FROM person)
    AS people, round WHERE round_id = '{round_id}';

INSERT INTO claim (person_id, during, source, round_id)
SELECT person_id, daterange(pickup_from, pickup_from + interval_days), 'preorder', round_id
FROM orders JOIN round USING (round_id);
