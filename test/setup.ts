import fc from 'fast-check';

/** One seed for all laws, so that a run says the same twice. `OISP_SEED` names another. */
fc.configureGlobal({ seed: Number(process.env['OISP_SEED'] ?? 20_261_121) });
