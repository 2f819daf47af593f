#!/bin/sh
# The tests run against a real Redis server, a real Chromium and a real Firefox: install what is missing, or name it.
set -eu
missing=""
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v chromium >/dev/null || [ -n "${CHROMIUM:-}" ] || missing="$missing chromium"
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || [ -n "${FIREFOX:-}" ] || missing="$missing firefox-esr"
command -v nginx >/dev/null || missing="$missing nginx-light"
command -v docker-compose >/dev/null || missing="$missing docker-compose"
command -v openssl >/dev/null || missing="$missing openssl"
command -v promtool >/dev/null || missing="$missing prometheus"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    case "$missing" in *prometheus*)
        # Only promtool of it (48 MB): installed as a whole it takes 96 MB and starts a server.
        missing="${missing% prometheus}"
        folder=$(mktemp -d)
        (cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root prometheus && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool)
        install "$folder/usr/bin/promtool" /usr/local/bin/
        rm -r "$folder"
    esac
    # shellcheck disable=SC2086
    [ -z "$missing" ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
else
    echo "the tests need these programs, please install them:$missing" >&2
    exit 1
fi
