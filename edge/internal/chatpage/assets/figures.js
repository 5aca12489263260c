/**
 * Returns a whole number with commas. The first toLocaleString of a page takes a hundred milliseconds,
 * which would be the longest frame of an answer.
 * @param {number} n
 */
export const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

/** Returns what an answer costs, to two digits that count. @param {number} n */
export const dollars = (n) => `$${n >= 1 ? n.toFixed(2) : Number(n.toPrecision(2)).toFixed(Math.min(8, Math.max(2, 1 - Math.floor(Math.log10(n)))))}`;
