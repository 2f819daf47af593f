#!/bin/sh
# Run Redis with the password of a secret file. Options for redis-server may follow.
#   REDIS_PASSWORD_FILE  the password, letters and digits   /run/secrets/redis_password
set -eu
password=$(cat "${REDIS_PASSWORD_FILE:-/run/secrets/redis_password}")
[ -n "$password" ] || { echo "the password of Redis is empty: docker/new_secrets.sh makes one" >&2; exit 1; }
# By standard input, so that no list of processes shows it.
exec redis-server "$@" - <<CONFIGURATION
requirepass $password
CONFIGURATION
