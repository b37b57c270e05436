/** The sum of all amounts with tax, in whole cents. */
export function total(amounts, tax) {
  const sum = amounts.reduce((a, b) => a + b, 0);
  return Math.floor(sum * (1 + tax));
}
