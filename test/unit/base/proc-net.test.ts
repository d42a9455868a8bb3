import { describe, expect, it } from 'vitest';
import { parseInetSockets, parseUnixSockets, socketOfServer } from '../../../src/base/proc-net.ts';

describe('sockets in /proc/net', () => {
  it('have the addresses, ports, users and inodes of the kernel', () => {
    const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 635 1 00000000dc2f1524 100 0 0 10 0
  12: 013D007F:6BC0 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 38924 2 00000000190c77cd 0
   1: 00000000000000000000000000000000:1F98 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0
   2: 0000000000000000FFFF00000100007F:1F99 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 8 1 0
   3: 00000000000000000000000001000000:1F9A 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 9 1 0
`;
    expect(parseInetSockets(text)).toEqual([
      { address: '0.0.0.0', port: 2024, listening: true, uid: 0, inode: 635 },
      { address: '127.0.61.1', port: 27_584, listening: false, uid: 1000, inode: 38_924 },
      { address: '::', port: 8088, listening: true, uid: 0, inode: 7 },
      { address: '127.0.0.1', port: 8089, listening: true, uid: 0, inode: 8 },
      { address: null, port: 8090, listening: false, uid: 0, inode: 9 },
    ]);
  });

  it('of the unix domain are those that listen at a path', () => {
    const text = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 38923 /run/asterisk/asterisk.ctl
0000000000000000: 00000003 00000000 00000000 0001 03 38924 /run/asterisk/asterisk.ctl
0000000000000000: 00000002 00000000 00010000 0001 01    12 @abstract
0000000000000000: 00000003 00000000 00000000 0001 03 38925
`;
    expect(parseUnixSockets(text)).toEqual([{ path: '/run/asterisk/asterisk.ctl', inode: 38_923 }]);
  });

  it('have that of a server at one of its addresses', () => {
    const at = (address: string, port: number, listening = true) => ({ address, port, listening, uid: 0, inode: port });
    const [here, everywhere, connected] = [at('127.0.0.1', 8088), at('0.0.0.0', 80), at('127.0.0.1', 443, false)];
    const find = (url: string) => socketOfServer([here, everywhere, connected], url);
    expect(find('http://127.0.0.1:8088')).toBe(here);
    expect(find('http://localhost:8088/ari')).toBe(here);
    expect(find('http://192.0.2.1')).toBe(everywhere);
    expect(find('https://127.0.0.1')).toBeNull();
    expect(find('http://127.0.0.2:8088')).toBeNull();
  });
});
