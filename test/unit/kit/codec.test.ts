import { describe, expect, it } from 'vitest';
import {
  audioCodecOf,
  audioFormatOf,
  decodeWrapped,
  encodeAudio,
  meanSquare,
  payloadTypeOf,
} from '../../kit/phone/codec.ts';
import { toneLevelDbov } from '../../kit/phone/judge.ts';
import { framesOf, silence, tone, wideTone } from '../../kit/phone/sound.ts';
import { formatSdp, parseSdp } from '../../kit/sip/sdp.ts';

const FRAME = 320;

describe('L16', () => {
  it('carries every sample as it is, also around the end of a ring', () => {
    const samples = Int16Array.of(0, 1, -1, 32767, -32768, 256);
    const payload = encodeAudio('L16', samples);
    expect([...payload.subarray(0, 6)]).toEqual([0, 0, 0, 1, 255, 255]);
    const out = new Int16Array(8);
    decodeWrapped('L16', payload, 0, payload.length, out, 4);
    expect([...out]).toEqual([-32768, 256, 0, 0, 0, 1, -1, 32767]);
    expect(meanSquare('L16', encodeAudio('L16', Int16Array.of(300, -300)), 0, 4)).toBe(90_000);
  });

  it('carries tones above 4000 Hz, which G.711 refuses', () => {
    const sound = wideTone(5000, -20);
    const { frames } = framesOf(sound, 'L16', FRAME) ?? { frames: [] };
    const out = new Int16Array(frames.length * FRAME);
    for (const [index, frame] of frames.entries()) decodeWrapped('L16', frame, 0, frame.length, out, index * FRAME);
    expect(toneLevelDbov(out, 5000, 16_000)).toBeCloseTo(-20, 1);
    expect(() => framesOf(sound, 'PCMU', 160)).toThrow(expect.objectContaining({ code: 'bad-sound' }));
    expect(framesOf(tone(440, -20), 'L16', FRAME)?.frames[0]).toHaveLength(2 * FRAME);
    expect(framesOf(silence(), 'L16', FRAME)?.silence).toEqual(new Uint8Array(2 * FRAME));
  });

  it('is offered with its rate, and known again', () => {
    const local = {
      host: '127.0.0.1',
      port: 4000,
      codec: audioFormatOf('L16'),
      ptimeMs: 20,
      eventPayloadType: 101,
    } as const;
    const body = formatSdp({ ...local, direction: 'sendrecv' }, { sessionId: 1, version: 1 });
    expect(body).toContain('a=rtpmap:118 L16/16000');
    expect(parseSdp(body)).toMatchObject({ codecs: [audioFormatOf('L16')] });
    expect(audioCodecOf(payloadTypeOf('L16'))).toBe('L16');
  });
});
