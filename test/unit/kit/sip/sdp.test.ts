import { describe, expect, it } from 'vitest';
import { answerDirection, countStreams, formatSdp, parseSdp } from '../../../kit/sip/sdp.ts';

const PCMA = { name: 'PCMA', payloadType: 8, clockRateHz: 8000 } as const;
const ORIGIN = { sessionId: 1, version: 1 };
const LOCAL = {
  host: '127.0.0.1',
  port: 4000,
  codec: PCMA,
  ptimeMs: 20,
  eventPayloadType: 101,
  direction: 'sendrecv',
} as const;

describe('SDP', () => {
  it('is read as it was written', () => {
    expect(parseSdp(formatSdp(LOCAL, ORIGIN))).toEqual({
      host: '127.0.0.1',
      port: 4000,
      codecs: [PCMA],
      eventPayloadType: 101,
      ptimeMs: 20,
      direction: 'sendrecv',
    });
  });

  it('gives the address of the stream before that of the session', () => {
    const body =
      'c=IN IP4 10.0.0.1\nm=audio 5 RTP/AVP 0 96\nc=IN IP4 10.0.0.2\na=rtpmap:96 telephone-event/8000\na=sendonly';
    expect(parseSdp(body)).toMatchObject({
      host: '10.0.0.2',
      codecs: [{ name: 'PCMU', payloadType: 0, clockRateHz: 8000 }],
      eventPayloadType: 96,
      direction: 'sendonly',
    });
  });

  it('has no telephone-event when one side takes none', () => {
    const body = formatSdp({ ...LOCAL, eventPayloadType: null }, ORIGIN);
    expect(body).toContain('m=audio 4000 RTP/AVP 8\r\n');
    expect(parseSdp(body)).toMatchObject({ codecs: [PCMA], eventPayloadType: null });
  });

  it('knows linear audio by its rate, whatever its payload type', () => {
    const body =
      'c=IN IP4 1.2.3.4\nm=audio 5 RTP/AVP 96 97 98\na=rtpmap:96 L16/16000\na=rtpmap:97 L16/44100\na=rtpmap:98 l16/8000/1';
    expect(parseSdp(body)?.codecs).toEqual([
      { name: 'L16', payloadType: 96, clockRateHz: 16_000 },
      { name: 'L16', payloadType: 98, clockRateHz: 8000 },
    ]);
  });

  it('has a version that its writer gives', () => {
    expect(formatSdp(LOCAL, { sessionId: 5, version: 6 })).toContain('o=- 5 6 IN IP4 127.0.0.1\r\n');
  });

  it('counts its streams, of any kind', () => {
    expect(countStreams('m=audio 5 RTP/AVP 0\r\na=x\r\nm=video 0 RTP/AVP 31\r\n')).toBe(2);
    expect(countStreams('')).toBe(0);
  });

  it('with an impossible ptime is taken as if it said none', () => {
    expect(parseSdp('c=IN IP4 1.2.3.4\nm=audio 5 RTP/AVP 0\na=ptime:0')).toMatchObject({ ptimeMs: null });
  });

  it.each([
    '',
    'c=IN IP4 host.example\nm=audio 5 RTP/AVP 0',
    'c=IN IP4 1.2.3.4\nm=audio 5 RTP/AVP 300\na=rtpmap:300 PCMU/8000',
    'm=audio 5 RTP/AVP 0',
    'c=IN IP4 1.2.3.4\nm=audio 5 RTP/AVP 9',
    'c=IN IP4 1.2.3.4\nm=audio 99999 RTP/AVP 0',
    'c=IN IP4 1.2.3.4\nm=video 5 RTP/AVP 0',
  ])('without usable audio (%#) is null', (body) => {
    expect(parseSdp(body)).toBeNull();
  });

  it('answers a hold with its counterpart', () => {
    expect(answerDirection('sendonly')).toBe('recvonly');
    expect(answerDirection('inactive')).toBe('inactive');
  });
});
