# Rostrum's controller. Asterisk runs beside it, on the host or in a container of its own.

FROM node:24-slim AS build
WORKDIR /rostrum
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
RUN apt-get update && apt-get install -y --no-install-recommends espeak-ng && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /rostrum
COPY --from=build /rostrum/package.json ./
COPY --from=build /rostrum/node_modules ./node_modules
COPY --from=build /rostrum/dist ./dist
COPY profiles ./profiles
RUN mkdir -p /run/rostrum /etc/rostrum /var/cache/rostrum && chown node:node /run/rostrum /var/cache/rostrum
USER node
ENV ROSTRUM_SOCKET=/run/rostrum/rostrum.sock XDG_CACHE_HOME=/var/cache
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s CMD ["node", "dist/cli/main.js", "status"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["start"]
