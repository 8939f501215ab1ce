# Node runs the TypeScript as it stands: no build step, nothing compiled. The store is in /data; mount a volume there.
# The flags are those of `npm start`: less memory for more of the processor (docs/performance.md).
FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 ASHORE_DATA=/data
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional && npm cache clean --force \
  && install -d -o node -g node -m 0700 /data
COPY src ./src
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=1", "--heap-growing-percent=20", "src/main.ts"]
