import { encodeHeaderInto, type RtpHeader, RTP_HEADER_BYTES, type RtpView } from './packet.ts';
/** stub */
export class OutgoingStream {
  readonly #h: RtpHeader; #inSsrc=-1; #seqOff=0; #tsOff=0; #last=0; #feed='';
  constructor(r: (n: number) => number) { this.#h = { payloadType: 0, marker: true, sequence: r(0x8000), timestamp: r(0x7fffffff), ssrc: r(0x7fffffff) }; }
  get ssrc() { return this.#h.ssrc; }
  nextInto(p: Buffer, ticks: number, pt: number) { const h=this.#h; h.sequence=(h.sequence+1)&0xffff; h.timestamp=(h.timestamp+ticks)>>>0; h.payloadType=pt; h.marker=this.#feed!=='own'; this.#feed='own'; this.#inSsrc=-1; encodeHeaderInto(p,h); }
  pauseInto(p: Buffer, _now: number, pt: number) { this.nextInto(p, 8000, pt); }
  silentPacket() { const b = Buffer.alloc(RTP_HEADER_BYTES+1, 90); encodeHeaderInto(b, {...this.#h, payloadType: 13, marker: false}); return b; }
  forward(v: RtpView, p: Buffer, now: number) { const h=this.#h; let marker=v.marker; if (v.ssrc!==this.#inSsrc) { this.#inSsrc=v.ssrc; this.#seqOff=(h.sequence+1-v.sequence)&0xffff; const e=this.#last?Math.max(20,now-this.#last):20; this.#tsOff=(h.timestamp+Math.round(e*8)-v.timestamp)>>>0; marker=true; this.#feed='in'; }
   h.sequence=(v.sequence+this.#seqOff)&0xffff; h.timestamp=(v.timestamp+this.#tsOff)>>>0; this.#last=now; p[1]=(marker?0x80:0)|v.payloadType; p.writeUInt16BE(h.sequence,2); p.writeUInt32BE(h.timestamp,4); p.writeUInt32BE(h.ssrc,8); }
}
