#!/bin/sh
# Exit 0 when Redis answers a ping to the password of a secret file. Options for redis-cli may follow.
#   REDIS_PASSWORD_FILE  the password   /run/secrets/redis_password
set -eu
REDISCLI_AUTH=$(cat "${REDIS_PASSWORD_FILE:-/run/secrets/redis_password}")
export REDISCLI_AUTH
[ "$(redis-cli "$@" ping)" = PONG ]
