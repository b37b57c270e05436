// Preloaded into a measured process: prints its CPU and peak memory as the last line of standard output.
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  const usage = { cpuMs: (user + system) / 1000, rssMb: process.resourceUsage().maxRSS / 1024 };
  process.stdout.write(`\n${JSON.stringify(usage)}\n`);
});
