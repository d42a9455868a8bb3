import type { AriEvent } from '../../../src/ari/messages.ts';
import type { AriBridge, AriChannel } from '../../../src/ari/port.ts';
import type { Controller } from '../../../src/controller/controller.ts';
import { controllerAlone } from '../../kit/controller-alone.ts';

const SILENT = 'sound: { prompts: { welcome: none, alone: none }, music: none }';

type Request = (...args: unknown[]) => unknown;

/** A controller of a node on its own, with an Asterisk that does everything at once but what a test says. */
export class FakeAsterisk {
  readonly controller: Controller;
  /** What was asked of Asterisk and told to the relay, in order. */
  readonly requests: { method: string; args: unknown[] }[] = [];
  /** What Asterisk has. */
  channels: AriChannel[] = [];
  bridges: AriBridge[] = [];
  /** Variables of channels, by channel and name. */
  readonly variables = new Map<string, string>();
  /** How Asterisk answers other than by doing it. */
  readonly answers = new Map<string, Request>([
    ['listChannels', () => [...this.channels]],
    ['listBridges', () => [...this.bridges]],
    ['getVariable', (channelId, name) => this.variables.get(`${channelId} ${name}`) ?? null],
    ['readVariables', (channelId, names) => this.#read(String(channelId), names as string[])],
    ['setVariable', (channelId, name, value) => void this.variables.set(`${channelId} ${name}`, String(value))],
    ['getGlobalVariable', () => null],
  ]);

  constructor(profile = SILENT) {
    const note = (method: string, ...args: unknown[]) => void this.requests.push({ method, args });
    const ask = (method: string, ...args: unknown[]) => {
      note(method, ...args);
      return this.answers.get(method)?.(...args);
    };
    this.controller = controllerAlone({ nodeId: 'a', profile, openChannel: null, ask, tell: note }).controller;
  }

  #read(channelId: string, names: readonly string[]): Record<string, string | null> {
    return Object.fromEntries(names.map((name) => [name, this.variables.get(`${channelId} ${name}`) ?? null]));
  }

  /** A call comes: Asterisk has it from now on, and tells of it. */
  call(id: string, given: Partial<AriChannel> = {}): void {
    this.channels.push({ ...channelOf(id, ['join', '3000', 'default']), ...given });
    this.comes(id);
  }

  /** A call that Asterisk has comes to the application, perhaps not for the first time. */
  comes(id: string, conference = '3000'): void {
    const channel = this.channels.find((each) => each.id === id);
    if (!channel) throw new Error(`no channel ${id}`);
    this.controller.handle({ type: 'StasisStart', args: ['join', conference, 'default'], channel });
  }

  /** A call goes on in the dialplan. */
  leaves(id: string): void {
    this.controller.handle({ type: 'StasisEnd', channel: channelOf(id, []) });
  }

  /** A call ends. */
  hangUp(id: string): void {
    this.channels = this.channels.filter((channel) => channel.id !== id);
    const event: AriEvent = { type: 'ChannelDestroyed', channel: channelOf(id, []), cause: 16 };
    this.controller.handle(event);
  }

  /** Channels of the members of conference 3000, or of another. */
  get members(): string[] {
    return this.membersOf('3000');
  }

  membersOf(conference: string): string[] {
    return [...(this.controller.conferences.get(conference)?.members.keys() ?? [])];
  }

  times(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }
}

export function channelOf(id: string, args: readonly string[]): AriChannel {
  const stasis = { application: 'r', args };
  return {
    id,
    name: `PJSIP/${id}`,
    caller: { number: '1', name: '' },
    language: 'en',
    context: 'c',
    dialled: null,
    stasis,
  };
}
