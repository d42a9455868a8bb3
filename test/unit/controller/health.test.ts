import { expect, it } from 'vitest';
import { type HealthFacts, problemsOf } from '../../../src/controller/health.ts';

const WELL: HealthFacts = {
  asterisk: { connected: true, asteriskVersion: '22.10.0' },
  room: 100,
  isRelayConnected: true,
  channel: [],
  away: [],
  configuration: null,
  settings: null,
  reports: null,
  recordings: null,
  directories: [],
  clockAheadMs: 0,
};
const told = (facts: Partial<HealthFacts>) =>
  problemsOf({ ...WELL, ...facts }).map(({ severity, about, detail }) => `${severity} ${about}: ${detail}`);

it('a node that is well has no problems, and one whose limits are not known neither', () => {
  expect(told({})).toEqual([]);
  expect(told({ room: null, clockAheadMs: 1900 })).toEqual([]);
});

it('failures come before warnings', () => {
  const asterisk = { connected: false, reason: 'no answer' } as const;
  expect(told({ asterisk, isRelayConnected: false, settings: 'a.yaml:1:1: x' })).toEqual([
    'failure asterisk: not connected: no answer',
    'failure relay: not connected: run "rostrum start", or look at its log',
    'warning settings: the former content counts until this is corrected:\na.yaml:1:1: x',
  ]);
});

it('what follows a recording and fails each time is a warning', () => {
  const recordings = 'recordings.command has failed for the last 2 recordings: gzip has ended with status 1';
  expect(told({ recordings })).toEqual([`warning recordings: ${recordings}`]);
});

it('a wall clock that was set is a warning, in either direction', () => {
  const rest = 's; times go on by the old clock until a restart';
  expect(told({ clockAheadMs: 3_600_000 })).toEqual([`warning clock: was set forward by 3600 ${rest}`]);
  expect(told({ clockAheadMs: -4000 })).toEqual([`warning clock: was set back by 4 ${rest}`]);
});
