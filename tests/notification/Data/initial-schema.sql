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

CREATE TABLE notifications (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    item_id character varying(64) NOT NULL,
    quantity integer NOT NULL,
    outcome character varying(16) NOT NULL,
    reason character varying(64),
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT pk_notifications PRIMARY KEY (id)
);

CREATE UNIQUE INDEX ix_dead_letters_direction_topic_event_id ON dead_letters (direction, topic, event_id);

CREATE INDEX ix_notifications_created_at_id ON notifications (created_at, id);

CREATE UNIQUE INDEX ix_notifications_order_id_outcome ON notifications (order_id, outcome);

INSERT INTO "__EFMigrationsHistory" (migration_id, product_version)
VALUES ('20261123091653_Initial', '10.0.15');


