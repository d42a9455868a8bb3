/* The names and values that Rostrum and the dialplan of Asterisk share. */

/** The variable that carries a member's state on its channel. */
export const MEMBER_VARIABLE = 'ROSTRUM_MEMBER';
/** Where the dialplan finds why a member has left. */
export const RESULT_VARIABLE = 'ROSTRUM_RESULT';

/** Contexts of the dialplan that belong to Rostrum: see asterisk-config/extensions.conf. */
export const EXECUTE_CONTEXT = 'rostrum-execute';
export const REPLACEMENT_CONTEXT = 'rostrum-replacement';
export const PLAYER_CONTEXT = 'rostrum-player';
export const METER_CONTEXT = 'rostrum-meter';
/** The variable with the address that METER_CONTEXT connects to. */
export const METER_VARIABLE = 'ROSTRUM_METER';

/** First arguments of `Stasis()` for channels that are not calls. */
export const WHISPER = 'whisper';
export const PLAYER = 'player';
export const METER = 'meter';
/** ... and for calls that come back from the dialplan, to which Rostrum has sent them. */
export const RETURN = 'return';

/** Loudness of one volume step. */
const STEP_DB = 3;

/** VOLUME takes a factor: positive ones multiply, negative ones divide, and 0 leaves the sound as it is. */
export function volumeFactor(steps: number): string {
  if (steps === 0) return '0';
  const factor = 10 ** ((Math.abs(steps) * STEP_DB) / 20);
  return (Math.sign(steps) * factor).toFixed(4);
}

/**
 * The function that tells whether the phone holds the call: `1` or `0`. Asterisk fails for what is no SIP call, or has no
 * audio yet.
 */
export const PHONE_HOLD = 'CHANNEL(rtp,hold,audio)';
