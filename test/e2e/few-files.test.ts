import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { StatusView } from '../../src/api/schemas.ts';
import { openDescriptors } from '../kit/descriptors.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { HEARD } from './audience-harness.ts';
import { dialEvenly, missedMs } from './crowd-harness.ts';
import { harness } from './harness.ts';

/** An Asterisk that may open few files. */

const lab = harness();

const SERVICE_UNAVAILABLE = 503;
/** As `base/open-files.ts` has it, where there are few. */
const RESERVED = 100;
const PER_CALL = 5;
const ROOM = 10;
/** More than Asterisk could have, with nothing in reserve. */
const CALLERS = 60;
const PER_SECOND = 20;
const WITHIN = { timeout: 10_000, interval: 100 };

const admission = async () => (await lab.node.api.get<StatusView>('/status')).admission;
const allow = (files: number) => execFileSync('prlimit', ['--pid', `${lab.node.asterisk.pid}`, `--nofile=${files}`]);

it('is not asked for more calls than it has files for: those who are in hear, others are refused by Rostrum with 503', async () => {
  const speaker = await lab.phones.call('4000', { callerNumber: '200', send: tone(450, -20) });
  const members = await Promise.all(['101', '102'].map((callerNumber) => lab.phones.call('3000', { callerNumber })));
  await Promise.all(members.map((call) => call.waitForTone(450, HEARD)));
  await expect.poll(async () => (await admission()).room, WITHIN).toBeGreaterThan(1000);
  allow(openDescriptors(lab.node.asterisk.pid) + RESERVED + PER_CALL * ROOM + 2);
  await expect.poll(async () => (await admission()).room, WITHIN).toBe(ROOM);
  for (const call of [speaker, ...members]) call.resetStats();

  const dial = (index: number) => lab.phones.dial('3000', { callerNumber: String(1000 + index), send: silence() });
  const calls = await dialEvenly(CALLERS, PER_SECOND, dial);
  const outcomes = await Promise.all(
    calls.map((call) =>
      call.answered.then(
        () => null,
        () => call.ended,
      ),
    ),
  );
  const answered = calls.filter((_, index) => outcomes[index] === null);
  const refused = outcomes.filter((end) => end !== null);

  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => SERVICE_UNAVAILABLE));
  // All of them: none was refused by Asterisk itself. A phone may know it before the controller has counted it.
  await expect.poll(async () => (await admission()).refused, WITHIN).toBe(refused.length);
  expect(answered.length).toBeGreaterThan(ROOM / 2);
  expect(answered.length).toBeLessThanOrEqual(ROOM + 1);
  await Promise.all(answered.map((call) => call.waitForTone(450, HEARD)));
  for (const call of members) expect(missedMs(call)).toBeLessThanOrEqual(missedMs(speaker) + 200);
  // Those that were refused have given their files back.
  allow(openDescriptors(lab.node.asterisk.pid) + RESERVED);
  await expect.poll(async () => (await admission()).room, WITHIN).toBe(0);
  expect((await lab.node.cli('nodes')).stdout).toContain('self, no room');
  expect((await lab.node.cli('status')).stdout).toContain(
    'WARNING asterisk: too few open files are left for another call',
  );
  const lines = (await lab.node.log()).match(/Asterisk has too few open files left for another call/g) ?? [];
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThanOrEqual(CALLERS / PER_SECOND + 2);

  await Promise.all(answered.map((call) => call.hangUp()));
  await expect.poll(async () => (await admission()).room, WITHIN).toBeGreaterThan(0);
  const next = await lab.phones.call('3000', { callerNumber: '300', send: silence() });
  await next.waitForTone(450, HEARD);
});
