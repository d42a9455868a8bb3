import type { AsteriskRoom } from '../../src/controller/asterisk/asterisk-files.ts';

/** An Asterisk without a limit. */
export const ROOM_FOR_ALL: AsteriskRoom = { calls: null, callCame: () => {} };
