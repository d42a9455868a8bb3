import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../scripts/machine.ts';
import type { NodeView, RouteView } from '../../src/api/schemas.ts';
import { Kamailio } from '../kit/kamailio.ts';
import { ownAddress } from '../kit/loopback.ts';
import type { Call } from '../kit/phone/call.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { RostrumCluster, type RostrumClusterOptions } from '../kit/rostrum-cluster.ts';
import type { RostrumNode } from '../kit/rostrum-node.ts';
import { sipp } from '../kit/sipp.ts';
import { tellLogs } from './cluster-harness.ts';

/** What the dialplan makes of ROSTRUM_RESULT=FULL. */
const BUSY = 486;

type Ground = { lyon: RostrumNode; oslo: RostrumNode; phones: Record<'lyon' | 'oslo', PhoneBank> };

/** A cluster of lyon and oslo, with phones that call the one or the other. */
function ground(options: Omit<RostrumClusterOptions, 'nodes'>): Ground {
  let cluster: RostrumCluster | undefined;
  const phones = new Map<string, PhoneBank>();
  const node = (name: string) => (cluster as RostrumCluster).node(name);

  beforeAll(async () => {
    cluster = await RostrumCluster.start({ nodes: ['lyon', 'oslo'], ...options });
    for (const [name, { server }] of cluster.nodes) {
      const bank = new PhoneBank({ server });
      await bank.start();
      phones.set(name, bank);
    }
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail' && cluster) await tellLogs(cluster);
    for (const bank of phones.values()) await bank.hangUpAll();
    for (const each of cluster?.nodes.values() ?? []) {
      await each.api.post('/drain', { draining: false });
      for (const { name } of await each.list()) await each.waitForMembers(name, 0);
    }
    await Promise.all([...(cluster?.nodes.values() ?? [])].map((each) => seen(each, { draining: [], members: 0 })));
  });

  afterAll(async () => {
    await Promise.all([...phones.values()].map((bank) => bank.stop()));
    await cluster?.stop();
  });

  return {
    get lyon() {
      return node('lyon');
    },
    get oslo() {
      return node('oslo');
    },
    get phones() {
      return { lyon: phones.get('lyon') as PhoneBank, oslo: phones.get('oslo') as PhoneBank };
    },
  };
}

/** Waits until a node knows that both are up, which nodes are draining, and of so many calls on all nodes. */
async function seen(node: RostrumNode, expected: { draining: string[]; members?: number }): Promise<void> {
  const state = async () => {
    const nodes = await node.api.get<NodeView[]>('/nodes');
    return {
      up: nodes.filter(({ state }) => state !== 'gone' && state !== 'silent').length,
      draining: nodes.filter(({ draining }) => draining).map(({ id }) => id),
      ...(expected.members !== undefined && { members: nodes.reduce((sum, { members }) => sum + members, 0) }),
    };
  };
  await expect.poll(state, { timeout: 5000 }).toEqual({ up: 2, ...expected });
}

/** The numbers of those who have called a node, whatever the conference's other nodes have. */
async function callersAt(node: RostrumNode, name: string, conference = '3000'): Promise<string[]> {
  const { members } = await node.show(conference);
  return members.filter((member) => member.node === name).map(({ caller }) => caller.number);
}

/** How a call ended that nobody has answered. */
async function refusalOf(call: Call): Promise<number | undefined> {
  return (await call.ended).status;
}

const at = ground({ each: { lyon: { capacity: 3 }, oslo: { capacity: 2 } } });

describe('a node that drains', () => {
  it('sends new callers to the other node, keeps those that it has, and takes callers again', async () => {
    const stays = await at.phones.lyon.call('3000', { callerNumber: '101' });
    expect(stays.redirects).toEqual([]);
    expect((await at.lyon.cli('drain')).stdout).toContain('draining');
    const moved = await at.phones.lyon.call('3000', { callerNumber: '102' });
    const { host, port } = at.oslo.server;
    expect(moved.redirects).toEqual([`sip:3000@${host}:${port};rostrum=lyon`]);
    await at.lyon.waitForMembers('3000', 2);
    expect(await callersAt(at.lyon, 'lyon')).toEqual(['101']);
    expect(await callersAt(at.oslo, 'oslo')).toEqual(['102']);
    expect(stays.state).toBe('answered');
    expect((await at.lyon.cli('undrain')).code).toBe(0);
    const back = await at.phones.lyon.call('3000', { callerNumber: '103' });
    expect(back.redirects).toEqual([]);
    expect((await callersAt(at.lyon, 'lyon')).sort()).toEqual(['101', '103']);
  });

  it('sends callers to what they have dialled, with its flags', async () => {
    await at.lyon.cli('drain');
    await at.phones.lyon.call('5123', { callerNumber: '101' });
    await at.phones.lyon.call('3124', { callerNumber: '102' });
    // Until lyon knows that they have arrived, it counts them as on their way, and oslo as full.
    await at.lyon.waitForMembers('3123', 1);
    await at.lyon.waitForMembers('3124', 1);
    expect(await at.oslo.member('3123', '101')).toMatchObject({ role: 'speaker', admin: true, node: 'oslo' });
    expect(await at.oslo.member('3124', '102')).toMatchObject({ role: 'listener', admin: false, node: 'oslo' });
  });

  it('sends callers of the lobby before it answers', async () => {
    expect((await at.lyon.cli('drain')).code).toBe(0);
    const call = await at.phones.lyon.call('2000', { callerNumber: '101' });
    expect(call.redirects).toHaveLength(1);
    await call.pressKeys('3001#');
    await at.lyon.waitForMembers('3001', 1);
    expect(await callersAt(at.oslo, 'oslo', '3001')).toEqual(['101']);
  });

  it('leaves alone who has been answered in the lobby', async () => {
    const call = await at.phones.lyon.call('2000', { callerNumber: '101' });
    await at.lyon.cli('drain');
    await call.pressKeys('3001#');
    await at.lyon.waitForMembers('3001', 1);
    expect(call.redirects).toEqual([]);
    expect(await callersAt(at.lyon, 'lyon', '3001')).toEqual(['101']);
  });

  it('takes a caller on the first node when all are draining, and nobody goes to and fro', async () => {
    await at.lyon.cli('drain');
    await seen(at.oslo, { draining: ['lyon'] });
    await at.oslo.cli('drain');
    await seen(at.lyon, { draining: ['lyon', 'oslo'] });
    const call = await at.phones.lyon.call('3000', { callerNumber: '101' });
    expect(call.redirects).toEqual([]);
    expect(await callersAt(at.lyon, 'lyon')).toEqual(['101']);
  });

  it('takes a caller who was redirected to it', async () => {
    await at.lyon.cli('drain');
    const { host, port } = at.lyon.server;
    const call = await at.phones.lyon.call(`sip:3000@${host}:${port};rostrum=oslo`, { callerNumber: '101' });
    expect(call.redirects).toEqual([]);
    expect(await callersAt(at.lyon, 'lyon')).toEqual(['101']);
  });

  it('sends callers of SIPp, whose understanding of a redirect is not ours', async () => {
    await at.lyon.cli('drain');
    const calling = sipp({ scenario: 'redirected', number: '3000', server: at.lyon.server });
    await at.lyon.waitForMembers('3000', 1);
    expect(await callersAt(at.oslo, 'oslo')).toEqual(['sipp']);
    await calling;
    await at.oslo.waitForMembers('3000', 0);
  });

  it('says so in the route', async () => {
    const { host, port } = at.oslo.server;
    await at.lyon.cli('drain');
    const route = { conference: '3000', node: 'oslo', sip: `sip:${host}:${port}`, reason: 'draining' };
    expect(JSON.parse((await at.lyon.cli('route', '3000', '--json')).stdout)).toEqual(route);
    expect((await at.lyon.cli('route', '3000')).stdout).toContain(`oslo  sip:${host}:${port}  this node is draining`);
    expect(await at.oslo.api.get<RouteView>('/route?conference=3000')).toMatchObject({ node: 'oslo' });
  });
});

describe('a node that is full', () => {
  it('sends callers to the other node, until that is full too: then they are refused as busy', async () => {
    const call = (callerNumber: string) => at.phones.lyon.call('3000', { callerNumber });
    const here = await Promise.all(['101', '102', '103'].map(call));
    expect(here.map(({ redirects }) => redirects.length)).toEqual([0, 0, 0]);
    const there = [await call('104'), await call('105')];
    expect(there.map(({ redirects }) => redirects.length)).toEqual([1, 1]);
    await at.lyon.waitForMembers('3000', 5);
    expect(await callersAt(at.oslo, 'oslo')).toEqual(['104', '105']);
    for (const bank of [at.phones.lyon, at.phones.oslo]) {
      const refused = bank.dial('3000', { callerNumber: '106' });
      expect(await refusalOf(refused)).toBe(BUSY);
      expect(refused.redirects).toEqual([]);
    }
    expect((await at.lyon.cli('route', '3000')).code).toBe(1);
    await there[0]?.hangUp();
    await at.lyon.waitForMembers('3000', 4);
    expect((await call('107')).redirects).toHaveLength(1);
  });

  it('refuses a caller who was redirected to it', async () => {
    await Promise.all(['101', '102'].map((callerNumber) => at.phones.oslo.call('3000', { callerNumber })));
    await at.oslo.waitForMembers('3000', 2);
    const { host, port } = at.oslo.server;
    const refused = at.phones.oslo.dial(`sip:3000@${host}:${port};rostrum=lyon`, { callerNumber: '103' });
    expect(await refusalOf(refused)).toBe(BUSY);
    expect(refused.redirects).toEqual([]);
  });
});

describe('placement of conferences', () => {
  const routeHost = ownAddress();
  let routePort = 0;
  const options = {
    cluster: { placement: 'together' },
    get each() {
      return { lyon: { routeListen: `${routeHost}:${routePort}` } };
    },
  };
  beforeAll(async () => {
    routePort = await freePort(routeHost);
  });
  const at = ground(options);

  /** Calls a node that keeps the caller, however busy this machine makes it look: the call looks like a redirected one. */
  const callAt = (node: 'lyon' | 'oslo', callerNumber: string) => {
    const { host, port } = at[node].server;
    return at.phones[node].call(`sip:3000@${host}:${port};rostrum=elsewhere`, { callerNumber });
  };

  it('keeps a conference where it runs', async () => {
    await callAt('oslo', '101');
    await at.lyon.waitForMembers('3000', 1);
    const joins = await at.phones.lyon.call('4000', { callerNumber: '102' });
    expect(joins.redirects).toHaveLength(1);
    await at.oslo.waitForMembers('3000', 2);
    expect((await callersAt(at.oslo, 'oslo')).sort()).toEqual(['101', '102']);
    expect((await at.lyon.list()).map(({ nodes }) => nodes)).toEqual([['oslo']]);
  });

  it('is told to SBCs over HTTP, and nothing else is', async () => {
    await callAt('oslo', '101');
    await at.lyon.waitForMembers('3000', 1);
    const get = (path: string, init?: RequestInit) => fetch(`http://${routeHost}:${routePort}${path}`, init);
    const { host, port } = at.oslo.server;
    const route = { conference: '3000', node: 'oslo', sip: `sip:${host}:${port}`, reason: 'placement' };
    expect(await (await get('/route?conference=3000')).json()).toEqual(route);
    for (const path of ['/v1/conferences', '/v1/status', '/v1/route?conference=3000', '/']) {
      expect((await get(path)).status).toBe(404);
    }
    expect((await get('/route?conference=..%2F')).status).toBe(400);
    expect((await get('/route?conference=3000', { method: 'POST' })).status).toBe(404);
  });

  it('leaves callers where they are when a conference moves away', async () => {
    const [first] = await Promise.all([callAt('lyon', '101'), callAt('lyon', '102')]);
    await at.lyon.cli('drain');
    await at.phones.lyon.call('3000', { callerNumber: '103' });
    await at.oslo.waitForMembers('3000', 3);
    await sleep(500);
    expect((await callersAt(at.lyon, 'lyon')).sort()).toEqual(['101', '102']);
    expect(first.state).toBe('answered');
  });

  describe('behind Kamailio, configured as documented', () => {
    let kamailio: Kamailio;
    let callers: PhoneBank;

    beforeAll(async () => {
      const server = { host: routeHost, port: await freePort(routeHost) };
      kamailio = await Kamailio.start(server, {
        '192.0.2.10:5060': `${server.host}:${server.port}`,
        // The first node that it asks is down.
        '192.0.2.1:7480': `${routeHost}:${await freePort(routeHost)}`,
        '192.0.2.2:7480': `${routeHost}:${routePort}`,
      });
      callers = new PhoneBank({ server });
      await callers.start();
    });

    afterAll(async () => {
      await callers?.stop();
      await kamailio?.stop();
    });

    it('brings callers to the node where their conference is, without a redirect', async () => {
      await at.phones.oslo.call('3000', { callerNumber: '101' });
      await at.lyon.waitForMembers('3000', 1);
      const call = await callers.call('4000', { callerNumber: '102' });
      await at.oslo.waitForMembers('3000', 2);
      expect(call.redirects).toEqual([]);
      expect(await at.oslo.member('3000', '102')).toMatchObject({ role: 'speaker', node: 'oslo' });
      await call.hangUp();
      await at.oslo.waitForMembers('3000', 1);
    });

    it('is followed even by a node that drains, once it was named', async () => {
      await Promise.all([at.lyon, at.oslo].map((each) => each.cli('drain')));
      await seen(at.lyon, { draining: ['lyon', 'oslo'] });
      const call = await callers.call('3000', { callerNumber: '101' });
      expect(await callersAt(at.lyon, 'lyon')).toEqual(['101']);
      await call.hangUp();
      await at.lyon.waitForMembers('3000', 0);
    });
  });
});
