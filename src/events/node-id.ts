import { EventChannelError } from './errors.ts';

/** Words joined by dots, as in host names: safe in a NATS subject, in a TLS identity and in a log. */
const NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const MAX_NAME_CHARACTERS = 64;

export function isNodeId(text: string): boolean {
  return text.length <= MAX_NAME_CHARACTERS && NAME.test(text);
}

/** @throws EventChannelError `invalid-name` */
export function requireName(what: string, text: string): void {
  if (isNodeId(text)) return;
  const rule = `letters, digits, - and _, in words joined by dots, ${MAX_NAME_CHARACTERS} at most`;
  throw new EventChannelError('invalid-name', `not a ${what}: "${text.slice(0, MAX_NAME_CHARACTERS)}" (${rule})`);
}
