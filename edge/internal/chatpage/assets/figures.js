/**
 * Returns a whole number with commas. The first toLocaleString of a page takes a hundred milliseconds,
 * which would be the longest frame of an answer.
 * @param {number} n
 */
export const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
