import { describe, expect, it } from 'vitest';
import { createBell, ringForCommand, ringForFrame, takesFrames } from '../../../src/relay/bell.ts';
import { FrameInbox } from '../../../src/relay/frame-inbox.ts';
import type { AudienceFrame } from '../../../src/relay/worker-messages.ts';

/** Longer than any test may take: a sleep that should have been cut short fails it. */
const FOREVER_MS = 60_000;

function setUp(options: { whenPlayed?: (conference: string) => void } = {}) {
  const bell = createBell();
  const sent: AudienceFrame[] = [];
  const played: string[] = [];
  const inbox = new FrameInbox(bell, {
    receive: () => sent.shift() ?? null,
    play: ({ conference }) => {
      played.push(conference);
      options.whenPlayed?.(conference);
    },
  });
  const send = (conference: string) => {
    sent.push({ conference, samples: new Int16Array(160), noiseDbov: null });
    ringForFrame(bell);
  };
  return { bell, sent, played, inbox, send };
}

describe('the frames on their way to a thread with listeners', () => {
  it('are played in the order in which they were sent, each once', () => {
    const { inbox, played, send } = setUp();
    send('a');
    send('b');
    inbox.playWaiting();
    inbox.playWaiting();
    expect(played).toEqual(['a', 'b']);
  });

  it('are not looked for while nobody has rung', () => {
    const { inbox, sent, played } = setUp();
    sent.push({ conference: 'a', samples: new Int16Array(160), noiseDbov: null });
    inbox.playWaiting();
    expect(played).toEqual([]);
  });

  it('are played before the thread goes to sleep, and when they come while others are played', () => {
    const { bell, inbox, played, send } = setUp({
      whenPlayed: (conference) => {
        if (conference === 'first') send('second');
        else ringForCommand(bell);
      },
    });
    send('first');
    inbox.playFor(FOREVER_MS);
    expect(played).toEqual(['first', 'second']);
  });

  it('are not sent there while nobody listens, and do not pile up', () => {
    const { bell, inbox, sent, played, send } = setUp();
    expect(takesFrames(bell)).toBe(false);
    inbox.open();
    expect(takesFrames(bell)).toBe(true);
    send('last');
    inbox.close();
    expect(takesFrames(bell)).toBe(false);
    expect(sent).toEqual([]);
    inbox.playWaiting();
    expect(played).toEqual([]);
  });

  it('do not keep a command waiting, which has its turn of the event loop at once and only once', () => {
    const { bell, inbox } = setUp();
    ringForCommand(bell);
    inbox.playFor(FOREVER_MS);
    const startMs = performance.now();
    inbox.playFor(10);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(9);
  });
});
