// The verb that needs no host. Apart from the others, so that it does not pay for what they load.
export { validateConfig } from './deploy/validate.ts';
