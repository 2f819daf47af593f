#!/bin/sh
# The tests run against a real Redis server, a real Chromium and a real Firefox: install what is missing, or name it.
set -eu
missing=""
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v chromium >/dev/null || [ -n "${CHROMIUM:-}" ] || missing="$missing chromium"
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || [ -n "${FIREFOX:-}" ] || missing="$missing firefox-esr"
command -v nginx >/dev/null || missing="$missing nginx-light"
command -v docker-compose >/dev/null || missing="$missing docker-compose"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
else
    echo "the tests need these programs, please install them:$missing" >&2
    exit 1
fi
