# One image, three programs: completion, edge and standalone.
FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags=-s -o /out/ ./services/completion ./edge ./services/standalone \
 && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/ /usr/local/bin/
COPY --from=build --chown=nonroot:nonroot /data /data
EXPOSE 8080 50051 9090
HEALTHCHECK CMD ["standalone", "healthcheck"]
CMD ["standalone", "--listen=0.0.0.0:8080", "--insecure-public", "--grpc-insecure-public", "--grpc-listen=0.0.0.0:50051", "--admin-listen=0.0.0.0:9090", "--data-dir=/data"]
