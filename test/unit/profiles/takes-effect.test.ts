import { describe, expect, it } from 'vitest';
import { conferenceProfileSchema } from '../../../src/profiles/conference-schema.ts';
import { controlsProfileSchema } from '../../../src/profiles/controls-schema.ts';
import { profileJsonSchema } from '../../../src/profiles/json-schema.ts';
import { PROFILE_KEYS } from '../../../src/profiles/profile-keys.ts';
import { type Profiles, parseProfiles } from '../../../src/profiles/profiles.ts';
import { settingsOf } from '../../../src/profiles/settings.ts';
import { changedKeys, changedProfiles, mergeLive } from '../../../src/profiles/takes-effect.ts';

const profile = (values: object = {}) => conferenceProfileSchema.parse({ kind: 'conference', ...values });
const runBy = (values: object) => {
  const controls = controlsProfileSchema.parse({ kind: 'controls' });
  return settingsOf('hall', profile(values), controls, controls).profile;
};

describe('a change to a profile', () => {
  it('is told key by key, with when it counts', () => {
    const before = profile({ access: { userPin: '1' }, sound: { prompts: { welcome: 'none', bye: 'a' } } });
    const after = profile({
      flags: ['+mute'],
      limits: { speakers: 4 },
      recording: { automatic: true },
      sound: { prompts: { welcome: 'b', muted: 'none' } },
    });
    expect(changedKeys(before, after)).toEqual(
      expect.arrayContaining([
        { key: 'flags', takesEffect: 'live' },
        { key: 'access.userPin', takesEffect: 'live' },
        { key: 'limits.speakers', takesEffect: 'live' },
        { key: 'sound.prompts.welcome', takesEffect: 'live' },
        { key: 'sound.prompts.bye', takesEffect: 'live' },
        { key: 'sound.prompts.muted', takesEffect: 'live' },
        { key: 'recording.automatic', takesEffect: 'next-conference' },
      ]),
    );
    expect(changedKeys(before, after)).toHaveLength(7);
    expect(changedKeys(before, before)).toEqual([]);
  });

  it('leaves a running conference with what may not change while it runs', () => {
    const running = runBy({ access: { userPin: '1' }, recording: { automatic: true, name: 'a' }, idleSeconds: 1 });
    const changed = runBy({ recording: { automatic: false, name: 'b' }, idleSeconds: 2 });
    const merged = mergeLive(running, changed);
    expect(merged).toEqual(runBy({ recording: { automatic: true, name: 'b' }, idleSeconds: 2 }));
    expect(mergeLive(merged, changed)).toEqual(merged);
    expect(mergeLive(running, running)).toEqual(running);
  });

  it('is told for every profile that it reaches', () => {
    const parse = (files: Record<string, string>) =>
      parseProfiles(Object.entries(files).map(([name, text]) => ({ path: name, name, text }))) as Profiles;
    const keys = 'kind: controls\nkeys: {"#": hangup}\n';
    const before = parse({
      base: 'kind: conference\nidleSeconds: 1\n',
      hall: 'kind: conference\nextends: base\n',
      own: 'kind: conference\nextends: base\nidleSeconds: 7\n',
      old: 'kind: conference\n',
      'default-keys': keys,
    });
    const after = parse({
      base: 'kind: conference\nidleSeconds: 2\n',
      hall: 'kind: conference\nextends: base\n',
      own: 'kind: conference\nextends: base\nidleSeconds: 7\n',
      new: 'kind: conference\n',
      'default-keys': 'kind: controls\nkeys: {"1": mute}\n',
    });
    const idle = [{ key: 'idleSeconds', takesEffect: 'live' }];
    expect(changedProfiles(before, after)).toEqual([
      { kind: 'conference', name: 'base', change: 'changed', keys: idle },
      { kind: 'conference', name: 'hall', change: 'changed', keys: idle },
      { kind: 'conference', name: 'new', change: 'added', keys: [] },
      { kind: 'conference', name: 'old', change: 'removed', keys: [] },
      {
        kind: 'controls',
        name: 'default-keys',
        change: 'changed',
        keys: [
          { key: 'keys.#', takesEffect: 'live' },
          { key: 'keys.1', takesEffect: 'live' },
        ],
      },
    ]);
  });

  it('has its time in the JSON Schema, at every key and in words', () => {
    const { oneOf } = profileJsonSchema() as { oneOf: { properties: Record<string, Described> }[] };
    const [conference, controls] = oneOf;
    for (const [kind, schema] of [
      ['conference', conference],
      ['controls', controls],
    ] as const) {
      for (const { path } of PROFILE_KEYS[kind]) {
        let at: Described | undefined = { properties: schema?.properties };
        for (const step of path) at = at?.properties?.[step];
        expect(at?.description, path.join('.')).toMatch(/A change counts (at once|from the next conference on)\./);
      }
    }
    expect(JSON.stringify(oneOf)).not.toContain('takesEffect');
  });
});

type Described = { description?: string; properties?: Record<string, Described> | undefined };
