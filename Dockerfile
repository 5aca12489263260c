# One image with three programs: completion, edge and standalone, which are one binary. The image
# holds nothing else: the programs need no root, no shell and, apart from standalone's /data, no
# writable file system. The build needs BuildKit, the default of docker build since Docker 23.
#
#   docker build -t pawstream .                      # all three
#   docker build -t pawstream-edge --target edge .   # the edge alone
#   docker build --build-arg PGO=auto …              # optimised with the profiles; the build takes longer
#
# docker-compose.yml explains how to pin the base image by its digest.
FROM golang:1.26.8-bookworm AS source
WORKDIR /src
ENV CGO_ENABLED=0
# The build downloads only the modules that it needs: go.mod also lists those of tests and tools. A cache
# keeps modules and compiled packages for the next build.
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
# As below: it does not start until authentication is configured, nor without a completion service.
CMD ["edge", "--listen=0.0.0.0:8080"]

FROM base
COPY --from=build /out/ /usr/local/bin/
COPY --from=build --chown=65532:65532 /data /data
VOLUME ["/data"]
EXPOSE 8080 50051 9090
# The health check asks at --admin-listen. Change that address through PAWSTREAM_ADMIN_LISTEN, so that both know it.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["standalone", "healthcheck"]
# It serves other machines, so it does not start until authentication is configured:
#   docker run -p 8080:8080 -v ./keys.yaml:/keys.yaml:ro -e PAWSTREAM_AUTH=keys -e PAWSTREAM_AUTH_KEYS=/keys.yaml …
CMD ["standalone", "--listen=0.0.0.0:8080", "--grpc-listen=off", "--data-dir=/data"]
