import { describe, expect, it } from 'vitest';
import { answerDirection, formatSdp, parseSdp } from '../../kit/phone/sdp.ts';

const LOCAL = {
  host: '127.0.0.1',
  port: 4000,
  codec: 'PCMA',
  ptimeMs: 20,
  eventPayloadType: 101,
  direction: 'sendrecv',
} as const;

describe('SDP', () => {
  it('is read as it was written', () => {
    expect(parseSdp(formatSdp(LOCAL))).toEqual({
      host: '127.0.0.1',
      port: 4000,
      codecs: ['PCMA'],
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
      codecs: ['PCMU'],
      eventPayloadType: 96,
      direction: 'sendonly',
    });
  });

  it.each([
    '',
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
