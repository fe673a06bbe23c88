import { expect } from "chai";
import { type MetricsHttp, serveMetrics } from "../../server/metrics-http.js";

describe("metrics over HTTP", () => {
  let http: MetricsHttp;
  let unready: string | null = null;
  let expose: () => Promise<string>;

  before(async () => {
    const metrics = { contentType: "text/plain; version=0.0.4", expose: () => expose() };
    http = await serveMetrics({ listen: "127.0.0.1:0", metrics, unready: () => unready });
  });
  after(() => http.close());
  beforeEach(() => {
    unready = null;
    expose = async () => "logwheel_topic_number 3\n";
  });

  async function get(path: string, method = "GET"): Promise<[number, string]> {
    const response = await fetch(`http://${http.address}${path}`, { method });
    return [response.status, await response.text()];
  }

  it("serves the exposition", async () => {
    expect(await get("/metrics?x=1")).to.deep.equal([200, "logwheel_topic_number 3\n"]);
  });

  it("says that it lives, and whether it should get traffic", async () => {
    unready = "the broker is recovering";
    expect(await get("/healthz")).to.deep.equal([200, "ok\n"]);
    expect(await get("/readyz")).to.deep.equal([503, "the broker is recovering\n"]);
    unready = null;
    expect(await get("/readyz")).to.deep.equal([200, "ready\n"]);
  });

  it("answers nothing else", async () => {
    expect((await get("/"))[0]).to.equal(404);
    expect((await get("/metrics", "POST"))[0]).to.equal(405);
  });

  it("survives a scrape that fails", async () => {
    expose = async () => {
      throw new Error("disk gone");
    };
    expect(await get("/metrics")).to.deep.equal([500, "disk gone\n"]);
    expect((await get("/healthz"))[0]).to.equal(200);
  });

  it("says in words that a port is taken", async () => {
    const options = { listen: http.address, metrics: { contentType: "", expose }, unready: () => null };
    const error = await serveMetrics(options).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "BAD_REQUEST");
    expect(error).to.have.property("message").that.includes(`cannot serve metrics on ${http.address}`);
  });
});
