import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { Command } from '../../../../src/conference/model/commands.ts';
import { commandSchema } from '../../../../src/conference/schemas/command-schema.ts';
import { EVERY_COMMAND } from '../../api/conferences.ts';

describe('the schema of commands', () => {
  it('has the same type as the commands themselves, but for what the controller alone may ask', () => {
    expectTypeOf<z.output<typeof commandSchema>>().toExtend<Command>();
    expectTypeOf<Exclude<Command, { type: 'prompt-failure' }>>().toExtend<z.output<typeof commandSchema>>();
  });

  it.each(EVERY_COMMAND.map((command) => [JSON.stringify(command), command] as const))('takes %s', (text, command) => {
    expect(commandSchema.parse(JSON.parse(text))).toEqual(command);
  });

  it.each([
    [null],
    [[]],
    ['lock'],
    [{}],
    [{ type: 'dance' }],
    [{ type: 'constructor' }],
    [{ type: 'prompt-failure', memberId: 1, prompt: 'denied' }],
    [{ type: '__proto__' }],
    [{ type: ['lock'], locked: true }],
    [{ type: 'lock' }],
    [{ type: 'lock', locked: 'yes' }],
    [{ type: 'lock', locked: true, also: 1 }],
    [{ type: 'kick' }],
    [{ type: 'kick', memberId: '1' }],
    [{ type: 'kick', memberId: 0 }],
    [{ type: 'kick', memberId: 1.5 }],
    [{ type: 'kick', memberId: 1e300 }],
    [{ type: 'set-flags', memberId: 1, changes: {} }],
    [{ type: 'set-flags', memberId: 1, changes: { loud: true } }],
    [{ type: 'set-flags', memberId: 1, changes: { mute: 1 } }],
    [{ type: 'set-flags', memberId: 1, changes: ['+mute'] }],
    [{ type: 'adjust', memberId: 1, setting: 'handRaisedAtMs', adjustment: 'profile' }],
    [{ type: 'adjust', memberId: 1, setting: 'vadLevel', adjustment: { by: 1e9 } }],
    [{ type: 'adjust', memberId: 1, setting: 'vadLevel', adjustment: { by: Number.NaN } }],
    [{ type: 'transfer', memberId: 1, conference: '../x', profileName: null }],
    [{ type: 'transfer', memberId: 1, conference: '3000\n', profileName: null }],
    [{ type: 'transfer', memberId: 1, conference: '3001', profileName: '../x' }],
    [{ type: 'transfer', memberId: 1, conference: '3001' }],
    [{ type: 'play', media: [], volume: 0 }],
    [{ type: 'play', media: 'beep', volume: 0 }],
    [{ type: 'play', media: ['../../etc/passwd'], volume: 0 }],
    [{ type: 'play', media: ['beep&System(x)'], volume: 0 }],
    [{ type: 'play', media: ['beep', 7], volume: 0 }],
    [{ type: 'play', media: Array(17).fill('beep'), volume: 0 }],
    [{ type: 'play', media: ['tts:'.padEnd(3000, 'x')], volume: 0 }],
    [{ type: 'play', media: ['beep'], volume: 5 }],
    [{ type: 'play', media: ['beep'] }],
    [{ type: 'control-playback', operation: 'stop' }],
    [{ type: 'control-playback', operation: { type: 'volume' } }],
    [{ type: 'control-playback', operation: { type: 'stop', volume: 1 } }],
    [{ type: 'record', name: '../x' }],
    [{ type: 'record', name: '/x' }],
    [{ type: 'record', name: 'x'.repeat(129) }],
    [{ type: 'record' }],
    [{ type: 'call-webhook', memberId: 1, url: 'file:///etc/passwd' }],
    [{ type: 'call-webhook', memberId: 1, url: 'http://x y' }],
    [{ type: 'invite', memberId: 1, target: '200&300' }],
    [{ type: 'execute', memberId: 1, application: 'a b', data: '' }],
    [{ type: 'execute', memberId: 1, application: 'Echo', data: 'a\r\nb' }],
    [{ type: 'execute', memberId: 1, application: 'Echo', data: 'x'.repeat(1001) }],
    [{ type: 'execute', memberId: 1, application: 'Echo', data: `\${SHELL(id)}` }],
    [{ type: 'execute', memberId: 1, application: 'Echo', data: 'a$[1+1]' }],
  ])('refuses %j', (hostile) => {
    expect(commandSchema.safeParse(hostile).success).toBe(false);
  });

  it('says which commands there are', () => {
    const { error } = commandSchema.safeParse({ type: 'dance' });
    expect(error?.issues[0]?.message).toContain('no such command; there are set-flags, kick');
  });
});
