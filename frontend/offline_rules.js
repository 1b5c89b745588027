// What a counter without a line can tell by itself: entries, age, odd and even. The server judges
// all of it again; see rules/people.py, rules/entries.py and rules/eligibility.py.
const LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"; // stand for 10, 11, …, 35
const WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 1, 1];
const ADULT = "adult_mask";
const CHILD = "child_mask";

// An ID number in its ten characters, or null.
export function normalisedId(typed) {
  const number = typed.normalize("NFKC").replace(/[\s\p{Pd}]/gu, "").toUpperCase();
  if (!/^[A-Z]([1289]|[A-D])[0-9]{8}$/.test(number)) return null;
  const value = LETTERS.indexOf(number[0]) + 10;
  const second = LETTERS.indexOf(number[1]);
  const digits = [second >= 0 ? second : Number(number[1]), ...[...number.slice(2)].map(Number)];
  const sum = digits.reduce(
    (so_far, digit, at) => so_far + WEIGHTS[at] * digit, Math.floor(value / 10) + 9 * (value % 10),
  );
  return sum % 10 === 0 ? number : null;
}

// A birth date of either calendar as 1983-07-15, or null.
export function birthDate(typed) {
  const written = typed.normalize("NFKC").replace(/\s/g, "").replace(/^民國/, "");
  const parts =
    /^(\d{2,4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(written) ??
    /^(\d{3,4})(\d{2})(\d{2})$/.exec(written);
  if (!parts) return null;
  const year = Number(parts[1]) + (Number(parts[1]) < 1800 ? 1911 : 0);
  const day = new Date(Date.UTC(year, parts[2] - 1, parts[3]));
  const iso = [year, ...parts.slice(2).map((part) => part.padStart(2, "0"))].join("-");
  return !isNaN(day) && day.toISOString().slice(0, 10) === iso ? iso : null;
}

// The policy in force on a day of the list.
export function policyOf({ policies }, day) {
  const begun = policies.filter(({ valid_from }) => valid_from <= day);
  return begun.sort((one, other) => (one.valid_from < other.valid_from ? 1 : -1))[0];
}

export const dayInTaipei = (instant) =>
  new Date(instant + 8 * 3_600_000).toISOString().slice(0, 10);

// {products} that somebody born then may have on a day, or the {refusal} of what is for them.
export function productsFor(policy, { born, day, idNumber }) {
  const child = born >= policy.child_born_from;
  const order = child ? [CHILD, ADULT] : [ADULT, CHILD];
  const meant = order.filter((product) =>
    product === ADULT
      ? !child || born < policy.chooses_born_before
      : child || policy.adult_may_buy_child_masks,
  );
  if (!meant.length) return { refusal: child ? "child_not_eligible" : "product_not_for_adult" };
  const exempt = !policy.odd_even || (child && policy.children_exempt);
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  const allowed = weekday === 0 || weekday % 2 === Number(idNumber.at(-1)) % 2;
  return exempt || allowed ? { products: meant } : { refusal: "wrong_day_odd_even" };
}
