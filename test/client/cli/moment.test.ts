import { expect } from "chai";
import fc from "fast-check";
import { parseMoment, parsePlace } from "../../../client/cli/moment.js";

const NOW = Date.UTC(2030, 0, 1);

describe("moments and places", () => {
  it("reads RFC 3339 and times before now", () => {
    expect(parseMoment("2026-11-21T09:30:00Z", NOW).getTime()).to.equal(Date.UTC(2026, 10, 21, 9, 30));
    expect(parseMoment("2026-11-21", NOW).getTime()).to.equal(Date.UTC(2026, 10, 21));
    expect(parseMoment("-1h", NOW).getTime()).to.equal(NOW - 3_600_000);
    expect(parseMoment("-90s", NOW).getTime()).to.equal(NOW - 90_000);
  });

  it("reads every day of the calendar, and no other", () => {
    const day = fc.record({
      year: fc.integer({ min: 1970, max: 2400 }),
      month: fc.nat(13),
      date: fc.nat(32),
    });
    fc.assert(
      fc.property(day, fc.constantFrom("", "T00:00:00Z"), ({ year, month, date }, time) => {
        const text = `${year}-${String(month).padStart(2, "0")}-${String(date).padStart(2, "0")}${time}`;
        const moment = new Date(Date.UTC(year, month - 1, date));
        const exists = moment.getUTCMonth() === month - 1 && moment.getUTCDate() === date;
        if (exists) expect(parseMoment(text, NOW)).to.deep.equal(moment);
        else expect(() => parseMoment(text, NOW)).to.throw("is not a time such as");
      }),
    );
  });

  it("reads places", () => {
    expect(parsePlace("earliest", NOW)).to.equal("earliest");
    expect(parsePlace("latest", NOW)).to.equal("latest");
    expect(parsePlace("1200", NOW)).to.deep.equal({ offset: 1_200 });
    expect(parsePlace("-1h", NOW)).to.deep.equal({ timestamp: new Date(NOW - 3_600_000) });
  });

  for (const text of [
    "",
    "yesterday",
    "12:00",
    "-soon",
    "2026-99-99",
    "1.5",
    "2027-02-30",
    "2027-02-29T00:00:00Z",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      expect(() => parsePlace(text, NOW)).to.throw(
        /is not (a time|earliest, latest, an offset, or a time) such as/,
      ));
  }
});
