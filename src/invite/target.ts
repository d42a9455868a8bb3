import type { CallerId } from './caller-id.ts';
import { InviteError } from './errors.ts';

/**
 * A target: a phone number, or an endpoint of Asterisk. Asterisk dials it, and for Asterisk a comma, an
 * ampersand or a slash too many would mean something else; so only characters without a meaning there are let through.
 */

const PHONE_NUMBER = /^\+?[0-9*#]{1,32}$/;

/** `PJSIP/name`, `PJSIP/number@name`, or `PJSIP/name/sip:...`, as chan_pjsip has it. */
const ENDPOINT_NAME = '[A-Za-z0-9][A-Za-z0-9_.-]{0,79}';
/**
 * A SIP URI without a password, without headers (`?`: they would be put into our request), and without escapes.
 * RFC 3261, section 25.1
 */
const SIP_URI =
  "sips?:(?:[A-Za-z0-9+*_.!~'-]{1,64}@)?(?:[A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(?::[0-9]{1,5})?" +
  '(?:;[A-Za-z0-9_-]{1,32}(?:=[A-Za-z0-9_.-]{1,64})?){0,5}';
const ENDPOINT = new RegExp(
  `^PJSIP/(?:${ENDPOINT_NAME}|\\+?[0-9*#]{1,32}@${ENDPOINT_NAME}|${ENDPOINT_NAME}/${SIP_URI})$`,
);

const PLACE = '{number}';
const TEMPLATE = /^[A-Za-z][A-Za-z0-9]{1,15}\/[^\s,&|"'`<>{}]*\{number\}[^\s,&|"'`<>{}]*$/;

/** Whether a text is a template for endpoints, such as `PJSIP/{number}@provider`. */
export function isEndpointTemplate(text: string): boolean {
  return text.length <= 200 && TEMPLATE.test(text);
}

export function isPhoneNumber(text: string): boolean {
  return PHONE_NUMBER.test(text);
}

/** The person who is called, in the form in which callers are known: `PJSIP/+4930@provider` is the number +4930. */
export function calleeOf(target: string): CallerId {
  const address = target.slice(target.lastIndexOf('/') + 1).replace(/^sips?:|;.*$/g, '');
  const user = address.replace(/@.*$/, '');
  return isPhoneNumber(user) ? { number: user, name: '' } : { number: '', name: address.slice(0, 64) };
}

export type TargetRules = {
  /** A template, see `isEndpointTemplate`; null if phone numbers cannot be called. */
  readonly endpoint: string | null;
  /** Whether endpoints may be named. */
  readonly allowEndpoints: boolean;
};

/**
 * @returns the endpoint to dial for a phone number, or an endpoint that may be named
 * @throws InviteError `bad-target` or `no-invite-endpoint`
 */
export function endpointOf(target: string, rules: TargetRules): string {
  if (isPhoneNumber(target)) {
    if (rules.endpoint !== null) return rules.endpoint.split(PLACE).join(target);
    throw new InviteError('no-invite-endpoint', 'phone numbers cannot be called: set invite.endpoint in rostrum.yaml');
  }
  if (rules.allowEndpoints && ENDPOINT.test(target)) return target;
  const shown = JSON.stringify(target.slice(0, 60));
  const wanted = rules.allowEndpoints ? 'digits, "*", "#" and a leading "+", or PJSIP/...' : 'digits, "*", "#", "+"';
  throw new InviteError('bad-target', `${shown} cannot be called: a phone number has ${wanted}`);
}

/** As many bad targets are named in an error. */
const BAD_TARGETS_NAMED = 5;

/**
 * @returns the endpoint to dial for each different target, in their order
 * @throws InviteError if there is one that cannot be called; its message is about the first few
 */
export function endpointsOf(targets: readonly string[], rules: TargetRules): Map<string, string> {
  const endpoints = new Map<string, string>();
  const errors: InviteError[] = [];
  for (const target of new Set(targets)) {
    try {
      endpoints.set(target, endpointOf(target, rules));
    } catch (error) {
      if (!(error instanceof InviteError)) throw error;
      errors.push(error);
    }
  }
  const [first] = errors;
  if (!first) return endpoints;
  const messages = new Set(errors.slice(0, BAD_TARGETS_NAMED).map((error) => error.message));
  throw new InviteError(first.code, [...messages].join('; '));
}
