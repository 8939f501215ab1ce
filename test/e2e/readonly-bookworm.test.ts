// Plans only look, on bookworm.
import { describeLooks } from './readonly-road.ts';

describeLooks('bookworm');
