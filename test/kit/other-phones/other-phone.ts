/** A phone that somebody else has made, from Debian's packages. Its voice is a tone of {@link VOICE_HZ}. */
export interface OtherPhone {
  /** Whether `hears` goes on after `resume`. */
  readonly hearsAfterHold: boolean;
  /** Resolves when the call is answered. */
  dial(number: string): Promise<void>;
  /** Speaks from now on, if it does not anyhow. */
  speak(): Promise<void>;
  /** What the key does must be seen before the next is pressed. */
  press(key: string): Promise<void>;
  /** The key is held for half a second and more. */
  pressLong(key: string): Promise<void>;
  hold(): Promise<void>;
  resume(): Promise<void>;
  hangUp(): Promise<void>;
  /** How loud it hears a tone within the next 400 ms, in dBov; -127 if nothing comes. */
  hears(freqHz: number): Promise<number>;
  /** Ends the program and removes what it has written. */
  stop(): Promise<void>;
}

/** One whose audio is encrypted. */
export type EncryptedPhone = Pick<OtherPhone, 'dial' | 'press' | 'pressLong' | 'hears' | 'hangUp' | 'stop'>;

export const VOICE_HZ = 440;
export const VOICE_DBOV = -20;
/** Longer than any test needs: not all of them begin again at the end. */
export const VOICE_SECONDS = 60;
export const LISTEN_MS = 400;
