import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientTransaction } from '../../kit/phone/sip-transaction.ts';
import type { SipRequest, SipResponse } from '../../kit/sip/message.ts';

function request(method: string): SipRequest {
  const headers = [
    ['via', 'SIP/2.0/UDP a;branch=z9hG4bK1'],
    ['from', '<sip:a@b>;tag=1'],
    ['to', '<sip:c@d>'],
    ['call-id', 'x'],
    ['cseq', `1 ${method}`],
  ] as const;
  return { kind: 'request', method, uri: 'sip:c@d', headers, body: '' };
}

function response(status: number): SipResponse {
  return { kind: 'response', status, reason: '', headers: [['to', '<sip:c@d>;tag=2']], body: '' };
}

function transaction(method: string) {
  const sentAtMs: number[] = [];
  const sent: SipRequest[] = [];
  const finals: (number | null)[] = [];
  const again: number[] = [];
  const one = new ClientTransaction(
    {
      request: request(method),
      handler: {
        onFinal: (final) => finals.push(final?.status ?? null),
        onFinalAgain: (final) => again.push(final.status),
      },
    },
    {
      send: (message) => {
        sent.push(message);
        sentAtMs.push(Date.now());
      },
      done: () => {},
    },
  );
  one.start();
  return { one, sent, sentAtMs, finals, again };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a client transaction', () => {
  it('repeats an INVITE at doubling intervals and gives up after 32 s', () => {
    const { sentAtMs, finals } = transaction('INVITE');
    vi.advanceTimersByTime(60_000);
    expect(sentAtMs).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(finals).toEqual([null]);
  });

  it('repeats another request at most every 4 s', () => {
    const { sentAtMs } = transaction('BYE');
    vi.advanceTimersByTime(16_000);
    expect(sentAtMs).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500]);
  });

  it('waits without end for an INVITE that rings', () => {
    const { one, sent, finals } = transaction('INVITE');
    one.receive(response(180));
    vi.advanceTimersByTime(100_000);
    expect(sent).toHaveLength(1);
    one.receive(response(200));
    one.receive(response(200));
    expect(finals).toEqual([200]);
  });

  it('acknowledges a refusal each time it comes, and reports it once', () => {
    const { one, sent, finals } = transaction('INVITE');
    one.receive(response(486));
    one.receive(response(486));
    expect(sent.map(({ method }) => method)).toEqual(['INVITE', 'ACK', 'ACK']);
    expect(sent[1]?.headers).toContainEqual(['to', '<sip:c@d>;tag=2']);
    expect(sent[1]?.headers).toContainEqual(['cseq', '1 ACK']);
    expect(finals).toEqual([486]);
  });

  it('tells when an answer comes again because its ACK was lost', () => {
    const { one, again } = transaction('INVITE');
    one.receive(response(200));
    one.receive(response(200));
    expect(again).toEqual([200]);
  });
});
