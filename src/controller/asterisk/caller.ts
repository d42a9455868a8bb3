import type { AriChannel } from '../../ari/port.ts';
import type { Caller } from '../../conference/model/member.ts';

/** The caller of a channel. Asterisk's default language says nothing about the caller. */
export function callerOf({ caller, language }: AriChannel): Caller {
  return { ...caller, ...(language && language !== 'en' && { language }) };
}

/** The caller's number, for the log. */
export function callerNumber({ caller }: AriChannel): string {
  return caller.number || 'unknown';
}
