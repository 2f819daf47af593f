#!/bin/sh
# Fill in docker/nginx.conf and run nginx in the foreground. Options for nginx, such as -t, may follow.
#   NGINX_PORT      to listen on                             8080
#   NGINX_ROOT      folder of the built client               /srv/client
#   NGINX_UPSTREAM  host:port of the service                 server:8000
#   NGINX_TEMP      folder for what nginx writes             /tmp/nginx
#   NGINX_RESOLVER  name server that knows the upstream      127.0.0.11, the one of Docker
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
temp=${NGINX_TEMP:-/tmp/nginx}
mkdir -p "$temp"
sed -e "s|@PORT@|${NGINX_PORT:-8080}|g" \
    -e "s|@ROOT@|${NGINX_ROOT:-/srv/client}|g" \
    -e "s|@UPSTREAM@|${NGINX_UPSTREAM:-server:8000}|g" \
    -e "s|@TEMP@|$temp|g" \
    -e "s|@RESOLVER@|${NGINX_RESOLVER:-127.0.0.11}|g" \
    "$here/nginx.conf" > "$temp/nginx.conf"
exec nginx -e stderr -c "$temp/nginx.conf" "$@"
