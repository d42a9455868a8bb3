import { describe, expect, it } from 'vitest';
import { newConference } from '../../../src/conference/model/conference.ts';
import { api } from '../../../src/dtmf/actions/api.ts';
import { standardSettings } from '../../../src/profiles/profiles.ts';
import { member as memberOf } from '../api/conferences.ts';

const member = memberOf(7);

describe('the key action "api"', () => {
  it('runs any command, "me" being whoever pressed the key', () => {
    const conference = newConference('3000', standardSettings(), 0);
    expect(api.commands({ member, conference, argument: 'member me hand raise' })).toEqual([
      { type: 'raise-hand', memberId: 7, raised: true },
    ]);
    expect(api.commands({ member, conference, argument: 'playback "tts:good morning"' })).toEqual([
      { type: 'play', media: ['tts:good morning'], volume: 0 },
    ]);
  });

  it.each([
    ['lock', null],
    ['member me kick', null],
    ['', 'no command'],
    ['dance', 'no command "dance"'],
    ['playback "tts:good morning', 'a quote is not closed'],
  ])('says what is wrong with its argument when the profile is read: %s', (argument, problem) => {
    expect(api.problem?.(argument)).toEqual(problem === null ? null : expect.stringContaining(problem));
  });
});
