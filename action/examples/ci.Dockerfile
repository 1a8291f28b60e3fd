# syntax=docker/dockerfile:1
# An image for the jobs of a CI: Assay's command line, a shell and git. The service has a smaller one: deploy/Dockerfile.
#   docker buildx build --file action/examples/ci.Dockerfile --tag assay-ci:0.1.0 .
# Pin both bases by digest where you build: --build-arg BUILD_IMAGE=node:24-bookworm@sha256:...

ARG BUILD_IMAGE=node:24-bookworm
ARG RUN_IMAGE=node:24-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY policies policies
COPY src src
COPY admission-webhook/src admission-webhook/src
# A scan needs no native module.
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${RUN_IMAGE}
LABEL org.opencontainers.image.title="Assay for CI" \
  org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/dist dist
COPY --from=build /src/policies policies
RUN ln -s /app/dist/src/cli/main.js /usr/local/bin/assay && chmod +x /app/dist/src/cli/main.js
USER node
WORKDIR /work
