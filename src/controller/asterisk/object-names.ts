import { createHash } from 'node:crypto';

/** The ids and variables by which a controller finds its own bridges, channels and conferences in Asterisk again. */
export class ObjectNames {
  readonly application: string;

  constructor(application: string) {
    this.application = application;
  }

  floor(conference: string): string {
    return `${this.application}-floor-${conference}`;
  }

  /** The conference whose floor a bridge is, or null. */
  conferenceOfFloor(bridgeId: string): string | null {
    return after(this.floor(''), bridgeId);
  }

  room(conference: string, room: number): string {
    return `${this.application}-room-${room}-${conference}`;
  }

  isRoom(bridgeId: string): boolean {
    return bridgeId.startsWith(`${this.application}-room-`);
  }

  /** The bridge from which something is whispered to one member. */
  ear(playbackId: string): string {
    return `${this.application}-ear-${playbackId}`;
  }

  isEar(bridgeId: string): boolean {
    return bridgeId.startsWith(this.ear(''));
  }

  /** One of the bridges in which listeners of all conferences wait. */
  audience(number: number): string {
    return `${this.application}-audience-${number}`;
  }

  isAudience(bridgeId: string): boolean {
    return bridgeId.startsWith(`${this.application}-audience-`);
  }

  /** The channel between a floor and the relay. */
  floorLeg(conference: string): string {
    return `${this.application}-floorleg-${conference}`;
  }

  conferenceOfFloorLeg(channelId: string): string | null {
    return after(this.floorLeg(''), channelId);
  }

  /** The channel that listens to a member to measure how loud the member is. */
  meter(channelId: string): string {
    return `${this.application}-meter-${channelId}`;
  }

  /** The member whose meter it is, or null. */
  channelOfMeter(channelId: string): string | null {
    return after(this.meter(''), channelId);
  }

  /** By which the relay tells meters apart: a UUID, the same whenever it is asked for (RFC 9562, version 8). */
  meterId(channelId: string): string {
    const digest = createHash('sha256').update(this.meter(channelId)).digest('hex');
    return digest.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5');
  }

  /** The end of a player that Asterisk plays to. */
  player(playbackId: string): string {
    return `${this.application}-player-${playbackId}`;
  }

  playbackOfPlayer(channelId: string): string | null {
    return after(this.player(''), channelId);
  }

  /** The end of a player that is on the floor. */
  playerOnFloor(playbackId: string): string {
    return `${this.application}-played-${playbackId}`;
  }

  playbackOnFloor(channelId: string): string | null {
    return after(this.playerOnFloor(''), channelId);
  }

  /** The global variable with the state of a conference. */
  conferenceVariable(conference: string): string {
    return `ROSTRUM_CONFERENCE_${this.application}_${conference}`;
  }
}

function after(prefix: string, text: string): string | null {
  return text.startsWith(prefix) ? text.slice(prefix.length) : null;
}
