import {
  encodeHeaderInto,
  RTP_HEADER_BYTES,
  type RtpView,
  SEQUENCE_OFFSET,
  SSRC_OFFSET,
  sequenceDistance,
  TICKS_PER_MS,
  TIMESTAMP_OFFSET,
} from './packet.ts';

/*
 * Telephone-event payload, RFC 4733 section 2.3:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |     event     |E|R| volume    |          duration             |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
const FLAGS_OFFSET = 1;
const DURATION_OFFSET = 2;
const END_BIT = 0x80;
export const EVENT_BYTES = 4;

/** A packet that is behind by less is a late one. */
const MAX_MISORDER = 100;
/** After such a pause 16 bits do not show whether a packet is late. */
const LONG_PAUSE_MS = 2000;
/** A packet that follows so closely belongs to the same press, even with another timestamp. */
const CLOSE_PACKETS = 3;
const CLOSE_MS = 150;
/** A key that is held for more than 8 s goes through all durations; each time, they begin again after one above this. */
const LONG_DURATION = 64_000;
/** Packets of a press come closer than this: its end was lost. */
const LOST_END_MS = 500;
/**
 * Asterisk ends a press by itself, and may count it again later, if audio comes whose timestamp is 375 ms after the end
 * of the press. So presses have timestamps ahead of the audio, here by a minute.
 */
const AHEAD_TICKS = 60_000 * TICKS_PER_MS;

export type IncomingStreamDeps = {
  /** Receives telephone events for Asterisk. */
  readonly send: (packet: Buffer, nowMs: number) => void;
  /** A press of this event begins; its first packet for Asterisk follows. */
  readonly pressed: (code: number) => void;
  /** Gives a whole number from 0 to below its argument. */
  readonly randomInt: (end: number) => number;
};

/** All that another process needs to continue a stream. */
export type IncomingStreamState = ReturnType<typeof newState>;

/**
 * The RTP stream of a phone as Asterisk gets it. Phones send the packets of a press in many ways: with other timestamps,
 * without the end, with the timestamp of the press before. Asterisk counts a press only if each of its packets has the
 * same timestamp, which is greater than those before, and if it has an end. So each press gets these here.
 *
 * Asterisk compares timestamps without regard to their wrap, until the SSRC changes. So the SSRC is one of ours, and
 * changes where a timestamp is smaller than before.
 *
 * Asterisk drops audio whose sequence number is lower than before, even if its SSRC is another one. So the numbers go on
 * from those before where a phone, or a PBX that connects another one, begins a new stream.
 */
export class IncomingStream {
  readonly #deps: IncomingStreamDeps;
  readonly #state: IncomingStreamState;
  #isRenumbered = false;

  /** @param continued the stream that this one continues, or what is left to know of it: its `sequenceOffset` */
  constructor(deps: IncomingStreamDeps, continued: IncomingStreamState | number = 0) {
    this.#deps = deps;
    this.#state = typeof continued === 'number' ? newState(deps.randomInt, continued) : { ...continued };
  }

  /** Tells what is added to the sequence numbers of the phone, 0 to 65535, if that has changed since the last time. */
  ifRenumbered(tell: (sequenceOffset: number) => void): void {
    if (this.#isRenumbered) tell(this.#state.sequenceOffset);
    this.#isRenumbered = false;
  }

  get state(): IncomingStreamState {
    return { ...this.#state };
  }

  /**
   * HOT PATH. Notes a packet of audio, and writes the SSRC and the sequence number for Asterisk into it.
   * @returns false for a copy of the newest packet, which Asterisk would play again
   */
  audio({ ssrc, sequence, timestamp }: RtpView, packet: Buffer): boolean {
    const state = this.#state;
    const isFirst = state.audioSsrc === null;
    const isSameStream = ssrc === state.audioSsrc;
    const ahead = isFirst ? 1 : sequenceDistance(state.audioSequence, sequence + state.sequenceOffset);
    if (isSameStream && ahead === 0 && timestamp === state.audioTimestamp) return false;
    if (!isSameStream && !isFirst) this.#renew();
    const continues = isFirst || (isSameStream && ahead !== 0 && ahead >= -MAX_MISORDER);
    if (!continues) {
      state.sequenceOffset = (state.audioSequence + 1 - sequence) & 0xffff;
      this.#isRenumbered = true;
    }
    const written = (sequence + state.sequenceOffset) & 0xffff;
    if (!continues || ahead > 0) {
      state.audioSequence = written;
      state.audioTimestamp = timestamp;
    }
    state.audioSsrc = ssrc;
    packet.writeUInt16BE(written, SEQUENCE_OFFSET);
    packet.writeUInt32BE(state.ssrc, SSRC_OFFSET);
    return true;
  }

  /**
   * HOT PATH. Sends a telephone event to Asterisk, unless it comes late, or tells nothing new. If it begins a press
   * while the one before has no end, that end is sent first.
   */
  event(view: RtpView, packet: Buffer, nowMs: number): void {
    const state = this.#state;
    const sinceMs = nowMs - state.atMs;
    const isSameStream = view.ssrc === state.eventSsrc;
    const ahead = sequenceDistance(state.sequence, view.sequence);
    if (isSameStream && ahead <= 0 && ahead > -MAX_MISORDER && sinceMs < LONG_PAUSE_MS) return;
    const flags = packet[view.payloadStart + FLAGS_OFFSET] as number;
    const event = {
      code: packet[view.payloadStart] as number,
      isEnd: (flags & END_BIT) !== 0,
      duration: packet.readUInt16BE(view.payloadStart + DURATION_OFFSET),
      isClose: ahead > 0 && ahead <= CLOSE_PACKETS && sinceMs < CLOSE_MS,
    };
    if (!isSameStream || this.#isNewPress(view, event)) {
      this.#close(nowMs);
      this.#begin(view);
      this.#deps.pressed(event.code);
      // Asterisk makes up the press of an end without a beginning, and may count it twice.
      if (event.isEnd) this.#supply({ ...view, code: event.code, flags: 0, duration: 0 }, nowMs);
    } else if (state.isClosed && state.newestTimestamp === null) return;
    state.newestTimestamp = state.pressTimestamp;
    state.eventSsrc = view.ssrc;
    state.payloadType = view.payloadType;
    state.sequence = view.sequence;
    state.timestamp = view.timestamp;
    state.code = event.code;
    state.duration = event.duration;
    state.isEnded ||= event.isEnd;
    state.isClosed ||= event.isEnd;
    state.atMs = nowMs;
    packet.writeUInt32BE(state.pressTimestamp, TIMESTAMP_OFFSET);
    packet.writeUInt32BE(state.ssrc, SSRC_OFFSET);
    this.#deps.send(packet, nowMs);
  }

  /** Must be called a few times per second. @returns whether the lost end of a press was sent */
  tick(nowMs: number): boolean {
    return nowMs - this.#state.atMs > LOST_END_MS && this.#close(nowMs);
  }

  #isNewPress({ marker, timestamp }: RtpView, { code, isEnd, duration, isClose }: Event): boolean {
    const before = this.#state;
    if (code !== before.code || (before.isEnded && !isEnd)) return true;
    const wraps = before.duration > LONG_DURATION && !before.isEnded && !marker;
    if (duration < before.duration && !wraps) return true;
    // So much later that the press before was over, however close the packets have come together.
    if (before.isEnded && ((timestamp - before.timestamp) | 0) > before.duration) return true;
    // Some phones give each packet another timestamp, and some give all presses the same.
    return !isClose && (timestamp !== before.timestamp || (marker && duration === before.duration));
  }

  #begin({ timestamp }: RtpView): void {
    const state = this.#state;
    const { audioTimestamp, newestTimestamp: newest } = state;
    const latest = audioTimestamp !== null && isLater(audioTimestamp, timestamp) ? audioTimestamp : timestamp;
    let chosen = (latest + AHEAD_TICKS) >>> 0;
    if (newest !== null) {
      if (!isLater(chosen, newest)) chosen = (newest + 1) >>> 0;
      if (chosen < newest) this.#renew();
    }
    state.pressTimestamp = chosen;
    state.isEnded = false;
    state.isClosed = false;
  }

  /** Sends the end of a press that has none. @returns whether there was such a press */
  #close(nowMs: number): boolean {
    const { isClosed } = this.#state;
    if (isClosed) return false;
    this.#state.isClosed = true;
    this.#supply({ ...this.#state, flags: END_BIT }, nowMs);
    return true;
  }

  /** Sends a packet of the present press that the phone has not sent, or that was lost. */
  #supply(
    event: { payloadType: number; sequence: number; code: number; flags: number; duration: number },
    nowMs: number,
  ): void {
    const { pressTimestamp: timestamp, ssrc } = this.#state;
    const { payloadType, sequence, code, flags, duration } = event;
    // Asterisk takes no end with the sequence number of the packet before.
    encodeHeaderInto(SUPPLIED, { payloadType, marker: false, sequence: sequence - 1, timestamp, ssrc });
    SUPPLIED[RTP_HEADER_BYTES] = code;
    SUPPLIED[RTP_HEADER_BYTES + FLAGS_OFFSET] = flags;
    SUPPLIED.writeUInt16BE(duration, RTP_HEADER_BYTES + DURATION_OFFSET);
    this.#deps.send(SUPPLIED, nowMs);
  }

  /** Asterisk forgets the timestamps of presses. */
  #renew(): void {
    this.#state.ssrc = (this.#state.ssrc + 1) >>> 0;
    this.#state.newestTimestamp = null;
  }
}

type Event = { code: number; isEnd: boolean; duration: number; isClose: boolean };

/** It is overwritten by each. */
const SUPPLIED = Buffer.alloc(RTP_HEADER_BYTES + EVENT_BYTES);

/** Whether a timestamp is later than another, over the wrap. */
function isLater(timestamp: number, other: number): boolean {
  return ((timestamp - other) | 0) > 0;
}

function newState(randomInt: (end: number) => number, sequenceOffset: number) {
  return {
    /** The SSRC for Asterisk, and the newest timestamp of a press that Asterisk remembers under it. */
    ssrc: randomInt(0x1_0000_0000),
    newestTimestamp: null as number | null,
    /** The newest audio of the phone, with the sequence number for Asterisk, and what was added to the phone's one. */
    audioSsrc: null as number | null,
    audioTimestamp: null as number | null,
    audioSequence: 0,
    sequenceOffset,
    /** The newest event of the phone. */
    eventSsrc: null as number | null,
    payloadType: 0,
    sequence: 0,
    timestamp: 0,
    code: 0,
    duration: 0,
    atMs: Number.NEGATIVE_INFINITY,
    /** The present press: the timestamp of its packets, whether the phone has ended it, and whether Asterisk has its end. */
    pressTimestamp: 0,
    isEnded: true,
    isClosed: true,
  };
}
