import { expect, it } from 'vitest';
import { type CallSpec, relayRequestSchema } from '../../../../src/relay/protocol/protocol.ts';
import { type CallState, decodeSuccession, encodeSuccession } from '../../../../src/relay/upgrade/succession.ts';

const ADDRESS = { host: '127.0.0.1', port: 10_000 };

/** A call as the first version with handovers has it. */
const FIRST = {
  channelId: 'a',
  local: ADDRESS,
  asterisk: ADDRESS,
  phone: ADDRESS,
  sources: ['127.0.0.1'],
  codec: 'PCMU',
  hearing: null,
  source: null,
} as unknown as CallSpec;

function handedOver(spec: CallSpec): CallSpec | undefined {
  const state = { spec } as CallState;
  const message = decodeSuccession(encodeSuccession({ type: 'calls', thread: 0, calls: [state] }));
  return message.type === 'calls' ? message.calls[0]?.spec : undefined;
}

it('a call of an earlier relay becomes as the controller states it again, so that nothing changes then', () => {
  const stated = relayRequestSchema.parse({ type: 'call', call: FIRST });
  expect(stated).toMatchObject({ call: { gate: null, talkLevel: null, tones: false, signalling: null } });
  expect({ type: 'call', call: handedOver(FIRST) }).toStrictEqual(stated);
});

it('a call of a relay of the same version keeps what it has', () => {
  const gate = { level: 300, holdMs: 500 };
  const spec = { ...FIRST, signalling: '127.0.0.2', tones: true, talkLevel: 300, gate, sequenceOffset: 7 };
  expect(handedOver(spec)).toEqual(spec);
});
