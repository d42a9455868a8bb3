import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newConference } from '../../../../src/conference/model/conference.ts';
import { savedConferenceOf } from '../../../../src/conference/model/saved-conference.ts';
import { parseConference } from '../../../../src/conference/schemas/saved-conference.ts';
import { ObjectNames } from '../../../../src/controller/asterisk/object-names.ts';
import { ConferenceSaver } from '../../../../src/controller/effects/conference-saver.ts';
import { standardSettings } from '../../../../src/profiles/settings.ts';
import { FakeAsterisk } from '../fake-asterisk.ts';

type Write = { name: string; nextMemberId: number | undefined; answer: () => void; fail: () => void };

/** With an Asterisk that answers when it is told to. */
function saver() {
  const writes: Write[] = [];
  const setGlobalVariable = (name: string, value: string) =>
    new Promise<void>((resolve, reject) => {
      const { nextMemberId } = parseConference(value) ?? {};
      writes.push({ name, nextMemberId, answer: resolve, fail: () => reject(new Error('no answer')) });
    });
  const all = new ConferenceSaver({ ari: { setGlobalVariable }, names: new ObjectNames('r') });
  const save = (nextMemberId: number, conference = '3000') =>
    all.save(conference, {
      ...savedConferenceOf(newConference(conference, standardSettings(), 0)),
      nextMemberId,
    });
  return { all, save, writes, numbers: () => writes.map(({ nextMemberId }) => nextMemberId) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the state of a conference', () => {
  it('is saved when the one before is, and then only the newest', async () => {
    const { save, writes, numbers } = saver();
    const saves = [1, 2, 3].map((number) => save(number));
    await settled();
    expect(numbers()).toEqual([1]);
    writes[0]?.answer();
    await saves[0];
    await settled();
    expect(numbers()).toEqual([1, 3]);
    writes[1]?.answer();
    await Promise.all(saves);
    save(4);
    expect(numbers()).toEqual([1, 3, 4]);
  });

  it('does not wait for another conference', () => {
    const { save, writes } = saver();
    save(1);
    save(1, '4000');
    expect(writes.map(({ name }) => name)).toEqual(['ROSTRUM_CONFERENCE_r_3000', 'ROSTRUM_CONFERENCE_r_4000']);
  });

  it('is saved though the one before could not be', async () => {
    const { save, writes, numbers } = saver();
    const first = save(1);
    const second = save(2);
    writes[0]?.fail();
    await expect(first).rejects.toThrow('no answer');
    await settled();
    expect(numbers()).toEqual([1, 2]);
    writes[1]?.fail();
    await expect(second).rejects.toThrow('no answer');
  });

  it('ends with nothing', async () => {
    const { all, save, writes, numbers } = saver();
    save(1);
    const ended = all.save('3000', null);
    writes[0]?.answer();
    await settled();
    writes[1]?.answer();
    await ended;
    expect(numbers()).toEqual([1, undefined]);
  });

  it('is in Asterisk what was wanted last, whichever request is quicker', async () => {
    const asterisk = new FakeAsterisk();
    asterisk.call('a');
    await settled();
    const locked: boolean[] = [];
    let delayMs = 50;
    asterisk.answers.set('setGlobalVariable', async (_name, value) => {
      await sleep(delayMs);
      locked.push(parseConference(String(value))?.locked ?? false);
    });
    const first = asterisk.controller.command('3000', { type: 'lock', locked: true });
    delayMs = 0;
    await Promise.all([first, asterisk.controller.command('3000', { type: 'lock', locked: false })]);
    expect(locked).toEqual([true, false]);
    asterisk.controller.stop();
  });
});
