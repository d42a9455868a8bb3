import { describe, expect, it } from 'vitest';
import { parseOpenFiles } from '../../../src/base/open-files.ts';
import { judgeRecordings, judgeSecret } from '../../../src/doctor/checks/configuration.ts';
import { judgeAriConf, judgeFileRights } from '../../../src/doctor/checks/file-rights.ts';
import {
  judgeClock,
  judgeDescriptors,
  judgeFfi,
  judgeHostName,
  judgeIoUring,
  judgeNodeJs,
  judgeSocketBuffer,
} from '../../../src/doctor/checks/host.ts';
import { judgePorts, type PortFacts, parsePortRanges } from '../../../src/doctor/checks/ports.ts';

it.each([
  ['v18.20.0', 'problem'],
  ['v20.18.3', 'problem'],
  ['v20.19.0', 'ok'],
  ['v22.1.0', 'ok'],
])('Node.js %s: %s', (version, state) => {
  expect(judgeNodeJs(version).state).toBe(state);
});

it('without koffi there is a warning that says why and what it costs', () => {
  expect(judgeFfi(null).state).toBe('ok');
  expect(judgeFfi('no such package')).toMatchObject({
    state: 'warning',
    message: expect.stringMatching(/dgram.*three times.*no such package/),
  });
});

it.each([
  ['is not there', null, 'warning'],
  ['belongs to the user of Asterisk', { ownerUid: 101, mode: 0o755 }, 'ok'],
  ['belongs to another user', { ownerUid: 0, mode: 0o755 }, 'warning'],
  ['may be written by a group', { ownerUid: 0, mode: 0o775 }, 'ok'],
  ['may not be written', { ownerUid: 101, mode: 0o555 }, 'warning'],
] as const)('a directory of recordings that %s', (_, found, state) => {
  expect(judgeRecordings('/recording', found, { uid: 101 }).state).toBe(state);
  expect(judgeRecordings('/recording', found, null).state).toBe('note');
});

it('where io_uring is not allowed there is a note that says what it costs and how to allow it', () => {
  expect(judgeIoUring(null)).toEqual([]);
  expect(judgeIoUring(true)).toMatchObject([{ state: 'ok' }]);
  expect(judgeIoUring(false)).toMatchObject([
    {
      state: 'note',
      message: expect.stringContaining('1.6 times the CPU'),
      remedy: expect.stringMatching(/6\.1.*io_uring_disabled.*seccomp/),
    },
  ]);
});

describe('a secret', () => {
  const secret = (mode: number, ownerUid = 1000) => ({
    purpose: 'ARI password',
    path: '/etc/rostrum/ari-password',
    found: { state: 'there', mode: 0o100000 | mode, ownerUid } as const,
  });
  const unreadable = (code: string) => ({ ...secret(0), found: { state: 'unreadable', code } as const });

  it.each([
    [0o600, 'ok'],
    [0o400, 'ok'],
    [0o640, 'problem'],
    [0o604, 'problem'],
    [0o602, 'problem'],
  ])('with mode %o: %s', (mode, state) => {
    expect(judgeSecret(secret(mode), { uid: 1000 }).state).toBe(state);
  });

  it('that others can read is named with its mode and the command that helps', () => {
    expect(judgeSecret(secret(0o644), null)).toMatchObject({
      message: expect.stringContaining('/etc/rostrum/ari-password (ARI password): mode 644'),
      remedy: 'chmod 600 /etc/rostrum/ari-password',
    });
  });

  it('of another user than that of Rostrum is a problem, for root a warning, and good where the user is not known', () => {
    expect(judgeSecret(secret(0o600), { uid: 1001 }).state).toBe('problem');
    expect(judgeSecret(secret(0o600), { uid: 0 }).state).toBe('warning');
    expect(judgeSecret(secret(0o600), null).state).toBe('ok');
  });

  it('that is missing is a problem; one that this user may not read is a warning', () => {
    expect(judgeSecret(unreadable('ENOENT'), null).state).toBe('problem');
    expect(judgeSecret(unreadable('EACCES'), null).state).toBe('warning');
  });
});

describe('the files that Rostrum reads', () => {
  const rostrum = { uid: 998, gids: [998] };
  const needed = (path: string, mode: number, isDirectory = false) => ({
    path,
    rights: { ownerUid: 0, groupGid: 998, mode, isDirectory },
    isListed: path.endsWith('/profiles'),
  });

  it('are good where its user can read all of them', () => {
    const files = [needed('/etc/rostrum/profiles', 0o42770, true), needed('/etc/rostrum/profiles/a.yaml', 0o100660)];
    expect(judgeFileRights(files, rostrum)).toMatchObject([{ state: 'ok' }]);
    expect(judgeFileRights(files, null)).toEqual([]);
  });

  it('are a problem each where it cannot, also those that root can read', () => {
    const files = [needed('/etc/rostrum/profiles', 0o42710, true), needed('/etc/rostrum/profiles/a.yaml', 0o100600)];
    expect(judgeFileRights(files, rostrum)).toMatchObject([
      {
        state: 'problem',
        message: 'user 998, who runs Rostrum, cannot list /etc/rostrum/profiles: owner 0, group 998, mode 2710',
        remedy: 'chgrp 998 /etc/rostrum/profiles; chmod g+rx /etc/rostrum/profiles',
      },
      { state: 'problem', message: expect.stringContaining('cannot read /etc/rostrum/profiles/a.yaml') },
    ]);
    expect(judgeFileRights(files, { uid: 0, gids: [0] })).toMatchObject([{ state: 'ok' }]);
  });
});

it.each([
  [0o755, 0o640, 'ok'],
  [0o750, 0o644, 'ok'],
  [0o755, 0o644, 'problem'],
])('the directory of ari.conf with mode %o, and the file with %o: %s', (directoryMode, mode, state) => {
  const rights = { ownerUid: 0, groupGid: 101, isDirectory: false, mode };
  const files = [
    { path: '/etc/asterisk', rights: { ...rights, isDirectory: true, mode: directoryMode } },
    { path: '/etc/asterisk/ari.conf', rights },
  ];
  expect(judgeAriConf(files)).toMatchObject([{ state, message: expect.stringContaining('/etc/asterisk/ari.conf') }]);
  expect(judgeAriConf([])).toEqual([]);
});

describe('ports', () => {
  const socket = (address: string | null, port: number, inode = 0) => ({
    address,
    port,
    listening: false,
    uid: 0,
    inode,
  });
  const GOOD: PortFacts = {
    rtp: { first: 10_000, last: 32_000 },
    address: '192.0.2.1',
    local: { first: 32_768, last: 60_999 },
    reserved: [],
    udp: [socket('0.0.0.0', 68), socket('192.0.2.1', 32_001), socket('127.0.99.1', 10_000), socket(null, 10_000)],
    owners: new Map([[7, { pid: 70, name: 'named' }]]),
    ours: new Set([80]),
  };
  const judge = (facts: Partial<PortFacts>) => judgePorts({ ...GOOD, ...facts });

  it('that are free are enough for half as many calls', () => {
    expect(judge({})).toMatchObject([{ state: 'ok', message: expect.stringContaining('11000 calls') }]);
  });

  it.each(['192.0.2.1', '0.0.0.0', '::'])('of another program on %s are named', (address) => {
    expect(judge({ udp: [socket(address, 10_000, 7)] })).toMatchObject([
      { state: 'problem', message: expect.stringContaining('10000 (named, process 70)') },
    ]);
  });

  it('of Asterisk and Rostrum are not in the way', () => {
    const owners = new Map([[7, { pid: 80, name: 'node' }]]);
    expect(judge({ udp: [socket('192.0.2.1', 10_000, 7)], owners })).toMatchObject([{ state: 'ok' }]);
  });

  it('of programs that this user may not see are a note', () => {
    expect(judge({ udp: [socket('192.0.2.1', 10_000, 9)] })).toMatchObject([
      { state: 'note', message: expect.stringContaining('10000') },
    ]);
  });

  it('that Linux gives to any program are a warning, unless they are reserved', () => {
    const local = { first: 30_000, last: 60_999 };
    expect(judge({ local })).toMatchObject([{ state: 'warning', message: expect.stringContaining('30000-60999') }]);
    expect(judge({ local, reserved: [{ first: 30_000, last: 31_999 }] })).toMatchObject([{ state: 'warning' }]);
    expect(judge({ local, reserved: parsePortRanges('8080,10000-32000\n') })).toMatchObject([{ state: 'ok' }]);
  });

  it('that could not be read are a note', () => {
    expect(judge({ rtp: null })).toMatchObject([{ state: 'note' }]);
  });

  it('are read from sysctl', () => {
    expect(parsePortRanges('')).toEqual([]);
    expect(parsePortRanges('80,90-99')).toEqual([
      { first: 80, last: 80 },
      { first: 90, last: 99 },
    ]);
  });
});

describe('open files', () => {
  const judge = (soft: number, capacity: number | null = null) =>
    judgeDescriptors({ name: 'Asterisk', perCall: 5, limit: { soft, hard: soft }, capacity });

  it('are enough for so many calls', () => {
    expect(judge(200_000)).toMatchObject({ state: 'ok', message: expect.stringContaining('36000 calls') });
    expect(judge(1024)).toMatchObject({ state: 'warning', message: expect.stringContaining('184 calls') });
    expect(judge(50)).toMatchObject({ state: 'warning', message: expect.stringContaining('for 0 calls') });
    expect(judge(Number.POSITIVE_INFINITY).state).toBe('ok');
  });

  it('must be enough for the capacity of the node, and need not be for more', () => {
    expect(judge(1024, 184).state).toBe('ok');
    expect(judge(1024, 185)).toMatchObject({ state: 'problem', message: expect.stringContaining('capacity is 185') });
    expect(judge(200_000, 100_000).remedy).toContain('LimitNOFILE=1000000');
  });

  it('of a process that does not run are a note', () => {
    expect(judgeDescriptors({ name: 'relay', perCall: 2, limit: null, capacity: 5 }).state).toBe('note');
  });

  it('are read from /proc', () => {
    const text = (soft: string, hard: string) =>
      `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}                 ${hard}              files\n`;
    expect(parseOpenFiles(text('1024', '524288'))).toEqual({ soft: 1024, hard: 524_288 });
    expect(parseOpenFiles(text('1024', 'unlimited'))?.hard).toBe(Number.POSITIVE_INFINITY);
    expect(parseOpenFiles('')).toBeNull();
  });
});

it.each([
  [4 << 20, 'ok'],
  [(4 << 20) - 1, 'warning'],
  [null, 'note'],
])('a socket buffer of %s bytes: %s', (bytes, state) => {
  expect(judgeSocketBuffer('net.core.rmem_max', bytes).state).toBe(state);
});

it.each([
  [true, true, 'ok'],
  [false, true, 'warning'],
  [false, false, 'note'],
  [null, true, 'note'],
])('a clock that is synchronised (%s), in a cluster (%s): %s', (synchronised, isInCluster, state) => {
  expect(judgeClock(synchronised, isInCluster).state).toBe(state);
});

it('a host name that does not resolve is a problem that /etc/hosts solves', () => {
  expect(judgeHostName('pbx', true).state).toBe('ok');
  expect(judgeHostName('pbx', false)).toMatchObject({ state: 'problem', remedy: 'echo "127.0.1.1 pbx" >> /etc/hosts' });
});
