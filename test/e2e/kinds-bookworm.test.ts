// Every kind, on Debian 12.
import { describeKinds } from './kinds-road.ts';

describeKinds('bookworm');
