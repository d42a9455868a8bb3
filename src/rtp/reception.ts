import type { RtpView } from './packet.ts';
export class Reception { received = 0; lost = 0; jitterMs = 0; push(_v: RtpView, _n: number, every: number) { this.received += every; } }
