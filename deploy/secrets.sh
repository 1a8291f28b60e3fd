#!/bin/sh
# Makes every secret that compose.yaml names, once; what is there already stays. Needs openssl.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p "${1:-secrets}"
cd "${1:-secrets}"

random() { openssl rand -hex 32; }
make() { if [ -e "$1" ]; then cat > /dev/null; else cat > "$1.part" && mv "$1.part" "$1"; fi; }

random | make postgres-password
random | make reader-password
random | make redis-password
random | make session
printf 'postgres://assay:%s@postgres/assay' "$(cat postgres-password)" | make database
printf 'redis://:%s@redis:6379' "$(cat redis-password)" | make queue
printf 'postgres:5432:assay:assay_reader:%s\n' "$(cat reader-password)" | make pgpass
make redis.conf <<CONF
requirepass $(cat redis-password)
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
CONF
# The writer of snapshots reads the registry, and can change nothing in it.
make reader.sql <<SQL
CREATE ROLE assay_reader LOGIN PASSWORD '$(cat reader-password)';
ALTER DEFAULT PRIVILEGES FOR ROLE assay IN SCHEMA public GRANT SELECT ON TABLES TO assay_reader;
SQL
for key in approval-key conversion-key snapshot-key; do
  [ -e "$key.pem" ] || { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$key.part" && mv "$key.part" "$key.pem"; }
  [ -e "$key.pub" ] || openssl pkey -in "$key.pem" -pubout -out "$key.pub"
done
make trust.yaml <<TRUST
version: 1
signers:
  # The service: approvals and waivers given in the console, and evaluations of later rules. Remove approval and waiver when
  # approvers have keys of their own.
  - {name: console, key: approval-key.pub, may: [approval, waiver, decision, tests, data]}
TRUST
# Assay runs as this user in its containers, and nobody else may read its keys; the databases drop to users of their own.
chmod 0400 ./*
chmod 0444 reader.sql redis.conf postgres-password trust.yaml ./*.pub
if [ "$(id -u)" = 0 ]; then chown 65532:65532 ./*; else echo "run it as root, so that containers can read them" >&2; fi
echo "secrets are in $PWD"
