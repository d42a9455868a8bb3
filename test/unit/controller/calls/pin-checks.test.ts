import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PinTry } from '../../../../src/admission/pin-gates.ts';
import { AriError } from '../../../../src/ari/errors.ts';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { PinChecks } from '../../../../src/controller/calls/pin-checks.ts';

let inputs: Input[];
let told: PinTry[];
let remote: () => Promise<string | null>;
let checks: PinChecks;
/** The PINs that are due are wrong. */
let wrong: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  [inputs, told, wrong] = [[], [], true];
  remote = async () => '192.0.2.7:5060';
  checks = new PinChecks({
    ari: { getVariable: () => remote() },
    dispatch: (_, input) => {
      inputs.push(input);
      if (input.type === 'pin-due') checks.judged({ type: 'pin-judged', channelId: input.channelId, right: !wrong });
    },
    tellWrong: (tried) => void told.push(tried),
    now: () => Date.now(),
  });
});
afterEach(() => {
  checks.stop();
  vi.useRealTimers();
});

function dials(channelId: string, number = '100'): Promise<void> {
  return checks.check('3000', { type: 'check-pin', channelId, caller: { number, name: '' }, members: 0 });
}

/** Eleven wrong PINs of one number on another node: the next one waits for 12 s. */
function guessElsewhere(): void {
  const tried = { conference: '3000', number: '100', network: '192.0.2.0/24', members: 0 };
  for (let i = 0; i < 11; i++) checks.wrongElsewhere(tried);
}

describe('a PIN', () => {
  it('is due as soon as the network of the caller is known', async () => {
    await dials('a');
    expect(inputs).toEqual([{ type: 'pin-due', channelId: 'a' }]);
  });

  it('that is wrong is told to the other nodes, with number and network; one that is right is not', async () => {
    await dials('a');
    expect(told).toEqual([{ conference: '3000', number: '100', network: '192.0.2.0/24', members: 0 }]);
    wrong = false;
    await dials('b');
    expect(told).toHaveLength(1);
  });

  it('waits where there were many wrong ones on another node, and its caller is told after two seconds', async () => {
    guessElsewhere();
    await dials('a');
    await vi.advanceTimersByTimeAsync(1999);
    expect(inputs).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(inputs).toEqual([{ type: 'pin-held', channelId: 'a', delayMs: expect.any(Number) }]);
    await vi.advanceTimersByTimeAsync(10_001);
    expect(inputs.slice(1)).toEqual([{ type: 'pin-due', channelId: 'a' }]);
  });

  it('of another caller does not wait', async () => {
    guessElsewhere();
    await dials('b', '200');
    expect(inputs).toEqual([{ type: 'pin-due', channelId: 'b' }]);
  });

  it('waits no longer when its call has ended, or ends while the network is read', async () => {
    guessElsewhere();
    await dials('a');
    checks.channelGone('a');
    const read = dials('b', '200');
    checks.channelGone('b');
    await read;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(inputs).toEqual([]);
  });

  it('waits no longer when its call has ended without anybody being told', async () => {
    guessElsewhere();
    await dials('a');
    await dials('b');
    checks.resync(new Set(['b']));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(inputs.filter(({ type }) => type === 'pin-due')).toEqual([{ type: 'pin-due', channelId: 'b' }]);
  });

  it('is due where Asterisk does not tell the address', async () => {
    remote = async () => {
      throw new AriError('unreachable', 'no answer');
    };
    await dials('a');
    expect(inputs).toEqual([{ type: 'pin-due', channelId: 'a' }]);
  });
});
