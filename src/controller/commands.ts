import { setTimeout as sleep } from 'node:timers/promises';
import { AriError, isChannelGone } from '../ari/errors.ts';
import type { Command, CommandOrigin, ExternalCommand } from '../conference/model/commands.ts';
import type { Meant } from '../conference/model/member-address.ts';
import { closedInWords } from '../conference-table/settings-book.ts';
import type { CommandForwarding } from './cluster/command-forwarding.ts';
import type { Conferences } from './conferences.ts';
import { ControllerError } from './errors/controller-error.ts';

/** A recording that cannot be written ends within milliseconds. */
const FAILS_WITHIN_MS = 100;
/** Commands that do something with several members. */
const ABOUT_MANY: ReadonlySet<Command['type']> = new Set<Command['type']>([
  'mute-all',
  'set-flags-of-all',
  'set-flags-of-last',
  'kick-all',
  'kick-last',
  'next-hand',
  'take-floor-back',
  'lower-hands',
  'terminate',
]);

/** Executes the commands of operators, or says why it does not. */
export class Commands {
  readonly #conferences: Conferences;
  readonly #forwarding: CommandForwarding;

  constructor({ conferences, forwarding }: { conferences: Conferences; forwarding: CommandForwarding }) {
    this.#conferences = conferences;
    this.#forwarding = forwarding;
  }

  /**
   * Executes a command, or has it executed by the node that owns what it is about.
   * @param by who has given it, in words
   * @returns once it is in force in Asterisk, the member that it has turned out to mean, if it did not say so; rejects with
   *   a `ControllerError`
   */
  async execute(name: string, command: ExternalCommand, by?: string): Promise<Meant | null> {
    const node = this.#forwarding.ownerOf(name, command);
    if (node === null) return this.executeHere(name, this.#forwarding.asOwn(command), { by });
    return this.#forwarding.send(node, name, command, { by });
  }

  /** Executes a command on this node; as `execute`. */
  async executeHere(name: string, command: Command, { by, noForward }: CommandOrigin): Promise<Meant | null> {
    const conference = this.#conferences.all.get(name);
    if (!conference) throw new ControllerError('no-such-conference', `no conference "${name}"`);
    if (command.type === 'transfer') {
      this.requireJoinable(command.conference, command.profileName ?? conference.settings.profileName);
    }
    const input = { type: 'command', command, by, ...(noForward && { noForward }) } as const;
    const { refusal, meant, done } = this.#conferences.apply(conference, input);
    if (refusal) {
      done.catch(() => {});
      throw ControllerError.of(refusal, name);
    }
    try {
      await done;
    } catch (cause) {
      if (cause instanceof ControllerError) throw cause;
      if (isChannelGone(cause)) {
        if ('memberId' in command) {
          throw new ControllerError('no-such-member', `member ${command.memberId} has just left`, { cause });
        }
        // Such a command does not fail because one of the members has just left.
        if (ABOUT_MANY.has(command.type)) return meant;
      }
      const reached = cause instanceof AriError && cause.code !== 'unreachable';
      const message = (cause as Error).message;
      throw new ControllerError(reached ? 'asterisk-refused' : 'asterisk-unreachable', message, { cause });
    }
    if (command.type === 'record') await this.#expectRecording(name);
    return meant;
  }

  /**
   * Callers can join a conference if it is not closed. One that does not exist yet needs a profile that does.
   * @throws ControllerError `not-possible`
   */
  requireJoinable(conference: string, profileName: string): void {
    const closed = this.#conferences.closed(conference);
    if (closed) throw new ControllerError('not-possible', `conference ${conference} ${closedInWords(closed)}`);
    if (this.#conferences.all.has(conference) || this.#conferences.settingsFor(conference, profileName)) return;
    const known = this.#conferences.profileNames.join(', ');
    throw new ControllerError('not-possible', `no profile "${profileName}"; there are: ${known}`);
  }

  /** Asterisk accepts a recording that it cannot write, and ends it at once. */
  async #expectRecording(name: string): Promise<void> {
    await sleep(FAILS_WITHIN_MS);
    if (this.#conferences.all.get(name)?.recording) return;
    const message = `conference ${name}: the recording has ended at once: can Asterisk write to its recording directory?`;
    throw new ControllerError('not-possible', message);
  }
}
