import { type Invitation, type InvitationTerms, newInvitation } from '../../../src/invite/invitation.ts';
import { advance, type InviteInput, type InviteOutput } from '../../../src/invite/tries.ts';

export const TERMS: InvitationTerms = {
  conference: '3000',
  profileName: 'default',
  target: '100',
  endpoint: 'PJSIP/100@provider',
  callerId: '<5551>',
  flags: { speaker: true, mute: false, auth: true },
  timeoutMs: 30_000,
  tries: 1,
  retryAfterMs: 60_000,
};

export const invitation = (terms: Partial<InvitationTerms> = {}) => newInvitation('i1', { ...TERMS, ...terms }, 0);

export const dial: InviteInput = { type: 'dial' };
export const cancel: InviteInput = { type: 'cancel' };
export const tick: InviteInput = { type: 'tick' };
export const dialled = (result: Extract<InviteInput, { type: 'dialled' }>['result'], attempt = 1): InviteInput => ({
  type: 'dialled',
  channelId: `i1-${attempt}`,
  result,
});
export const answered = (attempt = 1): InviteInput => ({ type: 'answered', channelId: `i1-${attempt}` });
export const destroyed = (cause: number, attempt = 1): InviteInput => ({
  type: 'destroyed',
  channelId: `i1-${attempt}`,
  cause,
});

/** Feeds inputs one after the other, a second apart; returns where that leads and the outputs of the last one. */
export function played(start: Invitation, ...inputs: InviteInput[]) {
  let invitation = start;
  let outputs: InviteOutput[] = [];
  for (const [index, input] of inputs.entries()) {
    ({ invitation, outputs } = advance(invitation, input, (index + 1) * 1000));
  }
  return { invitation, state: invitation.state, outputs, did: outputs.filter((output) => output.type !== 'publish') };
}
