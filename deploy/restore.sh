#!/bin/sh
# Put a backup back: `restore.sh FOLDER`. n8n stands still meanwhile. Each database is restored beside the present one and
# then takes its name, so that a failure leaves everything as it was; the replaced one stays as NAME_before_STAMP.
set -eu
umask 077

fail() {
    echo "restore: $*" >&2
    exit 1
}

[ $# -eq 1 ] || fail "name one backup: restore.sh /srv/jett/backups/2026-11-24T03-00-00Z"
[ -f "$1/SHA256SUMS" ] || fail "$1 is not a whole backup: it has no SHA256SUMS"
backup=$(cd "$1" && pwd)
cd "$(dirname "$0")"
# shellcheck source=/dev/null
[ ! -f .env ] || . ./.env

data=${JETT_DATA:-/srv/jett}
secrets=${JETT_SECRETS:-$data/secrets}
backups=${JETT_BACKUPS:-$data/backups}
qdrant=http://${JETT_TUNNEL_ADDRESS:-10.0.0.2}:6333
stamp=$(date -u +%Y%m%d%H%M%S)

exec 9>"$backups/.lock"
flock -n 9 || fail "another backup or restore is running"
(cd "$backup" && sha256sum --quiet --strict --check SHA256SUMS) || fail "$backup is damaged; take another"
cmp -s "$backup/n8n_encryption_key" "$secrets/n8n_encryption_key" ||
    fail "n8n's key here is another than the backup's: copy $backup/n8n_encryption_key to $secrets (mode 0400, owner 1000), and start again"

in_postgres() {
    # shellcheck disable=SC2016  # the container's shell reads its own file
    docker compose exec -T postgres sh -c 'PGPASSWORD=$(cat /run/secrets/postgres_password) exec "$@"' - "$@"
}

sql() { # STATEMENT, in the database `postgres`
    in_postgres psql --username postgres --dbname postgres --quiet --set ON_ERROR_STOP=1 --command "$1" </dev/null
}

ask_qdrant() {
    printf 'header = "api-key: %s"\n' "$(sed -n 's/^ *api_key: *"\{0,1\}\([^"]*\)"\{0,1\} *$/\1/p' "$secrets/qdrant_config")" |
        curl --config - --silent --show-error --fail --noproxy '*' --max-time 600 "$@"
}

for database in n8n jett; do
    sql "DROP DATABASE IF EXISTS ${database}_restoring"
    sql "CREATE DATABASE ${database}_restoring OWNER $database"
    in_postgres pg_restore --username postgres --dbname "${database}_restoring" --exit-on-error --single-transaction \
        <"$backup/$database.dump" || fail "the dump of $database does not restore; nothing was replaced"
    sql "REVOKE ALL ON DATABASE ${database}_restoring FROM PUBLIC"
done
# A dump holds the rights in a database, not those to it. The anchor is older now than the audit record, which is no fault.
sql "GRANT CONNECT ON DATABASE jett_restoring TO jett_audit"

docker compose stop n8n </dev/null
for database in n8n jett; do
    sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$database'" >/dev/null
    sql "ALTER DATABASE $database RENAME TO ${database}_before_$stamp"
    sql "ALTER DATABASE ${database}_restoring RENAME TO $database"
done

for snapshot in "$backup"/qdrant/*.snapshot; do
    [ -f "$snapshot" ] || continue
    collection=$(basename "$snapshot" .snapshot)
    ask_qdrant --output /dev/null --form "snapshot=@$snapshot" \
        "$qdrant/collections/$collection/snapshots/upload?priority=snapshot"
done
docker compose start n8n </dev/null

echo "restored $backup; the databases it replaced are n8n_before_$stamp and jett_before_$stamp: drop them when all is well"
