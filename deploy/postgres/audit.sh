#!/bin/sh
# Where Jett's audit record is anchored: one table in the database `jett`, and a role that adds to it and reads it, no
# more: its password is of no use for changing or removing what is there. PostgreSQL's image runs this after roles.sh; it
# may be run again at any time, for a server that was set up before there was this file (docs/deploy.md).
set -eu

secrets=${JETT_SECRETS_DIR:-/run/secrets}
PGPASSWORD=${PGPASSWORD:-$(cat "$secrets/postgres_password")}
export PGPASSWORD

psql -v ON_ERROR_STOP=1 --quiet --username postgres --dbname jett \
    --set password="$(cat "$secrets/postgres_audit_password")" <<'SQL'
SET client_min_messages = warning;
SELECT 'CREATE ROLE jett_audit' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jett_audit') \gexec
ALTER ROLE jett_audit LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD :'password';
GRANT CONNECT ON DATABASE jett TO jett_audit;

-- PostgreSQL looks first into the schema that is called like the role. It belongs to the superuser, not to `jett`.
CREATE SCHEMA IF NOT EXISTS jett_audit;
CREATE TABLE IF NOT EXISTS jett_audit.jett_audit_anchor (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    at timestamptz NOT NULL DEFAULT now()
);
GRANT USAGE ON SCHEMA jett_audit TO jett_audit;
REVOKE ALL ON jett_audit.jett_audit_anchor FROM jett_audit;
GRANT SELECT, INSERT (seq, hash) ON jett_audit.jett_audit_anchor TO jett_audit;

-- And for everybody else, the owner included, as long as the trigger is there.
CREATE OR REPLACE FUNCTION jett_audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'jett_audit_anchor only grows';
END $$;
CREATE OR REPLACE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON jett_audit.jett_audit_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION jett_audit.refuse();
SQL
