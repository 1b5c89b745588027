-- Tills hand over a share of what has arrived; the numbers under which the chains know the parcels.
WITH chosen AS (
    SELECT person_id, round_id, %s::timestamptz AS at FROM orders
    WHERE state = 'arrived' AND random() < %s
), handed AS (
    UPDATE orders o SET state = 'collected', changed_at = at FROM chosen
    WHERE (o.person_id, o.round_id) = (chosen.person_id, chosen.round_id)
    RETURNING o.person_id, o.round_id, chain, store_code, at
), noted AS (
    INSERT INTO collection (person_id, round_id, collected_at, chain, store_code, document,
        by_proxy, clerk)
    SELECT person_id, round_id, at, chain, store_code, 'national_id', false, 'bench' FROM handed
), marked AS (
    UPDATE claim SET collected = true FROM handed
    WHERE (claim.person_id, claim.round_id) = (handed.person_id, handed.round_id)
)
SELECT trade_no FROM handed JOIN consignment USING (person_id, round_id)
