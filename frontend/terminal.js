// The counter's screen: a card goes in, one of three answers comes up, Enter sells, Esc or the card
// out is next. Answers stand in the page's templates; nothing of a person is kept once it is next.
import { askAgent } from "./agent_call.js";
import { workOffline } from "./offline.js";
import { line, send } from "./terminal_line.js";

const LOOK_AGAIN = 60_000; // for what other terminals sold, and for new tokens
const TRY_AGAIN = 3_000; // to find an agent, or a reader
const SLOW = 1_000;

const terminal = document.querySelector("[data-terminal]");
const find = (selector, within = terminal) => within.querySelector(selector);
const place = find("[data-answer]");
const askForm = find("[data-ask]");
const tokens = { read: terminal.dataset.read, watch: terminal.dataset.watch };

let turn = 0; // answers that were asked for before the last `next` come too late
let asked = null; // what the answer on the screen is about
let lastVisit = "";
let undoEnds;

if (askForm) begin();

function begin() {
  line.heard = showLight;
  workOffline({ say, fill, lookAgain, refresh, idle, token, shell: "shell" in terminal.dataset });
  terminal.addEventListener("submit", onSubmit);
  terminal.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey, true);
  addEventListener("pagehide", next); // Back and Forward bring nobody's answer up again
  addEventListener("pageshow", ({ persisted }) => persisted && lookAgain());
  setInterval(lookAgain, LOOK_AGAIN);
  forgetUndoIn(find("[data-undo]").dataset.seconds);
  lookAgain();
  watch();
}

// ------------------------------------------------------------------ steps

export async function readCard() {
  tellReader("reading");
  const { evidence, code } = await askAgent(terminal.dataset.agent, "card", {
    token: tokens.read,
  });
  tellReader(code ?? "ready");
  if (!evidence) {
    if (code === "token_refused") await lookAgain();
    return null;
  }
  return { evidence, id_number: numberOn(evidence) };
}

export async function ask({ id_number, paper = "nhi_card", evidence = "", birth_date }) {
  const mine = ++turn;
  const visit = askForm.elements.visit.value;
  say("");
  complain(askForm, {});
  askForm.ariaBusy = "true";
  const fields = { id_number, paper, visit, evidence, ...(birth_date !== undefined && { birth_date }) };
  const screen = await send(askForm.action, signed(fields));
  askForm.ariaBusy = "false";
  if (mine !== turn) return;
  asked = { id_number, paper, visit };
  if (screen) refresh(screen);
  if (screen && !screen.told) complain(askForm, screen.errors);
  else show(screen?.told ?? { kind: "unknown" }, screen?.visit);
}

export async function sell(form) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const fields = { ...Object.fromEntries(new FormData(form)), ...asked };
  fields.visit ||= form.elements.visit.value;
  const mine = turn;
  const screen = await send(form.action, signed(fields));
  form.ariaBusy = "false";
  if (!screen || (!screen.told && Object.keys(screen.errors).length)) {
    find("[data-unsure]", form).hidden = false; // never as though it were sold
    return;
  }
  if (!screen.told && !screen.queued) line.sold(fields);
  if (mine === turn) screen.told ? show(screen.told) : next();
  refresh(screen);
}

export async function undo(form) {
  return take(form);
}

// A form that changes something else about the site: undo, count, stock.
async function take(form) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const screen = await send(form.action, new FormData(form));
  form.ariaBusy = "false";
  if (!screen) return; // as typed; the light tells why
  complain(form, screen.errors);
  refresh(screen);
  if (Object.keys(screen.errors).length) return;
  form.reset();
  form.closest("details").open = false;
  askForm.elements.id_number.focus();
}

// Nobody stands at the counter any more, as far as the screen knows.
export function next() {
  turn += 1;
  asked = null;
  place.replaceChildren();
  for (const each of terminal.querySelectorAll("[data-ask], details")) each.hidden = false;
  find("[data-undo]").hidden = !undoEnds;
  askForm.elements.id_number.value = "";
  askForm.elements.paper.value = "nhi_card";
  complain(askForm, {});
  askForm.elements.id_number.focus();
}

// ------------------------------------------------------------------ the screen

// told: {kind, word, lines, next_step, person, choices, sale_id}; what is missing keeps the
// template's own words.
export function show(told, visit) {
  const shown = find(`template[data-told="${told.kind}"]`, document).content.cloneNode(true);
  put(shown, "word", told.word);
  put(shown, "person", told.person ?? "");
  put(shown, "next_step", told.next_step);
  put(shown, "visit", visit?.words);
  if (told.lines) find("[data-put=lines]", shown).replaceChildren(...told.lines.map(paragraph));
  const form = find("[data-sell]", shown);
  if (form) {
    choose(form, told.choices);
    form.elements.sale_id.value = told.sale_id;
    form.elements.visit.value = visit?.visit_id ?? "";
    form.elements.by_proxy.checked = visit?.going_on ?? false;
  }
  for (const each of terminal.querySelectorAll("[data-ask], details, [data-same]")) {
    each.hidden = true;
  }
  place.replaceChildren(shown);
  find("[data-focus]", place).focus();
}

// What the server says about the site: stock, what can be undone, the visit, tokens.
export function refresh({ stock = [], undo: last, visit, notice, queued, read, watch: watching }) {
  for (const { product, pieces } of stock) {
    const shelf = find(`[data-shelf="${product}"]`);
    shelf.textContent = fill(shelf.dataset.words, { pieces: pieces.toLocaleString("en") });
  }
  if (stock.length) line.stocked(stock);
  if (notice) say(`${queued ? "？" : "✓"} ${notice}`);
  if (notice && visit?.visit_id && !visit.going_on) {
    lastVisit = visit.visit_id;
    find("[data-same]").hidden = false;
    goOnWith("");
  }
  if (visit && !asked) put(askForm, "visit", visit.words);
  const fields = find("[data-undo] form").elements;
  if (last !== undefined && fields.undo.value !== (last?.sale_id ?? "")) {
    fields.undo.value = last?.sale_id ?? "";
    find("[data-undo-words]").textContent = last?.words ?? "";
    forgetUndoIn(last?.seconds);
  }
  if (read) Object.assign(tokens, { read, watch: watching });
}

function say(words) {
  const notice = find("[data-notice]");
  notice.hidden = !words;
  notice.firstElementChild.textContent = words;
}

function choose(form, choices) {
  const first = find("[data-choice]", form);
  const items = choices.map((choice, at) => {
    const item = first.cloneNode(true);
    const [radio, label] = [find("input", item), find("label", item)];
    radio.value = choice.product;
    radio.checked = at === 0;
    radio.id = label.htmlFor = `product-${at}`;
    label.textContent = choice.words;
    return item;
  });
  first.parentElement.replaceChildren(...items);
  find("[data-choices]", form).hidden = choices.length < 2;
}

// The same visitor brings another card; empty: the next one's is another visitor's.
function goOnWith(visit) {
  askForm.elements.visit.value = visit;
  find("[data-going-on]").hidden = !visit;
  if (visit) find("[data-same]").hidden = true;
}

function forgetUndoIn(seconds) {
  clearTimeout(undoEnds);
  undoEnds = seconds > 0 ? setTimeout(() => forgetUndoIn(0), seconds * 1_000) : undefined;
  find("[data-undo]").hidden = !undoEnds || Boolean(asked);
}

function complain(form, errors) {
  for (const old of form.querySelectorAll("[data-complaint]")) old.remove();
  for (const group of form.querySelectorAll(".govuk-form-group--error")) {
    group.classList.remove("govuk-form-group--error");
    find("input, select", group).removeAttribute("aria-invalid");
  }
  for (const [name, words] of Object.entries(errors)) {
    const field = form.elements[name]?.[0] ?? form.elements[name];
    const message = paragraph(words);
    message.className = "govuk-error-message";
    message.role = "alert";
    message.dataset.complaint = name;
    const group = field.closest(".govuk-form-group");
    group.classList.add("govuk-form-group--error");
    group.append(message);
    field.ariaInvalid = "true";
    field.focus();
  }
}

function showLight(took) {
  const light = find("[data-light]");
  const state = took === null ? "gone" : took > SLOW ? "slow" : "fast";
  light.hidden = false;
  light.className = `light light--${state}`;
  find("[data-light-word]").textContent = light.dataset[state];
  const time = new Date().toLocaleTimeString("en-GB");
  const words = { time, seconds: ((took ?? 0) / 1_000).toFixed(2) };
  if (took !== null) find("[data-light-time]").textContent = fill(light.dataset.took, words);
}

function tellReader(code) {
  const known = (each) => find(`template[data-reader-says="${each}"]`, document);
  const words = (/^\w+$/.test(code) && known(code)) || known("unreadable");
  find("[data-reader]").textContent = words.content.textContent;
}

function put(within, name, words) {
  if (words === undefined) return;
  for (const each of within.querySelectorAll(`[data-put="${name}"]`)) each.textContent = words;
}

function paragraph(words) {
  const made = document.createElement("p");
  made.textContent = words;
  return made;
}

function fill(words, values) {
  return words.replace(/{(\w+)}/g, (_, name) => values[name]);
}

// ------------------------------------------------------------------ what happens

async function watch() {
  for (let card = false; ; ) {
    const told = await askAgent(terminal.dataset.agent, "watch", { token: tokens.watch, card });
    if (told.code) {
      if (told.code === "token_refused") await lookAgain();
      else tellReader(told.code);
      await new Promise((resume) => setTimeout(resume, TRY_AGAIN));
    } else if (told.card !== card) {
      card = told.card;
      card ? cardIn() : next();
    } else if (!card) {
      tellReader("ready");
    }
  }
}

async function cardIn() {
  next();
  const mine = turn;
  const card = await readCard();
  if (card && mine === turn) ask(card);
}

// The number stands in the card's basic data; see the fields of an NHI card.
function numberOn(evidence) {
  return atob(JSON.parse(evidence).record).slice(32, 42);
}

async function lookAgain() {
  const screen = await send(terminal.dataset.screen);
  if (screen) refresh(screen);
}

function signed(fields) {
  return { ...fields, _csrf_token: token() };
}

function token() {
  return askForm.elements._csrf_token.value;
}

function idle() {
  return !asked && !askForm.elements.id_number.value;
}

function onSubmit(event) {
  event.preventDefault();
  const form = event.target;
  if (form === askForm) {
    ask({ id_number: form.elements.id_number.value, paper: form.elements.paper.value });
  } else if (form.matches("[data-birth]")) {
    ask({ ...asked, birth_date: form.elements.birth_date.value });
  } else if (form.matches("[data-sell]")) sell(form);
  else if (form.closest("[data-undo]")) undo(form);
  else take(form);
}

function onClick(event) {
  if (event.target.closest("[data-next]")) {
    event.preventDefault();
    if (!asked) goOnWith("");
    next();
  } else if (event.target.closest("[data-same] a")) {
    event.preventDefault();
    goOnWith(lastVisit);
    next();
  }
}

function onKey(event) {
  if (event.key === "Enter" && event.repeat) event.preventDefault(); // held down is pressed once
  if (event.key !== "Escape") return;
  event.stopPropagation();
  if (idle()) goOnWith("");
  next();
}
