#!/bin/sh
# Make those secrets of docker-compose.yml that are not there yet, in secrets/ or the folder that is named.
# To take another password of Redis, write it there, run this again, and start redis and server again.
set -eu
folder=${1:-secrets}
umask 077
mkdir -p "$folder"
new() { [ -s "$folder/$1" ] || LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c 40 > "$folder/$1"; }
new redis_password
new grafana_password
# A key with the scope `admin`, once the service has API keys (docker/keys.yml).
new metrics_key
rm -f "$folder/cache_url"
printf 'redis://:%s@redis:6379/0' "$(cat "$folder/redis_password")" > "$folder/cache_url"
# Containers read them under other users; nobody else enters the folder.
chmod 444 "$folder"/*
