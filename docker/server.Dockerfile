# syntax=docker/dockerfile:1
# The service. What is done here, `make` does on any machine; the tests run every command of this file.
FROM python:3.11.15-bookworm AS build
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.cache/pip \
    make .venv/installed TORCH_INDEX=${TORCH_INDEX} EXTRAS=server,export
RUN make build/decoder/nano/manifest.json EXTRAS=server,export

FROM python:3.11.15-slim-bookworm
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY --from=build /app/proto proto
COPY --from=build /app/sdk sdk
COPY --from=build /app/server server
COPY --from=build /app/cli cli
COPY --from=build /app/decoder_export decoder_export
COPY --from=build /app/evaluation evaluation
COPY --from=build /app/training training
COPY --from=build /app/build build
COPY --from=build /app/docker docker
USER 10001:10001
ENV SPLITSEEM_HOST=0.0.0.0 \
    SPLITSEEM_LOG_FORMAT=json \
    SPLITSEEM_SERVE_CLIENT=false
EXPOSE 8000
ENTRYPOINT [".venv/bin/splitseem", "serve"]
