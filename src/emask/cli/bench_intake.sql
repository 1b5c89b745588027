-- People of the benchmark, spread over the whole key space as digests of ID numbers are.
INSERT INTO person (person_id, birth_date, residency, id_number, name)
SELECT md5(n::text)::uuid, '1983-07-15', 'national', '', ''
FROM generate_series(1, {people}) AS n;
ANALYZE person;
