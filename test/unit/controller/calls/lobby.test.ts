import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import type { AriChannel } from '../../../../src/ari/port.ts';
import { Lobby } from '../../../../src/controller/calls/lobby.ts';
import { ControllerError } from '../../../../src/controller/errors/controller-error.ts';
import { standardSettings } from '../../../../src/profiles/settings.ts';

const unanswered = new AriError('unreachable', 'no answer');
const CHANNEL: AriChannel = {
  id: 'a',
  name: 'PJSIP/a',
  caller: { number: '1', name: '' },
  language: 'en',
  context: 'c',
  dialled: null,
  stasis: null,
};
const { access } = standardSettings().profile;
const TIMEOUT_MS = access.timeoutSeconds * 1000;

let asked: string[];
let answers: boolean;
let anchored: boolean;
let unplayable: boolean;
let promptMs: number;
let settled: string[];
let lobby: Lobby;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answers = true;
  anchored = true;
  unplayable = false;
  promptMs = 0;
  settled = [];
  lobby = new Lobby({
    ari: {
      answer: async () => {
        asked.push('answer');
        if (!answers) throw unanswered;
      },
      setVariable: async (_id, name, value) => void asked.push(`${name}=${value}`),
      continueInDialplan: async () => void asked.push('continue'),
    },
    anchors: {
      ensure: async () => {
        if (!anchored) throw new ControllerError('not-possible', 'the relay does not open its port');
        return { at: 'relay' };
      },
    },
    settled: (channelId, error) => settled.push(`${channelId} ${error === null}`),
    prompter: {
      playTo: async () => {
        asked.push('play');
        if (unplayable) throw new AriError('refused', 'no such sound', { status: 500 });
        const over = new Promise<void>((resolve) => setTimeout(resolve, promptMs));
        return { ended: promptMs > 0 ? over : Promise.resolve() };
      },
      hush: async () => {},
    },
    logger: createLogger({ silent: true }),
    now: Date.now,
    numbers: {
      isRunning: (conference) => conference === '3000',
      isListed: () => false,
      isBeginning: () => false,
      mayBeUnlisted: () => true,
    },
    join: (conference) => asked.push(`join ${conference}`),
  });
});
afterEach(() => {
  lobby.stop();
  vi.useRealTimers();
});

async function receive(): Promise<void> {
  lobby.receive(CHANNEL, standardSettings(), {});
  await vi.advanceTimersByTimeAsync(0);
}

async function keepSilent(times: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(times * TIMEOUT_MS);
}

describe('a caller in the lobby', () => {
  it('is answered and asked for a number', async () => {
    await receive();
    expect(asked).toEqual(['answer', 'play']);
    expect(settled).toEqual(['a true']);
    for (const key of '3000#') lobby.handleDtmf('a', key);
    expect(asked.slice(2)).toEqual(['join 3000']);
  });

  it('has time from when the prompt is over, however long that is', async () => {
    promptMs = 2 * TIMEOUT_MS;
    await receive();
    await vi.advanceTimersByTimeAsync(promptMs + TIMEOUT_MS - 1);
    expect(asked).toEqual(['answer', 'play']);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toEqual(['answer', 'play', 'answer', 'play']);
  });

  it('is forgotten when Asterisk does not have the call any more', async () => {
    await receive();
    lobby.resync(new Set(['a']));
    expect(lobby.has('a')).toBe(true);
    lobby.resync(new Set(['b']));
    expect(lobby.has('a')).toBe(false);
    await keepSilent(access.tries);
    expect(asked).toEqual(['answer', 'play']);
  });

  it('is asked again when Asterisk did not answer the request to answer the call', async () => {
    answers = false;
    await receive();
    expect(asked).toEqual(['answer']);
    expect(settled).toEqual(['a false']);
    answers = true;
    await keepSilent(1);
    expect(asked.slice(1)).toEqual(['answer', 'play']);
  });

  it('is not answered before the relay has the RTP of the call, and asked again if it could not take it', async () => {
    anchored = false;
    await receive();
    expect(asked).toEqual([]);
    anchored = true;
    await keepSilent(1);
    expect(asked).toEqual(['answer', 'play']);
  });

  it('is released in the end, though the call could never be answered', async () => {
    answers = false;
    await receive();
    await keepSilent(access.tries);
    expect(asked.slice(-2)).toEqual(['ROSTRUM_RESULT=LOBBY', 'continue']);
    expect(lobby.has('a')).toBe(false);
  });

  it('is released though no prompt can be played', async () => {
    unplayable = true;
    await receive();
    await keepSilent(access.tries);
    expect(asked.slice(-3)).toEqual(['play', 'ROSTRUM_RESULT=LOBBY', 'continue']);
  });
});
