import type { RtpView } from './packet.ts';
import type { ReportBlock } from './rtcp.ts';
export class Reception {
  received = 0;
  lost = 0;
  jitterMs = 0;
  push(_v: RtpView, _n: number, every: number) {
    this.received += every;
  }
  reportInto(_b: ReportBlock) {
    return false;
  }
}
