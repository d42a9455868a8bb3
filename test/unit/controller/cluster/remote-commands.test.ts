import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Message } from '../../../../src/cluster/messages.ts';
import { RemoteCommands } from '../../../../src/controller/cluster/remote-commands.ts';
import { ControllerError } from '../../../../src/controller/errors/controller-error.ts';

let sent: [string, Message][];
let commands: RemoteCommands;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  commands = new RemoteCommands({ incarnation: 5 }, { send: (...given) => sent.push(given) > 0 });
});

afterEach(() => {
  commands.stop();
  vi.useRealTimers();
});

const kick = { type: 'kick', memberId: 7 } as const;

/** The code with which it fails, or `done`. */
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    ({ code }: ControllerError) => code,
  );

const lastId = () => sent.flatMap(([, message]) => (message.type === 'command' ? [message.id] : [])).at(-1) ?? '';

describe('a command to another node', () => {
  it('is done when the node says so', async () => {
    const done = outcome(commands.send('lyon', '3000', kick, {}));
    expect(sent).toEqual([
      ['lyon', { type: 'command', id: '5-1', conference: '3000', command: kick, noForward: false }],
    ]);
    // Nobody else can answer for it.
    commands.handleAck('oslo', { type: 'ack', id: '5-1', result: { ok: false, code: 'not-possible', message: '' } });
    commands.handleAck('lyon', { type: 'ack', id: '5-1', result: { ok: true } });
    expect(await done).toBe('done');
  });

  it('is refused as the node refuses it; a reason that is not known is a refusal too', async () => {
    for (const [code, expected] of [
      ['too-many-speakers', 'too-many-speakers'],
      ['of-a-newer-version', 'not-possible'],
    ] as const) {
      const done = outcome(commands.send('lyon', '3000', kick, {}));
      commands.handleAck('lyon', { type: 'ack', id: lastId(), result: { ok: false, code, message: 'no' } });
      expect(await done).toBe(expected);
    }
  });

  it('fails when there is no answer for 3 s, or the node goes down', async () => {
    const slow = outcome(commands.send('lyon', '3000', kick, {}));
    await vi.advanceTimersByTimeAsync(2999);
    const late = outcome(commands.send('oslo', '3000', kick, {}));
    await vi.advanceTimersByTimeAsync(1);
    expect(await slow).toBe('node-unreachable');
    commands.peerDown('oslo');
    expect(await late).toBe('node-unreachable');
  });

  it('fails at once where the node is not up', async () => {
    const deaf = new RemoteCommands({ incarnation: 1 }, { send: () => false });
    expect(await outcome(deaf.send('lyon', '3000', kick, {}))).toBe('node-unreachable');
  });
});

describe('a command of another node', () => {
  it('is executed once, however often it comes, and answered each time', async () => {
    const message = { type: 'command', id: '9-1', conference: '3000', command: kick, noForward: false } as const;
    let times = 0;
    const execute = async () => {
      times++;
      throw new ControllerError('no-such-member', 'no member 7');
    };
    const answers = [await commands.answer('lyon', message, execute), await commands.answer('lyon', message, execute)];
    const refusal = { ok: false, code: 'no-such-member', message: 'no member 7' };
    expect(answers).toEqual([
      { type: 'ack', id: '9-1', result: refusal },
      { type: 'ack', id: '9-1', result: refusal },
    ]);
    expect(times).toBe(1);
    await commands.answer('oslo', message, execute);
    expect(times).toBe(2);
  });
});
