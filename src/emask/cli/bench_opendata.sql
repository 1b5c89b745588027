-- As many sites as there were in 2020, spread over the country, each with its hours, note and stock.
INSERT INTO counter_site (site_code, kind, name, address, phone, county, town, longitude, latitude,
    cunli, note, service_periods, changed_at)
SELECT (5900000000 + n)::text, 'pharmacy', '安心藥局第' || n || '店',
    '臺北市松山區南京東路' || n || '號', '(02)2712' || lpad((n % 10000)::text, 4, '0'),
    '臺北市', '松山區', 120 + random() * 2, 22 + random() * 3.2, '東勢里',
    '每日上午九點起販售，售完為止', substr(repeat('NNNNNNY', 4), 1 + n % 7, 21), now()
FROM generate_series(1, {sites}) AS n;

INSERT INTO counter_stock (site_code, product, pieces, changed_at)
SELECT site_code, product, floor(random() * 3000), now() - random() * interval '8 hours'
FROM counter_site, unnest(ARRAY['adult_mask', 'child_mask']) AS product;
