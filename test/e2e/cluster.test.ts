import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { formatSecret } from '../../src/secrets/derive.ts';
import type { Call } from '../kit/phone/call.ts';
import { steadyToneLevelDbov } from '../kit/phone/judge.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone, wideTone } from '../kit/phone/sound.ts';
import { parseWav } from '../kit/phone/wav.ts';
import {
  clusterHarness,
  gone,
  HEARD,
  MUSIC_HZ,
  NODES,
  type NodeName,
  PROMPT_HZ,
  speakersEverywhere,
  steadyLevelDbov,
  VOICE_DBOV,
  VOICE_HZ,
} from './cluster-harness.ts';
import { LoneController } from './cluster-intruders.ts';
import { describeCluster } from './cluster-suite.ts';

const lab = clusterHarness({ trunk: { rekeySeconds: 1 } });

describeCluster(lab);

const TONE_HZ = 1300;
/** A tone of 400 ms fills so many windows of 100 ms. */
const ONCE = { least: 3, most: 6 };

const cli = (name: NodeName, ...words: string[]) => lab.node(name).cli(...words);
const OK = { code: 0 };

/** How many tenths of a second a tone was heard since then, and how loud at most. */
function toneSince(call: Call, freqHz: number, fromMs: number): { windows: number; levelDbov: number } {
  const levels: number[] = [];
  for (let atMs = fromMs; atMs < performance.now() - 100; atMs += 100) {
    levels.push(call.toneLevelDbov(freqHz, { fromMs: atMs, toMs: atMs + 100 }));
  }
  return { windows: levels.filter((level) => level > -40).length, levelDbov: Math.max(...levels) };
}

describe('what is played', () => {
  it('on one node is heard on all, once, and is stopped from any', async () => {
    const listeners = await Promise.all(NODES.map((name) => lab.call(name, '3000', { callerNumber: '100' })));
    await lab.waitForMembers('3000', 3);
    expect(await cli('oslo', 'playback', '3000', `tone:${TONE_HZ}/9000`)).toMatchObject(OK);
    await Promise.all(listeners.map((call) => call.waitForTone(TONE_HZ, { ...HEARD, aboveDbov: -30 })));
    await sleep(1300);
    const levels = listeners.map((call) => steadyLevelDbov(call, TONE_HZ));
    expect(Math.max(...levels) - Math.min(...levels)).toBeLessThan(1);
    for (const at of NODES) expect((await lab.node(at).show('3000')).playback).toMatchObject({ paused: false });
    expect(await cli('rome', 'playback', '3000', 'stop')).toMatchObject(OK);
    await Promise.all(listeners.map((call) => call.waitForSilence(gone(TONE_HZ))));

    // So are announcements.
    for (const [by, verb, hz] of [
      ['lyon', 'lock', PROMPT_HZ.lockednow],
      ['rome', 'unlock', PROMPT_HZ.unlockednow],
    ] as const) {
      const fromMs = performance.now();
      // Listened for from before on: the command may end later than the tone.
      const [done] = await Promise.all([
        cli(by, verb, '3000'),
        ...listeners.map((call) => call.waitForTone(hz, { ...HEARD, aboveDbov: -35 })),
      ]);
      expect(done).toMatchObject(OK);
      await sleep(1000);
      const heard = listeners.map((call) => toneSince(call, hz, fromMs));
      for (const { windows } of heard) {
        expect(windows).toBeGreaterThanOrEqual(ONCE.least);
        expect(windows).toBeLessThanOrEqual(ONCE.most);
      }
      const loudness = heard.map(({ levelDbov }) => levelDbov);
      expect(Math.max(...loudness) - Math.min(...loudness)).toBeLessThan(1.5);
    }
  });

  it('to one who is alone in the cluster is music, until somebody joins on another node', async () => {
    const first = await lab.call('lyon', '9100', { callerNumber: '100' });
    await first.waitForTone(PROMPT_HZ.alone, { aboveDbov: -35, timeoutMs: 5000 });
    const hearsMusic = () => first.waitForTone(MUSIC_HZ, { aboveDbov: -35, timeoutMs: 5000 });
    await hearsMusic();
    const second = await lab.call('rome', '9100', { callerNumber: '101' });
    await lab.waitForMembers('music', 2, ['lyon', 'rome']);
    await first.waitForSilence({ belowDbov: -60, timeoutMs: 3000, forMs: 500 });
    await second.waitForSilence({ belowDbov: -60, timeoutMs: 3000, forMs: 500 });
    expect(toneSince(second, PROMPT_HZ.alone, second.answeredAtMs ?? 0).windows).toBe(0);
    await second.hangUp();
    await hearsMusic();
  });
});

describe('a transfer', () => {
  it('to a conference that only another node has: heard and hearing there, on the node that was called', async () => {
    const there = await lab.call('rome', '8100', { callerNumber: '200', send: tone(VOICE_HZ.rome, VOICE_DBOV) });
    const moved = await lab.call('lyon', '4000', { callerNumber: '201', send: tone(VOICE_HZ.lyon, VOICE_DBOV) });
    await Promise.all([lab.waitForMembers('3000', 1), lab.waitForMembers('wide', 1)]);
    expect((await lab.node('lyon').show('wide')).nodes).toEqual(['rome']);
    const { id } = await lab.node('lyon').member('3000', '201');
    const { code, stdout } = await cli('oslo', 'member', '3000', `${id}@lyon`, 'transfer', 'wide');
    expect({ code, stdout }).toMatchObject({ code: 0 });
    await Promise.all([moved.waitForTone(VOICE_HZ.rome, HEARD), there.waitForTone(VOICE_HZ.lyon, HEARD)]);
    expect((await lab.node('rome').show('wide')).nodes.toSorted()).toEqual(['lyon', 'rome']);
    expect(await lab.node('rome').member('wide', '201')).toMatchObject({ node: 'lyon', role: 'speaker' });
    expect((await lab.node('lyon').show('wide')).profile).toBe('wide');
  });
});

describe('a wideband conference', () => {
  it('is wideband from node to node, and a telephone hears as much of it as it can', async () => {
    const bank = (name: NodeName) => new PhoneBank({ server: lab.node(name).server, codec: 'L16' });
    const wide = { lyon: bank('lyon'), rome: bank('rome') };
    try {
      await Promise.all(Object.values(wide).map((phones) => phones.start()));
      const speaker = await wide.rome.call('8100', { callerNumber: '200', send: wideTone(6000, VOICE_DBOV) });
      const listener = await wide.lyon.call('7100', { callerNumber: '100', send: silence() });
      const telephone = await lab.call('oslo', '8100', { callerNumber: '201', send: tone(VOICE_HZ.oslo, VOICE_DBOV) });
      const audience = await lab.call('lyon', '7100', { callerNumber: '101' });
      await lab.waitForMembers('wide', 4);
      await listener.waitForTone(6000, HEARD);
      await Promise.all([listener, speaker].map((call) => call.waitForTone(VOICE_HZ.oslo, HEARD)));
      await sleep(1200);
      expect(Math.abs(steadyLevelDbov(listener, 6000) - VOICE_DBOV)).toBeLessThan(1);
      expect(Math.abs(steadyLevelDbov(listener, VOICE_HZ.oslo) - VOICE_DBOV)).toBeLessThan(1);
      expect(telephone.levelDbov({ lastMs: 500 })).toBeLessThan(-45);
      const path = async (number: string) => (await lab.node('lyon').member('wide', number)).path;
      await expect.poll(() => path('101')).toBe('relay');
      expect(await path('100')).toBe('bridge');
      // What the relay sends is narrowband.
      await audience.waitForTone(VOICE_HZ.oslo, HEARD);
      expect(Math.abs(audience.levelDbov({ lastMs: 500 }) - VOICE_DBOV)).toBeLessThan(1);
      speaker.send(wideTone(VOICE_HZ.rome, VOICE_DBOV));
      await Promise.all([telephone, audience].map((call) => call.waitForTone(VOICE_HZ.rome, HEARD)));
    } finally {
      await Promise.all(Object.values(wide).map((phones) => phones.stop()));
    }
  });
});

describe('a recording', () => {
  it('on one node has the voices of all', async () => {
    await speakersEverywhere(lab);
    expect(await cli('oslo', 'record', '3000', 'start', 'all')).toMatchObject(OK);
    await expect.poll(async () => (await lab.node('rome').show('3000')).recording).toMatchObject({ name: 'all' });
    await sleep(1500);
    expect(await cli('lyon', 'record', '3000', 'stop')).toMatchObject(OK);
    const file = join(lab.node('oslo').asterisk.directory, 'spool', 'recording', 'all.wav');
    const recorded = parseWav(await readFile(file))?.subarray(4000);
    if (!recorded) throw new Error('the recording is no WAV file');
    for (const from of NODES) {
      expect(Math.abs(steadyToneLevelDbov(recorded, VOICE_HZ[from]) - VOICE_DBOV)).toBeLessThan(2);
    }
    // Every node lists it with the node that has it, which alone hands it out.
    const listed = async () => JSON.parse((await cli('rome', 'recordings', 'list', '--json')).stdout);
    const row = { file: 'all.wav', node: 'oslo', conference: '3000', endedAt: expect.any(String) };
    await expect.poll(listed).toMatchObject([row]);
    expect(await cli('rome', 'recordings', 'remove', 'all')).toMatchObject({ code: 3 });
    const offered = async (from: (typeof NODES)[number]) =>
      (await cli(from, 'complete', '--', 'recordings', 'remove', 'a')).stdout;
    expect([await offered('oslo'), await offered('rome')]).toEqual(['all.wav\t3000\n', '']);
    expect(await cli('oslo', 'recordings', 'remove', 'all')).toMatchObject(OK);
    expect(await listed()).toEqual([]);
  });
});

describe('everybody', () => {
  it('is muted, kicked and dismissed from any node', async () => {
    const { listeners } = await speakersEverywhere(lab);
    const hearsAll = () =>
      Promise.all(NODES.flatMap((at) => NODES.map((from) => listeners[at].waitForTone(VOICE_HZ[from], HEARD))));
    expect(await cli('rome', 'mute-all', '3000')).toMatchObject(OK);
    await Promise.all(NODES.flatMap((at) => NODES.map((from) => listeners[at].waitForSilence(gone(VOICE_HZ[from])))));
    for (const at of NODES) {
      const { members, mutedAll } = await lab.node(at).show('3000');
      expect({ mutedAll, muted: members.filter(({ mute }) => mute).length }).toEqual({ mutedAll: 'all', muted: 6 });
    }
    expect(await cli('oslo', 'unmute-all', '3000')).toMatchObject(OK);
    // Listeners stay listeners, and speakers are heard again.
    await hearsAll();

    expect(await cli('lyon', 'kick', '3000', 'all')).toMatchObject(OK);
    for (const at of NODES) expect(await listeners[at].ended).toMatchObject({ by: 'them' });
    await lab.waitForMembers('3000', 0);

    const again = await Promise.all(NODES.map((name) => lab.call(name, '3000', { callerNumber: '100' })));
    await lab.waitForMembers('3000', 3);
    expect(await cli('rome', 'term', '3000')).toMatchObject(OK);
    for (const call of again) expect(await call.ended).toMatchObject({ by: 'them' });
  });
});

describe('what the command line tells', () => {
  it('is the same on all nodes', async () => {
    await speakersEverywhere(lab);
    const { id } = await lab.node('oslo').member('3000', '100');
    await cli('lyon', 'member', '3000', `${id}@oslo`, 'hand', 'raise');
    const json = async (at: NodeName, ...words: string[]) =>
      JSON.parse((await cli(at, ...words, '--json')).stdout) as Record<string, unknown>[];
    /** Without what depends on who asks: which member is named with a node, whose path is known, and the order of nodes. */
    const told = async (at: NodeName) => {
      const sorted = (rows: Record<string, unknown>[]) =>
        rows.map((row) => JSON.stringify(row)).sort((a, b) => (a < b ? -1 : 1));
      const [conferences, shown, cluster] = await Promise.all([
        json(at, 'list'),
        json(at, 'show', 'members', '3000'),
        json(at, 'nodes'),
      ]);
      const list = conferences.map(({ hands, nodes: names, ...rest }) => ({
        ...rest,
        nodes: [...(names as string[])].sort(),
        hands: (hands as unknown[]).length,
      }));
      const members = shown.map(({ address, path, ...rest }) => rest);
      const nodes = cluster.map(({ id: node, version, conferences: count, members: calls, draining }) => ({
        ...{ node, version, count, calls, draining },
      }));
      return { list, members: sorted(members), nodes: sorted(nodes) };
    };
    await expect.poll(async () => (await told('lyon')).list[0]).toMatchObject({ members: 6, hands: 1 });
    const lyon = await told('lyon');
    expect(lyon.nodes.length).toBe(3);
    expect(lyon.members.length).toBe(6);
    await Promise.all(['oslo', 'rome'].map((at) => expect.poll(() => told(at as NodeName)).toEqual(lyon)));
  });

  it('has the reports of all nodes in one, while the conference goes on and when it is over', async () => {
    await Promise.all(NODES.map((name) => lab.call(name, '7100', { callerNumber: `10${name.length}` })));
    await lab.waitForMembers('wide', 3);
    const report = async (at: NodeName, ...words: string[]) => {
      const { stdout, stderr } = await cli(at, ...words, '--json');
      expect(stderr).toBe('');
      return JSON.parse(stdout) as Record<string, unknown>[];
    };
    const nodesOf = (rows: Record<string, unknown>[]) => rows.map(({ node }) => node).sort();
    for (const at of NODES) {
      const rows = await report(at, 'report', 'wide');
      expect(nodesOf(rows)).toEqual([...NODES]);
      expect(new Set(rows.map(({ startedAt }) => startedAt)).size).toBe(1);
    }
    await cli('lyon', 'term', 'wide');
    await lab.waitForMembers('wide', 0);
    await expect.poll(() => report('oslo', 'list')).toEqual([]);
    const [past] = await report('rome', 'list', '--past', '--search', 'wide');
    const nodes = expect.arrayContaining([...NODES]);
    expect(past).toMatchObject({ conference: 'wide', members: 3, endedAt: expect.any(String), nodes });
    expect((await report('rome', 'report', 'wide')).map(({ result }) => result)).toEqual(['ENDED', 'ENDED', 'ENDED']);
  });
});

describe('keys that change each second', () => {
  it('cost no frame in 15 s of speech', async () => {
    await speakersEverywhere(lab);
    await sleep(2500);
    const before = await Promise.all(NODES.map(lab.nodesSeenBy));
    await sleep(15_000);
    const after = await Promise.all(NODES.map(lab.nodesSeenBy));
    for (const [index, at] of NODES.entries()) {
      const dropped = (views: typeof after) => views[index]?.get(at)?.traffic?.trunk?.dropped;
      expect(dropped(after)).toEqual(dropped(before));
      expect(dropped(after)).toMatchObject({ 'unknown-epoch': 0, forged: 0, replayed: 0, malformed: 0 });
      for (const from of NODES) {
        if (from === at) continue;
        const [was, is] = [before[index]?.get(from)?.audio, after[index]?.get(from)?.audio];
        if (!was || !is) throw new Error(`${at} gets nothing of ${from}`);
        expect(is.frames - was.frames).toBeGreaterThan(600);
        // On a busy machine some come too late: but none is missing.
        expect(is.packets - was.packets).toBe(is.frames - was.frames + is.late - was.late);
        expect(is.concealed - was.concealed).toBeLessThan(15);
      }
    }
  });
});

describe('who does not belong to the cluster', () => {
  const refusals = async (reason: string) =>
    (await lab.nodesSeenBy('lyon')).get('lyon')?.traffic?.events?.refused[reason] ?? 0;
  const told = async (pattern: RegExp) =>
    (await lab.node('lyon').log()).split('\n').filter((line) => pattern.test(line));
  const peers = () => [lab.cluster.listens.get('lyon') ?? ''];

  it('does not get in with a wrong secret, which is told once and counted each time', async () => {
    const wrong = `${formatSecret(new Uint8Array(32).fill(7))}\n`;
    const stranger = await LoneController.start({ nodeId: 'milan', peers: peers(), secret: wrong });
    try {
      await expect.poll(() => refusals('secret'), { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
      expect(await told(/secret|milan/i)).toHaveLength(1);
      expect([...(await lab.nodesSeenBy('lyon')).keys()].sort()).toEqual([...NODES]);
      expect(stranger.output).toMatch(/secret/i);
    } finally {
      await stranger.stop();
    }
  });

  it('does not get in under the name of a node that is there', async () => {
    const { secretFile } = lab.cluster;
    const second = await LoneController.start({
      nodeId: 'oslo',
      peers: peers(),
      secret: await readFile(secretFile, 'utf8'),
    });
    try {
      await expect.poll(() => refusals('id-taken'), { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
      await expect.poll(() => second.output, { timeout: 5000 }).toContain('another node with the id of this one');
      expect(await told(/two nodes with the id oslo/)).toHaveLength(1);
      const oslo = (await lab.nodesSeenBy('lyon')).get('oslo');
      expect(oslo).toMatchObject({ state: 'up' });
    } finally {
      await second.stop();
    }
  });

  it('does not even start with a secret that others can read', async () => {
    const { secretFile } = lab.cluster;
    const secret = await readFile(secretFile, 'utf8');
    const careless = await LoneController.start({ nodeId: 'bonn', peers: peers(), secret, mode: 0o644 });
    try {
      expect(await careless.ended()).toBeGreaterThan(0);
      expect(careless.output).toMatch(/secret.*(read|mode|permission)/i);
      expect(careless.output).not.toContain(secret.trim());
    } finally {
      await careless.stop();
    }
  });
});
