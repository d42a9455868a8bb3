import { describe, expect, it } from 'vitest';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import { savedConferenceOf } from '../../../../src/conference/model/saved-conference.ts';
import { savedOf } from '../../../../src/conference/model/saved-member.ts';
import { parseConference, serializeConference } from '../../../../src/conference/schemas/saved-conference.ts';
import { parseMember, serializeMember } from '../../../../src/conference/schemas/saved-member.ts';
import { comes, commands, conference, memberAt, play } from '../conferences.ts';

const start = play(conference(), [...comes('a', { speaker: true, vad: false }), ...comes('b')]).conference;
const cases: [string, Input[]][] = [
  ['on the floor', []],
  ['on hold', [commands({ type: 'hold', memberId: 1, held: true })]],
  ['in a private talk', [commands({ type: 'talk-privately', memberId: 1, withMemberId: 2 })]],
  ['away', [commands({ type: 'execute', memberId: 1, application: 'Echo', data: '' })]],
  ['with a raised hand', [commands({ type: 'raise-hand', memberId: 1, raised: true })]],
  ['with a volume', [commands({ type: 'adjust', memberId: 1, setting: 'listenVolume', adjustment: { by: -2 } })]],
];

describe('a saved member', () => {
  it.each(cases)('%s is read back unchanged', (_, inputs) => {
    const { conference: state } = play(start, inputs);
    const saved = { ...savedOf(memberAt(state, 'a'), state), settled: true };
    expect(parseMember(serializeMember(saved))).toEqual(saved);
  });

  it('who arrives is saved as being there', () => {
    const { conference: state } = play(conference(), comes('a').slice(0, 1));
    expect(memberAt(state, 'a').place.at).toBe('arriving');
    expect(savedOf(memberAt(state, 'a'), state).place).toEqual({ at: 'floor' });
  });

  it('fits a variable of a channel', () => {
    expect(serializeMember({ ...savedOf(memberAt(start, 'a'), start), settled: true }).length).toBeLessThan(500);
  });

  it.each(['', 'null', '7', '{}', '{"id":1}', '{"id":"1","joined":2,"flags":[]}', 'garbage{'])(
    'is not made of "%s"',
    (text) => expect(parseMember(text)).toBeNull(),
  );

  it.each([
    { id: 0 },
    { id: 1.5 },
    { place: { at: 'nowhere' } },
    { place: { at: 'private' } },
    { hand: 'up' },
    { settled: 1 },
  ])('is not made of what has %j', (garbage) => {
    const text = serializeMember({ ...savedOf(memberAt(start, 'a'), start), settled: true });
    expect(parseMember(JSON.stringify({ ...JSON.parse(text), ...garbage }))).toBeNull();
  });

  it('whose set-up cannot be read is to be set up anew', () => {
    const text = serializeMember({ ...savedOf(memberAt(start, 'a'), start), settled: true });
    expect(parseMember(JSON.stringify({ ...JSON.parse(text), setUp: { voice: 'loud' } }))?.setup).toBeNull();
  });
});

describe('a saved conference', () => {
  it('is read back as it was', () => {
    const { conference: state } = play(start, [
      commands({ type: 'lock', locked: true }),
      commands({ type: 'mute-all', audience: 'all' }),
      commands({ type: 'record', name: 'r' }),
      commands({ type: 'play', media: ['tone:440/100', 'x'], volume: -2 }),
    ]);
    const saved = savedConferenceOf(state);
    expect(saved).toMatchObject({ locked: true, mutedAll: 'all', recording: { name: 'r' }, playback: { volume: -2 } });
    expect(parseConference(serializeConference(saved))).toEqual(saved);
  });

  it('is read as the version before has written it, and written so that it can read it', () => {
    const saved = { ...savedConferenceOf(start), mostAdmins: 2, missingSinceMs: 7000 };
    const text = JSON.parse(serializeConference(saved));
    expect(text).toMatchObject({ adminSeen: true, adminLeftAtMs: 7000 });
    const { mostAdmins, missingSinceMs, mandatorySeen, ...before } = text;
    expect(parseConference(JSON.stringify(before))).toEqual({ ...saved, mostAdmins: 1 });
  });

  it.each(['', 'null', '[]', '{}', '{"locked":true}', 'garbage{'])('is not made of "%s"', (text) =>
    expect(parseConference(text)).toBeNull(),
  );

  it('is saved when it changes, and forgotten when it has ended', () => {
    const changes = (input: Input) => play(start, [input]).effects.some(({ type }) => type === 'save-conference');
    expect(changes(commands({ type: 'lock', locked: true }))).toBe(true);
    expect(changes(commands({ type: 'hold', memberId: 1, held: true }))).toBe(false);
  });
});
