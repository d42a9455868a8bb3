# This image runs a node's relay and controller. Asterisk runs beside it, on the host or in a container of its own.
#
#     docker run --network host ...                 runs both, supervised (rostrum start)
#     docker run --network host ... relay           runs one of them, if each is to have a container; they share /run/rostrum
#     docker run --network host ... controller
#
# It needs the network of the host: the relay exchanges audio with Asterisk on loopback, and phones send audio to any of the
# thousands of UDP ports that Asterisk has chosen (rtp.conf), too many to publish one by one.

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
# The event channel and the trunk of a cluster.
EXPOSE 7400/tcp 7500/udp
STOPSIGNAL SIGTERM
# The check asks the controller: it fails three times, and so the node is unhealthy, only where no call works.
# A container with the relay alone needs --no-healthcheck.
HEALTHCHECK --interval=10s CMD ["node", "dist/cli/main.js", "status", "--health"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["start"]
