# syntax=docker/dockerfile:1
# The browser client behind nginx, which passes the API on to the service.
FROM node:20-bookworm AS build
WORKDIR /app
COPY Makefile ./
COPY client client
COPY proto proto
RUN --mount=type=cache,target=/root/.npm \
    make client/dist/index.html

FROM nginx:1.27-alpine
COPY docker/nginx.conf docker/start_nginx.sh docker/healthcheck.sh /app/docker/
COPY --from=build /app/client/dist /srv/client
WORKDIR /app
USER nginx
EXPOSE 8080
ENTRYPOINT ["docker/start_nginx.sh"]
