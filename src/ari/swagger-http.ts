import { createRequire, Module } from 'node:module';
import { AriError } from './errors.ts';
import type { AriHttp } from './http.ts';

/**
 * Makes ari-client send its requests through `AriHttp`. Its own HTTP client shares credentials between servers, never
 * gives up on a dead one, and loses the status of errors; it is reached through one method of one prototype, replaced
 * here. Requests find their server by the origin of their URL.
 */

type SwaggerRequest = {
  url: string;
  method: string;
  body?: string;
  on: { response: (answer: { status: number; data: string }) => void; error: (error: Error) => void };
};
type SwaggerClient = { ShredHttpClient: { prototype: { execute: (request: SwaggerRequest) => void } } };

const transports = new Map<string, AriHttp>();

export function routeAriClientThrough(http: AriHttp): void {
  transports.set(http.origin, http);
}

export function stopRoutingThrough(http: AriHttp): void {
  if (transports.get(http.origin) === http) transports.delete(http.origin);
}

// ari-client's own copies of its libraries, wherever npm has put them.
const require = createRequire(createRequire(import.meta.url).resolve('ari-client'));

/** For nothing but a first look whether a server answers, ari-client loads this: an eighth of all that a start loads. */
const UNUSED = 'request';
const requestPath = require.resolve(UNUSED);
const firstLook = (_url: string, callback: (error: null) => void) => callback(null);
require.cache[requestPath] = Object.assign(new Module(requestPath), { exports: firstLook, loaded: true });

export const { connect } = require('ari-client') as typeof import('ari-client');

const swagger = require('swagger-client') as SwaggerClient;

swagger.ShredHttpClient.prototype.execute = (request) => {
  const { origin, pathname, search } = new URL(request.url);
  const http = transports.get(origin);
  const answer = http
    ? http.request({ method: request.method, path: pathname + search, body: request.body })
    : Promise.reject(new AriError('unreachable', `not connected to ${origin}`));
  answer.then(
    (data) => request.on.response({ status: 200, data: withoutWarning(pathname, data) }),
    (error: Error) => {
      try {
        request.on.error(error);
      } catch {
        // swagger-client throws a string after it has already told its caller.
      }
    },
  );
};

/**
 * swagger-client prints a warning to stdout about version 1.1 of the format; it reads Asterisk's list as 1.2 as well.
 */
function withoutWarning(path: string, data: string): string {
  return path.endsWith('/resources.json') ? data.replace(/("swaggerVersion":\s*)"1\.1"/, '$1"1.2"') : data;
}
