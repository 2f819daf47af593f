# syntax=docker/dockerfile:1
# The browser client behind nginx, which passes the API on to the service.
FROM node:24.20.0-bookworm AS build
WORKDIR /app
COPY Makefile ./
COPY client client
COPY proto proto
RUN --mount=type=cache,target=/root/.npm \
    make client/dist/br/index.html

FROM nginx:1.30.6-alpine
COPY docker/nginx.conf docker/start_nginx.sh docker/healthcheck.sh /app/docker/
COPY --from=build /app/client/dist /srv/client
WORKDIR /app
USER 101:101
EXPOSE 8080
ENTRYPOINT ["docker/start_nginx.sh"]
