import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_ADMISSION } from '../../../src/admission/gate.ts';
import { createApp } from '../../../src/api/app.ts';
import type { Command } from '../../../src/conference/model/commands.ts';
import { PLAIN_FLAGS } from '../../../src/conference/model/flags.ts';
import { ControllerError } from '../../../src/controller/errors/controller-error.ts';
import { noEvents } from '../../../src/events/channel.ts';
import { conference, depsOf, member } from './conferences.ts';

const speaker = { flags: { ...PLAIN_FLAGS, speaker: true }, talking: true };

/** Conference 3000 on this node, lyon, and on oslo; 4000 only there. */
const here = conference([member(1, { ...speaker, handRaisedAtMs: 5 }), member(2, { handRaisedAtMs: 9 })]);
const there = { ...conference([member(1, speaker), member(7, { handRaisedAtMs: 7 })]), musicOn: true };
const onlyThere = { ...conference([member(3)]), name: '4000' };

const TRAFFIC = {
  trunk: { sent: 7, sendErrors: 0, refused: { 'no-key': 1, 'key-used-up': 0 }, dropped: { forged: 2 } },
  calls: {
    calls: 3,
    listeners: 2,
    dropped: { 'other-source': 5 },
    packetsLostByPhones: 7,
    worstJitterAtPhonesMs: 12.5,
  },
  events: noEvents(),
};

let commands: Command[];
let done: string[];
let app: FastifyInstance;

beforeEach(() => {
  commands = [];
  done = [];
  const deps = depsOf(new Map([['3000', here]]), (given) => {
    commands.push(given);
    return null;
  });
  const others = [there, onlyThere].map((each) => ({ node: 'oslo', conference: each }));
  const common = {
    version: '1',
    sip: null,
    conferences: 1,
    members: 2,
    calls: 3,
    load: 0.5,
    capacity: null,
    draining: false,
    table: 'aa',
    admission: NO_ADMISSION,
    problems: 2,
    audio: null,
    traffic: null,
  };
  app = createApp({
    ...deps,
    cluster: {
      nodeId: 'lyon',
      nodes: [
        { id: 'lyon', state: 'self', sinceMs: 0, rttMs: null, ...common, traffic: TRAFFIC },
        { id: 'oslo', state: 'silent', sinceMs: 1000, rttMs: 12.5, ...common },
      ],
      remoteConferences: (name) => others.filter((each) => name === undefined || each.conference.name === name),
      flush: (node) => {
        if (node !== 'oslo') throw new ControllerError('no-such-node', `no other node "${node}"`);
        done.push(`flush ${node}`);
      },
      drain: (draining) => done.push(`drain ${draining}`),
      routeOf: (conference) =>
        conference === '3000'
          ? { node: 'oslo', sip: 'sip:192.0.2.2:5060', reason: 'draining' }
          : { node: null, sip: null, reason: 'no-room' },
    },
  });
});

afterEach(() => app.close());

async function call(method: 'GET' | 'POST', path: string, body?: object) {
  const answer = await app.inject({ method, url: `/v1${path}`, ...(body && { payload: body }) });
  return { status: answer.statusCode, body: answer.json() };
}

describe('a conference on several nodes', () => {
  it('is one in the list, with the counts of all and the nodes that have it', async () => {
    const { body } = await call('GET', '/conferences');
    expect(body).toMatchObject([
      {
        name: '3000',
        nodes: ['lyon', 'oslo'],
        members: 4,
        speakers: 2,
        counts: { members: 4, speakers: 2, talking: 2 },
        hands: [1, '7@oslo', 2],
        music: true,
      },
      { name: '4000', nodes: ['oslo'], members: 1 },
    ]);
  });

  it('shows the members of all nodes, and how to name them', async () => {
    const { body } = await call('GET', '/conferences/3000');
    expect(body.members.map((each: { address: string; node: string }) => [each.address, each.node])).toEqual([
      ['1', 'lyon'],
      ['2', 'lyon'],
      ['1@oslo', 'oslo'],
      ['7@oslo', 'oslo'],
    ]);
    expect((await call('GET', '/conferences/4000')).body).toMatchObject({ members: [{ address: '3@oslo' }] });
    expect((await call('GET', '/conferences/3000/hands')).body).toMatchObject([{ id: 1 }, { id: 7 }, { id: 2 }]);
  });

  it('shows one member of another node, without what its Asterisk alone knows', async () => {
    expect(await call('GET', '/conferences/3000/members/7@oslo')).toMatchObject({
      status: 200,
      body: { id: 7, node: 'oslo', media: null },
    });
    expect(await call('GET', '/conferences/3000/members/1@lyon')).toMatchObject({ body: { id: 1, node: 'lyon' } });
    for (const [address, status, code] of [
      ['7', 404, 'no-such-member'],
      ['7@rome', 404, 'no-such-member'],
      ['7@', 400, 'bad-request'],
    ]) {
      expect(await call('GET', `/conferences/3000/members/${address}`)).toMatchObject({ status, body: { code } });
    }
  });

  it('passes commands on with the node of the member', async () => {
    const kick = { type: 'kick', memberId: 7, node: 'oslo' };
    expect(await call('POST', '/conferences/3000/members/7@oslo/kick')).toMatchObject({ body: { id: 7 } });
    expect(await call('POST', '/conferences/3000/commands', { command: kick })).toMatchObject({
      body: { member: { address: '7@oslo' } },
    });
    expect(commands).toEqual([kick, kick]);
    const flags = await call('POST', '/conferences/3000/members/7@oslo/flags', { flags: ['+speaker'] });
    expect(flags).toMatchObject({ body: { address: '7@oslo' } });
  });
});

describe('the nodes', () => {
  it('tell all that was counted of their traffic', async () => {
    expect((await call('GET', '/nodes')).body[0].traffic).toEqual(TRAFFIC);
  });

  it('are listed with what they have to do', async () => {
    expect(await call('GET', '/nodes')).toMatchObject({
      status: 200,
      body: [
        { id: 'lyon', state: 'self', rttMs: null },
        { id: 'oslo', state: 'silent', rttMs: 12.5, since: '1970-01-01T00:00:01.000Z', load: 0.5 },
      ],
    });
  });

  it('are forgotten and drained', async () => {
    expect((await call('POST', '/nodes/oslo/flush')).status).toBe(200);
    expect(await call('POST', '/nodes/rome/flush')).toMatchObject({ status: 404, body: { code: 'no-such-node' } });
    expect((await call('POST', '/nodes/a%20b/flush')).status).toBe(400);
    expect((await call('POST', '/drain', { draining: true })).status).toBe(200);
    expect((await call('POST', '/drain', { draining: 'yes' })).status).toBe(400);
    expect(done).toEqual(['flush oslo', 'drain true']);
  });
});

describe('the route of the next caller', () => {
  it('is a node, its SIP address, and why', async () => {
    expect(await call('GET', '/route?conference=3000')).toEqual({
      status: 200,
      body: { conference: '3000', node: 'oslo', sip: 'sip:192.0.2.2:5060', reason: 'draining' },
    });
  });

  it('is an error when no node takes more calls, or the question is none', async () => {
    expect(await call('GET', '/route?conference=4000')).toMatchObject({ status: 503, body: { code: 'no-room' } });
    for (const query of ['', '?conference=', '?conference=a%20b', '?conference=1&x=2']) {
      expect(await call('GET', `/route${query}`)).toMatchObject({ status: 400, body: { code: 'bad-request' } });
    }
  });
});
