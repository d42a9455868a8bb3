import { describe, expect, it } from 'vitest';
import { decodeG711Into } from '../../../src/audio/g711.ts';
import { Audience, FRAME_SAMPLES } from '../../../src/relay/audience.ts';
import type { LegState } from '../../../src/relay/protocol.ts';
import type { ListenerSettings } from '../../../src/relay/worker-messages.ts';
import { decodeRtpInto, emptyRtpView } from '../../../src/rtp/packet.ts';

type Leg = Omit<LegState, 'port'>;

class FakeListener {
  leg: Leg | null;
  settings: ListenerSettings;
  /** The buffers as they were handed over, and copies of them. */
  readonly buffers: Buffer[] = [];
  readonly packets: Buffer[] = [];

  constructor(settings: Partial<ListenerSettings> = {}, leg: Partial<Leg> = {}) {
    this.settings = { legId: 'leg', conference: 'c', volume: 0, noise: false, ...settings };
    const remote = { host: '192.0.2.1', port: 4000 };
    this.leg = {
      remote,
      asterisk: { host: '127.0.0.1', port: 10_000 },
      codec: 'PCMU',
      payloadType: 0,
      eventPayloadType: 101,
      ...leg,
    };
  }

  send(packet: Buffer): void {
    this.buffers.push(packet);
    this.packets.push(Buffer.from(packet));
  }

  headers() {
    return this.packets.map((packet) => {
      const view = emptyRtpView();
      expect(decodeRtpInto(view, packet)).toBeNull();
      return view;
    });
  }

  /** What the last packet sounds like. */
  heard(): number[] {
    const samples = new Int16Array(FRAME_SAMPLES);
    decodeG711Into(this.leg?.codec ?? 'PCMU', (this.packets.at(-1) as Buffer).subarray(12), samples);
    return [...samples];
  }
}

const LOUD = new Int16Array(FRAME_SAMPLES).fill(8000);
const audienceOf = (...listeners: FakeListener[]) => {
  const audience = new Audience({ ssrc: 7, sequence: 0xfffe, timestamp: 0xffff_ff60 });
  for (const listener of listeners) audience.place(listener);
  return audience;
};

describe('an audience', () => {
  it('gives the same buffer to all who are to get the same', () => {
    const [one, other] = [new FakeListener(), new FakeListener()];
    audienceOf(one, other).play(LOUD, null);
    expect(one.buffers).toHaveLength(1);
    expect(other.buffers[0]).toBe(one.buffers[0]);
  });

  it('sends each his codec, payload type and volume', () => {
    const plain = new FakeListener();
    const louder = new FakeListener({ volume: 2 });
    const alaw = new FakeListener({}, { codec: 'PCMA', payloadType: 8 });
    audienceOf(plain, louder, alaw).play(LOUD, null);
    expect([plain, louder, alaw].map((each) => each.headers()[0]?.payloadType)).toEqual([0, 0, 8]);
    for (const [listener, level] of [
      [plain, 8000],
      [alaw, 8000],
      [louder, 15_962],
    ] as const) {
      for (const sample of listener.heard()) expect(Math.abs(sample - level)).toBeLessThan(level / 20);
    }
  });

  it('adds noise only for those who want it, and only if there is some', () => {
    const [noisy, clean] = [new FakeListener({ noise: true }), new FakeListener()];
    const audience = audienceOf(noisy, clean);
    audience.play(new Int16Array(FRAME_SAMPLES), -40);
    expect(noisy.heard().some((sample) => sample !== 0)).toBe(true);
    expect(clean.heard().every((sample) => sample === 0)).toBe(true);
    audience.play(new Int16Array(FRAME_SAMPLES), null);
    expect(noisy.heard().every((sample) => sample === 0)).toBe(true);
  });

  it('goes on with the same stream, over the wrap of its numbers, for a listener who changes what he gets', () => {
    const listener = new FakeListener();
    const audience = audienceOf(new FakeListener(), listener);
    for (const volume of [0, 0, 1, -2, 0]) {
      listener.settings = { ...listener.settings, volume };
      audience.place(listener);
      audience.play(LOUD, null);
    }
    const headers = listener.headers();
    expect(headers.map(({ sequence }) => sequence)).toEqual([0xffff, 0, 1, 2, 3]);
    expect(headers.map(({ timestamp }) => timestamp)).toEqual([0, 160, 320, 480, 640]);
    expect(new Set(headers.map(({ ssrc }) => ssrc))).toEqual(new Set([7]));
  });

  it('does not touch a packet that the kernel may not have sent yet', () => {
    const listener = new FakeListener();
    const audience = audienceOf(listener);
    for (let frame = 0; frame < 6; frame++) audience.play(LOUD, null);
    expect(listener.buffers.map((buffer) => Buffer.from(buffer))).toEqual(listener.packets);
  });

  it('sends nothing to who has left or has no leg yet', () => {
    const [gone, early, stays] = [new FakeListener(), new FakeListener(), new FakeListener()];
    early.leg = null;
    const audience = audienceOf(gone, early, stays);
    audience.remove(gone);
    audience.play(LOUD, null);
    expect([gone, early, stays].map(({ packets }) => packets.length)).toEqual([0, 0, 1]);
    expect(audience.size).toBe(1);
  });
});
