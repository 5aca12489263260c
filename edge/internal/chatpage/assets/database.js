// IndexedDB with promises, reduced to what the conversations need.

/** How long a browser may take to open a database, in milliseconds. Some never report a failure. */
const patience = 5_000;

/**
 * Opens a database whose stores have objects with an id. It rejects if the browser stores nothing.
 * @param {string} name @param {string[]} stores @returns {Promise<IDBDatabase>}
 */
export function openDatabase(name, stores) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the database does not open")), patience);
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      for (const store of stores) request.result.createObjectStore(store, { keyPath: "id" });
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      clearTimeout(late);
      const database = request.result;
      // Another version of this page wants to upgrade it. From here on, conversations stay in memory.
      database.onversionchange = () => database.close();
      resolve(database);
    };
  });
}

/** Returns the result of a request. */
export const got = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Waits until a transaction's writes are stored. */
export const written = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
  });
