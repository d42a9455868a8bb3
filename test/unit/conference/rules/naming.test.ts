import { describe, expect, it } from 'vitest';
import type { Input } from '../../../../src/conference/model/inputs.ts';
import {
  conference,
  effectsOf,
  heardBy,
  joins,
  memberAt,
  play,
  presses,
  SILENT,
  typesOf,
  wake,
} from '../conferences.ts';

const heard = (nextStep: 'say-name' | 'enter'): Input => ({ type: 'heard', channelId: 'a', nextStep });
const named = (recorded: boolean): Input => ({ type: 'named', channelId: 'a', recorded });
const press = (digit: string) => presses('a', digit);

const prompts = { ...SILENT, 'review-name': 'review', 'record-name': 'record', welcome: 'welcome' };
const reviewing = conference({ sound: { music: 'none', announce: 'name', reviewName: true, prompts } });
/** A caller has said a name at 1 s. */
const said = play(reviewing, [joins('a'), heard('say-name'), named(true)]);
const { spokenName } = memberAt(said.conference, 'a');

describe('the review of a name', () => {
  it('plays the name to the caller alone, who is not in yet', () => {
    expect(heardBy('a', said.effects)).toEqual([spokenName, 'review']);
    expect(effectsOf(said.effects, 'announce')).toEqual([]);
    expect(memberAt(said.conference, 'a')).toMatchObject({ place: { at: 'naming' }, reviewDueMs: 31_000 });
  });

  it.each(['1', '#'])('ends with %s: the name counts', (digit) => {
    // The # that ended the recording comes first, and means nothing.
    const { conference: accepted, effects } = play(said.conference, [press('#'), press(digit)]);
    expect(effectsOf(effects, 'hush')).toHaveLength(1);
    expect(heardBy('a', effects)).toEqual(['welcome']);
    expect(memberAt(accepted, 'a')).toMatchObject({ place: { at: 'greeting' }, spokenName, reviewDueMs: null });
  });

  it('ends with the first # after the recording where another one has ended that', () => {
    const saying = play(reviewing, [joins('a'), heard('say-name'), press('#')]);
    expect(saying.effects).toEqual([]);
    const { effects } = play(saying.conference, [named(true), press('#')]);
    expect(heardBy('a', effects)).toEqual(['welcome']);
    // Once is enough for a name that is recorded again, too.
    const again = play(saying.conference, [named(true), press('3'), heard('say-name'), named(true)]);
    expect(play(again.conference, [press('#')]).effects).toEqual([]);
  });

  it('plays it again with 2', () => {
    const again = play(said.conference, [press('2')], 5000);
    expect(typesOf(again.effects).slice(0, 2)).toEqual(['hush', 'play-to']);
    expect(heardBy('a', again.effects)).toEqual([spokenName, 'review']);
    expect(memberAt(again.conference, 'a').reviewDueMs).toBe(35_000);
  });

  it('records it again with 3, and then plays the new one', () => {
    const asked = play(said.conference, [press('3')]);
    expect(heardBy('a', asked.effects)).toEqual(['record']);
    expect(memberAt(asked.conference, 'a').reviewDueMs).toBeNull();
    const again = play(asked.conference, [heard('say-name')]);
    expect(effectsOf(again.effects, 'record-name')).toMatchObject([{ name: spokenName }]);
    expect(heardBy('a', play(again.conference, [named(true)]).effects)).toEqual([spokenName, 'review']);
  });

  it('does not mind other digits, nor any while the name is being said', () => {
    expect(play(said.conference, [press('7')]).effects).toEqual([]);
    const saying = play(reviewing, [joins('a'), heard('say-name')]).conference;
    expect(play(saying, [press('1')]).effects).toEqual([]);
  });

  it('is over after 30 s, and the name counts', () => {
    expect(said.effects).toContainEqual({ type: 'wake', atMs: 31_000 });
    const late = wake(said.conference, 31_000);
    expect(heardBy('a', late.effects)).toEqual(['welcome']);
    expect(memberAt(late.conference, 'a')).toMatchObject({ place: { at: 'greeting' }, spokenName });
  });

  it('is left out where nothing was said, or the profile does not ask for it', () => {
    const silent = play(reviewing, [joins('a'), heard('say-name'), named(false)]);
    expect(heardBy('a', silent.effects)).toEqual(['welcome']);
    const quick = conference({ sound: { music: 'none', announce: 'name', prompts } });
    const { effects } = play(quick, [joins('a'), heard('say-name'), named(true)]);
    expect(heardBy('a', effects)).toEqual(['welcome']);
  });
});
