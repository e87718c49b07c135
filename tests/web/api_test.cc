// SPDX-License-Identifier: Apache-2.0
// Every endpoint but remote write, called without sockets.
#include "tests/web/api_fixture.h"

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/str_cat.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"

namespace sloburn::web {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ApiTest : public ApiFixture {};

std::string WithoutFinalNewline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "-" : text;
}

TEST_F(ApiTest, AnswersAsPrometheusDoes) {
  AppendDataSet();
  Build();
  std::ifstream file(SLOBURN_TESTDATA "/web/prometheus_answers.txt");
  ASSERT_TRUE(file.is_open());
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::string status, body;
    ASSERT_TRUE(std::getline(file, status) && std::getline(file, body)) << line;
    const size_t space = line.find(' ');
    const Response response = Call(line.substr(0, space), line.substr(space + 1));
    EXPECT_EQ(StrCat(response.status), status) << line;
    const std::string answer = WithoutFinalNewline(response.body);
    if (body.size() > 3 && body.substr(body.size() - 3) == "...") {
      EXPECT_THAT(answer, StartsWith(body.substr(0, body.size() - 3))) << line;
    } else {
      EXPECT_EQ(answer, body) << line;
    }
    ++cases;
  }
  EXPECT_EQ(cases, 140);
}

TEST_F(ApiTest, ExplainsQueries) {
  AppendDataSet();
  Build();
  const auto answer = nlohmann::json::parse(
      Get("/api/v1/query?query=sum(up)&time=1700000000&explain=true").body);
  const auto& rows = answer["data"]["explanation"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["operation"], "sum");
  EXPECT_EQ(rows[1]["depth"], 1);
  EXPECT_EQ(rows[1]["operation"], "up");
  EXPECT_EQ(rows[1]["series"], 2);
  EXPECT_EQ(rows[1]["samplesRead"], 2);
  EXPECT_FALSE(rows[0].contains("samplesRead"));
  EXPECT_EQ(answer["data"]["result"].size(), 1u);
  EXPECT_THAT(Get("/api/v1/query?query=sum(up)&time=1700000000").body,
              ::testing::Not(HasSubstr("explanation")));
}

TEST_F(ApiTest, PostFormsAndGetAreTheSame) {
  AppendDataSet();
  Build();
  Request request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = "query=sum(up)&time=1700000000";
  const Response posted = Call(request, "/api/v1/query");
  EXPECT_EQ(posted.body, Get("/api/v1/query?query=sum(up)&time=1700000000").body);
  request.body = "query=up&start=1700000000&end=1700000015&step=15";
  EXPECT_EQ(Call(request, "/api/v1/query_range").body,
            Get("/api/v1/query_range?query=up&start=1700000000&end=1700000015&step=15").body);
  request.body = "match[]=half";
  EXPECT_EQ(Call(request, "/api/v1/series").body,
            R"({"status":"success","data":[{"__name__":"half","http.status":"200"}]})");
  EXPECT_EQ(Call(request, "/api/v1/labels").body,
            R"({"status":"success","data":["__name__","http.status"]})");
}

TEST_F(ApiTest, TheDefaultTimeIsNow) {
  AppendDataSet();
  Build();
  EXPECT_EQ(
      Get("/api/v1/query?query=time()").body,
      R"({"status":"success","data":{"resultType":"scalar","result":[1700000000,"1700000000"]}})");
}

// "f(1, x) or f(2, x) or ...", percent-encoded where it must be.
std::string Joined(int count, const std::function<std::string(int)>& part) {
  std::string text;
  for (int i = 0; i < count; ++i) StrAppend(&text, i == 0 ? "" : "%20or%20", part(i));
  return text;
}

TEST_F(ApiTest, TenWarningsAreShownAndTheRestIsCounted) {
  AppendDataSet();
  Build();
  const auto quantiles = [](int i) { return StrCat("quantile(", i + 2, ",up)"); };
  const auto ten = nlohmann::json::parse(
      Get("/api/v1/query?time=1700000000&query=" + Joined(10, quantiles)).body);
  EXPECT_EQ(ten["warnings"].size(), 10);
  EXPECT_EQ(ten["warnings"][9],
            "PromQL warning: quantile value should be between 0 and 1, got 11 (1:173)");
  const auto many = nlohmann::json::parse(
      Get("/api/v1/query?time=1700000000&query=" + Joined(13, quantiles)).body);
  EXPECT_EQ(many["warnings"].size(), 11);
  EXPECT_EQ(many["warnings"][10], "3 more warning annotations omitted");
  EXPECT_FALSE(many.contains("infos"));
}

TEST_F(ApiTest, TenInfosAreShownBesideTheWarnings) {
  for (int i = 0; i < 12; ++i) {
    Append({{"__name__", StrCat("m", i)}}, 0, 1);
    Append({{"__name__", StrCat("m", i)}}, 15000, 2);
  }
  Build();
  const auto rates = [](int i) { return StrCat("quantile(", i + 2, ",rate(m", i, "[1m]))"); };
  const auto both = nlohmann::json::parse(
      Get("/api/v1/query_range?start=1700000015&end=1700000030&step=5&query=" + Joined(12, rates))
          .body);
  EXPECT_EQ(both["warnings"].size(), 11);
  EXPECT_EQ(both["infos"].size(), 11);
  EXPECT_EQ(both["infos"][10], "2 more info annotations omitted");
}

TEST_F(ApiTest, ThatAResultIsCutIsAmongTheTenWarnings) {
  AppendDataSet();
  Build();
  const auto cut = nlohmann::json::parse(
      Get("/api/v1/query?time=1700000000&limit=1&query=up%20or%20" +
          Joined(12, [](int i) { return StrCat("quantile(", i + 2, ",up)"); }))
          .body);
  EXPECT_EQ(cut["warnings"][0], "results truncated due to limit");
  EXPECT_EQ(cut["warnings"][10], "3 more warning annotations omitted");
}

TEST_F(ApiTest, SeriesOfOneSelectorComeAsTheyAreStored) {
  AppendDataSet();
  Build();
  EXPECT_EQ(Get("/api/v1/series?match[]={__name__=~\"up|half\",job!=\"a\"}").body,
            R"({"status":"success","data":[{"__name__":"up","instance":"y\"\\\n","job":"b<&>"},)"
            R"({"__name__":"half","http.status":"200"}]})");
}

TEST_F(ApiTest, TinyStepsAreRefused) {
  Build();
  EXPECT_THAT(Get("/api/v1/query_range?query=1&start=0&end=10&step=0.0001").body,
              HasSubstr("exceeded maximum resolution of 11,000 points per timeseries"));
  EXPECT_THAT(Get("/api/v1/query_range?query=1&start=0&end=0.1&step=0.0001").body,
              HasSubstr("zero or negative query resolution step widths are not accepted"));
}

TEST_F(ApiTest, SeriesOfSeveralSelectorsAreSortedAndUnique) {
  AppendDataSet();
  Build();
  EXPECT_EQ(Get("/api/v1/series?match[]=up&match[]=half&match[]={job=\"a\"}").body,
            R"({"status":"success","data":[{"__name__":"half","http.status":"200"},)"
            R"({"__name__":"up","instance":"x:1","job":"a"},)"
            R"({"__name__":"up","instance":"y\"\\\n","job":"b<&>"}]})");
}

TEST_F(ApiTest, TimesLimitWhichSeriesAreListed) {
  AppendDataSet();
  Build();
  EXPECT_EQ(Get("/api/v1/series?match[]=half&start=1700000000&end=1700000001").body,
            R"({"status":"success","data":[{"__name__":"half","http.status":"200"}]})");
  EXPECT_EQ(Get("/api/v1/series?match[]=half&start=1800000000&end=1800000001").body,
            R"({"status":"success","data":[]})");
}

TEST_F(ApiTest, StatsHoldTimings) {
  AppendDataSet();
  Build();
  const auto with =
      nlohmann::json::parse(Get("/api/v1/query?query=up&time=1700000000&stats=all").body);
  const auto& timings = with["data"]["stats"]["timings"];
  for (const char* key : {"evalTotalTime", "queryPreparationTime", "innerEvalTime", "execQueueTime",
                          "execTotalTime"}) {
    EXPECT_GE(timings[key].get<double>(), 0) << key;
  }
  EXPECT_GT(timings["execTotalTime"].get<double>(), 0);
  EXPECT_FALSE(with.contains("warnings"));
  const auto other = nlohmann::json::parse(Get("/api/v1/query?query=1&stats=x").body);
  EXPECT_EQ(other["warnings"][0],
            "value \"x\" for parameter \"stats\" is deprecated and will be rejected in the next "
            "major release, use \"true\" or \"all\"");
  EXPECT_FALSE(nlohmann::json::parse(Get("/api/v1/query?query=1").body)["data"].contains("stats"));
}

TEST_F(ApiTest, TimeInTheQueueCountsAgainstTheTimeout) {
  AppendDataSet();
  Build();
  Request request;
  request.queue_time = absl::Seconds(2);
  const Response late = Call(request, "/api/v1/query?query=up&timeout=1s");
  EXPECT_EQ(late.status, 503);
  EXPECT_EQ(late.body, R"({"status":"error","errorType":"timeout",)"
                       R"("error":"query timed out in query queue"})");
  EXPECT_EQ(Call(request, "/api/v1/query?query=up&timeout=10s").status, 200);
}

TEST_F(ApiTest, ACancelledRequestIsReportedSo) {
  for (int i = 0; i < 3000; ++i) {
    Append({{"__name__", "many"}, {"i", StrCat(i)}}, 0, i);
  }
  Build();
  Request request;
  request.cancelled->store(true);
  EXPECT_EQ(Call(request, "/api/v1/series?match[]=many").status, 499);
  const Response query = Call(request, "/api/v1/query?query=many&time=1700000000");
  EXPECT_EQ(query.status, 499);
  EXPECT_THAT(query.body, HasSubstr(R"("errorType":"canceled")"));
}

TEST_F(ApiTest, AnAnswerHasALargestSize) {
  AppendDataSet();
  deps_.max_response_bytes = 200;
  Build();
  const Response response = Get("/api/v1/query?query=vals&time=1700000000");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.body,
            R"({"status":"error","errorType":"execution","error":"the result is larger than 200 )"
            R"(bytes of JSON; select fewer series or use a larger step"})");
}

TEST_F(ApiTest, HostileQueriesAreBadData) {
  Build();
  const auto post = [&](std::string query) {
    Request request;
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = StrCat("query=", query);
    return Call(request, "/api/v1/query");
  };
  for (const std::string& query :
       {std::string(100000, '('), std::string(100000, '{'), std::string(900000, '['),
        StrCat(std::string(100000, '('), "1", std::string(100000, ')')), std::string("%00"),
        std::string("up%00"), std::string("%ff%fe"), std::string("\"%ff\"")}) {
    const Response response = post(query);
    EXPECT_EQ(response.status, 400) << query.substr(0, 10);
    EXPECT_THAT(response.body, StartsWith(R"({"status":"error","errorType":"bad_data",)"
                                          R"("error":"invalid parameter \"query\": )"));
    EXPECT_TRUE(nlohmann::json::accept(response.body)) << query.substr(0, 10);
  }
  std::string chain = "1";
  for (int i = 0; i < 10000; ++i) chain += "%2B1";
  EXPECT_EQ(nlohmann::json::parse(post(chain).body)["data"]["result"][1], "10001");
}

// --- health, reload, metrics, status ---

TEST_F(ApiTest, HealthSaysWhyItIsNotReady) {
  ReadyState state;
  deps_.ready = [&] { return state; };
  Build();
  state = {false, false, "warming: 3 of 9 windows \"loaded\""};
  EXPECT_EQ(Get("/-/healthy").body, "sloburn is Healthy.\n");
  EXPECT_EQ(Get("/health").body, R"({"status":"ok"})");
  EXPECT_EQ(Get("/health/live").status, 200);
  const Response ready = Get("/-/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "Service Unavailable: warming: 3 of 9 windows \"loaded\"");
  EXPECT_EQ(ready.FindHeader("X-Prometheus-Stopping"), "false");
  EXPECT_EQ(Get("/health/startup").status, 503);
  const Response json = Get("/health/ready");
  EXPECT_EQ(json.status, 503);
  EXPECT_EQ(json.body, R"({"status":"unavailable","reason":"warming: 3 of 9 windows \"loaded\""})");
  state = {};
  EXPECT_EQ(Get("/-/ready").body, "sloburn is Ready.\n");
  EXPECT_EQ(Get("/health/startup").status, 200);
  state = {false, true, "stopping"};
  EXPECT_EQ(Get("/health/startup").status, 200);
  EXPECT_EQ(Get("/health/ready").body, R"({"status":"stopping","reason":"stopping"})");
  EXPECT_EQ(Get("/-/ready").FindHeader("X-Prometheus-Stopping"), "true");
}

TEST_F(ApiTest, ReloadNeedsTheLifecycleFlag) {
  int reloads = 0;
  deps_.reload = [&] {
    ++reloads;
    return absl::OkStatus();
  };
  Build();
  EXPECT_EQ(Call("POST", "/-/reload").status, 403);
  deps_.enable_lifecycle = true;
  EXPECT_EQ(Call("POST", "/-/reload").status, 200);
  EXPECT_EQ(Call("PUT", "/-/reload").status, 200);
  EXPECT_EQ(Get("/-/reload").status, 405);
  EXPECT_EQ(reloads, 2);
  deps_.reload = [] { return absl::InvalidArgumentError("a.yml:3:1: bad"); };
  const Response failed = Call("POST", "/-/reload");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body, "failed to reload config: a.yml:3:1: bad\n");
}

TEST_F(ApiTest, PagesOfOtherSitesCannotReload) {
  int reloads = 0;
  deps_.reload = [&] {
    ++reloads;
    return absl::OkStatus();
  };
  deps_.enable_lifecycle = true;
  Build();
  const auto post = [&](std::vector<Header> headers) {
    Request request;
    request.method = "POST";
    request.headers = std::move(headers);
    return Call(request, "/-/reload").status;
  };
  EXPECT_EQ(post({{"Host", "a:9090"}, {"Origin", "http://evil.example"}}), 403);
  EXPECT_EQ(post({{"Host", "a:9090"}, {"Origin", "null"}}), 403);
  EXPECT_EQ(post({{"Host", "a:9090"}, {"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(post({{"Host", "a:9090"}, {"Sec-Fetch-Site", "same-site"}}), 403);
  EXPECT_EQ(reloads, 0);
  EXPECT_EQ(post({{"Host", "a:9090"}, {"Origin", "http://a:9090"}}), 200);
  EXPECT_EQ(post({{"Host", "a:9090"}, {"Sec-Fetch-Site", "same-origin"}}), 200);
  EXPECT_EQ(post({{"Host", "a:9090"}}), 200);
}

TEST_F(ApiTest, MetricsJoinAllProviders) {
  deps_.metrics.push_back([](std::vector<MetricFamily>& families) {
    families.push_back(SingleMetric("sloburn_test", "A test.", MetricType::kGauge, 3));
  });
  Build();
  Get("/api/v1/query?query=1");
  const Response response = Get("/metrics");
  EXPECT_EQ(response.FindHeader("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("# TYPE sloburn_test gauge\nsloburn_test 3\n"));
  EXPECT_THAT(response.body, HasSubstr("sloburn_http_requests_total{code=\"200\","
                                       "handler=\"/api/v1/query\"} 1\n"));
}

TEST_F(ApiTest, BuildInfoLooksLikePrometheusButSaysWhoItIs) {
  deps_.build_info.version = "0.1.0";
  Build();
  const auto data = nlohmann::json::parse(Get("/api/v1/status/buildinfo").body)["data"];
  EXPECT_EQ(data["version"], "3.14.0");
  EXPECT_EQ(data["sloburnVersion"], "0.1.0");
  EXPECT_FALSE(data.contains("features"));
}

TEST_F(ApiTest, StatusIsServedWhereItIsKnown) {
  Build();
  EXPECT_EQ(Get("/api/v1/status/flags").status, 404);
  Router router;
  deps_.flags = [] {
    return std::vector<std::pair<std::string, std::string>>{{"storage.path", "<data>"}};
  };
  deps_.config_yaml = [] { return std::string("a: <secret>\n"); };
  deps_.runtime_info = [] {
    RuntimeInfo info;
    info.start_time = absl::FromUnixMillis(1'700'000'000'120);
    info.working_directory = "/";
    info.hostname = "h";
    info.storage_retention = "15d";
    return info;
  };
  ASSERT_TRUE(AddApi(router, deps_).ok());
  router_ = std::move(router);
  EXPECT_EQ(Get("/api/v1/status/flags").body,
            R"({"status":"success","data":{"storage.path":"\u003cdata\u003e"}})");
  EXPECT_EQ(Get("/api/v1/status/config").body,
            R"({"status":"success","data":{"yaml":"a: \u003csecret\u003e\n"}})");
  EXPECT_EQ(Get("/api/v1/status/runtimeinfo").body,
            R"({"status":"success","data":{"startTime":"2023-11-14T22:13:20.12Z","CWD":"/",)"
            R"("hostname":"h","serverTime":"2023-11-14T22:13:20Z","reloadConfigSuccess":true,)"
            R"("lastConfigTime":"1970-01-01T00:00:00Z","storageRetention":"15d"}})");
}

TEST_F(ApiTest, StoreStatisticsCountLabels) {
  Append({{"__name__", "up"}, {"job", "a"}}, 0, 1);
  Append({{"__name__", "up"}, {"job", "<b>"}}, 5, 1);
  Append({{"__name__", "down"}, {"job", "a"}}, 9, 1);
  Build();
  const Response response = Get("/api/v1/status/tsdb?limit=2");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"status":"success","data":{"headStats":{"numSeries":3,"numLabelPairs":4,)"
            R"("chunkCount":3,"minTime":1700000000000,"maxTime":1700000000009},)"
            R"("seriesCountByMetricName":[{"name":"up","value":2},{"name":"down","value":1}],)"
            R"("labelValueCountByLabelName":[{"name":"__name__","value":2},)"
            R"({"name":"job","value":2}],)"
            R"("memoryInBytesByLabelName":[{"name":"__name__","value":38},)"
            R"({"name":"job","value":20}],)"
            R"("seriesCountByLabelValuePair":[{"name":"__name__=up","value":2},)"
            R"({"name":"job=a","value":2}]}})");
}

TEST_F(ApiTest, StoreStatisticsOfAnEmptyStoreAndBadLimits) {
  Build();
  EXPECT_THAT(Get("/api/v1/status/tsdb").body,
              HasSubstr(R"("minTime":9223372036854775807,"maxTime":-9223372036854775808)"));
  for (const char* limit : {"0", "-1", "x", "1.5"}) {
    const Response refused = Get(StrCat("/api/v1/status/tsdb?limit=", limit));
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("limit must be a positive number"));
  }
  EXPECT_THAT(Get("/api/v1/status/tsdb?limit=10001").body,
              HasSubstr("limit must not exceed 10000"));
}

TEST_F(ApiTest, FeaturesFollowTheFlags) {
  deps_.query_options.parse.enable_binop_fill_modifiers = true;
  Build();
  const auto data = nlohmann::json::parse(Get("/api/v1/features").body)["data"];
  EXPECT_EQ(data["api"]["remote_write_receiver"], true);
  EXPECT_EQ(data["promql"]["fill_left"], true);
  EXPECT_EQ(data["promql"]["anchored"], false);
  EXPECT_EQ(data["promql_functions"]["rate"], true);
  EXPECT_EQ(data["promql_functions"]["sort_by_label"], false);
  EXPECT_EQ(data["promql_operators"][">="], true);
  EXPECT_EQ(data["promql_operators"]["topk"], true);
  EXPECT_EQ(data["promql_operators"]["limitk"], false);
}

TEST_F(ApiTest, ExplainIsTrueOrFalse) {
  Build();
  for (const char* path : {"/api/v1/query?query=1&time=1",
                           "/api/v1/query_range?query=1&start=1&end=2&step=1"}) {
    EXPECT_THAT(Get(StrCat(path, "&explain=true")).body, HasSubstr("\"explanation\":["));
    EXPECT_THAT(Get(StrCat(path, "&explain=")).body, Not(HasSubstr("explanation")));
    EXPECT_THAT(Get(StrCat(path, "&explain=false")).body, Not(HasSubstr("explanation")));
    for (const char* value : {"1", "x", "True"}) {
      const Response refused = Get(StrCat(path, "&explain=", value));
      EXPECT_EQ(refused.status, 400);
      EXPECT_EQ(nlohmann::json::parse(refused.body)["error"],
                StrCat("invalid parameter \"explain\": unknown value \"", value,
                       "\"; use \"true\" or \"false\""));
    }
  }
}

TEST_F(ApiTest, CrossOriginHeadersOnlyWhereAllowed) {
  Build();
  Request request;
  request.headers = {{"Origin", "https://grafana.example"}};
  EXPECT_EQ(Call(request, "/api/v1/query?query=1").FindHeader("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(Get("/api/v1/query?query=1").FindHeader("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(Call(request, "/api/v1/query?query=1").FindHeader("Vary"), "Accept-Encoding");

  Router router;
  deps_.cors_origin = R"(https://grafana\.example)";
  ASSERT_TRUE(AddApi(router, deps_).ok());
  router_ = std::move(router);
  const Response allowed = Call(request, "/api/v1/query?query=1");
  EXPECT_EQ(allowed.FindHeader("Access-Control-Allow-Origin"), "https://grafana.example");
  EXPECT_EQ(allowed.FindHeader("Vary"), "Origin, Accept-Encoding");
  request.headers = {{"Origin", "https://grafana.example.evil.example"}};
  EXPECT_EQ(Call(request, "/api/v1/query?query=1").FindHeader("Access-Control-Allow-Origin"), "");
  request.method = "OPTIONS";
  EXPECT_EQ(Call(request, "/api/v1/anything").status, 204);
  request.headers = {{"Origin", "https://grafana.example"}};
  const Response preflight = Call(request, "/api/v1/anything");
  EXPECT_EQ(preflight.FindHeader("Access-Control-Allow-Methods"), "GET, POST, OPTIONS");
  EXPECT_EQ(preflight.FindHeader("Access-Control-Allow-Origin"), "https://grafana.example");
  EXPECT_EQ(Call(request, "/api/v1/write").FindHeader("Access-Control-Allow-Origin"), "");
  request.method = "GET";
  for (const char* path : {"/metrics", "/-/ready", "/api/v1/nosuch"}) {
    EXPECT_EQ(Call(request, path).FindHeader("Access-Control-Allow-Origin"), "") << path;
  }

  Router bad;
  deps_.cors_origin = "(";
  EXPECT_EQ(AddApi(bad, deps_).code(), absl::StatusCode::kInvalidArgument);
}

// --- rules ---

rules::GroupStatus Group(std::string name, std::vector<rules::RuleStatus> rule_list) {
  rules::GroupStatus group;
  group.name = std::move(name);
  group.file = "/etc/r.yml";
  group.interval = absl::Milliseconds(1500);
  group.limit = 7;
  group.evaluation_time = absl::Microseconds(90);
  group.last_evaluation = absl::FromUnixNanos(1'795'229'577'171'290'923);
  group.rules = std::move(rule_list);
  return group;
}

rules::RuleStatus Recording(std::string name) {
  rules::RuleStatus rule;
  rule.name = std::move(name);
  rule.query = "sum(x) > 1";
  rule.labels = {{"team", "<x>"}};
  rule.health = rules::RuleHealth::kError;
  rule.last_error = "a < b";
  return rule;
}

rules::RuleStatus Alerting(std::string name) {
  rules::RuleStatus rule;
  rule.is_alerting = true;
  rule.name = name;
  rule.query = "up == 0";
  rule.labels = {{"sev", "page"}};
  rule.annotations = {{"summary", "v {{ $value }} <b>"}};
  rule.hold = absl::Minutes(5);
  rule.keep_firing_for = absl::Seconds(90);
  rule.state = rules::AlertState::kFiring;
  rule.health = rules::RuleHealth::kOk;
  rules::AlertStatus alert;
  alert.labels = Labels::FromPairs({{"alertname", name}, {"sev", "page"}});
  alert.annotations = {{"summary", "v 2 <b>"}};
  alert.state = rules::AlertState::kFiring;
  alert.active_at = absl::FromUnixMillis(1'700'000'000'250);
  alert.keep_firing_since = absl::FromUnixSeconds(1'700'000'100);
  alert.value = 2;
  rule.alerts = {alert};
  return rule;
}

constexpr std::string_view kAlertJson =
    R"({"labels":{"alertname":"Al","sev":"page"},"annotations":{"summary":"v 2 <b>"},)"
    R"("state":"firing","activeAt":"2023-11-14T22:13:20.25Z",)"
    R"("keepFiringSince":"2023-11-14T22:15:00Z","value":"2e+00"})";

TEST_F(ApiTest, RulesHavePrometheusShape) {
  rules_.groups = {Group("g1", {Recording("a:b"), Alerting("Al")}), Group("empty", {})};
  Build();
  EXPECT_EQ(
      Get("/api/v1/rules").body,
      StrCat(R"({"status":"success","data":{"groups":[{"name":"g1","file":"/etc/r.yml","rules":[)",
             R"({"name":"a:b","query":"sum(x) \u003e 1","labels":{"team":"<x>"},"health":"err",)",
             R"("lastError":"a \u003c b","evaluationTime":0,)",
             R"("lastEvaluation":"0001-01-01T00:00:00Z","type":"recording"},)",
             R"({"state":"firing","name":"Al","query":"up == 0","duration":300,)",
             R"("keepFiringFor":90,"labels":{"sev":"page"},)",
             R"("annotations":{"summary":"v {{ $value }} <b>"},"alerts":[)", kAlertJson,
             R"(],"health":"ok","evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z",)",
             R"("type":"alerting"}],"interval":1.5,"limit":7,"evaluationTime":0.00009,)",
             R"("lastEvaluation":"2026-11-21T02:52:57.171290923Z"}]}})"));
  EXPECT_EQ(Get("/api/v1/alerts").body,
            StrCat(R"({"status":"success","data":{"alerts":[)", kAlertJson, "]}}"));
}

std::vector<std::string> RuleNames(const Response& response) {
  std::vector<std::string> names;
  const auto document = nlohmann::json::parse(response.body);
  for (const auto& group : document["data"]["groups"]) {
    for (const auto& rule : group["rules"]) {
      names.push_back(
          StrCat(group["name"].get<std::string>(), "/", rule["name"].get<std::string>()));
    }
  }
  return names;
}

TEST_F(ApiTest, AlertmanagersAreListed) {
  deps_.alertmanagers = [] {
    return Alertmanagers{{"http://a:1/api/v2/alerts", "http://b/x&y"}, {"http://c"}};
  };
  Build();
  EXPECT_EQ(Get("/api/v1/alertmanagers").body,
            R"({"status":"success","data":{"activeAlertmanagers":[)"
            R"({"url":"http://a:1/api/v2/alerts"},{"url":"http://b/x\u0026y"}],)"
            R"("droppedAlertmanagers":[{"url":"http://c"}]}})");
}

TEST_F(ApiTest, RulesCanBeChosen) {
  rules_.groups = {Group("g1", {Recording("r1"), Alerting("a1")}), Group("g2", {Recording("r2")})};
  rules_.groups[1].file = "/etc/other.yml";
  Build();
  using V = std::vector<std::string>;
  EXPECT_EQ(RuleNames(Get("/api/v1/rules?type=record")), (V{"g1/r1", "g2/r2"}));
  EXPECT_EQ(RuleNames(Get("/api/v1/rules?type=alert")), (V{"g1/a1"}));
  EXPECT_EQ(RuleNames(Get("/api/v1/rules?rule_name[]=r2&rule_name[]=a1")), (V{"g1/a1", "g2/r2"}));
  EXPECT_EQ(RuleNames(Get("/api/v1/rules?rule_group[]=g2")), (V{"g2/r2"}));
  EXPECT_EQ(RuleNames(Get("/api/v1/rules?file[]=/etc/r.yml")), (V{"g1/r1", "g1/a1"}));
  EXPECT_EQ(RuleNames(Get("/api/v1/rules?match[]={sev=\"page\"}")), (V{"g1/a1"}));
  EXPECT_EQ(RuleNames(Get("/api/v1/rules?match[]={sev=\"page\"}&match[]={team!=\"\"}")),
            (V{"g1/r1", "g1/a1", "g2/r2"}));
  EXPECT_THAT(Get("/api/v1/rules?exclude_alerts=true&type=alert").body,
              HasSubstr(R"("alerts":null)"));
}

TEST_F(ApiTest, RulesComeInPages) {
  rules_.groups = {Group("g1", {Recording("r1")}), Group("none", {}), Group("g2", {Alerting("a")}),
                   Group("g3", {Recording("r3")})};
  Build();
  std::vector<std::string> seen;
  std::string token;
  for (int page = 0; page < 5; ++page) {
    const Response response = Get(
        StrCat("/api/v1/rules?group_limit=1", token.empty() ? "" : "&group_next_token=", token));
    for (const std::string& name : RuleNames(response)) seen.push_back(name);
    const auto data = nlohmann::json::parse(response.body)["data"];
    if (!data.contains("groupNextToken")) break;
    token = data["groupNextToken"].get<std::string>();
    EXPECT_EQ(token.size(), 64);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"g1/r1", "g2/a", "g3/r3"}));
}

// --- trees ---

std::string Tree(const Response& response) {
  const auto json = nlohmann::json::parse(response.body);
  return json.contains("data") ? json["data"].dump() : response.body;
}

TEST_F(ApiTest, ParseQueryGivesTheTree) {
  Build();
  const auto tree = [&](std::string_view query) {
    Request request;
    request.method = "POST";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = StrCat("query=", query);
    return Tree(Call(request, "/api/v1/parse_query"));
  };
  const auto selector = [](std::string_view name) {
    return StrCat(R"({"anchored":false,"matchers":[{"name":"__name__","type":"=","value":")", name,
                  R"("}],"name":")", name,
                  R"(","offset":0,"offsetExpr":null,"smoothed":false,"startOrEnd":null,)",
                  R"("timestamp":null,"type":"vectorSelector"})");
  };
  EXPECT_EQ(tree("x"), selector("x"));
  EXPECT_EQ(tree("{\"foo\",a=\"b\"}"),
            R"({"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"foo"},)"
            R"({"name":"a","type":"=","value":"b"}],"name":"","offset":0,"offsetExpr":null,)"
            R"("smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"})");
  EXPECT_EQ(tree("foo{a!=\"b\",c=~\"d|e\"} offset -5m @ 1.5"),
            R"({"anchored":false,"matchers":[{"name":"a","type":"!=","value":"b"},)"
            R"({"name":"c","type":"=~","value":"d|e"},{"name":"__name__","type":"=","value":"foo"})"
            R"(],"name":"foo","offset":-300000,"offsetExpr":null,"smoothed":false,)"
            R"("startOrEnd":null,"timestamp":1500,"type":"vectorSelector"})");
  EXPECT_EQ(tree("topk(3, up)"),
            StrCat(R"({"expr":)", selector("up"), R"(,"grouping":[],"op":"topk","param":)",
                   R"({"type":"numberLiteral","val":"3"},"type":"aggregation","without":false})"));
  EXPECT_EQ(tree("sum by (a,b) (rate(x[5m:1m] offset 1m @ end()))"),
            StrCat(R"({"expr":{"args":[{"expr":)", selector("x"),
                   R"(,"offset":60000,"offsetExpr":null,"range":300000,"rangeExpr":null,)",
                   R"("startOrEnd":"end","step":60000,"stepExpr":null,"timestamp":null,)",
                   R"("type":"subquery"}],"func":{"argTypes":["matrix"],"name":"rate",)",
                   R"("returnType":"vector","variadic":0},"type":"call"},"grouping":["a","b"],)",
                   R"("op":"sum","param":null,"type":"aggregation","without":false})"));
  EXPECT_EQ(tree("-up %2B on(a) group_left(c) down > bool 1"),
            StrCat(R"({"bool":true,"lhs":{"bool":false,"lhs":{"expr":)", selector("up"),
                   R"(,"op":"-","type":"unaryExpr"},"matching":{"card":"many-to-one",)",
                   R"("fillValues":{"lhs":null,"rhs":null},"include":["c"],"labels":["a"],)",
                   R"("on":true},"op":"+","rhs":)", selector("down"),
                   R"(,"type":"binaryExpr"},"matching":null,"op":">","rhs":)",
                   R"({"type":"numberLiteral","val":"1"},"type":"binaryExpr"})"));
  EXPECT_EQ(tree("(up and down)"),
            StrCat(R"({"expr":{"bool":false,"lhs":)", selector("up"),
                   R"(,"matching":{"card":"many-to-many","fillValues":{"lhs":null,"rhs":null},)",
                   R"("include":[],"labels":[],"on":false},"op":"and","rhs":)", selector("down"),
                   R"(,"type":"binaryExpr"},"type":"parenExpr"})"));
  EXPECT_EQ(tree("time()"), R"({"args":[],"func":{"argTypes":[],"name":"time",)"
                            R"("returnType":"scalar","variadic":0},"type":"call"})");
  EXPECT_EQ(tree("\"a<b\""), R"({"type":"stringLiteral","val":"a<b"})");
  EXPECT_EQ(tree("Inf"), R"({"type":"numberLiteral","val":"+Inf"})");
  EXPECT_EQ(tree("5m"), R"({"type":"numberLiteral","val":"300"})");
  EXPECT_THAT(tree("round(up)"),
              HasSubstr(R"("func":{"argTypes":["vector","scalar"],)"
                        R"("name":"round","returnType":"vector","variadic":1})"));
}

TEST_F(ApiTest, ParseQueryIsNotRecursive) {
  Build();
  std::string query = "query=1";
  for (int i = 0; i < 20000; ++i) query += "%2Bx";
  Request request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = query;
  const Response response = Call(request, "/api/v1/parse_query");
  EXPECT_EQ(response.status, 200);
  size_t operators = 0;
  for (size_t at = 0; (at = response.body.find(R"("type":"binaryExpr")", at)) != std::string::npos;
       ++at) {
    ++operators;
  }
  EXPECT_EQ(operators, 20000);
}

}  // namespace
}  // namespace sloburn::web
