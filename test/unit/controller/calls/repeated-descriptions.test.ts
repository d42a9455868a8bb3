import { expect, it } from 'vitest';
import { createLogger } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import type { AriPort } from '../../../../src/ari/port.ts';
import { Anchors } from '../../../../src/controller/calls/anchors.ts';
import type { RelayLink } from '../../../../src/controller/relay/relay-link.ts';
import type { CallSpec } from '../../../../src/relay/protocol/protocol.ts';

const RELAY = { host: '198.51.100.1', port: 10_040 };
const FOUND: CallSpec = {
  channelId: 'c',
  local: RELAY,
  asterisk: { host: '127.0.99.1', port: 10_040 },
  phone: { host: '192.0.2.7', port: 4000 },
  sources: ['192.0.2.7'],
  signalling: '192.0.2.7',
  codec: 'PCMU',
  gate: null,
  tones: false,
  talkLevel: null,
  hearing: null,
  source: null,
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A call that a relay has, and Asterisk's pending answers about it. */
async function taken() {
  const reads: { resolve: (values: Record<string, string>) => void; reject: (error: Error) => void }[] = [];
  let call = FOUND;
  const link: Partial<RelayLink> = {
    callOf: () => call,
    setCall: (spec) => {
      call = spec;
    },
  };
  const readVariables = () => new Promise((resolve, reject) => void reads.push({ resolve, reject }));
  const deps = { logger: createLogger({ silent: true }), now: () => 0, onPath: () => {} };
  const ari = { readVariables } as unknown as AriPort;
  const anchors = new Anchors({ application: 'r', anySource: false }, { ari, link: link as RelayLink, ...deps });
  await anchors.ensure({ id: 'c', name: 'PJSIP/anonymous-00000001', dialled: null });
  const answer = async (format: string) => {
    reads.at(-1)?.resolve({ 'CHANNEL(audionativeformat)': format });
    await settle();
  };
  return { anchors, reads, answer, link, codec: () => call.codec };
}

it('a phone that describes its audio ever again is read once at a time, and once more after the last time', async () => {
  const { anchors, reads, answer, codec } = await taken();
  for (let times = 0; times < 100; times++) anchors.describedAgain('c');
  expect(reads).toHaveLength(1);
  await answer('(alaw)');
  expect(codec()).toBe('PCMA');
  expect(reads).toHaveLength(2);
  await answer('(g722)');
  expect(codec()).toBe('G722');
  await settle();
  expect(reads).toHaveLength(2);
});

it('a description that could not be read is read the next time', async () => {
  const { anchors, reads, answer, codec } = await taken();
  anchors.describedAgain('c');
  reads[0]?.reject(new AriError('refused', 'Allocation failed', { status: 500 }));
  await settle();
  anchors.describedAgain('c');
  await answer('(alaw)');
  expect(codec()).toBe('PCMA');
});

it('the address that a phone has sent from is forgotten if the relay says so', async () => {
  const { anchors, answer, link } = await taken();
  const source = { host: '192.0.2.7', port: 5000 };
  for (const each of [source, null]) {
    // As the link keeps what the relay reports.
    link.setCall?.({ ...FOUND, source: each });
    anchors.describedAgain('c');
    await answer('(alaw)');
    expect(link.callOf?.('c')).toMatchObject({ codec: 'PCMA', source: each });
  }
});
