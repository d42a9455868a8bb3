import { createLogger } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import type { AriPort } from '../../../../src/ari/port.ts';
import { Anchors } from '../../../../src/controller/calls/anchors.ts';
import { OFFER_BYTES } from '../../../../src/controller/calls/call-rtp.ts';
import type { RelayLink } from '../../../../src/controller/relay/relay-link.ts';
import type { CallSpec } from '../../../../src/relay/protocol/protocol.ts';

/** The anchors of a controller, between an Asterisk and a relay that a test steers. */

export const MEDIA_ADDRESS = '127.0.99.1';
const RTP: Record<string, string> = {
  'CHANNEL(rtp,src)': '198.51.100.1:10040',
  'CHANNEL(rtp,dest)': '192.0.2.7:4000',
  'CHANNEL(pjsip,remote_addr)': '192.0.2.7:5060',
  'CHANNEL(pjsip,local_addr)': '198.51.100.1:5060',
  'CHANNEL(audionativeformat)': '(alaw)',
  'CHANNEL(rtp,secure)': '0',
};
export const SPEC: CallSpec = {
  channelId: 'c',
  local: { host: '198.51.100.1', port: 10_040 },
  asterisk: { host: MEDIA_ADDRESS, port: 10_040 },
  phone: { host: '192.0.2.7', port: 4000 },
  sources: ['192.0.2.7'],
  signalling: '192.0.2.7',
  codec: 'PCMA',
  gate: null,
  tones: false,
  talkLevel: null,
  hearing: null,
  source: null,
};
export const HEARING = { volume: 1, noise: true, deaf: false, packetMs: 20 } as const;
export const EARLY = { id: 'c', name: 'PJSIP/anonymous-00000001', dialled: '3000' };
export const ANSWERED = { ...EARLY, dialled: null };

export const ENDPOINT = 'PJSIP_ENDPOINT(anonymous,media_address)';
export const ENCRYPTION = 'PJSIP_ENDPOINT(anonymous,media_encryption)';

export class AnchorsScene {
  /** What was asked of Asterisk and told to the relay, in order. */
  asked: string[] = [];
  /** What the relay has been told last of each call. */
  readonly calls = new Map<string, CallSpec>();
  found: CallSpec | null = null;
  connect: (() => void) | null = null;
  mediaAddress: string | null = MEDIA_ADDRESS;
  encryption: string | null = 'no';
  readonly values: Record<string, string> = { ...RTP };
  /** How many times the RTP cannot be read yet. */
  tooEarly = 0;
  /** Of the description that has come with the call. */
  offerBytes = '140';
  failure: Error | null = null;
  unreportedEnd: string | null = null;
  nowMs = 0;
  readonly anchors = new Anchors(
    { application: 'r', anySource: false },
    {
      ari: this.#asterisk() as AriPort,
      link: this.#relay() as unknown as RelayLink,
      logger: createLogger({ silent: true }),
      now: () => this.nowMs,
      onPath: () => {},
    },
  );

  #asterisk(): Partial<AriPort> {
    const ask = async (what: string) => void this.asked.push(what);
    return {
      ring: () => ask('ring'),
      progress: () => ask('progress'),
      answer: () => ask('answer'),
      getVariable: async (_, name) => {
        this.asked.push(name);
        return name === ENCRYPTION ? this.encryption : this.mediaAddress;
      },
      setVariable: (_, name) => ask(name),
      subscribeToChannels: async (_, channelIds) => {
        this.asked.push(`subscribe ${channelIds.join(' ')}`);
        if (!channelIds.includes(this.unreportedEnd ?? '')) return;
        throw new AriError('refused', 'Channel not found', { status: 404 });
      },
      hangUp: (channelId) => ask(`hang up ${channelId}`),
      readVariables: async (_, names) => {
        if (names.includes(OFFER_BYTES as never)) return { [OFFER_BYTES]: this.offerBytes } as never;
        this.asked.push('read');
        if (this.failure) throw this.failure;
        if (this.tooEarly-- > 0) throw new AriError('refused', 'Unable to read provided function', { status: 500 });
        return Object.fromEntries(names.map((name) => [name, this.values[name] ?? null])) as never;
      },
    };
  }

  #relay() {
    const scene = this;
    return {
      get status() {
        return { connected: scene.connect === null, pid: 1, sockets: 'libc' as const };
      },
      connected: () =>
        this.connect === null ? Promise.resolve() : new Promise<void>((resolve) => (this.connect = resolve)),
      get calls() {
        return [...scene.calls.keys()];
      },
      callOf: (channelId: string) =>
        this.calls.get(channelId) ?? (this.found?.channelId === channelId ? this.found : null),
      setCall: (call: CallSpec) => {
        this.asked.push('call');
        this.calls.set(call.channelId, call);
      },
      endCall: (channelId: string) => {
        if (this.calls.delete(channelId)) this.asked.push('end-call');
      },
    };
  }
}

export const settle = () => new Promise((resolve) => setImmediate(resolve));
