// The counter without a line. It sells by a signed list, up to the list's cap, and says that nothing
// is confirmed; what it sold waits sealed, and is sent when the line is back. Conflicts are looked
// into elsewhere: here it is only told what has been sent.
import {
  addSale, changeList, countSales, forgetList, readList, readSales, removeSales,
} from "./offline_store.js";
import { holds, sealed, shortDigest, verified } from "./offline_seal.js";
import { birthDate, dayInTaipei, normalisedId, policyOf, productsFor } from "./offline_rules.js";
import { line } from "./terminal_line.js";

const RENEW_AFTER = 60 * 60_000;
const TRY_AGAIN = 60_000;
const AT_ONCE = 500;
const words = document.querySelector("template[data-offline]")?.dataset;
const key = words && JSON.parse(words.key);
let nextList = 0; // when to ask for it
let uploading = false;

// `screen`: say(words), fill(words, values), idle(), lookAgain(), refresh(screen), token(), shell.
export function workOffline(screen) {
  if (!words || !globalThis.crypto?.subtle || !globalThis.indexedDB) return;
  const showLight = line.heard;
  line.heard = (took) => {
    showLight(took);
    if (took !== null) lineIsThere(screen).catch(() => {});
  };
  line.without = (step, fields) => withoutLine(screen, step, fields).catch(() => null);
  line.sold = remember;
  line.stocked = keepStock;
  addEventListener("online", screen.lookAgain);
  const signOut = document.querySelector('form[action$="/staff/sign-out"]');
  signOut?.addEventListener("submit", forgetList); // who is not here sells nothing
  tellWaiting(screen);
  if (screen.shell) showList(screen);
  else keepShell().catch(() => {});
}

// ------------------------------------------------------------------ without a line

async function withoutLine(screen, step, fields) {
  const kept = fields && (await readList());
  if (!kept || !(await verified(kept, key))) return null;
  if (step.endsWith("/counter")) return answer(screen, kept, fields);
  return step.endsWith("/counter/sales") ? queue(screen, kept, fields) : null;
}

async function answer(screen, kept, fields) {
  const { terms } = kept;
  const unknown = (...lines) => ({ told: { kind: "unknown", lines }, errors: {} });
  if (isOver(kept)) return unknown(words.over);
  const idNumber = normalisedId(fields.id_number);
  if (!idNumber) return { errors: { id_number: words.id_number } };
  const who = await shortDigest(terms, idNumber);
  if (kept.sold.includes(who) || holds(kept.digests, who)) return unknown(words.barred);
  const born = fields.evidence ? birthDateOn(fields.evidence) : birthDate(fields.birth_date ?? "");
  if (!born) {
    const lines = fields.birth_date === undefined ? undefined : [words.birth_date];
    return { told: { kind: "birth", lines }, errors: {} };
  }
  const day = dayInTaipei(nowBy(kept));
  const policy = policyOf(terms, day);
  const { products, refusal } = productsFor(policy, { born, day, idNumber });
  if (refusal) return { told: refused(refusal), errors: {} };
  const choices = products
    .filter((product) => kept.stock[product] >= policy.pieces[product])
    .map((product) => choice(screen, product, policy.pieces[product]));
  if (!choices.length) return { told: { ...no, lines: [words.short], next_step: "" }, errors: {} };
  const word = choices.length > 1 ? words.choose : screen.fill(words.may, choices[0]);
  const told = { kind: "queue", word, choices, sale_id: crypto.randomUUID() };
  const visit = { visit_id: fields.visit || crypto.randomUUID(), going_on: Boolean(fields.visit) };
  return { told, visit, errors: {} };
}

// Put a sale in line; the number is the one under which the server may have got it already.
async function queue(screen, kept, fields) {
  const idNumber = normalisedId(fields.id_number ?? "");
  const at = nowBy(kept);
  if (!idNumber) return null;
  const pieces = policyOf(kept.terms, dayInTaipei(at)).pieces[fields.product];
  const sale = {
    sale_id: fields.sale_id,
    list_id: kept.terms.jti,
    sold_at: new Date(at).toISOString(),
    id_number: idNumber,
    product: fields.product,
    pieces,
    by_proxy: Boolean(fields.by_proxy),
    visit: fields.visit || null,
    paper: fields.paper || "nhi_card",
  };
  const waits = {
    sale_id: sale.sale_id,
    signed: kept.signed,
    sealed: await sealed(sale, kept.terms.queue),
  };
  const who = await shortDigest(kept.terms, idNumber);
  let stock;
  const taken = await addSale(waits, (list) => {
    if (isOver(list) || list.sold.includes(who)) return null;
    stock = { ...list.stock, [sale.product]: Math.max(0, list.stock[sale.product] - pieces) };
    return { ...list, stock, used: list.used + 1, sold: [...list.sold, who] };
  });
  if (!taken) return { told: { kind: "unknown", lines: [words.barred] }, errors: {} };
  await tellWaiting(screen);
  const visit = { visit_id: fields.visit || null, going_on: false };
  return { notice: words.queued, queued: true, errors: {}, stock: shelves(stock), visit };
}

const no = { kind: "no", word: words?.no };

function refused(code) {
  const { content, dataset } = document.querySelector(`template[data-refusal="${code}"]`);
  const lines = content.textContent.split("\n");
  return { ...no, lines, next_step: dataset.next_step };
}

function choice({ fill }, product, pieces) {
  const name = document.querySelector(`[data-shelf="${product}"]`).previousElementSibling;
  return { product, pieces, words: fill(words.goods, { product: name.textContent, pieces }) };
}

// By the server's clock: what a counter's own shows does not matter.
const nowBy = ({ ahead }) => Date.now() + ahead;
const isOver = (kept) => nowBy(kept) >= kept.terms.exp * 1_000 || kept.used >= kept.terms.cap;
const shelves = (stock) => Object.entries(stock).map(([product, pieces]) => ({ product, pieces }));

// In the card's basic data, by the Republic's years; see the fields of an NHI card.
const birthDateOn = (evidence) => birthDate(atob(JSON.parse(evidence).record).slice(42, 49));

// ------------------------------------------------------------------ with a line

async function lineIsThere(screen) {
  if (screen.shell) {
    if (screen.idle()) location.reload();
    return;
  }
  await upload(screen);
  if (Date.now() >= nextList) await renew();
}

async function renew() {
  nextList = Date.now() + TRY_AGAIN;
  const response = await fetch(words.list, { cache: "no-store" });
  if (response.status === 410) return forgetList(); // the site takes part no longer
  if (!response.ok || response.redirected) return;
  const list = await response.json();
  const terms = await verified(list, key);
  if (!terms) return;
  const waiting = await countSales();
  const fresh = { ...list, terms, ahead: terms.iat * 1_000 - Date.now(), stock: terms.stock };
  await changeList((old) => ({ ...fresh, used: 0, sold: waiting ? (old?.sold ?? []) : [] }));
  nextList = Date.now() + RENEW_AFTER;
}

// Who bought over the line is on no list yet.
async function remember({ id_number }) {
  const kept = await readList();
  const idNumber = normalisedId(id_number ?? "");
  if (!kept || !idNumber) return;
  const who = await shortDigest(kept.terms, idNumber);
  await changeList((list) => list && { ...list, sold: [...list.sold, who] });
}

const keepStock = (shelves) =>
  changeList((list) => {
    const stock = Object.fromEntries(shelves.map(({ product, pieces }) => [product, pieces]));
    return list && { ...list, stock };
  });

async function upload(screen) {
  if (uploading) return;
  uploading = true;
  let count = 0;
  try {
    const waiting = await readSales();
    for (const signed of new Set(waiting.map((sale) => sale.signed))) {
      const sales = waiting.filter((sale) => sale.signed === signed);
      for (let at = 0; at < sales.length; at += AT_ONCE) {
        const gone = await send(screen, signed, sales.slice(at, at + AT_ONCE));
        await removeSales(gone);
        count += gone.length;
      }
    }
  } finally {
    uploading = false;
    await tellWaiting(screen);
  }
  if (!count) return;
  screen.say(`✓ ${screen.fill(words.uploaded, { count })}`);
  nextList = 0;
  screen.lookAgain();
}

// The numbers of sales that have come; none without a session of the site's, which may come later.
async function send(screen, signed, sales) {
  const response = await fetch(words.sales, {
    method: "POST",
    headers: { "content-type": "application/json", "x-csrftoken": screen.token() },
    body: JSON.stringify({
      signed,
      sales: sales.map(({ sale_id, sealed }) => ({ sale_id, sealed })),
    }),
  });
  if (!response.ok || response.redirected) return [];
  return Object.keys((await response.json()).outcomes);
}

async function tellWaiting(screen) {
  const place = document.querySelector("[data-waiting]");
  const count = await countSales();
  place.hidden = count === 0;
  place.textContent = count ? screen.fill(words.waits, { count }) : "";
}

// ------------------------------------------------------------------ the kept page

async function showList(screen) {
  const kept = await readList();
  if (!kept) return;
  const name = document.createElement("span");
  name.lang = "zh-Hant-TW";
  name.textContent = kept.terms.name;
  document.querySelector("[data-site]").replaceChildren(name);
  screen.refresh({ stock: shelves(kept.stock) });
}

// Keep the page as it is for nobody, with its style sheet and programs, and nothing else.
async function keepShell() {
  await navigator.serviceWorker.register(words.worker, { scope: words.scope });
  const needed = document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src]");
  const wanted = [words.shell, ...Array.from(needed, (each) => each.href ?? each.src)];
  const cache = await caches.open(`counter-${words.language}`);
  for (const address of wanted) {
    const response = await fetch(address, { credentials: "omit" });
    if (response.ok) await cache.put(address, response);
  }
  const known = wanted.map((address) => new URL(address, location).href);
  for (const { url } of await cache.keys()) {
    if (!known.includes(url)) await cache.delete(url);
  }
}
