# One image, three programs: completion, edge and standalone. Nothing else is in it: they
# need no root, no shell and, but for standalone's /data, no file system to write to.
# docker-compose.yml tells how to pin what it is built from by its digest.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /out/ ./services/completion ./edge ./services/standalone \
 && mkdir /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/ /usr/local/bin/
COPY --from=build --chown=65532:65532 /data /data
ENV PATH=/usr/local/bin
USER 65532:65532
VOLUME ["/data"]
EXPOSE 8080 50051 9090
# It asks at --admin-listen: whoever changes that does so by PAWSTREAM_ADMIN_LISTEN.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["standalone", "healthcheck"]
# It serves others, so it does not start before it is told who may enter:
#   docker run -p 8080:8080 -v ./keys.yaml:/keys.yaml:ro -e PAWSTREAM_AUTH=keys -e PAWSTREAM_AUTH_KEYS=/keys.yaml …
CMD ["standalone", "--listen=0.0.0.0:8080", "--grpc-listen=off", "--data-dir=/data"]
