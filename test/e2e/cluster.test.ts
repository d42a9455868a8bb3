import { clusterLaboratory } from './cluster-laboratory.ts';
import { describeCluster } from './cluster-suite.ts';

const lab = clusterLaboratory(
  { lyon: '127.0.111.1', oslo: '127.0.112.1', rome: '127.0.113.1' },
  { trunk: { rekeySeconds: 1 } },
);

describeCluster(lab);
