# The API, the UI and the command line in one image without a shell. Build from the top of the checkout:
#   docker build -f deploy/docker/gatehouse.Dockerfile --build-arg COMMIT=$(git rev-parse HEAD) -t gatehouse .
FROM node:20-bookworm-slim AS ui
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# no package gets to run a program of its own while the image is built
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY ui ui
RUN npm run build

FROM golang:1.26-bookworm AS api
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY api api
COPY deploy deploy
COPY migrations migrations
# what `gatehouse version` says; without it, that the commit is not known
ARG COMMIT
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w -X main.commit=$COMMIT" -o /gatehouse ./api/cmd/gatehouse

# busybox for the one step of docker-compose.yml that writes a file
FROM busybox:1 AS shell
COPY --from=api /gatehouse /usr/local/bin/gatehouse
RUN mkdir /config && chown 1000:1000 /config
USER 1000:1000

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=api /gatehouse /usr/local/bin/gatehouse
COPY --from=ui /src/ui/dist /usr/local/share/gatehouse/ui
ENV GATEHOUSE_LISTEN=0.0.0.0:4000 GATEHOUSE_UI_LISTEN=0.0.0.0:4001 GATEHOUSE_UI_ROOT=/usr/local/share/gatehouse/ui
EXPOSE 4000 4001
ENTRYPOINT ["gatehouse"]
CMD ["serve"]
