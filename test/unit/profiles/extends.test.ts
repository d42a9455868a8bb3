import { describe, expect, it } from 'vitest';
import { type Resolution, resolveProfiles } from '../../../src/profiles/profiles.ts';
import { formatProblem } from '../../../src/yaml/yaml-document.ts';

function resolve(files: Record<string, string>): Resolution {
  return resolveProfiles(
    Object.entries({ 'default-keys': 'kind: controls\n', ...files }).map(([name, text]) => ({
      path: `${name}.yaml`,
      name,
      text,
    })),
  );
}

function valid(files: Record<string, string>): Resolution & { ok: true } {
  const resolution = resolve(files);
  if (!resolution.ok) throw new Error(resolution.problems.map(formatProblem).join('\n'));
  return resolution;
}

function problemsOf(files: Record<string, string>): string[] {
  const resolution = resolve(files);
  return resolution.ok ? [] : resolution.problems.map(formatProblem);
}

const BASE = `kind: conference
description: the base
flags: [+mute, +deaf]
idleSeconds: 5
access: {userPin: "1111", tries: 5}
limits: {members: 7, speakers: 3}
sound:
  voice: anna
  prompts: {welcome: none, bye: [a, b]}
`;

describe('a profile that extends another', () => {
  it('has its values where it has none of its own: maps are merged, lists and single values replaced', () => {
    const { profiles, resolved } = valid({
      base: BASE,
      hall: 'kind: conference\nextends: base\nflags: [+speaker]\nlimits: {speakers: 4}\nsound: {prompts: {bye: none}}\n',
    });
    expect(profiles.conferences.get('hall')).toMatchObject({
      flags: ['+speaker'],
      idleSeconds: 5,
      access: { userPin: '1111', tries: 5, timeoutSeconds: 10 },
      limits: { members: 7, speakers: 4, callMinutes: 0 },
      sound: { voice: 'anna', prompts: { welcome: 'none', bye: 'none' } },
    });
    const hall = resolved.get('hall');
    expect(hall?.ancestors).toEqual(['base']);
    expect(hall?.profile.description).toBeUndefined();
    const origin = (path: string) => hall?.origin(path.split('.'));
    expect(origin('limits.speakers')).toBe('hall');
    expect(origin('limits.members')).toBe('base');
    expect(origin('limits.callMinutes')).toBeNull();
    expect(origin('sound.prompts.bye')).toBe('hall');
    expect(origin('sound.prompts.welcome')).toBe('base');
  });

  it('does so over any number of steps, whatever the order of the files', () => {
    const { profiles, resolved } = valid({
      a: 'kind: conference\nextends: b\naccess: {tries: 2}\n',
      b: 'kind: conference\nextends: base\nlimits: {members: 8}\n',
      base: BASE,
    });
    expect(profiles.conferences.get('a')).toMatchObject({ access: { tries: 2 }, limits: { members: 8, speakers: 3 } });
    expect(resolved.get('a')?.ancestors).toEqual(['b', 'base']);
  });

  it('takes away with null what it would inherit', () => {
    const { profiles, resolved } = valid({
      base: BASE,
      hall: 'kind: conference\nextends: base\naccess: {userPin: null}\nsound: {voice: ~, prompts: {welcome: null}}\n',
    });
    const hall = profiles.conferences.get('hall');
    expect(hall?.access.userPin).toBeUndefined();
    expect(hall?.access.tries).toBe(5);
    expect(hall?.sound.voice).toBeUndefined();
    expect(hall?.sound.prompts).toEqual({ bye: ['a', 'b'] });
    expect(resolved.get('hall')?.origin(['access', 'userPin'])).toBeNull();
    expect(problemsOf({ hall: 'kind: conference\nidleSeconds: null\n' })[0]).toMatch(/^hall.yaml:2:1: idleSeconds: /);
  });

  it('takes a key away with the action none, and may give it back', () => {
    const { profiles } = valid({
      one: 'kind: controls\npauseSeconds: 1\nkeys: {"#": hangup, "*": deaf}\n',
      two: 'kind: controls\nextends: one\nkeys: {"*": none, "**": deaf}\n',
      three: 'kind: controls\nextends: two\nkeys: {"*": mute, "#": [none]}\n',
    });
    expect(profiles.controls.get('two')).toMatchObject({ pauseSeconds: 1, keys: { '#': 'hangup', '**': 'deaf' } });
    expect(Object.keys(profiles.controls.get('two')?.keys ?? {})).toHaveLength(2);
    expect(profiles.controls.get('three')?.keys).toEqual({ '*': 'mute', '**': 'deaf' });
  });

  it.each([
    ['itself', { a: 'kind: conference\nextends: a\n' }, ['a.yaml:2:1: extends: a profile cannot extend itself']],
    [
      'itself in a circle',
      {
        a: 'kind: conference\nextends: b\n',
        b: 'kind: conference\nextends: c\n',
        c: 'kind: conference\n\nextends: b\n',
      },
      ['b.yaml:2:1: extends: goes in a circle: b -> c -> b', 'c.yaml:3:1: extends: goes in a circle: c -> b -> c'],
    ],
    ['what does not exist', { a: 'kind: conference\nextends: x\n' }, ['a.yaml:2:1: extends: no profile "x"']],
    [
      'another kind',
      { a: 'kind: conference\nextends: default-keys\n' },
      ['a.yaml:2:1: extends: "default-keys" is a controls profile, and this is a conference profile'],
    ],
  ])('is refused if that is %s', (_what, files, problems) => {
    expect(problemsOf(files as Record<string, string>)).toEqual(problems);
  });

  it('may be fifteen profiles in a row, and no more', () => {
    const chain = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, index) => [
          `p${index}`,
          `kind: conference\n${index ? `extends: p${index - 1}\n` : ''}`,
        ]),
      );
    expect(problemsOf(chain(16))).toEqual([]);
    expect(problemsOf(chain(17))).toEqual(['p16.yaml:2:1: extends: extends more than 15 profiles in a row']);
  });

  it('has mistakes told in the file where the value stands, and once', () => {
    expect(
      problemsOf({
        a: 'kind: conference\nextends: base\nidleSeconds: soon\n',
        b: 'kind: conference\nextends: base\n',
        base: 'kind: conference\n\ncontrols: nowhere\n',
      }),
    ).toEqual([
      expect.stringMatching(/^a.yaml:3:1: idleSeconds: /),
      'base.yaml:3:1: controls: no controls profile "nowhere"',
    ]);
  });

  it('is not told about mistakes of the other twice', () => {
    expect(problemsOf({ a: 'kind: conference\nextends: b\n', b: 'kind: conference\nlimit: 3\n' })).toEqual([
      'b.yaml:2:1: limit: unknown key; did you mean "limits"?',
    ]);
  });
});
