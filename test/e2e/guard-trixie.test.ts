// Never cut off, on trixie.
import { describeGuard } from './guard-road.ts';

describeGuard('trixie');
