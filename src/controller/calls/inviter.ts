import { randomBytes } from 'node:crypto';
import type { Logger } from 'winston';
import { NORMAL_CLEARING } from '../../ari/causes.ts';
import { AriError } from '../../ari/errors.ts';
import { CONFERENCE_NAME } from '../../conference/model/join-arguments.ts';
import { paceWindowMs, schedule } from '../../invite/call-pace.ts';
import { formatCallerId, parseCallerId } from '../../invite/caller-id.ts';
import { InviteError } from '../../invite/errors.ts';
import {
  channelIdOf,
  type Invitation,
  type InvitationEvent,
  invitationIdOf,
  isFinished,
  newInvitation,
} from '../../invite/invitation.ts';
import type { Originator } from '../../invite/originator.ts';
import type { InviteRequest } from '../../invite/request.ts';
import { endpointsOf } from '../../invite/target.ts';
import { advance, type InviteInput, type InviteOutput } from '../../invite/tries.ts';
import { WakeTimers } from '../../timing/wake-timers.ts';
import type { AsteriskRoom } from '../asterisk/asterisk-files.ts';

const MAX_UNFINISHED = 5000;
const MAX_FINISHED = 1000;
const FINISHED_KEPT_MS = 10 * 60_000;

export type InviterOptions = {
  /** The ARI application that answered calls come to. */
  readonly application: string;
  /** See `isEndpointTemplate`; null or undefined if phone numbers cannot be called. */
  readonly endpoint?: string | null | undefined;
  readonly allowEndpoints?: boolean;
  /** The caller ID that called people see, unless the request says otherwise: `5551` or `Name <5551>`. */
  readonly callerId?: string | undefined;
  readonly atOnce?: number;
  readonly perSecond?: number;
};

export type InviterDeps = {
  readonly ari: Originator;
  readonly room: AsteriskRoom;
  readonly publish: (conference: string, event: InvitationEvent) => void;
  readonly now: () => number;
  readonly logger: Pick<Logger, 'warn'>;
};

/** The events of ARI that concern invitations. */
export type InviteEvent =
  | { type: 'StasisStart'; channelId: string }
  | { type: 'ChannelDestroyed'; channelId: string; cause: number };

/** Calls people into conferences, a few at a time. A person who answers joins like a caller. */
export class Inviter {
  readonly #options: InviterOptions;
  readonly #deps: InviterDeps;
  /** In order of asking. Bounded by `MAX_UNFINISHED` and `MAX_FINISHED`. */
  readonly #invitations = new Map<string, Invitation>();
  /** When the last calls were begun. Bounded by the pace. */
  #begunAtMs: number[] = [];
  readonly #timers = new WakeTimers(() => this.#schedule());
  #stopped = false;

  constructor(options: InviterOptions, deps: InviterDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Begins to call. Somebody who is being called into the conference already is not called twice.
   * @returns the invitations, one for each different target, in their order
   * @throws InviteError; then nobody is called
   */
  invite(request: InviteRequest): Invitation[] {
    const { conference, profileName, targets: _, ...terms } = request;
    if (!CONFERENCE_NAME.test(conference) || !/^[^,\s]+$/.test(profileName)) {
      throw new InviteError('bad-request', `cannot invite into conference "${conference}" with "${profileName}"`);
    }
    const unfinished = [...this.#invitations.values()].filter((invitation) => !isFinished(invitation));
    const here = unfinished.filter((invitation) => invitation.conference === conference);
    const open = new Map(here.map((invitation) => [invitation.target, invitation]));
    const { endpoint = null, allowEndpoints = false } = this.#options;
    const endpoints = endpointsOf(request.targets, { endpoint, allowEndpoints });
    const wanted = [...endpoints].filter(([target]) => !open.has(target));
    if (unfinished.length + wanted.length > MAX_UNFINISHED) {
      throw new InviteError(
        'too-many-invitations',
        `${unfinished.length} people wait to be called already: invite more when some have been`,
      );
    }
    const callerId = terms.callerId ?? this.#ownCallerId();
    for (const [target, dialled] of wanted) {
      // A restarted controller must not use an id that an older call has; and ids are typed by people.
      const id = randomBytes(6).toString('hex');
      const all = { ...terms, conference, profileName, target, endpoint: dialled, callerId };
      const invitation = newInvitation(id, all, this.#deps.now());
      this.#invitations.set(id, invitation);
      open.set(target, invitation);
    }
    this.#schedule();
    return [...endpoints.keys()].flatMap((target) => this.#invitations.get(open.get(target)?.id ?? '') ?? []);
  }

  /** The invitations into a conference, or all, in order of asking: the unfinished ones, and those of late. */
  list(conference?: string): Invitation[] {
    this.#forgetOld();
    return [...this.#invitations.values()].filter((i) => conference === undefined || i.conference === conference);
  }

  /**
   * Does not call again; a call that rings ends. A finished invitation does not change: a person who has answered is a
   * member.
   * @throws InviteError `no-such-invitation`, also if it is into another conference
   */
  cancel(conference: string, id: string): Invitation {
    const before = this.#invitations.get(id);
    if (before?.conference !== conference) {
      throw new InviteError('no-such-invitation', `no invitation "${id}" into conference ${conference}`);
    }
    this.#apply(id, { type: 'cancel' });
    const invitation = this.#invitations.get(id) ?? before;
    this.#schedule();
    return invitation;
  }

  /** Cancels all invitations into a conference, e.g. because it is terminated. */
  cancelAll(conference: string): void {
    for (const { id, conference: into } of [...this.#invitations.values()]) {
      if (into === conference) this.#apply(id, { type: 'cancel' });
    }
    this.#schedule();
  }

  /** To be given the events of all channels. */
  handle(event: InviteEvent): void {
    const { channelId } = event;
    const id = invitationIdOf(channelId);
    if (!this.#invitations.has(id)) return;
    if (event.type === 'StasisStart') this.#apply(id, { type: 'answered', channelId });
    else this.#apply(id, { type: 'destroyed', channelId, cause: event.cause });
    this.#schedule();
  }

  /** Makes up for the events that were missed while there was no connection. To be given all channels of Asterisk. */
  resync(channels: Iterable<{ readonly id: string; readonly stasis: object | null }>): void {
    const inStasis = new Map([...channels].map(({ id, stasis }) => [id, stasis !== null]));
    for (const invitation of [...this.#invitations.values()]) {
      const { id, state } = invitation;
      const channelId = channelIdOf(invitation);
      if (isFinished(invitation)) continue;
      if (inStasis.get(channelId)) this.#apply(id, { type: 'answered', channelId });
      else if (state.status === 'calling' && state.accepted && !inStasis.has(channelId)) {
        this.#apply(id, { type: 'destroyed', channelId, cause: 0 });
      }
    }
    this.#schedule();
  }

  /** Begins no more calls. Calls that ring go on: a person who answers comes to the next controller. */
  stop(): void {
    this.#stopped = true;
    this.#timers.clear();
  }

  #ownCallerId(): string {
    const callerId = parseCallerId(this.#options.callerId ?? '');
    return callerId ? formatCallerId(callerId) : '';
  }

  #schedule(): void {
    this.#forgetOld();
    if (this.#stopped) return;
    const nowMs = this.#deps.now();
    const pace = {
      atOnce: this.#options.atOnce ?? 10,
      perSecond: this.#options.perSecond ?? 5,
      room: this.#deps.room.calls,
    };
    this.#begunAtMs = this.#begunAtMs.filter((atMs) => atMs > nowMs - paceWindowMs(pace));
    const { due, overdue } = schedule(this.#invitations.values(), this.#begunAtMs, pace, nowMs);
    for (const { id } of overdue) this.#apply(id, { type: 'tick' });
    for (const { id } of due) {
      this.#begunAtMs.push(nowMs);
      this.#deps.room.callCame();
      this.#apply(id, { type: 'dial' });
    }
    const then = schedule(this.#invitations.values(), this.#begunAtMs, { ...pace, room: this.#deps.room.calls }, nowMs);
    if (then.wakeAtMs !== null) this.#timers.wake('', then.wakeAtMs, nowMs);
  }

  #apply(id: string, input: InviteInput): void {
    const before = this.#invitations.get(id);
    if (!before) return;
    const { invitation, outputs } = advance(before, input, this.#deps.now());
    this.#invitations.set(id, invitation);
    for (const output of outputs) this.#perform(invitation, output);
  }

  #perform(invitation: Invitation, output: InviteOutput): void {
    const { ari, publish, logger } = this.#deps;
    switch (output.type) {
      case 'publish':
        return publish(invitation.conference, output.event);
      case 'hang-up':
        ari.hangUp(output.channelId, NORMAL_CLEARING).catch((error: Error) => {
          if (!(error instanceof AriError && error.status === 404))
            logger.warn(`invitation ${invitation.id}: its call was not ended: ${error.message}`);
        });
        return;
      case 'originate': {
        const { channelId } = output.request;
        const { application } = this.#options;
        void ari
          .originate({ ...output.request, application })
          .then(
            () => 'ok' as const,
            (error: Error) => this.#refused(invitation, error),
          )
          .then((result) => {
            this.#apply(invitation.id, { type: 'dialled', channelId, result });
            this.#schedule();
          });
        return;
      }
    }
  }

  #refused({ target, conference }: Invitation, error: Error): Extract<InviteInput, { type: 'dialled' }>['result'] {
    // 409: the call exists; the answer to an earlier request for it was lost.
    if (error instanceof AriError && error.status === 409) return 'ok';
    this.#deps.logger.warn(`conference ${conference}: ${target} not called: ${error.message}`);
    if (!(error instanceof AriError)) return 'failed';
    if (error.code === 'unreachable') return 'unknown';
    // "Allocation failed": no such endpoint, or it is not registered now.
    if (error.status === 500) return 'unreachable';
    return error.status === 400 ? 'invalid' : 'failed';
  }

  #forgetOld(): void {
    const finished: { id: string; atMs: number }[] = [];
    for (const { id, state } of this.#invitations.values()) {
      if (state.status === 'answered' || state.status === 'failed') finished.push({ id, atMs: state.atMs });
    }
    finished.sort((a, b) => b.atMs - a.atMs);
    const oldestMs = this.#deps.now() - FINISHED_KEPT_MS;
    for (const [index, { id, atMs }] of finished.entries()) {
      if (index >= MAX_FINISHED || atMs < oldestMs) this.#invitations.delete(id);
    }
  }
}
