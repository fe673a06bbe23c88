import { expect } from "chai";
import { seeded } from "../../../../client/testing/seeded.js";
import { LogwheelError } from "../../../../proto/kernel/errors.js";
import { fnv1aOf } from "../../../../proto/kernel/hash.js";
import { parseFilter } from "../../../../server/broker/filter.js";
import { FILTER_BYTES_MAX } from "../../../../server/broker/filter-text.js";
import { SqlFilter } from "../../../../server/broker/sql/sql-filter.js";
import { SQL_DEPTH_MAX, SQL_LIST_MAX } from "../../../../server/broker/sql/sql-parser.js";
import { Mutator } from "../../../support/mutator.js";
import { SqlExpressions } from "../../../support/sql-expressions.js";
import { evaluate, messageOf } from "../../../support/sql-reference.js";
import { recordOf } from "../../../support/stored-record.js";

const RECORD = recordOf({
  body: Buffer.from("price = 1"),
  tag: "web",
  keys: ["k"],
  properties: {
    price: "10.50",
    region: "eu",
    urgent: "True",
    off: "false",
    empty: "",
    word: "it's größer",
    n: "7",
  },
});

/** true, false, or null for unknown: neither a condition nor its opposite is met. */
function truthOf(sql: string, record = RECORD): boolean | null {
  if (SqlFilter.parse(sql).wants(record, 0, record.length)) return true;
  return SqlFilter.parse(`NOT (${sql})`).wants(record, 0, record.length) ? false : null;
}

function errorOf(sql: string): LogwheelError {
  try {
    SqlFilter.parse(sql);
  } catch (thrown) {
    if (LogwheelError.is(thrown)) return thrown;
    throw thrown;
  }
  throw new Error(`${sql} was taken`);
}

describe("SqlFilter", () => {
  it("wants a message only if the condition is true of its properties and tag (A11-12)", () => {
    for (const [sql, truth] of [
      ["price > 10 AND region IN ('eu', 'us')", true],
      ["price > 10.5", false],
      ["price >= 10.5 and price <= 10.5 and price = 10.5", true],
      ["10 < price", true],
      ["price <> 10.5", false],
      ["region = 'eu'", true],
      ["region <> 'eu'", false],
      ["TAGS = 'web' AND tag = 'web'", true],
      ["tag IN ('app')", false],
      ["urgent", true],
      ["urgent = TRUE", true],
      ["off = FALSE AND NOT off", true],
      ["price BETWEEN 10 AND 11", true],
      ["price NOT BETWEEN 10 AND 11", false],
      ["n IN (5, 7.0)", true],
      ["n NOT IN (5, 7)", false],
      ["price > n", true],
      ["region = region", true],
      ["region = tag", false],
      ["word = 'it''s größer'", true],
      ["word LIKE 'it_s gr_ßer' AND word LIKE '%r' AND word LIKE '%'", true],
      ["word LIKE 'it!_s%' ESCAPE '!'", false],
      ["word CONTAINS 's g' AND word STARTSWITH 'it' AND word ENDSWITH 'ßer'", true],
      ["word NOT CONTAINS 'x'", true],
      ["empty = '' AND empty IS NOT NULL", true],
      ["missing IS NULL", true],
      ['"price" = 10.5 AND "tag" IS NULL', true],
      ["(price) = ((10.5))", true],
      ["1 = 1", true],
      ["'a' = 'b'", false],
    ] as const)
      expect(truthOf(sql), sql).to.equal(truth);
  });

  it("does not know what a missing property, or one that is no number or boolean, compares as", () => {
    for (const sql of [
      "missing = 'x'",
      "missing <> 'x'",
      "missing > 1",
      "missing",
      "missing IN ('a')",
      "missing NOT IN ('a')",
      "missing LIKE '%'",
      "missing NOT CONTAINS 'a'",
      "missing BETWEEN 1 AND 2",
      "missing = missing",
      "region > 1",
      "region <> 1",
      "region NOT IN (1)",
      "region = TRUE",
      "region <> TRUE",
      "region",
      "empty = 0",
      "price > region",
      "NULL",
    ])
      expect(truthOf(sql), sql).to.equal(null);
  });

  it("joins true, false and unknown as SQL does", () => {
    const table = [
      // a, b, a AND b, a OR b
      ["TRUE", "TRUE", true, true],
      ["TRUE", "FALSE", false, true],
      ["TRUE", "NULL", null, true],
      ["FALSE", "FALSE", false, false],
      ["FALSE", "NULL", false, null],
      ["NULL", "NULL", null, null],
    ] as const;
    for (const [a, b, and, or] of table)
      for (const [one, other] of [
        [a, b],
        [b, a],
      ]) {
        expect(truthOf(`${one} AND ${other}`), `${one} AND ${other}`).to.equal(and);
        expect(truthOf(`${one} OR ${other}`), `${one} OR ${other}`).to.equal(or);
      }
    expect([truthOf("NOT TRUE"), truthOf("NOT FALSE"), truthOf("NOT NULL")]).to.deep.equal([
      false,
      true,
      null,
    ]);
  });

  it("binds NOT before AND before OR, and NOT takes the whole comparison", () => {
    expect(truthOf("TRUE OR TRUE AND FALSE")).to.equal(true);
    expect(truthOf("(TRUE OR TRUE) AND FALSE")).to.equal(false);
    expect(truthOf("NOT FALSE AND FALSE")).to.equal(false);
    expect(truthOf("NOT region = 'us'")).to.equal(true);
    expect(truthOf("NOT NOT urgent")).to.equal(true);
  });

  it("takes the last of a property that is there twice, as every reader of the message does", () => {
    const property = (value: string): Buffer =>
      Buffer.from([0x2a, 5 + value.length, 0x0a, 1, 0x61, 0x12, value.length, ...Buffer.from(value)]);
    const plain = recordOf({ body: Buffer.from("x") });
    const twice = Buffer.concat([plain, property("1"), property("2")]);
    expect(truthOf("a = 2", twice)).to.equal(true);
  });

  it("a tag that is empty is none", () => {
    const empty = Buffer.concat([recordOf({ body: Buffer.from("x") }), Buffer.from([0x12, 0])]);
    expect(truthOf("tag IS NULL", empty)).to.equal(true);
    expect(truthOf("tag = ''", empty)).to.equal(null);
  });

  it("names the tags that it can want, for the index, where it can", () => {
    const hashes = (sql: string): readonly number[] | undefined => {
      const found = SqlFilter.parse(sql).hashes;
      return found === undefined ? undefined : [...found];
    };
    const [a, b] = [fnv1aOf("a"), fnv1aOf("b")];
    expect(hashes("tag = 'a'")).to.deep.equal([a]);
    expect(hashes("price > 1 AND 'a' = TAGS")).to.deep.equal([a]);
    expect(hashes("tag IN ('a', 'b')")).to.deep.equal([a, b]);
    expect(hashes("tag = 'a' OR tag = 'b' AND x")).to.deep.equal([a, b]);
    for (const any of [
      "tag <> 'a'",
      "NOT tag = 'a'",
      "tag = 'a' OR x",
      "tag NOT IN ('a')",
      "\"tag\" = 'a'",
      "tag = x",
    ])
      expect(hashes(any), any).to.equal(undefined);
  });

  it("is the same text for spellings that differ in blanks, the case of keywords and the tag's name", () => {
    const { kind, expression } = SqlFilter.parse(" tag='it''s'  and price>-1e1 Or not(x)");
    expect([kind, expression]).to.deep.equal(["SQL", "tag = 'it''s' AND price > - 1e1 OR NOT ( x )"]);
    expect(SqlFilter.parse(expression.replace("tag", "TAGS")).expression).to.equal(expression);
    expect(SqlFilter.parse("price > 1").expression).to.not.equal(SqlFilter.parse("PRICE > 1").expression);
  });

  it("points at the column of what is wrong, and says what", () => {
    for (const [sql, column, why] of [
      ["", 1, "a property or a value is missing; the filter ends here"],
      ["price >", 8, "a property or a value is missing"],
      ["price > > 1", 9, 'there is ">" here'],
      ["price > 10 AND", 15, "a property or a value is missing"],
      ["price > 10 x = 1", 12, "AND, OR or the end"],
      ["größe > 1", 3, 'the character "ö"'],
      ["\"größe\" = 'a' ? b", 15, 'the character "?"'],
      ["'😀' = 'a' ? b", 11, 'the character "?"'],
      ["a != 1", 3, 'write "<>"'],
      ["a = 'x", 5, "no closing '"],
      ['a = 1 or "b', 10, 'no closing "'],
      ['"" = 1', 1, "name of a property is empty"],
      ["a = 10abc", 7, "no part of a number"],
      ["a = 1.2.3", 8, "no part of a number"],
      ["a = - 'x'", 7, "a number behind its sign"],
      ["a = 9007199254740992", 5, "beyond 2^53"],
      ["a = 1e400", 5, "beyond 2^53"],
      ["a = NULL", 5, "IS NULL"],
      ["NULL <> a", 1, "IS NULL"],
      ["a IS 1", 6, '"NULL" is missing'],
      ["1 IS NULL", 1, "IS NULL stands behind the name of a property"],
      ["a > 'x'", 5, "a text is compared by = and <> only"],
      ["TRUE < a", 1, "a boolean is compared by = and <> only"],
      ["1 = 'a'", 5, "a number cannot be compared with a text"],
      ["(a = 1) = TRUE", 1, "a condition cannot be compared"],
      ["a = (b = 1)", 5, "a condition cannot be compared"],
      ["a = b = c", 7, "AND, OR or the end"],
      ["1", 1, "a number alone is no condition"],
      ["x AND 'a'", 7, "a text alone is no condition"],
      ["a BETWEEN 1", 12, '"AND" is missing'],
      ["a BETWEEN 2 AND 1", 17, "below its lower one"],
      ["a BETWEEN 'a' AND 'b'", 11, "a text is compared by = and <> only"],
      ["a IN 1", 6, '"(" is missing'],
      ["a IN ()", 7, "a property or a value is missing"],
      ["a IN (1, 'b')", 10, "not both"],
      ["a IN (b)", 7, "texts or numbers only"],
      ["a IN (1", 8, '")" is missing'],
      ["5 IN (1)", 1, "IN stands behind the name of a property"],
      ["a LIKE 5", 8, "a text in '…' behind LIKE is missing"],
      ["a LIKE 'x!' ESCAPE '!'", 8, "ends with its escape character"],
      ["a LIKE 'x' ESCAPE ''", 19, "one character"],
      ["a CONTAINS ''", 12, "empty"],
      ["a NOT = 1", 3, "AND, OR or the end"],
      ["(a = 1", 7, '")" is missing'],
      ["a = 1)", 6, "AND, OR or the end"],
    ] as const) {
      const error = errorOf(sql);
      expect(error.code, sql).to.equal("FILTER_INVALID");
      expect(error.message, sql).to.include(`column ${column}: `).and.include(why);
    }
  });

  it("has limits: of its bytes, of what stands within each other, of a list", () => {
    const long = `a = '${"ü".repeat(FILTER_BYTES_MAX / 2)}'`;
    expect(errorOf(long).message).to.include(`longer than ${FILTER_BYTES_MAX} bytes`);
    const deep = (depth: number): string => `${"(".repeat(depth)}a${")".repeat(depth)}`;
    expect(SqlFilter.parse(deep(SQL_DEPTH_MAX))).to.be.an("object");
    expect(errorOf(deep(SQL_DEPTH_MAX + 1)).message).to.include(`column ${SQL_DEPTH_MAX + 1}: more than`);
    expect(errorOf(`${"NOT ".repeat(SQL_DEPTH_MAX + 1)}a`).message).to.include("within each other");
    const list = (count: number): string => `a IN (${Array.from({ length: count }, () => "1").join()})`;
    expect(SqlFilter.parse(list(SQL_LIST_MAX))).to.be.an("object");
    expect(errorOf(list(SQL_LIST_MAX + 1)).message).to.include(`more than ${SQL_LIST_MAX} values`);
  });

  it("gives a value or FILTER_INVALID for texts of any kind", () => {
    const random = seeded(7);
    const [mutator, expressions] = [new Mutator(random), new SqlExpressions(random)];
    const corpus = Array.from({ length: 200 }, () =>
      Buffer.from(expressions.write(expressions.expression())),
    );
    for (let i = 0; i < 20_000; i++) {
      const sql = mutator.mutate(mutator.pick(corpus), mutator.pick(corpus)).toString();
      try {
        SqlFilter.parse(sql).wants(RECORD, 0, RECORD.length);
      } catch (thrown) {
        if (!LogwheelError.is(thrown, "FILTER_INVALID"))
          throw new Error(`on ${JSON.stringify(sql)}`, { cause: thrown });
      }
    }
  });

  it("agrees with a naive reading of the language on 100,000 random filters and messages", function () {
    this.timeout(60_000);
    const seed = Number(process.env["SEED"] ?? 20_261_121);
    const expressions = new SqlExpressions(seeded(seed));
    const seen = { true: 0, false: 0, null: 0 };
    let pairs = 0;
    while (pairs < 100_000) {
      const expression = expressions.expression();
      const sql = expressions.write(expression);
      if (Buffer.byteLength(sql) > FILTER_BYTES_MAX - 6) continue;
      const [filter, opposite] = [SqlFilter.parse(sql), SqlFilter.parse(`NOT (${sql})`)];
      for (let i = 0; i < 5; i++, pairs++) {
        const having = expressions.having();
        const record = recordOf(messageOf(having));
        const expected = evaluate(expression, having);
        const is = filter.wants(record, 0, record.length);
        const isNot = opposite.wants(record, 0, record.length);
        const found = is ? true : isNot ? false : null;
        const indexed = filter.hashes?.has(fnv1aOf(messageOf(having).tag)) ?? true;
        if (found !== expected || (is && isNot) || (is && !indexed))
          throw new Error(
            `SEED=${seed}: ${sql}\nof ${JSON.stringify([...having])} is ${expected}, was taken for ${found}` +
              `${indexed ? "" : ", and not found by the index"}`,
          );
        seen[`${expected}`]++;
      }
    }
    for (const [truth, count] of Object.entries(seen)) expect(count, truth).to.be.above(10_000);
    console.log(`      seed ${seed}: ${JSON.stringify(seen)}`);
  });
});

describe("parseFilter", () => {
  it("takes tags or SQL, and not both", () => {
    expect(parseFilter({ tags: "b || a", sql: "" })).to.include({ kind: "tags", expression: "a || b" });
    expect(parseFilter({ tags: "", sql: "a" })).to.include({ kind: "SQL", expression: "a" });
    expect(parseFilter({ tags: "", sql: "" }).expression).to.equal("*");
    expect(() => parseFilter({ tags: "a", sql: "a" }))
      .to.throw("tag filter beside it")
      .with.property("code", "FILTER_INVALID");
  });
});
