CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    migration_id character varying(150) NOT NULL,
    product_version character varying(32) NOT NULL,
    CONSTRAINT pk___ef_migrations_history PRIMARY KEY (migration_id)
);

CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY,
    direction character varying(3) NOT NULL,
    topic character varying(255) NOT NULL,
    event_id character varying(255) NOT NULL,
    event bytea NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL,
    first_at timestamp with time zone NOT NULL DEFAULT (now()),
    last_at timestamp with time zone NOT NULL DEFAULT (now()),
    CONSTRAINT pk_dead_letters PRIMARY KEY (id)
);

CREATE TABLE outbox (
    position bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    topic character varying(255) NOT NULL,
    key character varying(255) NOT NULL,
    data json NOT NULL,
    trace_parent character varying(55),
    created_at timestamp with time zone NOT NULL DEFAULT (now()),
    attempts integer NOT NULL,
    not_before timestamp with time zone NOT NULL DEFAULT (now()),
    last_error text,
    CONSTRAINT pk_outbox PRIMARY KEY (position)
)
WITH (autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000);

CREATE TABLE reservations (
    order_id uuid NOT NULL,
    item_id character varying(64) NOT NULL,
    quantity integer NOT NULL,
    outcome character varying(16) NOT NULL,
    reason character varying(16),
    available integer NOT NULL,
    event_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT pk_reservations PRIMARY KEY (order_id)
);

CREATE TABLE stock (
    item_id character varying(64) NOT NULL,
    initial integer NOT NULL,
    available integer NOT NULL,
    CONSTRAINT pk_stock PRIMARY KEY (item_id),
    CONSTRAINT ck_stock_available CHECK (available >= 0)
)
WITH (fillfactor=50);

CREATE UNIQUE INDEX ix_dead_letters_direction_topic_event_id ON dead_letters (direction, topic, event_id);

CREATE UNIQUE INDEX ix_outbox_id ON outbox (id);

CREATE INDEX ix_outbox_refused ON outbox (key) WHERE attempts > 0;

INSERT INTO "__EFMigrationsHistory" (migration_id, product_version)
VALUES ('20261123080306_Initial', '10.0.15');


