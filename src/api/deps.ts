import type { AttendanceReader } from '../attendance/report.ts';
import { type Conference, findMember } from '../conference/conference.ts';
import type { Member } from '../conference/member.ts';
import type { Controller } from '../controller/controller.ts';
import { ControllerError } from '../controller/errors.ts';
import type { Inviter } from '../controller/inviter.ts';
import type { StatusView } from './schemas.ts';

/** What the routes work with. */
export type RouteDeps = {
  controller: Pick<Controller, 'conferences' | 'command' | 'readMedia' | 'levelDbovOf' | 'requireProfile'>;
  status: () => Omit<StatusView, 'conferences' | 'members'>;
  /** Reads the profiles again. @throws ConfigError with every mistake; nothing has changed then */
  reloadProfiles: () => Promise<unknown>;
  attendance: AttendanceReader;
  inviter: Pick<Inviter, 'invite' | 'list' | 'cancel'>;
};

type Conferences = Pick<RouteDeps['controller'], 'conferences'>;

/** @throws ControllerError `no-such-conference` */
export function conferenceNamed({ conferences }: Conferences, name: string): Conference {
  const conference = conferences.get(name);
  if (!conference) throw new ControllerError('no-such-conference', `no conference "${name}"`);
  return conference;
}

/** @throws ControllerError `no-such-member` */
export function memberNumbered(conference: Conference, id: number): Member {
  const member = findMember(conference, id);
  if (!member) throw new ControllerError('no-such-member', `no member ${id} in conference ${conference.name}`);
  return member;
}
