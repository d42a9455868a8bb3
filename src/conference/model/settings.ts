import type { SoundSettings } from '../../prompts/prompt-sounds.ts';
import type { FlagChanges } from './flags.ts';

/** A conference profile as values: its texts are parsed when the profile is read, see `profiles/settings.ts`. */
export type ConferenceSettings = {
  /** The flags of everybody who joins; those of the dialplan win over them. */
  readonly flags: FlagChanges;
  readonly audience: { readonly packetMs: 20 | 40 | 60 };
  readonly idleSeconds: number;
  /** Of the dialplan, which may be run on calls. */
  readonly applications: readonly string[];
  readonly access: Access;
  readonly limits: {
    readonly members: number;
    readonly speakers: number;
    /** 0 for no limit, as for the conference. */
    readonly callMinutes: number;
    readonly conferenceMinutes: number;
    readonly warningSeconds: number;
  };
  readonly sound: SoundSettings & {
    /** A class of music on hold, or `none`. */
    readonly music: string;
    readonly announce: 'none' | 'tone' | 'name';
    readonly announceUpTo: number;
    /** Callers hear the name that they have said, and may say it again. */
    readonly reviewName: boolean;
  };
  readonly audio: {
    readonly vadLevel: number;
    readonly vadHoldMs: number;
    readonly gate: boolean;
    readonly energy: boolean;
    readonly agcLevel: number;
    /** Steps of 3 dB. */
    readonly talkVolume: number;
    readonly listenVolume: number;
    /** In dBov; 0 for none. */
    readonly comfortNoise: number;
    readonly sampleRateHz: 8000 | 16_000;
    readonly denoise: boolean;
    readonly jitterBuffer: boolean;
  };
  readonly recording: {
    readonly automatic: boolean;
    /** With `{conference}`, `{date}` and `{time}`. */
    readonly name: string;
    readonly format: string;
    readonly announce: boolean;
  };
};

/** The rules by which callers come in. */
export type Access = {
  readonly userPin?: string | undefined;
  readonly adminPin?: string | undefined;
  readonly tries: number;
  readonly timeoutSeconds: number;
  /** Further flags of a member who dials the moderators' PIN. */
  readonly adminFlags: FlagChanges;
  /** Conference numbers that callers of the lobby may open; X stands for any digit. */
  readonly lobbyNumbers: readonly string[];
  readonly waitForAdmin: boolean;
  readonly endWithoutAdmin: boolean;
  /** Although there may be other moderators. */
  readonly endWhenAdminLeaves: boolean;
  readonly adminGraceSeconds: number;
};
