-- One role and one database per service; no role reaches the database of another. Runs in psql as superuser, as often as you like.
-- Docker runs it in a new volume, run.sh wherever one of the logins is missing.

-- A role that exists keeps its password: it may be somebody else's.
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', service.role, service.role)
FROM (VALUES ('orders'), ('inventory'), ('notification')) AS service(role)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service.role)
\gexec

-- CREATE DATABASE knows no IF NOT EXISTS and no transaction, hence \gexec.
SELECT format('CREATE DATABASE %I OWNER %I', service.database, service.role)
FROM (VALUES ('orders_db', 'orders'), ('inventory_db', 'inventory'), ('notification_db', 'notification')) AS service(database, role)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = service.database)
\gexec

-- Every role may connect to every database unless this is taken away; owners keep the right.
REVOKE CONNECT ON DATABASE orders_db, inventory_db, notification_db FROM PUBLIC;
