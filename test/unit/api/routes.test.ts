import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import type { Command } from '../../../src/conference/model/commands.ts';
import type { Conference } from '../../../src/conference/model/conference.ts';
import { PLAIN_FLAGS } from '../../../src/conference/model/flags.ts';
import type { Meant } from '../../../src/conference/model/member-address.ts';
import { ControllerError, type ControllerErrorCode } from '../../../src/controller/errors/controller-error.ts';
import type { ReloadResult } from '../../../src/controller/settings-store.ts';
import { InviteError } from '../../../src/invite/errors.ts';
import { conference, depsOf, EVERY_COMMAND, member } from './conferences.ts';

const conferences = new Map<string, Conference>();
let commands: Command[];
/** What a command does. */
let onCommand: (command: Command) => unknown;
let meant: Meant | null;
let orderedBy: (string | undefined)[];
let reloadProfiles: () => Promise<ReloadResult>;
let app: FastifyInstance;
let requireReady: () => void;

beforeEach(() => {
  conferences.clear();
  conferences.set('3000', conference([member(1), member(2, { handRaisedAtMs: 1 })]));
  commands = [];
  onCommand = () => {};
  meant = null;
  orderedBy = [];
  requireReady = () => {};
  reloadProfiles = async () => ({ ok: true, changes: [] });
  const deps = depsOf(conferences, (given, by) => {
    commands.push(given);
    orderedBy.push(by);
    onCommand(given);
    return meant;
  });
  const controller = { ...deps.controller, requireReady: () => requireReady() };
  app = createApp({ ...deps, controller, reloadProfiles: () => reloadProfiles() });
});

afterEach(() => app.close());

async function get(path: string) {
  const answer = await app.inject({ method: 'GET', url: `/v1${path}` });
  return { status: answer.statusCode, body: answer.json() };
}

async function post(path: string, body?: unknown) {
  const options = body === undefined ? {} : { payload: body as object };
  const answer = await app.inject({ method: 'POST', url: `/v1${path}`, ...options });
  return { status: answer.statusCode, body: answer.json() };
}

const remove = (id: number) => {
  const there = conferences.get('3000') as Conference;
  conferences.set('3000', { ...there, members: there.members.remove(`channel-${id}`) });
};

describe('a controller that is starting', () => {
  it('answers for itself, and 503 where it would have to know its conferences', async () => {
    requireReady = () => {
      throw new ControllerError('starting', 'why');
    };
    expect(await get('/status')).toMatchObject({ status: 200 });
    const starting = { status: 503, body: { code: 'starting', message: 'why' } };
    expect(await get('/conferences')).toEqual(starting);
    expect(await get('/conferences/3000')).toEqual(starting);
    expect(await get('/conferences/3000/members/1')).toEqual(starting);
    expect(await get('/conferences/3000/report')).toEqual(starting);
    expect(await post('/conferences/3000/commands', { command: { type: 'terminate' } })).toEqual(starting);
    expect(await post('/conferences/3000/invitations', { targets: ['100'] })).toEqual(starting);
  });
});

describe('reading', () => {
  it('shows the status, conferences, one of them, its members and its hands', async () => {
    expect(await get('/status')).toMatchObject({ status: 200, body: { conferences: 1, members: 2 } });
    expect(await get('/conferences')).toMatchObject({ status: 200, body: [{ name: '3000', members: 2, hands: [2] }] });
    expect(await get('/conferences/3000')).toMatchObject({ body: { members: [{ id: 1 }, { id: 2 }] } });
    expect(await get('/conferences/3000/members/1')).toMatchObject({ body: { id: 1, place: 'floor' } });
    expect(await get('/conferences/3000/hands')).toMatchObject({ body: [{ id: 2 }] });
  });

  it.each([
    ['/conferences/nowhere', 404, 'no-such-conference'],
    ['/conferences/__proto__', 404, 'no-such-conference'],
    ['/conferences/nowhere/hands', 404, 'no-such-conference'],
    ['/conferences/3000/members/9', 404, 'no-such-member'],
    ['/conferences/3000/members/x', 400, 'bad-request'],
    ['/nonsense', 404, 'no-such-route'],
  ])('what is not there says so: %s', async (path, status, code) => {
    expect(await get(path)).toEqual({ status, body: { code, message: expect.any(String) } });
  });
});

describe('lists of members', () => {
  const ids = ({ body }: { body: { members: { id: number }[] } }) => body.members.map(({ id }) => id);

  beforeEach(() => {
    const flags = { ...PLAIN_FLAGS, speaker: true };
    const members = [member(1), member(2, { handRaisedAtMs: 1 }), member(3), member(4, { flags })];
    conferences.set('3000', conference(members));
  });

  it.each(['/conferences/3000', '/conferences/3000/members'])(
    'have all members unless less is asked for: %s',
    async (path) => {
      expect(await get(path)).toMatchObject({ status: 200, body: { total: 4, matching: 4 } });
      expect(ids(await get(path))).toEqual([1, 2, 3, 4]);
      const some = await get(`${path}?role=listener&search=CALLER&order=speakers&limit=2`);
      expect(some).toMatchObject({ status: 200, body: { total: 4, matching: 3 } });
      expect(ids(some)).toEqual([2, 1]);
      expect(ids(await get(`${path}?role=listener&search=CALLER&order=speakers&limit=2&page=2`))).toEqual([3]);
      expect(ids(await get(`${path}?hand=false&muted=false&talking=false&waiting=false&path=bridge`))).toEqual([
        1, 3, 4,
      ]);
      expect(await get(`${path}?limit=0`)).toMatchObject({ body: { total: 4, matching: 4, members: [] } });
    },
  );

  it('tell the state of the whole conference beside a page', async () => {
    const { body } = await get('/conferences/3000?search=nobody');
    expect(body).toMatchObject({ name: '3000', speakers: 1, hands: [2], total: 4, matching: 0, members: [] });
  });

  it.each([
    ['role=chair', 'role: '],
    ['hand=yes', 'hand: '],
    ['path=wire', 'path: '],
    ['order=age', 'order: '],
    ['search=', 'search: '],
    ['limit=-1', 'limit: expected a whole number'],
    ['limit=1e3', 'limit: expected a whole number'],
    ['limit=1&limit=2', 'limit: '],
    ['limit=9&page=0', 'page: expected at least 1'],
    ['page=2', 'page: there are pages only where there is a limit'],
    ['offset=2', 'offset: an offset goes with a limit, and not with a page'],
    ['limit=2&page=1&offset=2', 'offset: an offset goes with a limit, and not with a page'],
    ['serach=x', 'serach'],
  ])('refuse a wrong parameter by its name: %s', async (query, message) => {
    for (const path of ['/conferences/3000', '/conferences/3000/members']) {
      const answer = await get(`${path}?${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'bad-request' } });
      expect(answer.body.message).toContain(message);
    }
  });

  it('belong to a conference that exists', async () => {
    expect(await get('/conferences/nowhere/members')).toMatchObject({
      status: 404,
      body: { code: 'no-such-conference' },
    });
  });
});

describe('a command', () => {
  it.each(EVERY_COMMAND.map((command) => [JSON.stringify(command), command] as const))(
    'reaches the controller as it was sent: %s',
    async (_text, command) => {
      const { status } = await post('/conferences/3000/commands', { command });
      expect(status).toBe(200);
      expect(commands).toEqual([command]);
    },
  );

  it('about the conference is answered with the conference', async () => {
    onCommand = () => conferences.set('3000', { ...(conferences.get('3000') as Conference), locked: true });
    const { body } = await post('/conferences/3000/commands', { command: { type: 'lock', locked: true } });
    expect(body).toMatchObject({ conference: { name: '3000', locked: true } });
  });

  it('about the conference is answered without members for those who do not want them', async () => {
    const command = { type: 'lock', locked: true };
    const { body } = await post('/conferences/3000/commands?limit=0', { command });
    expect(body).toMatchObject({ conference: { name: '3000', total: 2, members: [] } });
    expect(commands).toEqual([command]);
  });

  it('about a member is answered with the member while there', async () => {
    const { body } = await post('/conferences/3000/commands', { command: { type: 'prompt-count', memberId: 1 } });
    expect(body).toMatchObject({ member: { id: 1 } });
  });

  it('that means a member that it does not name is answered with that member, even if gone', async () => {
    meant = { conference: '3000', memberId: 2 };
    const kicked = () => post('/conferences/3000/commands', { command: { type: 'kick-last' } });
    expect((await kicked()).body).toMatchObject({ member: { id: 2, place: 'floor' } });
    onCommand = () => remove(2);
    expect((await kicked()).body).toMatchObject({ member: { id: 2, place: 'leaving' } });
  });

  it('that means a member that this node does not know is answered with the conference: it is done', async () => {
    for (const unknown of [{ memberId: 9 }, { memberId: 1, node: 'oslo' }]) {
      meant = { conference: '3000', ...unknown };
      expect(await post('/conferences/3000/commands', { command: { type: 'kick-last' } })).toMatchObject({
        status: 200,
        body: { conference: { name: '3000', total: 2 } },
      });
    }
  });

  it('that moves a member is answered with the number there', async () => {
    onCommand = () => {
      remove(1);
      conferences.set('4000', { ...conference([member(5)]), name: '4000' });
      meant = { conference: '4000', memberId: 5 };
    };
    const command = { type: 'transfer', memberId: 1, conference: '4000', profileName: null };
    expect((await post('/conferences/3000/commands', { command })).body).toMatchObject({
      member: { id: 5 },
      movedTo: '4000',
    });
  });

  it('is known to be of the user who gives it, or of a program', async () => {
    const lock = { command: { type: 'lock', locked: true } };
    await post('/conferences/3000/commands', lock);
    for (const user of ['anna', 'b%C3%B6rje', '%', 'x'.repeat(99), 'anna%0A2026%E2%80%A8%1B']) {
      const headers = { 'rostrum-user': user };
      await app.inject({ method: 'POST', url: '/v1/conferences/3000/commands', payload: lock, headers });
      await app.inject({ method: 'POST', url: '/v1/conferences/3000/members/1/kick', headers });
    }
    const named = ['anna', 'börje', '%', 'x'.repeat(64), 'anna?2026??'].map((name) => `operator ${name}`);
    expect(orderedBy).toEqual(['a program', ...named.flatMap((name) => [name, name])]);
  });

  it('that makes a member go is answered with the conference', async () => {
    onCommand = () => remove(1);
    const command = { type: 'transfer', memberId: 1, conference: '3001', profileName: null };
    expect((await post('/conferences/3000/commands', { command })).body).toMatchObject({
      conference: { members: [{ id: 2 }] },
    });
  });

  it('that ends the conference is answered with what it was, ended', async () => {
    onCommand = () => conferences.delete('3000');
    const { body } = await post('/conferences/3000/commands', { command: { type: 'terminate' } });
    expect(body).toMatchObject({ conference: { name: '3000', status: 'ended', members: [] } });
  });

  it.each<[ControllerErrorCode, number]>([
    ['no-such-conference', 404],
    ['no-such-member', 404],
    ['too-many-speakers', 409],
    ['not-possible', 409],
    ['asterisk-refused', 502],
    ['asterisk-unreachable', 503],
  ])('that fails is answered with its code: %s', async (code, status) => {
    onCommand = () => {
      throw new ControllerError(code, 'why');
    };
    const answer = await post('/conferences/3000/commands', { command: { type: 'terminate' } });
    expect(answer).toEqual({ status, body: { code, message: 'why' } });
  });

  it.each<[unknown]>([
    [undefined],
    [{}],
    [[]],
    [{ command: null }],
    [{ command: { type: 'dance' } }],
    [{ command: { type: 'lock', locked: true }, also: 1 }],
    [{ command: { type: 'play', media: ['../x'], volume: 0 } }],
    ['{"command":{"type":"lock","locked":true,"__proto__":{"x":1}}}'],
    ['{'],
  ])('that is malformed never reaches the controller: %j', async (body) => {
    const { status, body: answer } = await (typeof body === 'string'
      ? app
          .inject({
            method: 'POST',
            url: '/v1/conferences/3000/commands',
            headers: { 'content-type': 'application/json' },
            payload: body,
          })
          .then((reply) => ({ status: reply.statusCode, body: reply.json() }))
      : post('/conferences/3000/commands', body));
    expect({ status, code: answer.code }).toEqual({ status: 400, code: 'bad-request' });
    expect(commands).toEqual([]);
  });

  it('that is malformed is told where the mistake is', async () => {
    const { body } = await post('/conferences/3000/commands', {
      command: { type: 'play', media: ['../x'], volume: 0 },
    });
    expect(body.message).toContain('command.media.0: not the name of a sound');
  });
});

describe('the short forms', () => {
  it('change flags', async () => {
    expect((await post('/conferences/3000/members/1/flags', { flags: ['+speaker', '-mute'] })).body.id).toBe(1);
    expect(commands).toEqual([{ type: 'set-flags', memberId: 1, changes: { speaker: true, mute: false } }]);
  });

  it('refuse flags that do not exist', async () => {
    const { status, body } = await post('/conferences/3000/members/1/flags', { flags: ['+loud'] });
    expect(status).toBe(400);
    expect(body.message).toContain('unknown flag "+loud"');
  });

  it('kick a member, and show the member even when gone', async () => {
    onCommand = () => remove(1);
    expect((await post('/conferences/3000/members/1/kick')).body).toMatchObject({ id: 1, presence: 'leaving' });
  });
});

it('an invitation is cancelled in the conference that is named', async () => {
  const cancel = (conference: string, id: string) => {
    throw new InviteError('no-such-invitation', `no ${id} into ${conference}`);
  };
  const deps = depsOf(conferences);
  const other = createApp({ ...deps, inviter: { ...deps.inviter, cancel } });
  const answer = await other.inject({ method: 'DELETE', url: '/v1/conferences/4000/invitations/a1' });
  await other.close();
  expect(answer.statusCode).toBe(404);
  expect(answer.json()).toEqual({ code: 'no-such-invitation', message: 'no a1 into 4000' });
});

describe('reloading the profiles', () => {
  it('answers with what came of it', async () => {
    expect(await post('/profiles/reload')).toEqual({ status: 200, body: { ok: true, changes: [] } });
  });

  it('answers with every mistake', async () => {
    const problems = [
      { file: 'a.yaml', line: 1, column: 1, path: 'x', message: 'unknown key' },
      { file: 'b.yaml', line: 2, column: 2, path: 'y', message: 'not a number' },
    ];
    reloadProfiles = async () => ({ ok: false, problems });
    expect(await post('/profiles/reload')).toEqual({
      status: 422,
      body: {
        code: 'invalid-configuration',
        message: 'a.yaml:1:1: x: unknown key\nb.yaml:2:2: y: not a number',
        problems,
      },
    });
  });
});
