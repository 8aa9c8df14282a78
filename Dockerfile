# The image of every role, and `onpoint-browser`, the same with Chromium for the browser lane. `make image` builds both.
# What must stay true: no secret and no address of the place it was built in is left inside; nothing is written to /app when
# it runs (the root may be read-only); nothing here names a processor: npm picks DuckDB's library for the one it runs on.
ARG BASE=docker.io/library/node:26.10.0-bookworm-slim

FROM ${BASE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The base image brings Node: the one that a checkout has from npm (210 MB) stays out, as does what only editors read.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
 && rm -rf node_modules/node-linux-* node_modules/node-bin-* node_modules/.bin /root/.npm \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
COPY scripts/sbom.ts ./
RUN npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx --sbom-type=application | node sbom.ts >sbom.cdx.json \
 && rm -rf /root/.npm

FROM ${BASE} AS onpoint
# DuckDB's calls and file I/O share libuv's threads: with the default 4 they can wait for each other for ever.
ENV NODE_ENV=production UV_THREADPOOL_SIZE=8 HOME=/tmp ONPOINT_STATE=/tmp/onpoint
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=packages /app/sbom.cdx.json /app/
COPY package.json LICENSE /app/
COPY bin /app/bin
COPY cmd /app/cmd
COPY internal /app/internal
RUN ln -s /app/bin/onpoint.js /usr/local/bin/onpoint
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["onpoint"]
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onpoint" \
      org.opencontainers.image.description="From APIs, web sites, file drops and change streams to a queryable lake of partitioned Parquet" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM onpoint AS onpoint-browser
USER 0:0
RUN apt-get update \
 && apt-get install --yes --no-install-recommends chromium-headless-shell fonts-liberation \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf /var/cache/fontconfig /var/log/apt /var/log/dpkg.log
USER 10001:10001
LABEL org.opencontainers.image.title="onpoint-browser"
