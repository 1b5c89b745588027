-- Sites with stock for all that is sold to them, and the software of each. What is not looked at
-- is the same everywhere.
INSERT INTO counter_policy (valid_from, interval_days, adult_pieces, child_pieces, price,
    child_born_from, odd_even, children_exempt, adult_may_buy_child_masks, proxy_adults,
    proxy_children)
VALUES ('2020-04-23', 14, 9, 10, 5, '2007-01-01', false, true, false, 1, 3);

INSERT INTO counter_site (site_code, kind, name, address, phone, county, town, changed_at)
SELECT (5900000000 + n)::text, 'pharmacy', '安心藥局第' || n || '店',
    '臺北市松山區南京東路' || n || '號', '(02)2712' || lpad((n % 10000)::text, 4, '0'),
    '臺北市', '松山區', now()
FROM generate_series(0, {sites} - 1) AS n;

INSERT INTO counter_stock (site_code, product, pieces, changed_at)
SELECT site_code, product, 9000000, now()
FROM counter_site, unnest(ARRAY['adult_mask', 'child_mask']) AS product;

INSERT INTO api_client (client_id, site_code, name, jwks, added_at)
SELECT 'software-' || site_code, site_code, '藥局軟體', '{{"keys": []}}', now() FROM counter_site;
