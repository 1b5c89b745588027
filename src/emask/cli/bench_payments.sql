-- Orders of the benchmark that await payment, of people spread over the whole key space.
INSERT INTO person (person_id, birth_date, residency, id_number, name)
SELECT md5(n::text)::uuid, '1983-07-15', 'national', '', ''
FROM generate_series(1, {orders}) AS n;

INSERT INTO preorder (person_id, round_id, ticket, chain, store_code, channel, mobile, language,
    state, submission_id, placed_at, changed_at)
SELECT person_id, round_id, person_id, 'SE', '000001', 'computer', '', 'zh', 'registered',
    person_id, opens_at, opens_at
FROM person, round WHERE round_id = '{round_id}';

INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, changed_at)
SELECT person_id, round_id, chain, store_code, channel, {amount}, changed_at FROM preorder;

ANALYZE person, preorder, orders;
