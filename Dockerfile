# One image, three programs: completion, edge and standalone, which are one file. Nothing else
# is in it: they need no root, no shell and, but for standalone's /data, no file system to write
# to. It takes BuildKit, as docker build and docker compose have it by themselves since 23.
#
#   docker build -t pawstream .                      # all three
#   docker build -t pawstream-edge --target edge .   # the edge alone
#   docker build --build-arg PGO=auto …              # optimised by the profiles, and longer in the making
#
# docker-compose.yml tells how to pin what it is built from by its digest.
FROM golang:1.26.8-bookworm AS source
WORKDIR /src
ENV CGO_ENABLED=0
# Modules come as the build asks for them: go.mod has those of tests and tools too. A cache keeps
# them for the next build, and what was compiled.
COPY . .
ARG PGO=off

FROM source AS build-edge
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -pgo="$PGO" -ldflags='-s -w' -o /out/edge ./edge

FROM source AS build
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    if [ "$PGO" != off ]; then go tool pprof -proto edge/default.pgo services/completion/default.pgo >services/image/default.pgo; fi \
 && go build -trimpath -pgo="$PGO" -ldflags='-s -w' -o /out/standalone ./services/image \
 && ln -s standalone /out/completion && ln -s standalone /out/edge \
 && mkdir /data

FROM scratch AS base
COPY --from=source /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
ENV PATH=/usr/local/bin
USER 65532:65532

FROM base AS edge
COPY --from=build-edge /out/ /usr/local/bin/
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["edge", "healthcheck"]
# As below: it does not start before it is told who may enter, nor without a completion service.
CMD ["edge", "--listen=0.0.0.0:8080"]

FROM base
COPY --from=build /out/ /usr/local/bin/
COPY --from=build --chown=65532:65532 /data /data
VOLUME ["/data"]
EXPOSE 8080 50051 9090
# It asks at --admin-listen: whoever changes that does so by PAWSTREAM_ADMIN_LISTEN.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["standalone", "healthcheck"]
# It serves others, so it does not start before it is told who may enter:
#   docker run -p 8080:8080 -v ./keys.yaml:/keys.yaml:ro -e PAWSTREAM_AUTH=keys -e PAWSTREAM_AUTH_KEYS=/keys.yaml …
CMD ["standalone", "--listen=0.0.0.0:8080", "--grpc-listen=off", "--data-dir=/data"]
