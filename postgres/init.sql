-- Creates one role and one database per service. No role can connect to the database of another service.
-- Run it in psql as a superuser; it can be repeated. Docker runs it for a new volume, and run.sh if a service cannot log in.

-- An existing role keeps its password, because another system may use it.
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', service.role, service.role)
FROM (VALUES ('orders'), ('inventory'), ('notification')) AS service(role)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service.role)
\gexec

-- CREATE DATABASE has no IF NOT EXISTS and cannot run in a transaction, so psql executes each resulting row (\gexec).
SELECT format('CREATE DATABASE %I OWNER %I', service.database, service.role)
FROM (VALUES ('orders_db', 'orders'), ('inventory_db', 'inventory'), ('notification_db', 'notification')) AS service(database, role)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = service.database)
\gexec

-- By default every role may connect to every database. Owners keep this right.
REVOKE CONNECT ON DATABASE orders_db, inventory_db, notification_db FROM PUBLIC;
