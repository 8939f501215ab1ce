// Every kind, on Debian 13.
import { describeKinds } from './kinds-road.ts';

describeKinds('trixie');
