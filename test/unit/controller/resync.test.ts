import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AsteriskStandIn } from './asterisk-stand-in.ts';

const FLOOR = 'r-floor-3000';
const LEG = 'r-floorleg-3000';
const PROFILE = 'sound: { prompts: { welcome: none, alone: none }, music: none }\naudio: { comfortNoise: -50 }';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a controller that is started again', () => {
  it('tells the relay of the floors that it finds before it says that this is everything', async () => {
    const former = new AsteriskStandIn(PROFILE);
    former.controller.setRelay(true);
    former.call('a');
    await vi.advanceTimersByTimeAsync(100);
    former.controller.stop();

    const asterisk = new AsteriskStandIn(PROFILE);
    asterisk.channels = former.channels;
    asterisk.bridges = [{ id: FLOOR, channelIds: ['a', LEG] }];
    for (const [variable, value] of former.variables) asterisk.variables.set(variable, value);
    // As over a network; it is there already, but that is not known.
    asterisk.answers.set('createMixingBridge', () => new Promise((resolve) => setTimeout(resolve, 10)));
    asterisk.controller.setRelay(true);
    asterisk.controller.resync();
    await vi.advanceTimersByTimeAsync(100);
    const told = asterisk.requests.filter(({ method }) => method === 'setFloor' || method === 'ready');
    expect(told[0]).toEqual({ method: 'setFloor', args: [expect.objectContaining({ conference: '3000' })] });
    expect(told[1]?.method).toBe('ready');
    expect(asterisk.members).toEqual(['a']);
    asterisk.controller.stop();
  });
});
