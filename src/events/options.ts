import { NODE_ID } from '../base/node-id.ts';
import { EventChannelError } from './errors.ts';

/** Words joined by dots: safe in a subject of NATS. */
const SUBJECT = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const MAX_SUBJECT_CHARACTERS = 64;

/** The options with the defaults for those that are left out or undefined. */
export function withDefaults<Options extends object, Defaults extends object>(
  options: Options,
  defaults: Defaults,
): Options & Defaults {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as Options & Defaults;
}

/** @throws EventChannelError `invalid-name` */
export function requireNodeId(text: string): void {
  if (NODE_ID.test(text)) return;
  throw invalidName('node id', text, 'up to 32 letters, digits, - and _, the first a letter or a digit');
}

/**
 * Checks a part of the subjects of NATS.
 * @param what it is, for the message
 * @throws EventChannelError `invalid-name`
 */
export function requireSubject(what: string, text: string): void {
  if (text.length <= MAX_SUBJECT_CHARACTERS && SUBJECT.test(text)) return;
  const rule = `letters, digits, - and _, in words joined by dots, ${MAX_SUBJECT_CHARACTERS} at most`;
  throw invalidName(what, text, rule);
}

function invalidName(what: string, text: string, rule: string): EventChannelError {
  return new EventChannelError('invalid-name', `not a ${what}: "${text.slice(0, MAX_SUBJECT_CHARACTERS)}" (${rule})`);
}
