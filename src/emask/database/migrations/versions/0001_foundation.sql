-- The foundation: people, rounds, pre-orders, draw, money, packs, counter sales, and the
-- timeline of claims that they share.
--
-- Conventions. A table about a person carries person_id in its key, so that all of them can be
-- distributed by it; a person_id is derived from the keyed digest of the ID number, so no unique
-- index ever needs to span people. What must never be is refused here, not in code.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- ---------------------------------------------------------------- time, messages, audit

CREATE TABLE clock (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    now       timestamptz NOT NULL
);
COMMENT ON TABLE clock IS 'The set clock of demo, rehearsal and tests; empty in production.';

CREATE TABLE outbox (
    person_id   uuid        NOT NULL,
    kind        text        NOT NULL,
    reference   text        NOT NULL,
    payload     jsonb       NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    next_at     timestamptz NOT NULL,
    attempts    integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    state       text        NOT NULL DEFAULT 'waiting'
                CHECK (state IN ('waiting', 'sent', 'delivered', 'undelivered', 'unclear', 'failed')),
    provider    text,
    handed_at   timestamptz,
    sent_at     timestamptz,
    provider_id text,
    delivery    text,
    told_at     timestamptz,
    PRIMARY KEY (person_id, kind, reference),
    CHECK ((state IN ('sent', 'delivered', 'undelivered')) = (sent_at IS NOT NULL)),
    CHECK (handed_at IS NULL OR provider IS NOT NULL)
);
COMMENT ON TABLE outbox IS 'Notices to people, written in the transaction of the fact they tell of.';
COMMENT ON COLUMN outbox.next_at IS 'When to send it, if it waits; when to ask what became of it, if it was sent.';
COMMENT ON COLUMN outbox.handed_at IS 'Noted before it is handed to the provider: waiting and noted, it may have been sent.';
COMMENT ON COLUMN outbox.provider_id IS 'Whose message it became: the provider, a colon, its own id.';
COMMENT ON COLUMN outbox.delivery IS 'The last word on it, told at told_at: how far it came, or why it cannot be sent.';
CREATE INDEX outbox_waiting ON outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_handed ON outbox (next_at) WHERE state = 'waiting' AND handed_at IS NOT NULL;
CREATE INDEX outbox_untold ON outbox (provider, next_at) WHERE state = 'sent';
CREATE INDEX outbox_provider_id ON outbox (provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX outbox_stranded ON outbox (kind) WHERE state IN ('unclear', 'failed');

CREATE TABLE early_receipt (
    provider_id text        PRIMARY KEY,
    delivery    text        NOT NULL,
    told_at     timestamptz NOT NULL,
    heard_at    timestamptz NOT NULL
);
COMMENT ON TABLE early_receipt IS 'Receipts of messages that nobody has been told the ids of yet.';

CREATE TABLE inbox (
    partner     text        NOT NULL,
    message_id  text        NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (partner, message_id)
);
COMMENT ON TABLE inbox IS 'Messages of partners that have taken effect: each takes effect once.';

CREATE TABLE audit_log (
    seq      bigint      PRIMARY KEY,
    at       timestamptz NOT NULL,
    actor    text        NOT NULL,
    act      text        NOT NULL,
    subject  text        NOT NULL,
    detail   jsonb       NOT NULL,
    previous bytea       NOT NULL,
    hash     bytea       NOT NULL
);
COMMENT ON TABLE audit_log IS 'Acts of staff, append-only; each row is chained to the one before.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ---------------------------------------------------------------- rounds, policies, stores

CREATE TABLE round (
    round_id            text        PRIMARY KEY CHECK (round_id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
    opens_at            timestamptz NOT NULL,
    closes_at           timestamptz NOT NULL CHECK (closes_at > opens_at),
    pay_from            timestamptz NOT NULL CHECK (pay_from >= closes_at),
    pay_until           timestamptz NOT NULL CHECK (pay_until > pay_from),
    release_at          timestamptz NOT NULL CHECK (release_at >= pay_until),
    pickup_from         date        NOT NULL,
    pickup_until        date        NOT NULL CHECK (pickup_until >= pickup_from),
    quota               integer     NOT NULL CHECK (quota > 0),
    product             text        NOT NULL CHECK (product IN ('adult_mask', 'child_mask')),
    pieces              integer     NOT NULL CHECK (pieces > 0),
    price               integer     NOT NULL CHECK (price >= 0),
    handling_fee        integer     NOT NULL CHECK (handling_fee >= 0),
    interval_days       integer     NOT NULL CHECK (interval_days > 0),
    child_born_from     date        NOT NULL,
    deferred_claim      text        NOT NULL CHECK (deferred_claim IN ('full', 'window_start')),
    channels            text[]      NOT NULL CHECK (
        channels <@ ARRAY['computer', 'mobile', 'counter', 'kiosk'] AND channels <> '{}'),
    closed_to_buyers_of text        REFERENCES round,
    frozen_at           timestamptz,
    CHECK (release_at <= pickup_from::timestamp AT TIME ZONE 'Asia/Taipei'),
    CONSTRAINT round_pickups_follow_one_another
        EXCLUDE USING gist (daterange(pickup_from, pickup_until, '[]') WITH &&)
);
COMMENT ON COLUMN round.frozen_at IS 'From this instant on no pre-order of the round may change.';

CREATE TABLE round_step (
    round_id text        NOT NULL REFERENCES round,
    step     text        NOT NULL,
    done_at  timestamptz NOT NULL,
    figures  jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (round_id, step)
);
COMMENT ON TABLE round_step IS 'What fell due in a round and was carried out, each step once.';

CREATE TABLE counter_policy (
    valid_from                 date    PRIMARY KEY,
    interval_days              integer NOT NULL CHECK (interval_days > 0),
    adult_pieces               integer NOT NULL CHECK (adult_pieces > 0),
    child_pieces               integer NOT NULL CHECK (child_pieces > 0),
    price                      integer NOT NULL CHECK (price >= 0),
    child_born_from            date    NOT NULL,
    odd_even                   boolean NOT NULL,
    children_exempt            boolean NOT NULL,
    adult_may_buy_child_masks  boolean NOT NULL,
    either_born_before         date,
    proxy_adults               integer NOT NULL CHECK (proxy_adults >= 0),
    proxy_children             integer NOT NULL CHECK (proxy_children >= 0)
);
COMMENT ON COLUMN counter_policy.either_born_before IS
    'Children born before it may choose adult masks instead of child masks.';

CREATE TABLE logistics_centre (
    chain text PRIMARY KEY CHECK (chain IN ('SE', 'FM', 'HL', 'OK')),
    name  text NOT NULL
);
INSERT INTO logistics_centre VALUES
    ('SE', '7-ELEVEN 物流中心'), ('FM', '全家物流中心'), ('HL', '萊爾富物流中心'), ('OK', 'OK 物流中心');

-- How stores are searched: the same word finds 台北 and 臺北, ２段 and 二段, ok and OK.
CREATE FUNCTION search_form(written text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN lower(translate(normalize(written, NFKC), '台ㄧ一二三四五六七八九', '臺1123456789'));

-- Every two characters that stand side by side: what the index of stores is made of. (Trigrams
-- miss words of two characters, and in some locales all Chinese.) Dear, so that the index is used.
CREATE FUNCTION letter_pairs(form text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000
    RETURN (SELECT coalesce(array_agg(DISTINCT substr(form, place, 2)), '{}')
            FROM generate_series(1, length(form) - 1) AS place);

CREATE TABLE store (
    chain      text    NOT NULL REFERENCES logistics_centre,
    store_code text    NOT NULL,
    name       text    NOT NULL,
    address    text    NOT NULL,
    county     text    NOT NULL,
    town       text    NOT NULL,
    zip_code   text    NOT NULL,
    open       boolean NOT NULL DEFAULT true,
    closings   integer NOT NULL DEFAULT 0 CHECK (closings >= 0),
    search     text    NOT NULL GENERATED ALWAYS AS (search_form(
               CASE chain WHEN 'SE' THEN '7-11 7-ELEVEN' WHEN 'FM' THEN '全家 FamilyMart'
               WHEN 'HL' THEN '萊爾富 Hi-Life' ELSE 'OK Mart' END
               || ' ' || store_code || ' ' || name || ' ' || county || town || ' ' || address))
               STORED,
    PRIMARY KEY (chain, store_code)
);
CREATE INDEX store_search ON store USING gin (letter_pairs(search));
COMMENT ON COLUMN store.closings IS 'How often it has closed: whoever is to collect there is told once each time.';
CREATE INDEX store_place ON store (county, town);

CREATE TABLE list_import (
    directory  text        NOT NULL CHECK (directory IN ('stores', 'counter_sites')),
    import_id  bigint      NOT NULL,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    digest     bytea       NOT NULL CHECK (octet_length(digest) = 32),
    added      integer     NOT NULL,
    changed    integer     NOT NULL,
    moved      integer     NOT NULL,
    closed     integer     NOT NULL,
    reopened   integer     NOT NULL,
    unchanged  integer     NOT NULL,
    PRIMARY KEY (directory, import_id)
);
COMMENT ON TABLE list_import IS 'Each list that came in: of what, who brought it, when, and what it did.';
COMMENT ON COLUMN list_import.digest IS 'SHA-256 of the file.';

CREATE TABLE store_change (
    change_id  bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    directory  text        NOT NULL GENERATED ALWAYS AS ('stores') STORED,
    import_id  bigint,
    at         timestamptz NOT NULL,
    actor      text        NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    chain      text        NOT NULL,
    store_code text        NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('added', 'changed', 'moved', 'closed', 'reopened')),
    was        jsonb,
    became     jsonb       NOT NULL,
    FOREIGN KEY (directory, import_id) REFERENCES list_import,
    FOREIGN KEY (chain, store_code) REFERENCES store,
    CHECK ((kind = 'added') = (was IS NULL))
);
COMMENT ON TABLE store_change IS 'What changed at each store, by a list or, without an import, by hand and for a reason.';
CREATE INDEX store_change_store ON store_change (chain, store_code, change_id);
CREATE INDEX store_change_import ON store_change (import_id);

-- ---------------------------------------------------------------- people and identity

CREATE TABLE person (
    person_id  uuid  PRIMARY KEY,
    birth_date date  NOT NULL,
    residency  text  NOT NULL CHECK (residency IN ('national', 'foreign')),
    id_number  bytea NOT NULL,
    name       bytea NOT NULL,
    mobile     bytea,
    language   text  NOT NULL DEFAULT 'zh' CHECK (language IN ('zh', 'en'))
);
COMMENT ON COLUMN person.person_id IS 'First 16 bytes of HMAC-SHA-256 of the normalised ID number.';
COMMENT ON COLUMN person.id_number IS 'Sealed with AES-GCM, as are name and mobile.';

CREATE TABLE nhi_card (
    person_id        uuid    PRIMARY KEY REFERENCES person,
    card_number      bytea   NOT NULL,
    household_number bytea   NOT NULL,
    active           boolean NOT NULL DEFAULT true
);
COMMENT ON COLUMN nhi_card.card_number IS 'Keyed digest, as is household_number.';

CREATE TABLE registration (
    person_id     uuid        PRIMARY KEY REFERENCES person,
    password_hash text,
    registered_by text        NOT NULL CHECK (registered_by IN ('card', 'certificate', 'counter', 'mobile')),
    registered_at timestamptz NOT NULL,
    first_password boolean    NOT NULL DEFAULT false CHECK (NOT first_password OR password_hash IS NOT NULL)
);
COMMENT ON COLUMN registration.first_password IS
    'The password was handed out at an office: the person chooses another at the next sign-in.';

CREATE TABLE certificate_binding (
    serial_number bytea       PRIMARY KEY,
    person_id     uuid        NOT NULL REFERENCES person,
    bound_at      timestamptz NOT NULL
);
COMMENT ON COLUMN certificate_binding.serial_number IS 'Keyed digest of issuer and serial number.';

CREATE TABLE device (
    person_id     uuid        NOT NULL REFERENCES person,
    device_id     uuid        NOT NULL,
    handset       bytea       NOT NULL,
    bound_by      text        NOT NULL CHECK (bound_by IN ('mobile_number', 'device_code')),
    bound_at      timestamptz NOT NULL,
    revoked_at    timestamptz,
    credential_id bytea       NOT NULL,
    public_key    bytea       NOT NULL,
    sign_count    bigint      NOT NULL CHECK (sign_count >= 0),
    synced        boolean     NOT NULL,
    PRIMARY KEY (person_id, device_id)
);
COMMENT ON TABLE device IS 'Passkeys: each one lets the unlock of one phone sign one person in.';
COMMENT ON COLUMN device.handset IS 'Keyed digest of what tells the handset apart.';
COMMENT ON COLUMN device.synced IS 'The passkey may be copied: it counts on this handset alone.';
-- a phone keeps one passkey a person: its latest
CREATE UNIQUE INDEX device_one_a_handset ON device (person_id, handset) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX device_credential ON device (person_id, credential_id);

CREATE TABLE own_handset (
    handset   bytea PRIMARY KEY,
    person_id uuid  NOT NULL REFERENCES person
);
COMMENT ON TABLE own_handset IS 'A handset bound through its own number belongs to one person (A13).';

CREATE TABLE device_code (
    code       bytea       PRIMARY KEY,
    person_id  uuid        NOT NULL REFERENCES person,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
COMMENT ON COLUMN device_code.code IS 'Keyed digest of the digits.';
CREATE INDEX device_code_unused ON device_code (person_id) WHERE used_at IS NULL;

CREATE TABLE used_evidence (
    evidence bytea       PRIMARY KEY,
    used_at  timestamptz NOT NULL
);
COMMENT ON TABLE used_evidence IS 'Digests of evidence once accepted: none is accepted twice.';

CREATE TABLE wrong_try (
    what         text        NOT NULL CHECK (what IN ('password', 'card_registration',
                 'device_code', 'staff_password', 'address', 'card', 'kiosk')),
    source       bytea       NOT NULL,
    tries        integer     NOT NULL CHECK (tries > 0),
    locked_until timestamptz,
    last_at      timestamptz NOT NULL,
    PRIMARY KEY (what, source)
);
COMMENT ON COLUMN wrong_try.source IS 'Whose tries these are: digest of the person, handset or account.';

CREATE TABLE staff (
    username      text PRIMARY KEY,
    password_hash text NOT NULL,
    role          text NOT NULL CHECK (role IN ('pharmacist', 'clerk', 'kiosk', 'officer', 'centre',
                  'operator', 'hotline')),
    site_code     text,
    chain         text,
    store_code    text,
    generation    integer NOT NULL DEFAULT 0 CHECK (generation >= 0),
    first_password boolean NOT NULL DEFAULT false,
    ended_at      timestamptz,
    noted_by      xid8    NOT NULL DEFAULT pg_current_xact_id(),
    FOREIGN KEY (chain, store_code) REFERENCES store,
    CHECK ((role = 'pharmacist') = (site_code IS NOT NULL)),
    CHECK ((role IN ('clerk', 'kiosk')) = (store_code IS NOT NULL)),
    CHECK ((role IN ('clerk', 'kiosk', 'centre')) = (chain IS NOT NULL))
);

COMMENT ON COLUMN staff.first_password IS 'Handed out by an operator: opens nothing but the choice of another.';
COMMENT ON COLUMN staff.generation IS 'Sessions of an earlier generation have ended.';
COMMENT ON COLUMN staff.noted_by IS
    'The transaction that changed the generation, as in session_generation and ended_session:'
    ' whoever has seen all up to one reads on from there, whatever the clock says.';
CREATE INDEX staff_noted ON staff (noted_by);

-- one for all people: a row that was forgotten and comes again is still later than any before it
CREATE SEQUENCE session_generation_number;

CREATE TABLE session_generation (
    person_id  uuid        PRIMARY KEY,
    generation bigint      NOT NULL DEFAULT nextval('session_generation_number')
               CHECK (generation > 0),
    over_at    timestamptz NOT NULL,
    noted_by   xid8        NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON TABLE session_generation IS 'Who ended all sessions: those of an earlier generation.';
COMMENT ON COLUMN session_generation.over_at IS
    'When each of them would have been over anyway, and the row may be forgotten.';
CREATE INDEX session_generation_noted ON session_generation (noted_by);
CREATE INDEX session_generation_over ON session_generation (over_at);

CREATE TABLE ended_session (
    session_id text        PRIMARY KEY,
    over_at    timestamptz NOT NULL,
    noted_by   xid8        NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON TABLE ended_session IS 'Sessions ended before their time; forgotten once they are over.';
CREATE INDEX ended_session_noted ON ended_session (noted_by);
CREATE INDEX ended_session_over ON ended_session (over_at);

CREATE TABLE people_import (
    file_digest bytea       PRIMARY KEY CHECK (octet_length(file_digest) = 32),
    rows_done   bigint      NOT NULL CHECK (rows_done >= 0),
    entered     bigint      NOT NULL CHECK (entered >= 0),
    refused     bigint      NOT NULL CHECK (refused >= 0),
    finished_at timestamptz,
    updated_at  timestamptz NOT NULL
);
COMMENT ON TABLE people_import IS 'How far each registry file was entered, so that it can go on there.';

-- ---------------------------------------------------------------- the shared entitlement

CREATE TABLE claim (
    person_id uuid      NOT NULL,
    during    daterange NOT NULL CHECK (NOT lower_inf(during) AND NOT upper_inf(during)),
    source    text      NOT NULL CHECK (source IN ('counter', 'preorder')),
    round_id  text      REFERENCES round,
    sale_id   uuid,
    collected boolean   NOT NULL DEFAULT false,
    -- B1, B7-B10: no two claims of one person overlap, whoever writes them
    PRIMARY KEY (person_id, during WITHOUT OVERLAPS),
    CHECK ((source = 'preorder') = (round_id IS NOT NULL)),
    CHECK ((source = 'counter') = (sale_id IS NOT NULL)),
    CHECK (source = 'preorder' OR NOT collected)
);
CREATE UNIQUE INDEX claim_one_per_preorder ON claim (person_id, round_id) WHERE round_id IS NOT NULL;
CREATE UNIQUE INDEX claim_one_per_sale ON claim (person_id, sale_id) WHERE sale_id IS NOT NULL;

CREATE TABLE claim_move (
    person_id uuid      NOT NULL,
    sale_id   uuid      NOT NULL,
    round_id  text      NOT NULL,
    before    daterange NOT NULL,
    after     daterange NOT NULL,
    PRIMARY KEY (person_id, sale_id, round_id)
);
COMMENT ON TABLE claim_move IS 'What a counter sale moved, so that undoing the sale can restore it.';

-- ---------------------------------------------------------------- pre-order and draw

CREATE TABLE preorder (
    person_id     uuid        NOT NULL,
    round_id      text        NOT NULL,
    ticket        uuid        NOT NULL,
    chain         text        NOT NULL,
    store_code    text        NOT NULL,
    channel       text        NOT NULL CHECK (channel IN ('computer', 'mobile', 'counter', 'kiosk')),
    mobile        bytea       NOT NULL,
    language      text        NOT NULL CHECK (language IN ('zh', 'en')),
    state         text        NOT NULL DEFAULT 'registered' CHECK (state IN ('registered', 'cancelled')),
    revision      integer     NOT NULL DEFAULT 1 CHECK (revision > 0),
    submission_id uuid        NOT NULL,
    placed_at     timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (person_id, round_id)
);
COMMENT ON COLUMN preorder.ticket IS '128 random bits: the public name of the entry in the draw.';
COMMENT ON COLUMN preorder.submission_id IS 'The submission that wrote this revision; sent again, it is recognised.';

CREATE TABLE draw (
    round_id     text        NOT NULL REFERENCES round,
    run          integer     NOT NULL DEFAULT 1 CHECK (run > 0),
    reason       text        CHECK ((run = 1) = (reason IS NULL)),
    algorithm    text        NOT NULL,
    entries      integer     NOT NULL CHECK (entries >= 0),
    quota        integer     NOT NULL CHECK (quota > 0),
    root         bytea       NOT NULL CHECK (octet_length(root) = 32),
    beacon       text        NOT NULL,
    beacon_key   bytea       NOT NULL,
    beacon_round bigint      NOT NULL,
    committed_at timestamptz NOT NULL,
    seed         bytea       CHECK (octet_length(seed) = 32),
    signature    bytea,
    selected     integer     CHECK (selected <= quota AND selected <= entries),
    result_root  bytea,
    drawn_at     timestamptz CHECK (drawn_at > committed_at),
    published_at timestamptz,
    PRIMARY KEY (round_id, run),
    CHECK ((drawn_at IS NULL) = (seed IS NULL)),
    CHECK (published_at IS NULL OR drawn_at IS NOT NULL)
);

CREATE TABLE draw_result (
    round_id  text    NOT NULL,
    person_id uuid    NOT NULL,
    ticket    uuid    NOT NULL,
    rank      integer NOT NULL,
    selected  boolean NOT NULL,
    -- the person first: sorting by a column that is the same everywhere doubles the time
    PRIMARY KEY (person_id, round_id)
) PARTITION BY LIST (round_id);
COMMENT ON TABLE draw_result IS 'One partition a round, built whole by the draw and never updated.';

-- ---------------------------------------------------------------- orders and money

CREATE TABLE orders (
    person_id  uuid    NOT NULL,
    round_id   text    NOT NULL REFERENCES round,
    chain      text    NOT NULL,
    store_code text    NOT NULL,
    channel    text    NOT NULL CHECK (channel IN ('computer', 'mobile', 'counter', 'kiosk')),
    amount     integer NOT NULL CHECK (amount >= 0),
    state      text    NOT NULL DEFAULT 'awaiting_payment' CHECK (state IN
               ('awaiting_payment', 'lapsed', 'paid', 'arrived', 'collected', 'forfeited',
                'cancelled')),
    paid_at    timestamptz,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, round_id),
    FOREIGN KEY (chain, store_code) REFERENCES store,
    CHECK ((state IN ('awaiting_payment', 'lapsed')) = (paid_at IS NULL))
) WITH (fillfactor = 50); -- room in each page for the next state of every order in it
COMMENT ON TABLE orders IS 'The one pack of a selected person: to be paid, packed, shipped and collected.';
COMMENT ON COLUMN orders.state IS 'cancelled: its pack never came, and its money goes or went back.';
-- Not by state: that of a whole round changes at once, and before statistics catch up an index by
-- it looks like the shorter way to one person's order. Without it a change of state moves no entry.
CREATE INDEX orders_round ON orders (round_id);

CREATE TABLE payment_attempt (
    person_id  uuid        NOT NULL,
    attempt_id uuid        NOT NULL,
    round_id   text        NOT NULL,
    gateway    text        NOT NULL,
    method     text        NOT NULL CHECK (method IN ('web_atm', 'credit_card', 'atm')),
    amount     integer     NOT NULL CHECK (amount >= 0),
    trade_no   text        NOT NULL,
    opened_by  uuid        NOT NULL,
    opened_at  timestamptz NOT NULL,
    number     bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (person_id, attempt_id),
    FOREIGN KEY (person_id, round_id) REFERENCES orders
);
COMMENT ON COLUMN payment_attempt.number IS
    'Tells which attempt of an order is the later one, also where a clock stands still; attempts at one order wait for each other.';
COMMENT ON COLUMN payment_attempt.opened_by IS 'Who pays: the person, or a relative who was allowed to.';
CREATE INDEX payment_attempt_order ON payment_attempt (person_id, round_id);
CREATE INDEX payment_attempt_opened ON payment_attempt (opened_at);
CREATE TRIGGER payment_attempt_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_attempt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE payment_reference (
    trade_no   text NOT NULL,
    person_id  uuid NOT NULL,
    attempt_id uuid NOT NULL,
    PRIMARY KEY (trade_no, person_id)
);
COMMENT ON TABLE payment_reference IS
    'Whose attempt a trade number of a gateway is; a family may pay several orders in one trade.';

CREATE TABLE payment_inquiry (
    trade_no text        NOT NULL,
    asked_at timestamptz NOT NULL,
    answer   text        NOT NULL CHECK (answer IN ('told', 'nothing', 'no_answer')),
    PRIMARY KEY (trade_no, asked_at)
);
COMMENT ON TABLE payment_inquiry IS 'When a gateway was asked about a trade, and whether it knew news.';
CREATE TRIGGER payment_inquiry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_inquiry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE gateway_pause (
    gateway text        PRIMARY KEY,
    until   timestamptz NOT NULL
);
COMMENT ON TABLE gateway_pause IS 'Gateways that were asked too often, and until when they are left alone.';

CREATE TABLE payment_allowance (
    person_id  uuid        NOT NULL,
    round_id   text        NOT NULL,
    digest     bytea       NOT NULL,
    expires_at timestamptz NOT NULL,
    tries      smallint    NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    used_by    uuid,
    used_at    timestamptz,
    PRIMARY KEY (person_id, round_id),
    FOREIGN KEY (person_id, round_id) REFERENCES orders,
    CHECK ((used_by IS NULL) = (used_at IS NULL))
);
COMMENT ON TABLE payment_allowance IS 'That a relative who knows the code may pay this order.';
COMMENT ON COLUMN payment_allowance.tries IS 'How often a code was entered; the fifth ends it.';
CREATE INDEX payment_allowance_payer ON payment_allowance (used_by) WHERE used_by IS NOT NULL;

CREATE TABLE payment_event (
    person_id  uuid        NOT NULL,
    event_id   uuid        NOT NULL,
    attempt_id uuid        NOT NULL,
    round_id   text        NOT NULL,
    gateway    text        NOT NULL,
    message_id text        NOT NULL,
    kind       text        NOT NULL CHECK (kind IN ('account_issued', 'paid', 'failed')),
    amount     integer     NOT NULL CHECK (amount >= 0),
    bank_code  text,
    account    text,
    gateway_trade_no text,
    valued_at  timestamptz NOT NULL,
    known_at   timestamptz NOT NULL,
    outcome    text        NOT NULL CHECK (outcome IN ('account_issued', 'failed', 'settles', 'late',
               'early', 'double', 'wrong_amount', 'not_selected', 'simulated', 'no_day_left')),
    PRIMARY KEY (person_id, event_id),
    FOREIGN KEY (person_id, attempt_id) REFERENCES payment_attempt
);
CREATE INDEX payment_event_attempt ON payment_event (person_id, attempt_id);
CREATE TRIGGER payment_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- a pack is paid once: the second settling event of an order is refused whatever the code does
CREATE UNIQUE INDEX payment_event_settles_once ON payment_event (person_id, round_id)
    WHERE outcome = 'settles';

CREATE TABLE transfer_file (
    file_id     uuid        PRIMARY KEY,
    made_at     timestamptz NOT NULL,
    made_by     text        NOT NULL,
    transfers   integer     NOT NULL CHECK (transfers > 0),
    total       integer     NOT NULL CHECK (total > 0),
    released_at timestamptz,
    released_by text,
    ended_at    timestamptz,
    outcome     text        CHECK (outcome IN ('sent', 'withdrawn')),
    -- two people: who makes a file never releases it
    CHECK (released_by <> made_by),
    CHECK ((released_at IS NULL) = (released_by IS NULL)),
    CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CHECK (outcome <> 'sent' OR released_at IS NOT NULL)
);
COMMENT ON TABLE transfer_file IS 'Transfers for the bank: made by one operator, released by another.';

CREATE TABLE refund (
    person_id  uuid        NOT NULL,
    event_id   uuid        NOT NULL,
    round_id   text        NOT NULL,
    amount     integer     NOT NULL CHECK (amount > 0),
    reason     text        NOT NULL,
    way        text        NOT NULL CHECK (way IN ('card', 'transfer')),
    state      text        NOT NULL DEFAULT 'due'
               CHECK (state IN ('due', 'listed', 'unclear', 'done')),
    due_at     timestamptz NOT NULL,
    next_at    timestamptz NOT NULL,
    file_id    uuid        REFERENCES transfer_file,
    done_at    timestamptz,
    PRIMARY KEY (person_id, event_id),
    FOREIGN KEY (person_id, event_id) REFERENCES payment_event,
    CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CHECK (state <> 'listed' OR file_id IS NOT NULL),
    CHECK (state <> 'unclear' OR way = 'card')
);
COMMENT ON TABLE refund IS 'Money of one event that goes back: by card through its gateway, else by transfer.';
COMMENT ON COLUMN refund.next_at IS 'Of a card, when its gateway is to be asked next.';
CREATE INDEX refund_open ON refund (due_at) WHERE state <> 'done';
CREATE INDEX refund_next ON refund (next_at) WHERE way = 'card' AND state = 'due';
CREATE INDEX refund_file ON refund (file_id) WHERE file_id IS NOT NULL;

CREATE TABLE refund_step (
    person_id uuid        NOT NULL,
    event_id  uuid        NOT NULL,
    step      integer     NOT NULL,
    action    text        NOT NULL CHECK (action IN
              ('close', 'refund', 'cancel_closing', 'abandon', 'transfer')),
    outcome   text        NOT NULL CHECK (outcome IN
              ('begun', 'done', 'refused', 'unclear', 'not_done', 'returned')),
    detail    text        NOT NULL DEFAULT '',
    at        timestamptz NOT NULL,
    PRIMARY KEY (person_id, event_id, step),
    FOREIGN KEY (person_id, event_id) REFERENCES refund
);
COMMENT ON TABLE refund_step IS 'What was asked of a gateway or bank for a refund, before and after.';
COMMENT ON COLUMN refund_step.outcome IS
    'not_done: an operator looked, and what had been unclear was not carried out.';
CREATE TRIGGER refund_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON refund_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE payee_account (
    person_id uuid        NOT NULL,
    event_id  uuid        NOT NULL,
    bank_code text        NOT NULL CHECK (bank_code ~ '^[0-9]{3}$'),
    account   bytea       NOT NULL,
    given_at  timestamptz NOT NULL,
    PRIMARY KEY (person_id, event_id),
    FOREIGN KEY (person_id, event_id) REFERENCES refund
);
COMMENT ON TABLE payee_account IS 'Where a person wants a refund sent, encrypted; erased once it is there.';

CREATE TABLE settlement_row (
    gateway          text        NOT NULL,
    day              date        NOT NULL,
    line             integer     NOT NULL,
    trade_no         text        NOT NULL,
    gateway_trade_no text        NOT NULL,
    method           text        NOT NULL,
    amount           integer     NOT NULL,
    valued_at        timestamptz,
    PRIMARY KEY (gateway, day, line)
);
COMMENT ON TABLE settlement_row IS 'The gateway''s own file of a day''s money, row by row.';
CREATE INDEX settlement_row_back ON settlement_row (gateway) WHERE amount < 0;

CREATE TABLE reconciliation (
    gateway       text        NOT NULL,
    day           date        NOT NULL,
    done_at       timestamptz NOT NULL,
    file_rows     integer     NOT NULL,
    file_total    integer     NOT NULL,
    ledger_total  integer     NOT NULL,
    PRIMARY KEY (gateway, day)
);
COMMENT ON TABLE reconciliation IS 'That a day''s file was held against the ledger, and the sums of both.';

CREATE TABLE reconciliation_difference (
    gateway       text    NOT NULL,
    day           date    NOT NULL,
    trade_no      text    NOT NULL,
    reason        text    NOT NULL CHECK (reason IN ('unknown_trade', 'not_in_ledger',
                  'not_in_file', 'wrong_amount', 'twice_in_file', 'refund_not_in_ledger',
                  'refund_not_in_file')),
    file_amount   integer NOT NULL,
    ledger_amount integer NOT NULL,
    explanation   text,
    explained_by  text,
    explained_at  timestamptz,
    PRIMARY KEY (gateway, day, trade_no, reason),
    FOREIGN KEY (gateway, day) REFERENCES reconciliation ON DELETE CASCADE,
    CHECK ((explanation IS NULL) = (explained_by IS NULL)),
    CHECK ((explanation IS NULL) = (explained_at IS NULL))
);

-- ---------------------------------------------------------------- packing, shipping, collection

CREATE FUNCTION random_shipment_number() RETURNS text
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT lpad((substring(uuid_send(gen_random_uuid()) FOR 6)::bigint % 100000000000)::text, 11, '0')
$$;

CREATE TABLE shipment (
    round_id   text        NOT NULL REFERENCES round,
    chain      text        NOT NULL,
    store_code text        NOT NULL,
    number     text        NOT NULL UNIQUE DEFAULT random_shipment_number()
                           CHECK (number ~ '^[0-9]{11}$'),
    packs      integer     NOT NULL CHECK (packs >= 0),
    last_bag   integer     NOT NULL DEFAULT 0 CHECK (last_bag >= 0),
    state      text        NOT NULL DEFAULT 'packed' CHECK (state IN ('packed', 'shipped', 'arrived')),
    packed_at  timestamptz NOT NULL,
    shipped_at timestamptz,
    arrived_at timestamptz,
    late       boolean     NOT NULL DEFAULT false CHECK (NOT late OR state <> 'arrived'),
    PRIMARY KEY (round_id, chain, store_code),
    FOREIGN KEY (chain, store_code) REFERENCES store,
    CHECK ((state = 'arrived') = (arrived_at IS NOT NULL)),
    CHECK ((state = 'packed') = (shipped_at IS NULL))
);
COMMENT ON COLUMN shipment.number IS 'What its labels say in bars; it tells nothing by itself.';
COMMENT ON COLUMN shipment.packs IS 'All packed for the store, those too that a shortage keeps back.';
COMMENT ON COLUMN shipment.last_bag IS 'The last number given to a bag; none is given again, whatever becomes of it.';
COMMENT ON COLUMN shipment.late IS 'The chain reported that it will not be there when pick-up begins.';

CREATE TABLE shipment_confirmation (
    round_id     text        NOT NULL,
    chain        text        NOT NULL,
    store_code   text        NOT NULL,
    step         text        NOT NULL CHECK (step IN ('packed', 'shipped', 'received')),
    confirmed_at timestamptz NOT NULL,
    confirmed_by text        NOT NULL,
    PRIMARY KEY (round_id, chain, store_code, step),
    FOREIGN KEY (round_id, chain, store_code) REFERENCES shipment
);
COMMENT ON TABLE shipment_confirmation IS 'What a centre confirmed by scan or file, each step of a shipment once.';

CREATE TABLE shortage (
    shortage_id uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    round_id    text        NOT NULL REFERENCES round,
    chain       text        NOT NULL REFERENCES logistics_centre,
    store_code  text,
    packs       integer     NOT NULL CHECK (packs > 0),
    reported_at timestamptz NOT NULL,
    reported_by text        NOT NULL,
    ended_at    timestamptz,
    ended_by    text,
    FOREIGN KEY (chain, store_code) REFERENCES store,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
COMMENT ON TABLE shortage IS 'Packs that a centre did not have; ended when it has them.';

CREATE TABLE packing_file (
    round_id text        NOT NULL REFERENCES round,
    chain    text        NOT NULL REFERENCES logistics_centre,
    version  integer     NOT NULL CHECK (version > 0),
    made_at  timestamptz NOT NULL,
    made_by  text        NOT NULL,
    stores   integer     NOT NULL CHECK (stores >= 0),
    packs    integer     NOT NULL CHECK (packs >= 0),
    sha256   bytea       NOT NULL CHECK (length(sha256) = 32),
    PRIMARY KEY (round_id, chain, version)
);

CREATE TABLE packing_file_line (
    round_id   text    NOT NULL,
    chain      text    NOT NULL,
    version    integer NOT NULL,
    store_code text    NOT NULL,
    store_name text    NOT NULL,
    bag_from   integer NOT NULL CHECK (bag_from > 0),
    bag_to     integer NOT NULL CHECK (bag_to >= bag_from),
    PRIMARY KEY (round_id, chain, version, store_code, bag_from),
    FOREIGN KEY (round_id, chain, version) REFERENCES packing_file DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE packing_file_line IS 'What each version of a centre''s file said: it can be sent again as it was.';

CREATE TABLE parcel (
    person_id      uuid    NOT NULL,
    round_id       text    NOT NULL,
    chain          text    NOT NULL,
    store_code     text    NOT NULL,
    bag_number     integer NOT NULL CHECK (bag_number > 0),
    pickup_number  text    NOT NULL CHECK (pickup_number ~ '^[0-9]{9}$'),
    returned_at    timestamptz,
    counted        boolean NOT NULL DEFAULT false CHECK (NOT counted OR returned_at IS NOT NULL),
    reopened_until date,
    reopened_at    timestamptz,
    hold           text    CHECK (hold IN ('short', 'later')),
    shortage_id    uuid    REFERENCES shortage,
    PRIMARY KEY (person_id, round_id),
    FOREIGN KEY (person_id, round_id) REFERENCES orders,
    CHECK (hold IS DISTINCT FROM 'short' OR shortage_id IS NOT NULL),
    CHECK (reopened_at IS NULL OR reopened_until IS NOT NULL)
);
COMMENT ON COLUMN parcel.hold IS 'short: its pack is missing in the centre; later: sent after the shipment had left.';
COMMENT ON COLUMN parcel.counted IS 'It came back among a number of bags: nobody has told which they are.';
COMMENT ON COLUMN parcel.reopened_until IS 'Last day of collection, after the round''s: of a pack that came late, or of a re-collection.';
COMMENT ON COLUMN parcel.reopened_at IS 'When an operator allowed its one re-collection.';
CREATE INDEX parcel_store ON parcel (round_id, chain, store_code, bag_number);
CREATE INDEX parcel_counted ON parcel (round_id, chain, store_code) WHERE counted;
CREATE INDEX parcel_held ON parcel (round_id, chain, store_code) WHERE hold IS NOT NULL;
CREATE INDEX parcel_reopened ON parcel (reopened_until) WHERE reopened_until IS NOT NULL;

-- Made for every pack of a round: the planner puts these two into the query that calls them, which
-- it does with no loop and no subselect.
CREATE FUNCTION damm_step(interim integer, digits text, place integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT get_byte(bytea '03175986427092154863420687135917509834266123045978'
                          '36742095815869720134894536201794386172052581436790',
                    10 * interim + get_byte(digits::bytea, place) - ascii('0')) - ascii('0')
$$;
COMMENT ON FUNCTION damm_step IS 'The interim digit after one more digit, whose place is counted from 0.';

CREATE FUNCTION pickup_check_digit(digits text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT damm_step(damm_step(damm_step(damm_step(damm_step(damm_step(damm_step(damm_step(0,
        digits, 0), digits, 1), digits, 2), digits, 3), digits, 4), digits, 5), digits, 6),
        digits, 7)::text
$$;
COMMENT ON FUNCTION pickup_check_digit IS 'Of the eight digits of a pick-up number.';

CREATE FUNCTION random_pickup_digits() RETURNS text
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    -- The first 48 bits of a random UUID are all random.
    SELECT lpad((substring(uuid_send(gen_random_uuid()) FOR 6)::bigint % 100000000)::text, 8, '0')
$$;

CREATE TABLE pickup_attempt (
    person_id uuid        PRIMARY KEY,
    attempts  integer     NOT NULL CHECK (attempts > 0),
    last_at   timestamptz NOT NULL
);
COMMENT ON TABLE pickup_attempt IS 'Pick-up numbers tried at kiosks; the right one clears them.';

CREATE TABLE slip (
    slip_digest bytea       PRIMARY KEY CHECK (octet_length(slip_digest) = 32),
    person_id   uuid        NOT NULL,
    round_id    text        NOT NULL,
    chain       text        NOT NULL,
    store_code  text        NOT NULL,
    printed_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > printed_at),
    FOREIGN KEY (person_id, round_id) REFERENCES parcel
);
COMMENT ON TABLE slip IS 'What kiosks printed; the number on the paper is known by its digest alone.';
CREATE INDEX slip_expires ON slip (expires_at);

CREATE TABLE collection (
    person_id    uuid        NOT NULL,
    round_id     text        NOT NULL,
    nth          smallint    NOT NULL DEFAULT 1 CHECK (nth > 0),
    collected_at timestamptz NOT NULL,
    chain        text        NOT NULL,
    store_code   text        NOT NULL,
    document     text        NOT NULL CHECK (document IN
                 ('national_id', 'nhi_card', 'driving_licence', 'residence_permit')),
    by_proxy     boolean     NOT NULL,
    clerk        text        NOT NULL,
    PRIMARY KEY (person_id, round_id, nth),
    FOREIGN KEY (person_id, round_id) REFERENCES parcel
);
COMMENT ON COLUMN collection.nth IS 'A pack is handed over once more when the last time was taken back.';
CREATE INDEX collection_store ON collection (chain, store_code, collected_at);
CREATE TRIGGER collection_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON collection
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE collection_undone (
    person_id uuid        NOT NULL,
    round_id  text        NOT NULL,
    nth       smallint    NOT NULL,
    undone_at timestamptz NOT NULL,
    reason    text        NOT NULL CHECK (reason <> ''),
    clerk     text        NOT NULL,
    PRIMARY KEY (person_id, round_id, nth),
    FOREIGN KEY (person_id, round_id, nth) REFERENCES collection
);
CREATE TRIGGER collection_undone_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON collection_undone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE VIEW handed_over AS
    SELECT * FROM collection WHERE NOT EXISTS (
        SELECT FROM collection_undone AS undone
        WHERE (undone.person_id, undone.round_id, undone.nth)
            = (collection.person_id, collection.round_id, collection.nth));
COMMENT ON VIEW handed_over IS 'The hand-overs that stand: at most one a pack.';

CREATE TABLE centre_stock (
    chain    text    NOT NULL REFERENCES logistics_centre,
    round_id text    NOT NULL REFERENCES round,
    packs    integer NOT NULL CHECK (packs >= 0),
    PRIMARY KEY (chain, round_id)
);
COMMENT ON TABLE centre_stock IS 'Packs that a centre says came back from a round, less those sent out again.';

CREATE TABLE stock_use (
    chain    text    NOT NULL REFERENCES logistics_centre,
    round_id text    NOT NULL REFERENCES round,
    packs    integer NOT NULL CHECK (packs >= 0),
    PRIMARY KEY (chain, round_id)
);
COMMENT ON TABLE stock_use IS 'Packs from stock of earlier rounds that went into a round''s packing.';

-- ---------------------------------------------------------------- parcels as the chains know them

CREATE FUNCTION random_trade_no() RETURNS text
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT upper(left(replace(gen_random_uuid()::text, '-', ''), 20))
$$;

CREATE FUNCTION parcel_rank(state text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_position(ARRAY['in_transit', 'order_taken', 'accepted', 'at_centre',
        'reselect_store', 'store_changed', 'arrived', 'going_back', 'back_at_centre',
        'returned_to_sender', 'lost', 'collected'], state)
$$;
COMMENT ON FUNCTION parcel_rank IS 'How far along its way a state is; null if there is no such state.';

CREATE TABLE consignment (
    trade_no      text        PRIMARY KEY DEFAULT random_trade_no()
                              CHECK (trade_no ~ '^[0-9A-Z]{1,20}$'),
    person_id     uuid        NOT NULL,
    round_id      text        NOT NULL,
    nth           smallint    NOT NULL CHECK (nth > 0),
    chain         text        NOT NULL,
    store_code    text        NOT NULL,
    made_at       timestamptz NOT NULL,
    due_at        timestamptz,
    asked_at      timestamptz,
    parcel_no     text,
    payment_no    text,
    validation_no text,
    refusal       bytea,
    code          text,
    state         text        CHECK (state IS NULL OR parcel_rank(state) IS NOT NULL),
    since         timestamptz,
    settled       text,
    inquired_at   timestamptz,
    returned_at   timestamptz,
    ended_at      timestamptz,
    decision      text        CHECK (decision IN ('send_again', 'refund')),
    decided_at    timestamptz,
    decided_by    text,
    UNIQUE (person_id, round_id, nth),
    FOREIGN KEY (person_id, round_id) REFERENCES parcel,
    FOREIGN KEY (chain, store_code) REFERENCES store,
    CHECK ((state IS NULL) = (since IS NULL) AND (state IS NULL) = (code IS NULL)),
    CHECK (due_at IS NULL OR (parcel_no IS NULL AND refusal IS NULL AND ended_at IS NULL)),
    CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL))
) WITH (fillfactor = 70); -- each row changes with every status
COMMENT ON COLUMN consignment.nth IS 'A pack is sent again for a re-collection, by another chain, or when it was lost.';
COMMENT ON COLUMN consignment.due_at IS 'When its chain may be asked to create it; null once that is settled.';
COMMENT ON COLUMN consignment.asked_at IS 'The chain may know it since.';
COMMENT ON COLUMN consignment.refusal IS 'Why the chain takes it not, sealed: it may name a person.';
COMMENT ON COLUMN consignment.state IS 'What the status that counts says; code and since are of the same one.';
COMMENT ON COLUMN consignment.settled IS 'The state whose consequences have been drawn.';
COMMENT ON COLUMN consignment.inquired_at IS 'When the chain was last asked, because it had not told anything.';
COMMENT ON COLUMN consignment.returned_at IS 'The chain has it on its way back, after the last day of collection.';
COMMENT ON COLUMN consignment.ended_at IS 'Nothing more comes of it; the pack may be sent again.';
CREATE UNIQUE INDEX consignment_living ON consignment (person_id, round_id) WHERE ended_at IS NULL;
CREATE INDEX consignment_due ON consignment (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX consignment_unsettled ON consignment (trade_no) WHERE settled IS DISTINCT FROM state;
CREATE INDEX consignment_returned ON consignment (returned_at) WHERE returned_at IS NOT NULL;
CREATE INDEX consignment_lost ON consignment (round_id, since)
    WHERE state = 'lost' AND decision IS NULL AND ended_at IS NULL;

CREATE TABLE consignment_status (
    trade_no text        NOT NULL REFERENCES consignment,
    code     text        NOT NULL,
    since    timestamptz NOT NULL,
    state    text        NOT NULL CHECK (parcel_rank(state) IS NOT NULL),
    told_at  timestamptz NOT NULL,
    PRIMARY KEY (trade_no, since, code)
);
COMMENT ON TABLE consignment_status IS 'All that chains have told of parcels; the counting one is kept in consignment.';
CREATE TRIGGER consignment_status_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON consignment_status
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE carrier_pause (
    singleton boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    until     timestamptz NOT NULL
);
COMMENT ON TABLE carrier_pause IS 'The chains were asked too often; nobody asks them before.';

-- ---------------------------------------------------------------- the counter channel

CREATE TABLE counter_site (
    site_code       text             PRIMARY KEY,
    kind            text             NOT NULL CHECK (kind IN ('pharmacy', 'health_centre')),
    name            text             NOT NULL,
    address         text             NOT NULL,
    phone           text             NOT NULL,
    county          text             NOT NULL DEFAULT '',
    town            text             NOT NULL DEFAULT '',
    longitude       double precision,
    latitude        double precision,
    cunli           text             NOT NULL DEFAULT '',
    website         text             NOT NULL DEFAULT '',
    note            text             NOT NULL DEFAULT '',
    custom_note     text             NOT NULL DEFAULT '',
    service_periods text             NOT NULL DEFAULT repeat('N', 21)
                    CHECK (service_periods ~ '^[NY]{21}$'),
    active          boolean          NOT NULL DEFAULT true,
    changed_at      timestamptz      NOT NULL,
    CHECK ((longitude IS NULL) = (latitude IS NULL))
);
COMMENT ON COLUMN counter_site.service_periods IS
    'Seven mornings from Monday on, seven afternoons, seven evenings: N open, Y closed.';
ALTER TABLE staff ADD FOREIGN KEY (site_code) REFERENCES counter_site;

CREATE TABLE counter_stock (
    site_code  text        NOT NULL REFERENCES counter_site,
    product    text        NOT NULL CHECK (product IN ('adult_mask', 'child_mask')),
    pieces     integer     NOT NULL CHECK (pieces >= 0),
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (site_code, product)
);

CREATE TABLE counter_site_change (
    directory text   NOT NULL GENERATED ALWAYS AS ('counter_sites') STORED,
    import_id bigint NOT NULL,
    site_code text   NOT NULL REFERENCES counter_site,
    kind      text   NOT NULL CHECK (kind IN ('added', 'changed', 'moved', 'closed', 'reopened')),
    was       jsonb,
    became    jsonb  NOT NULL,
    PRIMARY KEY (import_id, site_code),
    FOREIGN KEY (directory, import_id) REFERENCES list_import,
    CHECK ((kind = 'added') = (was IS NULL))
);
COMMENT ON TABLE counter_site_change IS 'What a list changed at each site: entry, place, stock, and whether it takes part.';

CREATE TABLE counter_supply (
    site_code  text    NOT NULL REFERENCES counter_site,
    product    text    NOT NULL CHECK (product IN ('adult_mask', 'child_mask')),
    valid_from date    NOT NULL,
    pieces     integer NOT NULL CHECK (pieces >= 0),
    PRIMARY KEY (site_code, product, valid_from)
);
COMMENT ON TABLE counter_supply IS 'How many pieces a site is sent each day, from a day on.';

CREATE TABLE counter_delivery (
    delivery_id  bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    site_code    text        NOT NULL REFERENCES counter_site,
    product      text        NOT NULL CHECK (product IN ('adult_mask', 'child_mask')),
    delivered_on date        NOT NULL,
    pieces       integer     NOT NULL CHECK (pieces > 0),
    noted_at     timestamptz NOT NULL,
    noted_by     text        NOT NULL
);
COMMENT ON TABLE counter_delivery IS 'What came to a site; it is stock only once the site sells from it.';
CREATE INDEX counter_delivery_site ON counter_delivery (site_code, delivered_on);

CREATE TABLE counter_count (
    count_id   bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    site_code  text        NOT NULL REFERENCES counter_site,
    product    text        NOT NULL CHECK (product IN ('adult_mask', 'child_mask')),
    expected   integer     NOT NULL CHECK (expected >= 0),
    counted    integer     NOT NULL CHECK (counted >= 0),
    difference integer     NOT NULL GENERATED ALWAYS AS (counted - expected) STORED,
    counted_at timestamptz NOT NULL,
    counted_by text        NOT NULL
);
COMMENT ON TABLE counter_count IS 'Stock as it was counted, usually at the end of a day, and what it was to be.';
CREATE INDEX counter_count_site ON counter_count (site_code, counted_at);

CREATE TABLE counter_holiday (
    site_code text REFERENCES counter_site,
    day       date NOT NULL,
    note      text NOT NULL DEFAULT '',
    UNIQUE NULLS NOT DISTINCT (site_code, day)
);
COMMENT ON TABLE counter_holiday IS 'Days on which a site, or where it names none every site, is closed.';

CREATE TABLE proxy_visit (
    visit_id uuid        PRIMARY KEY,
    began_at timestamptz NOT NULL,
    adults   integer     NOT NULL CHECK (adults >= 0),
    children integer     NOT NULL CHECK (children >= 0)
);
COMMENT ON TABLE proxy_visit IS 'For how many others one visitor of a counter has bought.';

CREATE TABLE counter_sale (
    person_id   uuid        NOT NULL REFERENCES person,
    sale_id     uuid        NOT NULL,
    site_code   text        NOT NULL REFERENCES counter_site,
    product     text        NOT NULL CHECK (product IN ('adult_mask', 'child_mask')),
    pieces      integer     NOT NULL CHECK (pieces > 0),
    sold_on     date        NOT NULL,
    sold_at     timestamptz NOT NULL,
    sold_by     text        NOT NULL,
    by_proxy    boolean     NOT NULL,
    visit_id    uuid,
    paper       text        NOT NULL DEFAULT 'nhi_card'
                CHECK (paper IN ('nhi_card', 'national_id', 'residence_permit', 'passport',
                                 'entry_permit', 'household_document')),
    undone_at   timestamptz,
    undo_reason text,
    PRIMARY KEY (person_id, sale_id),
    CHECK ((undone_at IS NULL) = (undo_reason IS NULL)),
    CHECK (by_proxy OR visit_id IS NULL)
);
COMMENT ON COLUMN counter_sale.paper IS 'What showed who the buyer is: the card, or what stands in for it.';
CREATE INDEX counter_sale_site ON counter_sale (site_code, sold_on, sold_at);

CREATE TABLE offline_sale (
    sale_id       uuid        PRIMARY KEY, -- sent again, or twice at once, it is one sale
    site_code     text        NOT NULL REFERENCES counter_site,
    list_id       uuid        NOT NULL,
    sent_by       text        NOT NULL,
    received_at   timestamptz NOT NULL,
    refusal       text,
    person_id     uuid,
    product       text        CHECK (product IN ('adult_mask', 'child_mask')),
    pieces        integer     NOT NULL DEFAULT 0 CHECK (pieces >= 0),
    sold_at       timestamptz,
    settled_at    timestamptz,
    settled_by    text,
    settle_reason text,
    CHECK (refusal IS NOT NULL OR (person_id IS NOT NULL AND product IS NOT NULL
                                   AND sold_at IS NOT NULL)),
    CHECK ((settled_at IS NULL) = (settled_by IS NULL)
           AND (settled_at IS NULL) = (settle_reason IS NULL)),
    CHECK (refusal IS NOT NULL OR settled_at IS NULL)
);
COMMENT ON TABLE offline_sale IS 'Each sale that a counter made without a line, as it was judged when it came in.';
COMMENT ON COLUMN offline_sale.refusal IS 'The rule that it broke: a conflict, which is no sale; what the buyer has is gone all the same.';
CREATE INDEX offline_sale_list ON offline_sale (list_id);
CREATE INDEX offline_sale_open ON offline_sale (received_at)
    WHERE refusal IS NOT NULL AND settled_at IS NULL;

-- The software of pharmacies: it proves itself with its own key, of which only the public half is
-- kept here, and acts for one site.
CREATE TABLE api_client (
    client_id text        PRIMARY KEY CHECK (client_id ~ '^[a-z0-9][a-z0-9-]{2,62}$'),
    site_code text        NOT NULL REFERENCES counter_site,
    name      text        NOT NULL,
    jwks      jsonb       NOT NULL,
    added_at  timestamptz NOT NULL,
    ended_at  timestamptz
);

CREATE TABLE api_client_assertion (
    client_id  text        NOT NULL REFERENCES api_client,
    jti        bytea       NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti)
);
COMMENT ON TABLE api_client_assertion IS 'Digests of the proofs that clients have used: each counts once.';

CREATE TABLE idempotent_call (
    client_id   text        NOT NULL REFERENCES api_client,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    status      smallint    NOT NULL,
    media_type  text        NOT NULL,
    language    text        NOT NULL,
    body        bytea       NOT NULL,
    called_at   timestamptz NOT NULL,
    PRIMARY KEY (client_id, key)
);
CREATE INDEX idempotent_call_age ON idempotent_call (called_at);
COMMENT ON TABLE idempotent_call IS
    'What a call with an Idempotency-Key was answered, written with its effect and told again.';
