# syntax=docker/dockerfile:1
# Builds with the whole toolchain, runs with Node and the production packages alone.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY tools ./tools
COPY src ./src
COPY routes ./routes
RUN node tools/build.mjs && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    VSG_LISTEN__HOST=0.0.0.0 \
    VSG_DATA_DIR=/var/lib/vsphere-gateway
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config.yaml ./
RUN install -d -o node -g node -m 0700 /var/lib/vsphere-gateway
USER node
VOLUME /var/lib/vsphere-gateway
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.VSG_LISTEN__PORT ?? 8080) + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# node itself is process 1, so that it gets SIGTERM.
CMD ["node", "dist/src/main.js", "serve"]
