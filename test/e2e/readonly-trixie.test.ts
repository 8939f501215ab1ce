// Plans only look, on trixie.
import { describeLooks } from './readonly-road.ts';

describeLooks('trixie');
