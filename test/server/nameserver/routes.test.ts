import { expect } from "chai";
import fc from "fast-check";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { Routes, type Session } from "../../../server/nameserver/routes.js";
import { brokerInfo, topicNamed } from "./samples.js";

describe("Routes", () => {
  it("spreads a topic over the brokers that have it, by name, and names only those (A1-10)", () => {
    const routes = new Routes();
    routes.register({}, brokerInfo("b"), [topicNamed("t", 4), topicNamed("u", 1)], 0);
    routes.register({}, brokerInfo("a"), [topicNamed("t", 2)], 0);
    routes.register({}, brokerInfo("c"), [], 0);
    const { routes: found, brokers } = routes.of(["t", "none"]);
    expect(
      found?.map(({ topic, shares }) => [topic, shares?.map((share) => [share.broker, share.topic?.queues])]),
    ).to.deep.equal([
      [
        "t",
        [
          ["a", 2],
          ["b", 4],
        ],
      ],
      ["none", []],
    ]);
    expect(brokers?.map(({ name }) => name)).to.deep.equal(["a", "b"]);
  });

  it("names brokers that make topics themselves whatever was asked for", () => {
    const routes = new Routes();
    routes.register({}, brokerInfo("a", { autoCreate: true }), [], 0);
    expect(routes.of(["none"]).brokers?.map(({ name }) => name)).to.deep.equal(["a"]);
  });

  const precedence: [what: string, former: object, latter: object, wins: boolean][] = [
    ["a higher epoch takes the place of a lower one", { epoch: 3 }, { epoch: 4, startedAtMs: 1 }, true],
    ["a lower epoch is refused", { epoch: 4 }, { epoch: 3, startedAtMs: 9 }, false],
    [
      "of equal epochs the later process wins",
      { epoch: 4, startedAtMs: 5 },
      { epoch: 4, startedAtMs: 6 },
      true,
    ],
    [
      "of equal epochs the earlier process is refused",
      { epoch: 4, startedAtMs: 5 },
      { epoch: 4, startedAtMs: 4 },
      false,
    ],
    [
      "the same process comes back on a new stream",
      { epoch: 4, startedAtMs: 5 },
      { epoch: 4, startedAtMs: 5 },
      true,
    ],
  ];
  for (const [what, former, latter, wins] of precedence) {
    it(`of two brokers of one name: ${what}`, () => {
      const routes = new Routes();
      const first = {};
      routes.register(first, brokerInfo("a", { ...former, address: "one:1" }), [topicNamed("old")], 0);
      const register = (): unknown =>
        routes.register({}, brokerInfo("a", { ...latter, address: "two:2" }), [topicNamed("new")], 0);
      if (wins) expect(register()).to.have.property("replaced", first);
      else expect(register).to.throw("is registered from one:1").that.has.property("code", "CONFLICT");
      const [broker] = routes.brokers(0);
      expect(broker?.info?.address).to.equal(wins ? "two:2" : "one:1");
      expect(routes.topics().map(({ topic }) => topic)).to.deep.equal([wins ? "new" : "old"]);
    });
  }

  it("forgets nothing when the stream of a replaced registration ends", () => {
    const routes = new Routes();
    const old = {};
    routes.register(old, brokerInfo("a"), [topicNamed("t")], 0);
    routes.register({}, brokerInfo("a"), [topicNamed("t")], 0);
    expect(routes.leave(old)).to.deep.equal({ topics: [], makers: false });
    expect(routes.of(["t"]).routes?.[0]?.shares).to.have.length(1);
  });

  it("adds, changes and takes away single topics, and says which it touched", () => {
    const routes = new Routes();
    const session = {};
    routes.register(session, brokerInfo("a"), [topicNamed("t", 1), topicNamed("u")], 0);
    const touched = routes.change(session, [topicNamed("t", 8), topicNamed("v")], ["u"]);
    expect([...touched.topics]).to.have.members(["t", "u", "v"]);
    expect(routes.topics().map(({ topic, shares }) => [topic, shares?.[0]?.topic?.queues])).to.deep.equal([
      ["t", 8],
      ["v", 4],
    ]);
    expect([...routes.change({}, [topicNamed("w")], ["t"]).topics]).to.deep.equal([]);
  });

  it("a registration touches the topics it has and those it had", () => {
    const routes = new Routes();
    const session = {};
    routes.register(session, brokerInfo("a"), [topicNamed("t")], 0);
    const touched = routes.register(session, brokerInfo("a"), [topicNamed("u")], 0);
    expect([...touched.topics]).to.have.members(["t", "u"]);
    expect(touched.replaced).to.equal(null);
  });

  it("finds who was silent, counts any message as a sign of life, and forgives after a pause", () => {
    const routes = new Routes();
    const a = { name: "a" };
    const b = { name: "b" };
    routes.register(a, brokerInfo("a"), [], 0);
    routes.register(b, brokerInfo("b"), [], 0);
    routes.heard(b, 900);
    expect(routes.silentSince(500)).to.deep.equal([a]);
    expect(routes.brokers(1_000).map(({ lastHeardMsAgo }) => lastHeardMsAgo)).to.deep.equal([1_000, 100]);
    routes.forgive(600);
    expect(routes.silentSince(500)).to.deep.equal([]);
  });

  it("refuses more brokers than it has room for", () => {
    const routes = new Routes();
    for (let i = 0; i < 1_024; i++) routes.register({}, brokerInfo(`b${i}`), [], 0);
    expect(() => routes.register({}, brokerInfo("late"), [], 0))
      .to.throw("1024 brokers")
      .that.satisfies((thrown: unknown) => LogwheelError.is(thrown, "THROTTLED"));
    expect(() => routes.register({}, brokerInfo("b0"), [], 0)).to.not.throw();
  });

  it("after any changes, shows a topic on exactly the brokers that last said so", () => {
    const names = fc.constantFrom("t", "u", "v");
    const step = fc.record({
      broker: fc.constantFrom("a", "b"),
      what: fc.constantFrom("register", "change", "leave"),
      topics: fc.uniqueArray(names),
      deleted: fc.uniqueArray(names),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const routes = new Routes();
        const sessions = new Map<string, Session>();
        const model = new Map<string, Set<string>>();
        for (const { broker, what, topics, deleted } of steps) {
          const session = sessions.get(broker) ?? {};
          sessions.set(broker, session);
          if (what === "register") {
            routes.register(
              session,
              brokerInfo(broker),
              topics.map((name) => topicNamed(name)),
              0,
            );
            model.set(broker, new Set(topics));
          } else if (what === "leave") {
            routes.leave(session);
            model.delete(broker);
          } else {
            routes.change(
              session,
              topics.map((name) => topicNamed(name)),
              deleted,
            );
            for (const name of topics) model.get(broker)?.add(name);
            for (const name of deleted) model.get(broker)?.delete(name);
          }
        }
        for (const topic of ["t", "u", "v"]) {
          const expected = ["a", "b"].filter((broker) => model.get(broker)?.has(topic));
          expect(routes.of([topic]).routes?.[0]?.shares?.map(({ broker }) => broker)).to.deep.equal(expected);
        }
        expect(routes.counts.brokers).to.equal(model.size);
      }),
    );
  });
});
