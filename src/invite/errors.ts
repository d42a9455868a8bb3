import { CodedError } from '../base/coded-error.ts';

/**
 * Why nobody is invited.
 * - `bad-request`: the conference or the profile has a name that cannot be one
 * - `bad-target`: not a phone number or an endpoint that may be called; the message names the first ones
 * - `no-invite-endpoint`: phone numbers cannot be called, because rostrum.yaml does not say by which endpoint
 * - `too-many-invitations`: too many wait or are being called already
 * - `no-such-invitation`: none has this id, or it was finished a while ago
 */
export type InviteErrorCode =
  | 'bad-request'
  | 'bad-target'
  | 'no-invite-endpoint'
  | 'too-many-invitations'
  | 'no-such-invitation';

export class InviteError extends CodedError<InviteErrorCode> {}
