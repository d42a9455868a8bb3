import { describe, expect, it } from 'vitest';
import { judgeAbsent, judgeNode, judgePhones, type RunningNode } from '../../../src/doctor/checks/node.ts';

const GOOD: RunningNode = {
  version: '1.0.0',
  asterisk: { connected: true },
  relay: { connected: true },
  problems: [],
  peers: [{ id: 'berlin', state: 'self' }],
  calls: [],
};
const judge = (node: Partial<RunningNode>) => judgeNode({ ...GOOD, ...node }, '1.0.0');
const states = (node: Partial<RunningNode>) => judge(node).map(({ state }) => state);

describe('a running node', () => {
  it('that is well has no other finding', () => {
    expect(states({})).toEqual(['ok', 'ok']);
  });

  it('whose controller has lost Asterisk says why', () => {
    const problems = [{ about: 'asterisk', severity: 'failure', detail: 'no answer' }];
    const [finding] = judge({ asterisk: { connected: false }, problems });
    expect(finding).toMatchObject({ state: 'problem', message: expect.stringContaining('no answer') });
  });

  it('of another version than the command is a warning', () => {
    expect(states({ version: '0.9.0' })).toEqual(['warning', 'ok']);
  });

  it('that cannot write attendance is a warning', () => {
    const problems = [{ about: 'reports', severity: 'warning', detail: 'EROFS: read-only file system' }];
    const [, , finding] = judge({ problems });
    expect(finding).toMatchObject({ state: 'warning', message: expect.stringContaining('EROFS') });
  });

  it('without its relay is a problem', () => {
    expect(states({ relay: { connected: false } })).toEqual(['ok', 'problem']);
  });

  it('names each node of the cluster that is not up', () => {
    const up = { id: 'lyon', state: 'up' } as const;
    expect(judge({ peers: [...GOOD.peers, up] })[2]?.message).toBe('other nodes of the cluster: 1, all up');
    const away = judge({ peers: [...GOOD.peers, up, { id: 'oslo', state: 'silent' }, { id: 'rome', state: 'gone' }] });
    expect(away.slice(2).map(({ state, message }) => `${state}: ${message}`)).toEqual([
      'warning: node oslo is silent',
      'warning: node rome is gone',
    ]);
  });

  it('says how many calls hear the relay, calls of other nodes left out', () => {
    const calls = (['relay', 'bridge', 'relay', null] as const).map((path) => ({ name: 'x', path }));
    expect(judge({ calls })[2]?.message).toContain('2 of 3 calls (67 %)');
  });

  it('may be absent', () => {
    expect(judgeAbsent('ENOENT').state).toBe('note');
  });
});

describe('phones', () => {
  const phone = (packetsReceived: number | null, ageMs = 10_000) => ({ name: 'member 7', ageMs, packetsReceived });

  it('that have sent nothing for seconds are a warning that names one', () => {
    expect(judgePhones([phone(500), phone(0)])).toMatchObject([
      { state: 'warning', message: expect.stringMatching(/1 of 2 .* member 7/) },
    ]);
  });

  it('that have just called, or have no audio in Asterisk, are not judged', () => {
    expect(judgePhones([phone(0, 1000), phone(null)])).toEqual([]);
    expect(judgePhones([phone(1)])).toMatchObject([{ state: 'ok' }]);
  });
});
