/* The names that Rostrum and the dialplan of Asterisk share. */

/** The variable that carries a member's state on its channel. */
export const MEMBER_VARIABLE = 'ROSTRUM_MEMBER';
/** Where the dialplan finds why a member has left. */
export const RESULT_VARIABLE = 'ROSTRUM_RESULT';

/** Contexts of the dialplan that belong to Rostrum: see asterisk-config/extensions.conf. */
export const EXECUTE_CONTEXT = 'rostrum-execute';
export const PLAYER_CONTEXT = 'rostrum-player';
export const METER_CONTEXT = 'rostrum-meter';
/** The variable with the address that METER_CONTEXT connects to. */
export const METER_VARIABLE = 'ROSTRUM_METER';

/** First arguments of `Stasis()` for channels that are not calls. */
export const WHISPER = 'whisper';
export const PLAYER = 'player';
export const METER = 'meter';
/** ... and for calls that come back from an application of the dialplan. */
export const RETURN = 'return';
