// Never cut off, on bookworm.
import { describeGuard } from './guard-road.ts';

describeGuard('bookworm');
