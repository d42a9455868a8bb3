import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/ari/messages.ts';

const channel = {
  id: '1.2',
  name: 'PJSIP/anonymous-00000001',
  state: 'Ring',
  language: 'de',
  caller: { number: '100', name: 'Ann' },
  dialplan: {
    context: 'c',
    exten: 'e',
    priority: 1,
    app_name: 'Stasis',
    app_data: 'rostrum,join,3000,default,+speaker',
  },
  more: true,
};

describe('an ARI event', () => {
  it('is read with the channel it is about', () => {
    const event = parseEvent(JSON.stringify({ type: 'StasisStart', args: ['join'], channel, timestamp: 'x' }));
    expect(event).toEqual({
      type: 'StasisStart',
      args: ['join'],
      channel: {
        id: '1.2',
        name: 'PJSIP/anonymous-00000001',
        language: 'de',
        context: 'c',
        dialled: 'e',
        caller: { number: '100', name: 'Ann' },
        stasis: { application: 'rostrum', args: ['join', '3000', 'default', '+speaker'] },
      },
    });
  });

  it('says what was dialled only of a call that nobody has answered', () => {
    const event = parseEvent(JSON.stringify({ type: 'StasisEnd', channel: { ...channel, state: 'Up' } }));
    expect(event).toMatchObject({ channel: { dialled: null } });
  });

  it.each(['', 'null', '[]', '{"type":"ChannelVarset"}', '{"type":"StasisStart"}', 'x'.repeat(1000)])(
    'that we do not know is passed over: %s',
    (text) => {
      expect(parseEvent(text)).toBeNull();
    },
  );
});
