-- Creates two roles and one database per service. The role <service>_owner owns the database and runs the migrations. The role of the service can
-- only read and write rows. No role can connect to the database of another service.
-- Run it in psql as a superuser; it can be repeated. Docker runs it for a new volume, and run.sh if a role cannot log in or does not have these
-- rights. It keeps the rows of existing databases.

-- An existing role keeps its password, because another system may use it.
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', new.role, new.role)
FROM (VALUES ('orders'), ('orders_owner'), ('inventory'), ('inventory_owner'), ('notification'), ('notification_owner')) AS new(role)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = new.role)
\gexec

-- CREATE DATABASE has no IF NOT EXISTS and cannot run in a transaction, so psql executes each resulting row (\gexec).
SELECT format('CREATE DATABASE %I', new.database)
FROM (VALUES ('orders_db'), ('inventory_db'), ('notification_db')) AS new(database)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = new.database)
\gexec

ALTER DATABASE orders_db OWNER TO orders_owner;
ALTER DATABASE inventory_db OWNER TO inventory_owner;
ALTER DATABASE notification_db OWNER TO notification_owner;

-- By default every role may connect to every database and create temporary tables in it. Owners keep these rights.
REVOKE ALL ON DATABASE orders_db, inventory_db, notification_db FROM PUBLIC;
GRANT CONNECT ON DATABASE orders_db TO orders;
GRANT CONNECT ON DATABASE inventory_db TO inventory;
GRANT CONNECT ON DATABASE notification_db TO notification;

-- The rest is the same for each database. The query finds the objects of an older database, which the role of the service owns. REASSIGN OWNED would
-- also change other databases of that role. The sequence of an identity column follows its table.

\connect orders_db
SELECT format('ALTER %s %s OWNER TO orders_owner', object.type, object.identity)
FROM pg_shdepend, pg_identify_object(classid, objid, 0) AS object
WHERE deptype = 'o' AND refobjid = 'orders'::regrole AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND object.type IN ('table', 'view', 'materialized view', 'sequence', 'function', 'procedure', 'type', 'schema')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_shdepend.objid AND deptype IN ('a', 'i'))
\gexec
ALTER SCHEMA public OWNER TO orders_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, orders;
GRANT USAGE ON SCHEMA public TO orders;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO orders;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO orders;
ALTER DEFAULT PRIVILEGES FOR ROLE orders_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO orders;
ALTER DEFAULT PRIVILEGES FOR ROLE orders_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO orders;

\connect inventory_db
SELECT format('ALTER %s %s OWNER TO inventory_owner', object.type, object.identity)
FROM pg_shdepend, pg_identify_object(classid, objid, 0) AS object
WHERE deptype = 'o' AND refobjid = 'inventory'::regrole AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND object.type IN ('table', 'view', 'materialized view', 'sequence', 'function', 'procedure', 'type', 'schema')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_shdepend.objid AND deptype IN ('a', 'i'))
\gexec
ALTER SCHEMA public OWNER TO inventory_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, inventory;
GRANT USAGE ON SCHEMA public TO inventory;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO inventory;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO inventory;
ALTER DEFAULT PRIVILEGES FOR ROLE inventory_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO inventory;
ALTER DEFAULT PRIVILEGES FOR ROLE inventory_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO inventory;

\connect notification_db
SELECT format('ALTER %s %s OWNER TO notification_owner', object.type, object.identity)
FROM pg_shdepend, pg_identify_object(classid, objid, 0) AS object
WHERE deptype = 'o' AND refobjid = 'notification'::regrole AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND object.type IN ('table', 'view', 'materialized view', 'sequence', 'function', 'procedure', 'type', 'schema')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_shdepend.objid AND deptype IN ('a', 'i'))
\gexec
ALTER SCHEMA public OWNER TO notification_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC, notification;
GRANT USAGE ON SCHEMA public TO notification;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO notification;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO notification;
ALTER DEFAULT PRIVILEGES FOR ROLE notification_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO notification;
ALTER DEFAULT PRIVILEGES FOR ROLE notification_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO notification;
