import { describeCalls } from './call-suite.ts';

describeCalls('dgram');
