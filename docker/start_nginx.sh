#!/bin/sh
# Fill in docker/nginx.conf and run nginx in the foreground. Options for nginx, such as -t, may follow.
#   NGINX_PORT      to listen on                                           8080
#   NGINX_ROOT      folder of the built client                             /srv/client
#   NGINX_UPSTREAM  host:port of the servers, with spaces between          server:8000
#   NGINX_TEMP      folder for what nginx writes                           /tmp/nginx
#   NGINX_RESOLVER  name server that knows the upstream                    127.0.0.11, the one of Docker
#   NGINX_TRUSTED   networks of proxies in front, with spaces between      none
#   NGINX_RATE      requests to the service that one address may begin a second, for long     50
#   NGINX_BURST     and at once                                            200
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
temp=${NGINX_TEMP:-/tmp/nginx}
mkdir -p "$temp"
: > "$temp/servers.conf"
for server in ${NGINX_UPSTREAM:-server:8000}; do
    # A name is looked up again while nginx runs, an address need not be.
    case $server in
        *[!0-9.:]*) echo "server $server resolve max_fails=0;" ;;
        *) echo "server $server max_fails=0;" ;;
    esac >> "$temp/servers.conf"
done
: > "$temp/real_ip.conf"
: > "$temp/trusted.conf"
for network in ${NGINX_TRUSTED:-}; do
    echo "set_real_ip_from $network;" >> "$temp/real_ip.conf"
    echo "$network 1;" >> "$temp/trusted.conf"
done
sed -e "s|@PORT@|${NGINX_PORT:-8080}|g" \
    -e "s|@ROOT@|${NGINX_ROOT:-/srv/client}|g" \
    -e "s|@TEMP@|$temp|g" \
    -e "s|@RESOLVER@|${NGINX_RESOLVER:-127.0.0.11}|g" \
    -e "s|@RATE@|${NGINX_RATE:-50}|g" \
    -e "s|@BURST@|${NGINX_BURST:-200}|g" \
    "$here/nginx.conf" > "$temp/nginx.conf"
exec nginx -e stderr -c "$temp/nginx.conf" "$@"
