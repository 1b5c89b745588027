// What a counter keeps while it has no line, in this browser alone: its list, and sales that wait.
// Sales are sealed before they come here; of who bought there is a short digest beside the list.
let opened;

const open = () =>
  (opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("emask-counter", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("list");
      asked.result.createObjectStore("sales", { keyPath: "sale_id" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  }));

// One transaction over both; `act` asks for what it needs at once and gives back a request, or nothing.
async function within(mode, act) {
  const transaction = (await open()).transaction(["list", "sales"], mode);
  const stores = (name) => transaction.objectStore(name);
  return new Promise((resolve, reject) => {
    const request = act(stores("list"), stores("sales"));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

// {signed, terms, digests, ahead, sold, used, stock}, or undefined.
export const readList = () => within("readonly", (list) => list.get("now"));
export const countSales = () => within("readonly", (_, sales) => sales.count());
export const readSales = () => within("readonly", (_, sales) => sales.getAll());
export const forgetList = () => within("readwrite", (list) => list.delete("now"));

// Change the list as it is at that moment; other windows may have changed it meanwhile.
export const changeList = (change) =>
  within("readwrite", (list) => {
    const asked = list.get("now");
    asked.onsuccess = () => {
      const changed = change(asked.result);
      if (changed) list.put(changed, "now");
    };
  });

// Put a sale in line, if `change` still lets the list take it; whether it did.
export async function addSale(sale, change) {
  let taken = false;
  await within("readwrite", (list, sales) => {
    const asked = list.get("now");
    asked.onsuccess = () => {
      const changed = change(asked.result);
      if (!changed) return;
      list.put(changed, "now");
      sales.put(sale);
      taken = true;
    };
  });
  return taken;
}

export const removeSales = (numbers) =>
  within("readwrite", (_, sales) => {
    for (const number of numbers) sales.delete(number);
  });
