import { decodeRtpInto, emptyRtpView } from '../rtp/packet.ts';
import { type PacketSource, SourceCheck } from '../rtp/source-check.ts';
import { decodeTelephoneEventInto, emptyTelephoneEvent, TelephoneEventReceiver } from '../rtp/telephone-event.ts';
import type { MediaSocket } from './media-socket.ts';
import type { LegState } from './protocol.ts';
import { countDrop, type ListenerDropReason, type RtpDrops } from './rtp-drops.ts';
import type { ListenerSettings } from './worker-messages.ts';

type ListenerSocket = Pick<MediaSocket, 'port' | 'aim' | 'send' | 'close'>;

/** Where listeners get their sockets. */
export type ListenerPorts = {
  open: (port: number | null, accept: (packet: Buffer, from: PacketSource) => boolean) => Promise<ListenerSocket>;
};

export type ListenerDeps = {
  onKey: (key: string) => void;
  /** Called at each packet of the phone, for what is more urgent than those. */
  attend: () => void;
  /** Where dropped packets are counted. */
  drops: RtpDrops;
};

// Each is filled anew for each packet.
const view = emptyRtpView();
const event = emptyTelephoneEvent();

/** One listener's leg: what is sent to his phone, and the keys that come from it. Nobody hears what he says. */
export class Listener {
  settings: ListenerSettings;
  readonly #deps: ListenerDeps;
  readonly #sources = new SourceCheck();
  readonly #keys = new TelephoneEventReceiver();
  #leg: Omit<LegState, 'port'> | null = null;
  #socket: ListenerSocket | null = null;
  #closed = false;

  constructor(settings: ListenerSettings, deps: ListenerDeps) {
    this.settings = settings;
    this.#deps = deps;
  }

  /** As agreed upon last; null before. */
  get leg(): Omit<LegState, 'port'> | null {
    return this.#socket && this.#leg;
  }

  /**
   * The leg is agreed upon, or its other side has moved.
   * @param port the one to have; null for any
   * @returns the port; rejects if there is none to be had
   */
  async connect(leg: Omit<LegState, 'port'>, port: number | null, ports: ListenerPorts): Promise<number> {
    this.#leg = leg;
    this.#sources.expect(leg.remote);
    const socket = this.#socket ?? (await ports.open(port, (packet, from) => this.#receive(packet, from)));
    this.#socket = socket;
    if (this.#closed) socket.close();
    socket.aim(leg.remote);
    return socket.port;
  }

  /** HOT PATH. */
  send(packet: Buffer): void {
    this.#socket?.send(packet);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
  }

  /** HOT PATH. @returns whether it came from his phone */
  #receive(packet: Buffer, from: PacketSource): boolean {
    this.#deps.attend();
    const dropped = this.#take(packet, from);
    if (dropped !== null) countDrop(this.#deps.drops, dropped);
    return dropped === null;
  }

  /** HOT PATH. @returns why it is of no use, or null */
  #take(packet: Buffer, from: PacketSource): ListenerDropReason | null {
    const problem = decodeRtpInto(view, packet);
    if (problem !== null) return problem;
    const isEvent = view.payloadType === this.#leg?.eventPayloadType;
    if (!isEvent && view.payloadType !== this.#leg?.payloadType) return 'payload-type';
    if (isEvent && !decodeTelephoneEventInto(event, packet, view.payloadStart, view.payloadEnd)) return 'bad-event';
    if (!this.#sources.accepts(from, view)) return 'other-source';
    const key = isEvent ? this.#keys.push(view, event) : null;
    if (key !== null) this.#deps.onKey(key);
    return null;
  }
}
