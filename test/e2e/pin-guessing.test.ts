import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PromptName } from '../../src/prompts/catalogue.ts';
import type { Call } from '../kit/phone/call.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { harness } from './harness.ts';

const TONE_HZ = {
  'enter-pin': 600,
  'bad-pin': 700,
  'pin-wait': 1000,
} satisfies Partial<Record<PromptName, number>>;

const prompts = {
  ...SILENT.prompts,
  ...Object.fromEntries(Object.entries(TONE_HZ).map(([name, hz]) => [name, `tone:${hz}/300`])),
};
const guarded = {
  kind: 'conference',
  idleSeconds: 1,
  sound: { music: 'none', prompts },
  access: { userPin: '1234', tries: 10, timeoutSeconds: 60 },
};
const DIALPLAN = `
[rostrum-dial-in](+)
exten => _81XX,1,Stasis(rostrum,join,guarded,guarded)
exten => _82XX,1,Stasis(rostrum,join,office,guarded)
`;

const lab = harness({ profiles: { guarded }, extra: { append: { 'extensions.conf': DIALPLAN } } });

const HEARD = { aboveDbov: -35, timeoutMs: 6000 };
const LONG = { ...HEARD, timeoutMs: 60_000 };
const hears = (call: Call, prompt: keyof typeof TONE_HZ, how = HEARD) => call.waitForTone(TONE_HZ[prompt], how);

/** Phones of attackers: ten lines at each of three addresses. */
let banks: PhoneBank[] = [];
const LINES_AT_ADDRESS = 10;
/** So many second tries are judged at once in a conference. */
const FREE = 12;

beforeAll(async () => {
  banks = [1, 2, 3].map(() => new PhoneBank({ server: lab.node.server }));
  await Promise.all(banks.map((bank) => bank.start()));
});
afterEach(() => Promise.all(banks.map((bank) => bank.hangUpAll())));
afterAll(() => Promise.all(banks.map((bank) => bank.stop())));

const isIn = (number: string) =>
  expect.poll(() => lab.node.member('guarded', number), { timeout: 10_000 }).toMatchObject({ presence: 'present' });

async function dials(call: Call, pin: string): Promise<void> {
  await call.pressKeys(`${pin}#`, { via: 'info' });
}

describe('PINs that thirty lines guess at once', () => {
  it('are judged ever more slowly, and the callers hear why; the right one of another caller is judged at once', async () => {
    const lines = await Promise.all(
      banks.flatMap((bank, at) =>
        Array.from({ length: LINES_AT_ADDRESS }, (__, line) => bank.call('8100', { callerNumber: `9${at}${line}` })),
      ),
    );
    let [guesses, told, open] = [0, 0, true];
    const guess = async (line: Call) => {
      await hears(line, 'enter-pin');
      while (open) {
        const wait = hears(line, 'pin-wait', LONG).then(() => told++);
        wait.catch(() => {});
        const judged = hears(line, 'bad-pin', LONG);
        await dials(line, '9999');
        await judged;
        guesses++;
        // It would be heard again as the answer to the next.
        await line.waitForSilence({ freqHz: TONE_HZ['bad-pin'], belowDbov: -55, timeoutMs: LONG.timeoutMs });
      }
    };
    const attack = Promise.allSettled(lines.map(guess));
    await expect.poll(() => told, { timeout: 60_000 }).toBeGreaterThanOrEqual(20);
    // All that were judged at once have been told.
    await expect.poll(() => guesses, { timeout: 60_000 }).toBeGreaterThanOrEqual(lines.length + FREE);
    const caller = await lab.phones.call('8100', { callerNumber: '100' });
    await hears(caller, 'enter-pin');
    const before = guesses;
    await dials(caller, '1234');
    await isIn('100');
    // Thirty lines wait, and hardly one of them has had its turn meanwhile.
    expect(guesses - before).toBeLessThan(6);
    // Thirty first tries, and then a few at a time.
    expect(guesses).toBeLessThan(3 * lines.length);
    expect(await lab.node.log()).toMatch(/warn: conference guarded: pin-guessing/);
    open = false;
    await Promise.all(banks.map((bank) => bank.hangUpAll()));
    await attack;
    const later = await lab.phones.call('8100', { callerNumber: '101' });
    await dials(later, '1234');
    await isIn('101');
  }, 120_000);

  it('of one number let the ninth in at once after eight have mistyped', async () => {
    for (let each = 0; each < 8; each++) {
      const call = await lab.phones.call('8200', { callerNumber: '200' });
      await Promise.all([hears(call, 'bad-pin'), dials(call, '1243')]);
      await call.hangUp();
    }
    const ninth = await lab.phones.call('8200', { callerNumber: '200' });
    const waits = hears(ninth, 'pin-wait').then(
      () => true,
      () => false,
    );
    await dials(ninth, '1234');
    await lab.node.waitForMembers('office', 1);
    await ninth.hangUp();
    expect(await waits).toBe(false);
  });
});
