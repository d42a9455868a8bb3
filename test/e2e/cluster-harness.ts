import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { NodeView } from '../../src/api/schemas.ts';
import type { Call } from '../kit/phone/call.ts';
import { steadyToneLevelDbov } from '../kit/phone/judge.ts';
import { type DialOptions, PhoneBank } from '../kit/phone/phone-bank.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { RostrumCluster, type RostrumClusterOptions } from '../kit/rostrum-cluster.ts';
import { type RostrumNode, SILENT } from '../kit/rostrum-node.ts';
import { toneFile } from '../kit/tone-file.ts';

/** Three nodes that are one cluster, and phones that call them, for the tests of one file. */

export const NODES = ['lyon', 'oslo', 'rome'] as const;
export type NodeName = (typeof NODES)[number];

/** What the speaker of each node says. */
export const VOICE_HZ = { lyon: 440, oslo: 740, rome: 1040 } as const;
export const VOICE_DBOV = -20;
/** Prompts that are tones, so that one hears them, and how loud. */
export const PROMPT_HZ = { lockednow: 1500, unlockednow: 1700, alone: 1900, 'floor-muted': 2100 } as const;

export const MUSIC_HZ = 2300;
const music = await toneFile(MUSIC_HZ);

export const HEARD = { aboveDbov: -24, timeoutMs: 5000 };
export const gone = (freqHz: number) => ({ freqHz, belowDbov: -60, timeoutMs: 5000 });

/** 30XX is conference 3000 for listeners, 40XX for speakers; 71XX and 81XX are a wideband one. */
const DIALPLAN = `
[rostrum-dial-in](+)
exten => _71XX,1,Stasis(rostrum,join,wide,wide)
exten => _81XX,1,Stasis(rostrum,join,wide,wide,+speaker)
exten => _91XX,1,Stasis(rostrum,join,music,music)
`;

const prompts = {
  ...SILENT.prompts,
  ...Object.fromEntries(Object.entries(PROMPT_HZ).map(([name, hz]) => [name, `tone:${hz}/400`])),
};

export type ClusterHarness = {
  readonly cluster: RostrumCluster;
  readonly node: (name: NodeName) => RostrumNode;
  readonly call: (name: NodeName, number: string, options?: DialOptions) => Promise<Call>;
  readonly phones: (name: NodeName) => PhoneBank;
  /** All nodes, as one of them sees them. */
  readonly nodesSeenBy: (name: NodeName) => Promise<Map<string, NodeView>>;
  /** Waits until each node knows of so many members. */
  readonly waitForMembers: (conference: string, count: number, names?: readonly NodeName[]) => Promise<void>;
};

/** Starts the cluster before the first test of the file; hangs up all calls after each test. */
export function clusterHarness(options: Omit<RostrumClusterOptions, 'nodes'> = {}): ClusterHarness {
  let cluster: RostrumCluster | undefined;
  const banks = new Map<NodeName, PhoneBank>();

  const lab: ClusterHarness = {
    get cluster() {
      return cluster as RostrumCluster;
    },
    node: (name) => lab.cluster.node(name),
    phones: (name) => banks.get(name) as PhoneBank,
    call: (name, number, dial = {}) => lab.phones(name).call(number, { send: silence(), ...dial }),
    nodesSeenBy: async (name) => {
      const nodes = await lab.node(name).api.get<NodeView[]>('/nodes');
      return new Map(nodes.map((node) => [node.id, node]));
    },
    waitForMembers: async (conference, count, names = NODES) => {
      await Promise.all(names.map((name) => lab.node(name).waitForMembers(conference, count)));
    },
  };

  beforeAll(async () => {
    cluster = await RostrumCluster.start({
      nodes: NODES,
      profile: { sound: { ...SILENT, prompts }, idleSeconds: 1 },
      profiles: {
        wide: {
          kind: 'conference',
          sound: SILENT,
          audio: { comfortNoise: 0, sampleRateHz: 16_000 },
          idleSeconds: 1,
        },
        music: { kind: 'conference', sound: { ...SILENT, music: 'tone', prompts }, idleSeconds: 1 },
      },
      extra: {
        append: { 'extensions.conf': DIALPLAN, 'musiconhold.conf': music.musicClass },
        set: [['pjsip.conf', 'anonymous', 'allow', 'ulaw,alaw,slin16']],
      },
      ...options,
    });
    for (const name of NODES) {
      const bank = new PhoneBank({ server: cluster.node(name).server });
      banks.set(name, bank);
      await bank.start();
    }
  });

  afterEach(async (context) => {
    if (context.task.result?.state === 'fail' && cluster) await tellLogs(cluster);
    await Promise.all([...banks.values()].map((bank) => bank.hangUpAll()));
    await Promise.all(NODES.map(async (name) => cluster && waitUntilEmpty(cluster.node(name))));
  });

  afterAll(async () => {
    await Promise.all([...banks.values()].map((bank) => bank.stop()));
    await cluster?.stop();
  });

  return lab;
}

/** What each node hears of each speaker. */
export type Hearers = { readonly speakers: Record<NodeName, Call>; readonly listeners: Record<NodeName, Call> };

/** A speaker and a listener on each node, who all hear each other, the listeners from their relays. */
export async function speakersEverywhere(lab: ClusterHarness): Promise<Hearers> {
  const each = async (of: (name: NodeName) => Promise<Call>) =>
    Object.fromEntries(await Promise.all(NODES.map(async (name) => [name, await of(name)]))) as Record<NodeName, Call>;
  const speakers = await each((name) =>
    lab.call(name, '4000', { callerNumber: '200', send: tone(VOICE_HZ[name], VOICE_DBOV) }),
  );
  const listeners = await each((name) => lab.call(name, '3000', { callerNumber: '100' }));
  await lab.waitForMembers('3000', 6);
  const paths = () => Promise.all(NODES.map(async (name) => (await lab.node(name).member('3000', '100')).path));
  await expect.poll(paths, { timeout: 5000 }).toEqual(NODES.map(() => 'relay'));
  await Promise.all(
    NODES.flatMap((from) => [
      ...NODES.map((at) => listeners[at].waitForTone(VOICE_HZ[from], HEARD)),
      ...NODES.filter((at) => at !== from).map((at) => speakers[at].waitForTone(VOICE_HZ[from], HEARD)),
    ]),
  );
  return { speakers, listeners };
}

/** How loud a tone was in a second, up to what may still be on its way. */
export function steadyLevelDbov(call: Call, freqHz: number): number {
  const toMs = performance.now() - 100;
  return steadyToneLevelDbov(call.audio({ fromMs: toMs - 1000, toMs }).samples, freqHz, call.heard.sampleRateHz);
}

async function waitUntilEmpty(node: RostrumNode): Promise<void> {
  for (const { name } of await node.list().catch(() => [])) await node.waitForMembers(name, 0);
}

/** Prints the last log lines of all nodes, to explain a failed test. */
export async function tellLogs(cluster: RostrumCluster): Promise<void> {
  for (const [name, node] of cluster.nodes) {
    const lines = (await node.log()).split('\n').slice(-25);
    console.log([`what ${name} has logged:`, ...lines].join('\n'));
  }
}
