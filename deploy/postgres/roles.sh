#!/bin/sh
# Two roles, each owner of one database and of nothing else: n8n's, and Jett's. What anchors the audit record: audit.sh.
# PostgreSQL's image runs this once, over its local socket, when it makes the cluster (docs/deploy.md).
set -eu

new_database() { # NAME PASSWORD_FILE
    psql -v ON_ERROR_STOP=1 --quiet --username postgres --dbname postgres \
        --set name="$1" --set password="$(cat "$2")" <<'SQL'
CREATE ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

new_database n8n "${JETT_SECRETS_DIR:-/run/secrets}/postgres_n8n_password"
new_database jett "${JETT_SECRETS_DIR:-/run/secrets}/postgres_jett_password"
