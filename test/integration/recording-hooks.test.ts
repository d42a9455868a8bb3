import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  RecordingHooks,
  type RecordingHooksOptions,
  signature,
} from '../../src/controller/recordings/recording-hooks.ts';
import { callWebhook } from '../../src/controller/webhook.ts';

const finished = {
  name: 'talks/first',
  conference: '3000',
  path: '/recordings/talks/first.wav',
  startedAt: '2026-01-05T10:15:00.000Z',
  endedAt: '2026-01-05T10:16:00.000Z',
  seconds: 60,
  bytes: 960_044,
};
const NONE: RecordingHooksOptions = {
  node: 'lyon',
  command: null,
  commandTimeoutMs: 10_000,
  webhook: null,
  webhookSecret: null,
  retryAfterMs: [10, 10],
};

let directory: string;
let logged: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-hooks-'));
  logged = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

function hooksOf(options: Partial<RecordingHooksOptions>): RecordingHooks {
  const write = (message: string) => void logged.push(message);
  const logger = { info: write, warn: write } as unknown as ConstructorParameters<typeof RecordingHooks>[1]['logger'];
  return new RecordingHooks({ ...NONE, ...options }, { callWebhook, logger });
}

/** A command that runs this JavaScript, with the path of a file into which it may write before the words of ours. */
const javascript = (source: string) => [process.execPath, '-e', source, join(directory, 'out')];
const written = async () => readFile(join(directory, 'out'), 'utf8').catch(() => '');
const ABOUT = 'conference 3000: recording talks/first: recordings.';

describe('the command of a finished recording', () => {
  it('gets the file as its last word, the rest in its environment, and no secret of ours', async () => {
    vi.stubEnv('ROSTRUM_ARI_PASSWORD', 'secret');
    const hooks = hooksOf({
      command: javascript(
        'const [, out, ...words] = process.argv; const { PATH, ...env } = process.env;' +
          'require("fs").writeFileSync(out, JSON.stringify({ words, env, input: require("fs").readFileSync(0, "utf8") }))',
      ),
    });
    const path = '/recordings/$(touch x); `y`.wav';
    expect(await hooks.tell('command', { ...finished, path })).toBe(true);
    const { words, env, input } = JSON.parse(await written());
    expect(words).toEqual([path]);
    expect(input).toBe('');
    expect(env).toMatchObject({
      ROSTRUM_NODE: 'lyon',
      ROSTRUM_CONFERENCE: '3000',
      ROSTRUM_RECORDING: 'talks/first',
      ROSTRUM_FILE: path,
      ROSTRUM_STARTED_AT: finished.startedAt,
      ROSTRUM_ENDED_AT: finished.endedAt,
      ROSTRUM_SECONDS: '60',
    });
    expect(JSON.stringify(env)).not.toContain('secret');
    expect(logged).toEqual([`${ABOUT}command is done`]);
    expect(hooks.problem).toBeNull();
  });

  it('that fails is told with the end of what it has said, and is a problem of the node when it fails again', async () => {
    const hooks = hooksOf({ command: javascript('console.error("first\\nno room\\x1b[2J"); process.exit(3)') });
    await hooks.tell('command', finished);
    expect(logged).toEqual([`${ABOUT}command has failed: ${process.execPath} has ended with status 3: no room?[2J`]);
    expect(hooks.problem).toBeNull();
    await hooks.tell('command', finished);
    expect(hooks.problem).toMatch(/^recordings\.command has failed for the last 2 recordings: .*no room/);
  });

  it('that cannot be run is told', async () => {
    await hooksOf({ command: [join(directory, 'no-such-program')] }).tell('command', finished);
    expect(logged).toEqual([expect.stringMatching(/command has failed: .*no-such-program cannot be run \(ENOENT\)$/)]);
  });

  it('that takes too long is killed, with everything that it has started', async () => {
    const command = ['/bin/sh', '-c', 'sleep 60 & echo $! > "$0"; wait', join(directory, 'out')];
    const hooks = hooksOf({ command, commandTimeoutMs: 1000 });
    await hooks.tell('command', finished);
    expect(logged).toEqual([expect.stringMatching(/has not ended within 1 s and was killed$/)]);
    const pid = Number(await written());
    expect(pid).toBeGreaterThan(1);
    await expect.poll(() => isThere(pid)).toBe(false);
  });

  it('that is running when the controller ends is killed, so that the next one runs it again', async () => {
    const hooks = hooksOf({
      command: javascript('require("fs").writeFileSync(process.argv[1], "begun"); setInterval(() => {}, 1000)'),
    });
    const told = hooks.tell('command', finished);
    await expect.poll(written).toBe('begun');
    hooks.stop();
    expect(await told).toBe(false);
    expect(logged).toEqual([]);
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the webhook of a finished recording', () => {
  let server: Server;
  let statuses: number[];
  let asked: { headers: IncomingHttpHeaders; body: string }[];
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;

  beforeEach(async () => {
    asked = [];
    statuses = [];
    server = createServer(async (request, answer) => {
      asked.push({ headers: request.headers, body: await text(request) });
      answer.writeHead(statuses.shift() ?? 204).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('is a POST with JSON, signed by the secret', async () => {
    const secret = Buffer.from('a secret that is long enough');
    expect(await hooksOf({ webhook: url(), webhookSecret: secret }).tell('webhook', finished)).toBe(true);
    const [{ headers = {}, body = '' } = {}] = asked;
    expect(JSON.parse(body)).toEqual({
      type: 'recording.finished',
      timestamp: finished.endedAt,
      data: { node: 'lyon', ...finished },
    });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'rostrum' });
    const atMs = Number(headers['webhook-timestamp']) * 1000;
    expect(Math.abs(Date.now() - atMs)).toBeLessThan(10_000);
    expect(headers).toMatchObject(signature(String(headers['webhook-id']), body, secret, atMs));
  });

  it('is tried again as the same message, and told when it fails each time', async () => {
    statuses = [500, 302];
    const hooks = hooksOf({ webhook: url() });
    await hooks.tell('webhook', finished);
    expect(logged).toEqual([`${ABOUT}webhook is done`]);
    expect(asked).toHaveLength(3);
    expect(new Set(asked.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(asked[0]?.headers['webhook-signature']).toBeUndefined();
    statuses = [500, 500, 503];
    await hooks.tell('webhook', finished);
    expect(logged.at(-1)).toBe(`${ABOUT}webhook has failed: ${url()} status 503`);
  });

  it('is signed as the specification of Standard Webhooks shows', () => {
    const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const headers = signature('msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', secret, 1_614_265_330_000);
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });
});
