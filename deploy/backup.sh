#!/bin/sh
# One backup: PostgreSQL's databases, Qdrant's collections, n8n's encryption key (without which its credentials are noise).
# Run by jett-backup.timer as root, beside compose.yaml. Whole or not there: it is made under another name, checked, renamed.
# Copies off this machine are the owner's; the folder holds n8n's key, so encrypt them (docs/deploy.md).
set -eu
umask 077

here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
# shellcheck source=/dev/null
[ ! -f .env ] || . ./.env

data=${JETT_DATA:-/srv/jett}
secrets=${JETT_SECRETS:-$data/secrets}
backups=${JETT_BACKUPS:-$data/backups}
keep=${JETT_BACKUP_KEEP:-14}
qdrant=http://${JETT_TUNNEL_ADDRESS:-10.0.0.2}:6333
stamp=$(date -u +%Y-%m-%dT%H-%M-%SZ)

fail() {
    echo "backup: $*" >&2
    exit 1
}

case $keep in '' | *[!0-9]* | 0) fail "JETT_BACKUP_KEEP is '$keep', need a number from 1" ;; esac

mkdir -p "$backups"
exec 9>"$backups/.lock"
flock -n 9 || fail "another backup or restore is running"
made=$backups/.partial-$stamp
rm -rf "$backups"/.partial-*
mkdir -p "$made/qdrant"
trap 'rm -rf "$made"' EXIT

in_postgres() { # COMMAND… as the superuser, whose password stays in the container
    # shellcheck disable=SC2016  # the container's shell reads its own file
    docker compose exec -T postgres sh -c 'PGPASSWORD=$(cat /run/secrets/postgres_password) exec "$@"' - "$@"
}

# The key goes by standard input: an argument would be seen in `ps`.
ask_qdrant() { # CURL_ARGUMENTS…
    printf 'header = "api-key: %s"\n' "$(sed -n 's/^ *api_key: *"\{0,1\}\([^"]*\)"\{0,1\} *$/\1/p' "$secrets/qdrant_config")" |
        curl --config - --silent --show-error --fail --noproxy '*' --max-time 600 "$@"
}

for database in n8n jett; do
    in_postgres pg_dump --username postgres --format custom "$database" >"$made/$database.dump"
    in_postgres pg_restore --list <"$made/$database.dump" >/dev/null || fail "the dump of $database cannot be read"
done

ask_qdrant "$qdrant/collections" >"$made/collections.json"
jq -r '.result.collections[].name' "$made/collections.json" >"$made/collections"
while IFS= read -r collection; do
    case $collection in *[!A-Za-z0-9_.-]* | '' | .*) fail "qdrant: the collection '$collection' has a name that is no file's" ;; esac
    snapshot=$(ask_qdrant --request POST "$qdrant/collections/$collection/snapshots" </dev/null | jq -er .result.name)
    ask_qdrant --output "$made/qdrant/$collection.snapshot" "$qdrant/collections/$collection/snapshots/$snapshot"
    ask_qdrant --request DELETE --output /dev/null "$qdrant/collections/$collection/snapshots/$snapshot"
done <"$made/collections"
rm "$made/collections" "$made/collections.json"

cp "$secrets/n8n_encryption_key" "$made/n8n_encryption_key"
# shellcheck disable=SC2094  # the list leaves itself out
(cd "$made" && find . -type f ! -name SHA256SUMS -exec sha256sum {} + >SHA256SUMS)
sync "$made" "$made"/* || sync
mv "$made" "$backups/$stamp"

# Names sort by time; the newest stay.
find "$backups" -mindepth 1 -maxdepth 1 -type d -name '20*Z' | sort -r | tail -n "+$((keep + 1))" |
    while IFS= read -r old; do rm -rf "$old"; done
echo "$backups/$stamp"
