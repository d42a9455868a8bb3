import { expect, it } from 'vitest';
import { nextHop } from '../../kit/phone/sip-dialog.ts';
import type { Dialog } from '../../kit/sip/dialog.ts';

const SERVER = { host: '127.0.0.1', port: 1 };
const dialog: Dialog = {
  callId: 'c',
  localTag: 'a',
  local: '',
  remote: '',
  remoteTag: 'b',
  remoteTarget: '',
  routeSet: [],
  cseq: 1,
};

it('a request goes to the route or else the contact of the other side, through the server if that is no IPv4 address', () => {
  expect(nextHop({ ...dialog, remoteTarget: 'sip:a@127.0.0.9' }, SERVER)).toEqual({ host: '127.0.0.9', port: 5060 });
  expect(nextHop({ ...dialog, remoteTarget: 'sip:a@example.org' }, SERVER)).toEqual(SERVER);
  const routed = { ...dialog, remoteTarget: 'sip:a@127.0.0.9', routeSet: ['<sip:127.0.0.8:5062;lr>'] };
  expect(nextHop(routed, SERVER)).toEqual({ host: '127.0.0.8', port: 5062 });
});
