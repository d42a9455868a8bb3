import { type ChannelSetup, channelSetupOf } from './channel-setup.ts';
import type { Conference } from './conference.ts';
import type { Member } from './member.ts';

/** The parts of a member that are saved as they are, and its place. */
const SAVED = [
  'id',
  'joinedAtMs',
  'flags',
  'ownMute',
  'place',
  'adjusted',
  'handRaisedAtMs',
  'helpAskedAtMs',
  'floorGivenAtMs',
  'spokenName',
  'phoneHold',
] as const satisfies readonly (keyof Member)[];

type Saved = Pick<Member, (typeof SAVED)[number]>;

/**
 * The state of a member that outlives the controller: kept on the member's channel in Asterisk as the variable
 * `ROSTRUM_MEMBER`, as JSON.
 */
export type SavedMember = Saved & {
  readonly conference: string;
  readonly profileName: string;
  /** How the channel was set up; null where it was left alone. */
  readonly setup: ChannelSetup | null;
  /** False while the channel is being brought in line with this. A member who is adopted then is set up again. */
  readonly settled: boolean;
};

/** The state of a member to be saved. A member on the way to the floor is saved as being there. */
export function savedOf(member: Member, conference: Conference): Omit<SavedMember, 'settled'> {
  const { place } = member;
  return {
    ...(Object.fromEntries(SAVED.map((key) => [key, member[key]])) as Saved),
    place: place.at === 'arriving' ? { at: 'floor' } : place,
    conference: conference.name,
    profileName: conference.settings.profileName,
    setup: channelSetupOf(conference, member),
  };
}
