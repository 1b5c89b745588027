-- Made-up people, with what chains print on parcels.
INSERT INTO person (person_id, birth_date, residency, id_number, name, mobile)
SELECT person_id, '1983-07-15', 'national', id_number, name, mobile
FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[])
    AS people (person_id, id_number, name, mobile);
