-- Everybody has a card and bought something at some site between three weeks and two months ago.
INSERT INTO person (person_id, birth_date, residency, id_number, name)
SELECT person_id, '1983-07-15', 'national', name, name FROM made_up ORDER BY person_id;

INSERT INTO nhi_card (person_id, card_number, household_number)
SELECT person_id, '\x00', '\x00' FROM made_up ORDER BY person_id;

INSERT INTO counter_sale (person_id, sale_id, site_code, product, pieces, sold_on, sold_at,
    sold_by, by_proxy)
SELECT person_id, gen_random_uuid(), site_code, 'adult_mask', 9, day, day + time '10:00', 'software',
    false
FROM (
    SELECT person_id, current_date - 21 - floor(random() * 40)::integer AS day,
        (5900000000 + floor(random() * (SELECT count(*) FROM counter_site)))::bigint::text AS site_code
    FROM made_up
) AS past
ORDER BY person_id;

INSERT INTO claim (person_id, during, source, sale_id)
SELECT person_id, daterange(sold_on, sold_on + 14), 'counter', sale_id
FROM counter_sale ORDER BY person_id;
