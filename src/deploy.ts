// The verbs that the server and the terminal share: plan a configuration against its hosts, deploy a plan.
// Everything from outside comes in as an argument; nothing here knows GitHub.
import type { Deployer, DeployWorld } from './deploy/contract.ts';
import { deployPlan } from './deploy/deploy.ts';
import { planConfig } from './deploy/plan.ts';

export type * from './deploy/contract.ts';

export function createDeployer(world: DeployWorld): Deployer {
  return {
    plan: (input) => planConfig(world, input),
    deploy: (input) => deployPlan(world, input),
  };
}
