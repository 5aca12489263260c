# One image, three programs: completion, edge and standalone. Nothing else is in it: they
# need no root, no shell and, but for standalone's /data, no file system to write to.
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
CMD ["standalone", "--listen=0.0.0.0:8080", "--insecure-public", "--grpc-insecure-public", "--grpc-listen=0.0.0.0:50051", "--data-dir=/data"]
