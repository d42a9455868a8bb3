import { type Conference, countAdmitted } from '../model/conference.ts';
import type { Member } from '../model/member.ts';
import type { Transition } from './transition.ts';

/** Announcements to the others of a member who comes or goes. */

/** Tells the others that somebody came or went, with a tone or by name, as long as they are few. */
export function announceArrival(transition: Transition, { spokenName }: Member, prompt: 'joined' | 'left'): void {
  const { announce, announceUpTo } = transition.conference.settings.profile.sound;
  const admitted = countAdmitted(transition.conference);
  // A member who is left alone is told as well.
  const others = prompt === 'joined' ? admitted - 1 : admitted;
  if (announce === 'none' || others < 1 || admitted > announceUpTo) return;
  transition.announce(spokenName ? [`has-${prompt}`] : [prompt], { ...(spokenName && { name: spokenName }) });
}

/** The beginning of the names of recordings in which members say their names. */
export function namePrefix({ name, startedAtMs }: Conference): string {
  return `rostrum/names/${name}-${startedAtMs}-`;
}
