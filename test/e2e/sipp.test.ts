import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sipp } from '../kit/sipp.ts';
import { harness } from './harness.ts';

const lab = harness();

describe('callers of SIPp', () => {
  it('join and leave, twenty at once', async () => {
    const calling = sipp({ scenario: 'join', number: '3000', server: lab.node.server, calls: 20, rate: 100 });
    await lab.node.waitForMembers('3000', 20);
    await calling;
    await lab.node.waitForMembers('3000', 0);
  });

  it.each(['keys-by-info', 'keys-by-rtp'])('steer with %s', async (scenario) => {
    const calling = sipp({ scenario, number: '3000', server: lab.node.server });
    await expect.poll(async () => (await lab.node.show('3000')).members[0]?.deaf, { timeout: 5000 }).toBe(true);
    // The scenario ends when the call is hung up at the key #.
    await calling;
    await lab.node.waitForMembers('3000', 0);
  });

  it('ring while the controller is away, and may give up', async () => {
    await lab.node.stopRostrum();
    await sipp({ scenario: 'cancel', number: '3000', server: lab.node.server });
    await expect.poll(() => lab.node.asterisk.cli('core show channels count')).toContain('0 active channels');
    await lab.node.startRostrum();
    expect((await lab.node.cli('list', '--json')).stdout).toBe('[]\n');
  });
});

it('a caller who rings while the controller is away is in when it comes back', async () => {
  await lab.node.stopRostrum();
  const call = lab.phones.dial('3000', { callerNumber: '101' });
  await sleep(1500);
  expect(call.state).toBe('ringing');
  await lab.node.startRostrum();
  await call.answered;
  await lab.node.waitForMembers('3000', 1);
});
