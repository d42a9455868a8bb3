import { describe, expect, it } from 'vitest';
import { judgeApplication, judgeAri, judgeVersion } from '../../../src/doctor/checks/asterisk.ts';
import { judgeModules, NEEDED_MODULES, USEFUL_MODULES } from '../../../src/doctor/checks/modules.ts';

const URL = 'http://127.0.0.1:8088';

describe('the version of Asterisk', () => {
  it.each([
    ['18.26.1', 'problem'],
    ['certified-18.9-cert14', 'problem'],
    ['20.19.0', 'warning'],
    ['certified-20.7-cert3', 'warning'],
    ['22.9.0', 'warning'],
    ['22.10.1+dfsg+~cs6.17-1', 'ok'],
    ['23.0.0', 'ok'],
    ['GIT-master-abc', 'note'],
  ])('%s: %s', (version, state) => {
    expect(judgeVersion(version).state).toBe(state);
    expect(judgeVersion(version).message).toContain(version);
  });
});

it('each way in which ARI does not answer has its own advice', () => {
  const judge = (answer: Parameters<typeof judgeAri>[2]) => judgeAri(URL, 'rostrum', answer);
  expect(judge({ state: 'answers', version: '22.10.1' }).state).toBe('ok');
  expect(judge({ state: 'unreachable', reason: 'ECONNREFUSED' }).remedy).toContain('http.conf');
  expect(judge({ state: 'unauthorized' }).remedy).toContain('[rostrum] of ari.conf');
  expect(judge({ state: 'refused', reason: '404' }).remedy).toContain('res_ari.so');
});

it.each([
  [true, true, 'ok'],
  [false, true, 'problem'],
  [true, false, 'warning'],
  [false, false, 'note'],
])('an application that is registered (%s), with a controller connected (%s): %s', (registered, connected, state) => {
  const facts = { registered, controllerConnected: connected };
  expect(judgeApplication('rostrum', facts).state).toBe(state);
});

describe('modules', () => {
  const names = [...NEEDED_MODULES, ...USEFUL_MODULES].map(({ module }) => module);

  it('that all run are one finding', () => {
    expect(judgeModules(new Set(names))).toMatchObject([{ state: 'ok' }]);
  });

  it('that are missing are named one by one, each with the line that loads it', () => {
    const without = new Set(names.filter((name) => !['chan_rtp.so', 'func_speex.so'].includes(name)));
    expect(judgeModules(without)).toMatchObject([
      {
        state: 'problem',
        message: expect.stringMatching(/^chan_rtp\.so/),
        remedy: expect.stringContaining('"load = chan_rtp.so"'),
      },
      {
        state: 'warning',
        message: expect.stringMatching(/^func_speex\.so/),
        remedy: expect.stringContaining('"load = func_speex.so"'),
      },
    ]);
  });

  it('that could not be read are a note', () => {
    expect(judgeModules(null)).toMatchObject([{ state: 'note' }]);
  });
});
