#!/bin/bash
# Set up or bring up to date a VPS for Jett: Debian 12 or newer, as root. May be run again at any time: it makes what is
# missing and never a secret anew. `--check` says what it would do and changes nothing. docs/deploy.md goes through it.
set -euo pipefail
umask 077

here=$(cd "$(dirname "$0")" && pwd)
check=false
tunnel=${JETT_TUNNEL_ADDRESS:-10.0.0.2}
desktop=${JETT_DESKTOP_ADDRESS:-10.0.0.1}
data=${JETT_DATA:-/srv/jett}
secrets=${JETT_SECRETS:-$data/secrets}
etc=${JETT_ETC:-/etc/jett}
todo=0

fail() {
    echo "install: $*" >&2
    exit 1
}

usage() {
    cat <<USAGE
usage: install.sh [--check]

Set up or bring up to date a VPS for Jett: Debian 12 or newer, as root. May be run again at any time.

  --check   say what would be done and change nothing; exit code 1 if there is something to do
  --help    this

Variables: JETT_TUNNEL_ADDRESS (10.0.0.2), JETT_DESKTOP_ADDRESS (10.0.0.1), JETT_SSH_PORT (22), JETT_DATA (/srv/jett),
JETT_SECRETS (JETT_DATA/secrets), JETT_NO_START (set: start nothing). docs/deploy.md goes through all of it.
USAGE
}

for argument in "$@"; do
    case $argument in
        --check) check=true ;;
        -h | --help) usage && exit 0 ;;
        *) fail "unknown option '$argument'; there are --check and --help" ;;
    esac
done

step() { # WHAT COMMAND…: says it, and does it unless this is a check
    local what=$1
    shift
    todo=$((todo + 1))
    if $check; then
        echo "would $what"
    else
        echo "$what"
        "$@"
    fi
}

private_address() { # is it an address inside a tunnel, never one that the world sees
    [[ $1 =~ ^(10\.[0-9]{1,3}|192\.168|172\.(1[6-9]|2[0-9]|3[01]))(\.[0-9]{1,3}){2}$ ]]
}

in_place() { # FILE PLACE MODE: the same content, owner root
    [[ -f $2 ]] && cmp -s "$1" "$2" && [[ $(stat -c %a "$2") == "$3" ]]
}

new_secret() { # FILE OWNER PREFIX SUFFIX
    local made word
    # 256 bits in the letters of a URL, after a beginning by which Jett's redaction knows a key wherever it is logged; 64
    # hexadecimal digits, which look like a container's id, stay readable there.
    word=jett_$(openssl rand -base64 32 | tr -d '=\n' | tr '+/' '-_')
    made=$(mktemp "$secrets/.new-XXXXXX")
    printf '%s%s%s\n' "$3" "$word" "$4" >"$made"
    chown "$2:$2" "$made"
    chmod 0400 "$made"
    mv -n "$made" "$secrets/$1"
    rm -f "$made"
}

want_secret() { # FILE OWNER [PREFIX SUFFIX]
    [[ -s $secrets/$1 ]] || step "make the secret $secrets/$1" new_secret "$1" "$2" "${3-}" "${4-}"
}

copy_secret() { # FROM TO OWNER
    install -o "$3" -g "$3" -m 0400 "$secrets/$1" "$secrets/$2"
}

checks() {
    [[ $(id -u) == 0 ]] || fail "run it as root: sudo $0"
    [[ -f /etc/debian_version ]] || fail "this is not Debian; docs/deploy.md says what to do by hand"
    # shellcheck source=/dev/null
    . /etc/os-release
    [[ ${VERSION_ID:-0} -ge 12 ]] 2>/dev/null || fail "this is Debian ${VERSION_ID:-unknown}, need 12 or newer"
    private_address "$tunnel" || fail "JETT_TUNNEL_ADDRESS is '$tunnel', need an address inside the tunnel like 10.0.0.2"
    private_address "$desktop" || fail "JETT_DESKTOP_ADDRESS is '$desktop', need an address inside the tunnel like 10.0.0.1"
    [[ $data == /?* && $data != *[[:space:]]* ]] || fail "JETT_DATA is '$data', need an absolute path without spaces"
}

packages() {
    local missing=() one
    for one in docker:docker.io wg:wireguard-tools nft:nftables curl:curl jq:jq openssl:openssl; do
        command -v "${one%%:*}" >/dev/null || missing+=("${one##*:}")
    done
    if ((${#missing[@]})); then
        step "install ${missing[*]}" apt-get install -y --no-install-recommends "${missing[@]}"
    fi
    docker compose version >/dev/null 2>&1 || {
        if apt-cache show docker-compose-plugin >/dev/null 2>&1; then
            step "install docker-compose-plugin" apt-get install -y --no-install-recommends docker-compose-plugin
        elif [[ ${VERSION_ID:-0} -ge 13 ]]; then
            step "install docker-compose" apt-get install -y --no-install-recommends docker-compose
        else
            step "find Compose, which Debian 12 does not have" \
                fail "install Compose 2.20 or newer first: docs/deploy.md, \"Compose\""
        fi
    }
}

folders() { # NAME:OWNER; mode 0700
    local one place
    [[ -d $data ]] || step "make $data" install -d -m 0711 "$data"
    for one in n8n:1000 postgres:999 qdrant:1000 portainer:1000 secrets:0 backups:0; do
        place=$data/${one%%:*}
        [[ ${one%%:*} == secrets ]] && place=$secrets
        [[ -d $place ]] || step "make $place" install -d -m 0711 -o "${one##*:}" -g "${one##*:}" "$place"
        [[ ${one%%:*} == secrets || ! -d $place || $(stat -c %a "$place") == 700 ]] ||
            step "close $place to others" chmod 0700 "$place"
    done
}

all_secrets() {
    want_secret postgres_password 999
    want_secret n8n_database_password 1000
    [[ -s $secrets/postgres_n8n_password ]] ||
        step "copy n8n's password for PostgreSQL" copy_secret n8n_database_password postgres_n8n_password 999
    want_secret postgres_jett_password 999
    want_secret postgres_audit_password 999
    want_secret n8n_encryption_key 1000
    want_secret qdrant_config 1000 $'service:\n  api_key: "' '"'
    want_secret portainer_password 1000
}

wireguard() {
    local conf=${JETT_WIREGUARD:-/etc/wireguard}/jett.conf
    if [[ ! -f $conf ]]; then
        step "write $conf with a new key; put the desktop's public key into it" wireguard_file "$conf"
    elif grep -q 'PUBLIC_KEY_OF_THE_DESKTOP' "$conf"; then
        echo "still to do: put the desktop's public key into $conf, then systemctl enable --now wg-quick@jett"
    fi
}

wireguard_file() {
    install -d -m 0700 "$(dirname "$1")"
    local key shared
    key=$(wg genkey)
    shared=$(wg genpsk)
    sed -e "s|PRIVATE_KEY_OF_THE_SERVER|$key|" -e "s|PRESHARED_KEY|$shared|" \
        -e "s|10\.0\.0\.2|$tunnel|" -e "s|10\.0\.0\.1|$desktop|" "$here/wireguard/vps.conf" >"$1"
    echo "the server's public key, for the desktop: $(wg pubkey <<<"$key")"
}

firewall() {
    local made
    made=$(mktemp)
    sed -e "s|^define desktop = .*|define desktop = $desktop|" \
        -e "s|^define ssh_port = .*|define ssh_port = ${JETT_SSH_PORT:-22}|" "$here/firewall.nft" >"$made"
    if ! in_place "$made" "$etc/firewall.nft" 644; then
        step "install $etc/firewall.nft (SSH stays open on port ${JETT_SSH_PORT:-22})" install -D -m 0644 "$made" "$etc/firewall.nft"
    fi
    rm -f "$made"
}

units() {
    local unit place=${JETT_SYSTEMD:-/etc/systemd/system}
    for unit in jett-firewall.service jett-backup.service jett-backup.timer; do
        in_place "$here/systemd/$unit" "$place/$unit" 644 ||
            step "install $unit" install -D -m 0644 "$here/systemd/$unit" "$place/$unit"
    done
    in_place "$here/systemd/docker-after-wireguard.conf" "$place/docker.service.d/jett.conf" 644 ||
        step "let Docker start after the tunnel and the firewall" \
            install -D -m 0644 "$here/systemd/docker-after-wireguard.conf" "$place/docker.service.d/jett.conf"
}

rules() { # an active unit does not read its file again by itself; it leaves a copy of what it has loaded
    [[ -z ${JETT_NO_START:-} ]] && systemctl is-active --quiet jett-firewall.service || return 0
    cmp -s "$etc/firewall.nft" "${JETT_RUN:-/run}/jett-firewall.nft" || step "load $etc/firewall.nft" load_rules
}

load_rules() {
    systemctl daemon-reload
    systemctl reload jett-firewall.service
}

stack() {
    local env=$etc/stack/.env made file
    for file in compose.yaml backup.sh restore.sh postgres/roles.sh postgres/audit.sh; do
        in_place "$here/$file" "$etc/stack/$file" 755 || step "install $etc/stack/$file" install -D -m 0755 "$here/$file" "$etc/stack/$file"
    done
    # PostgreSQL's user reads its scripts through their mounts, which needs no way through the folders above it
    made=$(mktemp)
    cat >"$made" <<SETTINGS
JETT_TUNNEL_ADDRESS=$tunnel
JETT_DESKTOP_ADDRESS=$desktop
JETT_DATA=$data
JETT_SECRETS=$secrets
JETT_DOCKER_GID=$(getent group docker | cut -d: -f3)
SETTINGS
    in_place "$made" "$env" 600 || step "write $env" install -D -m 0600 "$made" "$env"
    rm -f "$made"
}

start() {
    systemctl daemon-reload
    systemctl enable --now jett-firewall.service jett-backup.timer
    systemctl enable docker.service
    if ! ip -brief address | grep -qwF "$tunnel/32"; then
        echo "still to do: bring the tunnel up (systemctl enable --now wg-quick@jett), then run this again"
        return
    fi
    cd "$etc/stack"
    lock
    docker compose --file compose.yaml --file compose.lock.yaml up --detach --wait
}

images() { # the images of the Compose file that is shipped, or of a lock without their digests
    sed -n 's/^ *image: *\([^@ ]*\).*/\1/p' "$1" | sort -u
}

versions() { # a lock of other versions would hold back the new ones, and start a service that is no more
    local lock=$etc/stack/compose.lock.yaml
    [[ ! -s $lock || $(images "$lock") == "$(images "$here/compose.yaml")" ]] ||
        step "lock the versions that changed; the rest keep their digests" mv "$lock" "$etc/stack/compose.lock.old.yaml"
}

lock() { # the digests of the tags as first pulled; remove compose.lock.yaml to take newer images on purpose
    [[ ! -s compose.lock.yaml ]] || return 0
    local name image digest
    : >>compose.lock.old.yaml
    echo "services:" >.lock
    while read -r name image; do
        digest=$(sed -n "\\|^ *image: ${image//./\\.}@|{p;q}" compose.lock.old.yaml .lock)
        if [[ -z $digest ]]; then
            docker compose --file compose.yaml pull --quiet "$name" </dev/null
            digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$image")
            [[ $digest == *@sha256:* ]] || fail "$image has no digest; was it built here?"
        fi
        printf '  %s:\n    image: %s@%s\n' "$name" "$image" "${digest##*@}" >>.lock
    done < <(docker compose --file compose.yaml config --format json | jq -r '.services | to_entries[] | "\(.key) \(.value.image)"')
    mv .lock compose.lock.yaml
    rm -f compose.lock.old.yaml
}

checks
packages
folders
all_secrets
wireguard
firewall
units
rules
versions
stack
if $check; then
    ((todo == 0)) || exit 1
    echo "nothing to do"
elif [[ -z ${JETT_NO_START:-} ]]; then
    start
fi
