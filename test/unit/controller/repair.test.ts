import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from 'winston';
import { AriError } from '../../../src/ari/errors.ts';
import type { AriEvent } from '../../../src/ari/messages.ts';
import type { AriPort } from '../../../src/ari/port.ts';
import { Cluster } from '../../../src/controller/cluster.ts';
import { Controller } from '../../../src/controller/controller.ts';
import type { Inviter } from '../../../src/controller/inviter.ts';
import type { RelayLink } from '../../../src/controller/relay-link.ts';
import { parseProfiles } from '../../../src/profiles/profiles.ts';
import type { Speech } from '../../../src/speech/speech.ts';

const SILENT = 'sound: { prompts: { welcome: none, alone: none }, music: none }';

/** A controller with an Asterisk that does not answer requests to add channels. */
function controllerWith(error: AriError) {
  const requests: string[] = [];
  const ari = new Proxy({} as AriPort, {
    get: (_, method: string) => async () => {
      requests.push(method);
      if (method === 'addChannel') throw error;
      return method.startsWith('list') ? [] : null;
    },
  });
  const profiles = parseProfiles([
    { path: 'keys.yaml', name: 'default-keys', text: 'kind: controls\n' },
    { path: 'default.yaml', name: 'default', text: `kind: conference\n${SILENT}\n` },
  ]);
  if (Array.isArray(profiles)) throw new Error(JSON.stringify(profiles));
  const inviter = { handle: () => {}, resync: () => {}, cancelAll: () => {} } as unknown as Inviter;
  const link = { ready: () => {}, setFloor: () => {}, endFloor: () => {} } as unknown as RelayLink;
  const nothing = () => {};
  const relay = {
    foundPeers: [],
    setPeers: nothing,
    announceTo: nothing,
    installKey: nothing,
    keyAcknowledged: nothing,
  };
  const limits = { lifetimeMs: 15_000, capacity: null, placement: 'here-first' as const };
  const alone = { nodeId: 'a', version: '1', ...limits, sip: null, trunk: null };
  const logger = createLogger({ silent: true });
  const cluster = new Cluster(alone, { openChannel: null, relay, logger, now: Date.now, load: () => 0 });
  const deps = { ari, link, profiles, cluster, logger, speech: {} as Speech, inviter, now: Date.now, watch: () => {} };
  const controller = new Controller({ application: 'r', nodeId: 'a' }, deps);
  return { controller, requests };
}

const channel = {
  id: 'a',
  name: 'PJSIP/a',
  caller: { number: '1', name: '' },
  language: 'en',
  context: 'c',
  dialled: null,
  stasis: null,
};
const join: Extract<AriEvent, { type: 'StasisStart' }> = {
  type: 'StasisStart',
  args: ['join', '3000', 'default'],
  channel,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a request that Asterisk does not answer', () => {
  it('is followed by squaring everything with Asterisk, once', async () => {
    const { controller, requests } = controllerWith(new AriError('unreachable', 'no answer'));
    controller.handle(join);
    controller.handle({ ...join, channel: { ...channel, id: 'b' } });
    await vi.advanceTimersByTimeAsync(900);
    expect(requests).not.toContain('listChannels');
    await vi.advanceTimersByTimeAsync(200);
    expect(requests.filter((method) => method === 'listChannels')).toHaveLength(1);
    controller.stop();
  });

  it('is not one that it refuses', async () => {
    const { controller, requests } = controllerWith(new AriError('refused', 'no', { status: 500 }));
    controller.handle(join);
    await vi.advanceTimersByTimeAsync(5000);
    expect(requests).not.toContain('listChannels');
    controller.stop();
  });
});
