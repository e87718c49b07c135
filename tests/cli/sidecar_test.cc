// SPDX-License-Identifier: Apache-2.0
// The whole process, in this one: a fake Prometheus as the source, fake endpoints to write to.
#include "cli/sidecar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "tests/cli/write_endpoint.h"
#include "tests/engine/remote/fake_prometheus.h"
#include "tests/web/raw_client.h"

namespace sloburn::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

constexpr std::string_view kSlos = R"(version: prometheus/v1
service: gateway
slos:
- name: availability
  objective: 99
  window: 1h
  sli:
    events:
      error_query: 'sum(rate(errors[{{.window}}]))'
      total_query: 'sum(rate(requests[{{.window}}]))'
)";
constexpr std::string_view kRules = "groups:\n- name: g\n  rules:\n  - {record: one, expr: '1'}\n";

class SidecarTest : public ::testing::Test {
 protected:
  SidecarTest() {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              StrCat("sidecar_test_", getpid(), "_",
                     ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    const int64_t now = absl::ToUnixMillis(absl::Now());
    // Some time ahead too, for ticks during the test.
    for (int i = -480; i <= 8; ++i) {
      prometheus_.Add(Labels::FromPairs({{"__name__", "requests"}}), now + i * 15'000,
                      (i + 480) * 1000);
      prometheus_.Add(Labels::FromPairs({{"__name__", "errors"}}), now + i * 15'000, (i + 480) * 5);
    }
    Write("slos.yaml", kSlos);
    Write("rules.yml", kRules);
  }
  ~SidecarTest() override {
    if (sidecar_ != nullptr) sidecar_->Stop();
    std::filesystem::remove_all(folder_);
  }

  std::string Path(const char* name) const { return (folder_ / name).string(); }
  void Write(const char* name, std::string_view text) { std::ofstream(folder_ / name) << text; }
  void WriteConfig(std::string_view more) {
    Write("c.yml", StrCat("global: {evaluation_interval: 200ms}\n", more));
  }
  std::string Source() {
    return StrCat("source: {url: '", prometheus_.server().url(), "', mode: remote_read}\n");
  }

  absl::Status Create() {
    SidecarOptions options;
    options.config_file = Path("c.yml");
    options.server.listen_addresses = {"127.0.0.1:0"};
    options.enable_lifecycle = true;
    options.auto_reload_interval = auto_reload_interval_;
    auto sidecar = Sidecar::Create(std::move(options));
    if (sidecar.ok()) sidecar_ = *std::move(sidecar);
    return sidecar.status();
  }
  void Start() {
    const absl::Status created = Create();
    ASSERT_TRUE(created.ok()) << created;
    const absl::Status started = sidecar_->Start();
    ASSERT_TRUE(started.ok()) << started;
    const std::string address = sidecar_->addresses()[0];
    port_ = std::stoi(address.substr(address.rfind(':') + 1));
  }
  Json Ask(std::string_view path) {
    return Json::parse(web::Get(port_, path).body, nullptr, /*allow_exceptions=*/false);
  }
  std::vector<std::string> SloNames() {
    std::vector<std::string> names;
    const Json answer = Ask("/api/v1/slos");
    for (const auto& slo : answer["data"]["slos"]) names.push_back(slo["name"]);
    return names;
  }
  std::string ReloadError() {
    const absl::Status status = sidecar_->Reload();
    return status.ok() ? "no error" : std::string(status.message());
  }
  static bool Wait(const std::function<bool()>& done) {
    const absl::Time deadline = absl::Now() + absl::Seconds(15);
    while (!done()) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(20));
    }
    return true;
  }

  std::filesystem::path folder_;
  remote::FakePrometheus prometheus_;
  std::unique_ptr<Sidecar> sidecar_;
  absl::Duration auto_reload_interval_;
  int port_ = 0;
};

size_t Count(std::string_view text, std::string_view word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
  return count;
}

bool HasFrom(const WriteEndpoint& endpoint, const std::string& series) {
  return endpoint.WaitFor([&](const auto& arrived) { return arrived.count(series) > 0; });
}

TEST_F(SidecarTest, SlosAreAnsweredFromTheHistoryOfTheSource) {
  WriteConfig(Source() + "slo_files: ['slo*.yaml']\n");
  Start();
  ASSERT_TRUE(Wait([&] { return Ask("/api/v1/slos")["data"]["slos"][0]["sli"].is_number(); }))
      << Ask("/api/v1/slos");
  const Json answer = Ask("/api/v1/slos");
  EXPECT_FALSE(answer.contains("warnings")) << answer;
  const Json& slo = answer["data"]["slos"][0];
  EXPECT_EQ(slo["service"], "gateway");
  EXPECT_NEAR(slo["sli"].get<double>(), 0.995, 1e-9);
  EXPECT_NEAR(slo["errorBudgetRemaining"].get<double>(), 0.5, 1e-9);
  EXPECT_NEAR(slo["burnRates"]["5m"].get<double>(), 0.5, 1e-9);
  EXPECT_NEAR(slo["burnRates"]["30d"].get<double>(), 0.5, 1e-9);
}

TEST_F(SidecarTest, TellsItsStatus) {
  WriteConfig("remote_write: [{url: 'http://127.0.0.1:9/', basic_auth: {username: u, "
              "password: hunter}}]\n");
  Start();
  const Json config = Ask("/api/v1/status/config");
  EXPECT_THAT(config["data"]["yaml"].get<std::string>(), HasSubstr("password: <secret>"));
  EXPECT_EQ(Ask("/api/v1/status/flags")["data"], Json::object());
  const Json info = Ask("/api/v1/status/runtimeinfo")["data"];
  EXPECT_EQ(info["reloadConfigSuccess"], true);
  EXPECT_EQ(info["lastConfigTime"].get<std::string>().substr(0, 2), "20") << info;
  EXPECT_EQ(Ask("/api/v1/status/tsdb")["status"], "success");

  WriteConfig("rule_files: [rules.yml]\n");
  ASSERT_EQ(ReloadError(), "no error");
  const Json after = Ask("/api/v1/status/config");
  EXPECT_THAT(after["data"]["yaml"].get<std::string>(), HasSubstr("rules.yml"));
}

TEST_F(SidecarTest, AlertmanagersAreToldAndReloaded) {
  const auto configure = [this](std::string_view target) {
    WriteConfig(StrCat("alerting: {alertmanagers: [{static_configs: [{targets: ['", target,
                       "']}]}]}\n"));
  };
  const auto has_metric = [this](std::string_view line) {
    return web::Get(port_, "/metrics").body.find(line) != std::string::npos;
  };
  configure("127.0.0.1:9");
  Start();
  EXPECT_EQ(Ask("/api/v1/alertmanagers")["data"]["activeAlertmanagers"][0]["url"],
            "http://127.0.0.1:9/api/v2/alerts");
  EXPECT_TRUE(has_metric("prometheus_notifications_queue_length{"
                         "alertmanager=\"http://127.0.0.1:9/api/v2/alerts\"} 0\n"));
  EXPECT_TRUE(has_metric("prometheus_notifications_alertmanagers_discovered 1\n"));

  configure("127.0.0.1:10");
  ASSERT_EQ(ReloadError(), "no error");
  EXPECT_EQ(Ask("/api/v1/alertmanagers")["data"]["activeAlertmanagers"][0]["url"],
            "http://127.0.0.1:10/api/v2/alerts");
  EXPECT_FALSE(has_metric("127.0.0.1:9/"));

  configure("127.0.0.1:no");
  EXPECT_THAT(ReloadError(), HasSubstr("the port is not a number"));
  EXPECT_TRUE(has_metric("127.0.0.1:10/"));
}

TEST_F(SidecarTest, NewSamplesComeWithoutAnyRule) {
  WriteConfig(Source() + "slo_files: [slos.yaml]\n");
  Start();
  const auto covered_to = [&] { return sidecar_->Slos().complete_to_ms.value_or(0); };
  ASSERT_TRUE(Wait([&] { return covered_to() > 0; }));
  const int64_t loaded_to = covered_to();
  EXPECT_TRUE(Wait([&] { return covered_to() > loaded_to + 500; }));
  // When the source is away, the age of the figures is told.
  prometheus_.failures = 1'000'000;
  EXPECT_TRUE(Wait([&] { return Ask("/api/v1/slos").contains("warnings"); }));
  const std::string warning = Ask("/api/v1/slos")["warnings"][0];
  EXPECT_THAT(warning, HasSubstr("the figures are as of 20"));
  EXPECT_THAT(warning, HasSubstr(prometheus_.server().url()));
}

TEST_F(SidecarTest, NegativeOffsetsAreNotWarming) {
  Write("rules.yml", "groups:\n- name: g\n  rules:\n"
                     "  - {record: ahead, expr: 'count(requests offset -1m)'}\n");
  WriteConfig(Source() + "rule_files: [rules.yml]\n");
  Start();
  EXPECT_TRUE(Wait([&] {
    return Ask("/api/v1/rules")["data"]["groups"][0]["rules"][0]["health"] == "ok";
  })) << Ask("/api/v1/rules");
}

TEST_F(SidecarTest, UntilHistoryIsLoadedSlosAreWarming) {
  prometheus_.failures = 1'000'000;
  WriteConfig(Source() + "slo_files: [slos.yaml]\n");
  Start();
  const Json answer = Ask("/api/v1/slos");
  EXPECT_TRUE(answer["data"]["slos"][0]["sli"].is_null());
  EXPECT_TRUE(answer["data"]["slos"][0]["burnRates"]["5m"].is_null());
  ASSERT_EQ(answer["warnings"].size(), 1u);
  EXPECT_THAT(answer["warnings"][0].get<std::string>(),
              HasSubstr("SLO \"availability\" of service \"gateway\": warming: "));
}

TEST_F(SidecarTest, WithoutASourceSlosReadWhatWasWritten) {
  WriteConfig("slo_files: [slos.yaml]\n");
  Start();
  const int64_t now = absl::ToUnixMillis(absl::Now());
  const auto appender = sidecar_->storage().NewAppender();
  for (int i = -10; i <= 0; ++i) {
    for (const auto& [name, step] : {std::pair("requests", 1000.0), std::pair("errors", 20.0)}) {
      const Labels labels = Labels::FromPairs({{"__name__", name}});
      ASSERT_TRUE(appender->Append(labels, now + i * 15'000, (i + 10) * step).ok());
    }
  }
  ASSERT_TRUE(appender->Commit().ok());
  const Json answer = Ask("/api/v1/slos");
  EXPECT_NEAR(answer["data"]["slos"][0]["sli"].get<double>(), 0.98, 1e-9);
  EXPECT_EQ(answer["data"]["slos"][0]["secondsToExhaustion"], 0);
}

TEST_F(SidecarTest, BadSloFilesRefuseTheStart) {
  Write("bad.yaml", "version: prometheus/v1\nservice: s\nslos: []\nsolos: []\n");
  WriteConfig("slo_files: ['*.yaml']\n");
  const absl::Status status = Create();
  EXPECT_EQ(status.message(), Path("bad.yaml") + ":4:1: unknown key \"solos\"");
}

TEST_F(SidecarTest, AReloadReadsSloFilesAndKeepsTheOldOnesWhereOneIsBad) {
  WriteConfig("slo_files: ['*.yaml']\n");
  Start();
  EXPECT_THAT(SloNames(), testing::ElementsAre("availability"));
  Write("more.yaml",
        "version: prometheus/v1\nservice: s\nslos:\n- name: second\n  objective: 99\n"
        "  sli: {raw: {error_ratio_query: 'x{'}}\n");
  EXPECT_THAT(ReloadError(), HasSubstr(Path("more.yaml") + ":6:34: 1:"));
  EXPECT_THAT(SloNames(), testing::ElementsAre("availability"));
  EXPECT_EQ(web::Exchange(port_, "POST /-/reload HTTP/1.1\r\nHost: a\r\n\r\n").status, 500);
  Write("more.yaml",
        "version: prometheus/v1\nservice: s\nslos:\n- name: second\n  objective: 99\n"
        "  sli: {raw: {error_ratio_query: 'x'}}\n");
  EXPECT_EQ(web::Exchange(port_, "POST /-/reload HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
  EXPECT_THAT(SloNames(), testing::ElementsAre("second", "availability"));
  WriteConfig("");
  EXPECT_EQ(ReloadError(), "no error");
  EXPECT_THAT(SloNames(), IsEmpty());
}

TEST_F(SidecarTest, AReloadPullsWhatNewSlosRead) {
  WriteConfig(Source());
  Start();
  EXPECT_THAT(SloNames(), IsEmpty());
  WriteConfig(Source() + "slo_files: [slos.yaml]\n");
  EXPECT_EQ(ReloadError(), "no error");
  EXPECT_TRUE(Wait([&] { return Ask("/api/v1/slos")["data"]["slos"][0]["sli"].is_number(); }))
      << Ask("/api/v1/slos");
}

TEST_F(SidecarTest, AReloadAppliesRemoteWriteAndExternalLabels) {
  WriteEndpoint a, b;
  const auto config = [&](const WriteEndpoint& endpoint, std::string_view region) {
    Write("c.yml",
          StrCat("global: {evaluation_interval: 200ms, external_labels: {region: ", region,
                 "}}\nrule_files: [rules.yml]\nremote_write: [{url: '", endpoint.url(), "'}]\n"));
  };
  config(a, "eu");
  Start();
  EXPECT_TRUE(HasFrom(a, "one{region=\"eu\"}"));
  config(b, "eu");
  EXPECT_EQ(ReloadError(), "no error");
  EXPECT_TRUE(HasFrom(b, "one{region=\"eu\"}"));
  config(b, "us");
  EXPECT_EQ(ReloadError(), "no error");
  EXPECT_TRUE(HasFrom(b, "one{region=\"us\"}"));
  sidecar_->Stop();
  const auto at_a = a.Arrived(), at_b = b.Arrived();
  EXPECT_EQ(at_a.count("one{region=\"us\"}"), 0u);
  // Each tick is at one of them; a request that was cut off may come again.
  std::set<int64_t> times;
  for (const auto& arrived : {at_a, at_b}) {
    for (const auto& [series, some] : arrived) times.insert(some.begin(), some.end());
  }
  EXPECT_EQ(*times.rbegin() - *times.begin(), static_cast<int64_t>(times.size() - 1) * 200);
  EXPECT_LT(at_a.at("one{region=\"eu\"}").back(), at_b.at("one{region=\"eu\"}").front());
}

TEST_F(SidecarTest, ABadEndpointKeepsRulesAndEndpoints) {
  WriteEndpoint a, b;
  const std::string rules = "rule_files: [rules.yml]\n";
  WriteConfig(StrCat(rules, "remote_write: [{url: '", a.url(), "'}]\n"));
  Start();
  EXPECT_TRUE(HasFrom(a, "one"));
  Write("rules.yml", "groups:\n- name: g\n  rules:\n  - {record: two, expr: '2'}\n");
  WriteConfig(
      StrCat(rules, "remote_write: [{url: '", b.url(),
             "'}, {url: 'https://127.0.0.1:1', tls_config: {ca_file: /nowhere/ca.pem}}]\n"));
  EXPECT_THAT(ReloadError(), HasSubstr("/nowhere/ca.pem"));
  const size_t before = a.Arrived()["one"].size();
  EXPECT_TRUE(a.WaitFor([&](auto arrived) { return arrived["one"].size() > before + 1; }));
  EXPECT_EQ(a.Arrived().count("two"), 0u);
  EXPECT_THAT(b.Arrived(), IsEmpty());
}

TEST_F(SidecarTest, AChangedSourceNeedsARestart) {
  WriteEndpoint a, b;
  const std::string rules = "rule_files: [rules.yml]\n";
  WriteConfig(StrCat(Source(), rules, "remote_write: [{url: '", a.url(), "'}]\n"));
  Start();
  EXPECT_TRUE(HasFrom(a, "one"));
  Write("rules.yml", "groups:\n- name: g\n  rules:\n  - {record: two, expr: '2'}\n");
  const std::string write_b = StrCat("remote_write: [{url: '", b.url(), "'}]\n");
  const std::string other =
      StrCat("source: {url: '", prometheus_.server().url(), "', mode: query}\n");
  for (const std::string& source : {other, std::string()}) {
    WriteConfig(StrCat(source, rules, write_b));
    const absl::Status status = sidecar_->Reload();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(Path("c.yml") + ": source has changed, which only a restart can apply"));
  }
  const std::string metrics = web::Get(port_, "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("prometheus_config_last_reload_successful 0"));
  const size_t before = a.Arrived()["one"].size();
  EXPECT_TRUE(a.WaitFor([&](auto arrived) { return arrived["one"].size() > before + 1; }));
  EXPECT_THAT(b.Arrived(), IsEmpty());
  // With the old source back, the rest is applied.
  WriteConfig(StrCat(Source(), rules, write_b));
  EXPECT_EQ(ReloadError(), "no error");
  EXPECT_TRUE(HasFrom(b, "two"));
}

TEST_F(SidecarTest, AfterStopNothingIsReloaded) {
  WriteConfig("");
  Start();
  sidecar_->Stop();
  EXPECT_EQ(sidecar_->Reload().code(), absl::StatusCode::kCancelled);
}

TEST_F(SidecarTest, ChangedFilesAreTakenAndBadOnesToldOnce) {
  auto_reload_interval_ = absl::Milliseconds(50);
  WriteConfig("rule_files: ['*rules.yml']\nslo_files: [slos.yaml]\n");
  Start();
  const auto rules = [&] {
    std::vector<std::string> names;
    const Json answer = Ask("/api/v1/rules");
    for (const Json& group : answer["data"]["groups"]) {
      for (const Json& rule : group["rules"]) names.push_back(rule["name"]);
    }
    return names;
  };
  const auto metric = [&](std::string_view value) {
    return web::Get(port_, "/metrics")
               .body.find(StrCat("\nprometheus_config_last_reload_successful ", value, "\n")) !=
           std::string::npos;
  };
  EXPECT_THAT(rules(), testing::ElementsAre("one"));

  Write("rules.yml", "groups:\n- name: g\n  rules:\n  - {record: two, expr: '2'}\n");
  EXPECT_TRUE(Wait([&] { return rules() == std::vector<std::string>{"two"}; }));
  Write("more-rules.yml", "groups:\n- name: h\n  rules:\n  - {record: three, expr: '3'}\n");
  EXPECT_TRUE(Wait([&] { return rules().size() == 2; }));
  std::filesystem::remove(folder_ / "more-rules.yml");
  EXPECT_TRUE(Wait([&] { return rules().size() == 1; }));

  testing::internal::CaptureStderr();
  for (const char* garbage : {"groups: [", "groups: [}"}) {
    Write("rules.yml", garbage);
    EXPECT_TRUE(Wait([&] { return metric("0"); }));
    absl::SleepFor(10 * auto_reload_interval_);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(log, "Reload failed"), 2) << log;
  EXPECT_THAT(rules(), testing::ElementsAre("two"));

  Write("rules.yml", kRules);
  EXPECT_TRUE(Wait([&] { return rules() == std::vector<std::string>{"one"} && metric("1"); }));
  std::filesystem::remove(folder_ / "slos.yaml");
  EXPECT_TRUE(Wait([&] { return SloNames().empty(); }));
  WriteConfig("rule_files: []\n");
  EXPECT_TRUE(Wait([&] { return rules().empty(); }));
}

TEST_F(SidecarTest, AFileThatIsBeingWrittenIsLeftAlone) {
  auto_reload_interval_ = absl::Milliseconds(200);
  WriteConfig("rule_files: [rules.yml]\n");
  Start();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 20; ++i) {
    Write("rules.yml", StrCat("groups: # ", i));
    absl::SleepFor(absl::Milliseconds(50));
  }
  Write("rules.yml", kRules);
  absl::SleepFor(absl::Seconds(1));
  EXPECT_EQ(Count(testing::internal::GetCapturedStderr(), "eload"), 0);
}

TEST_F(SidecarTest, BadPatternsAreErrors) {
  for (const char* pattern : {"[", "a[", "[^", "[]a]", "[-]", "[x-]", "[-x]", "x\\\\", "[a-b-c]"}) {
    WriteConfig(StrCat("rule_files: [\"", pattern, "\"]\n"));
    const absl::Status status = Create();
    EXPECT_THAT(std::string(status.message()),
                testing::MatchesRegex("error retrieving rule files for .*: syntax error in pattern"))
        << pattern;
  }
  for (const char* pattern : {"[a]", "[a-c]x", "[^a-z]*", "[ab]?", "x\\\\[", "a]b"}) {
    WriteConfig(StrCat("rule_files: [\"", pattern, "\"]\n"));
    EXPECT_TRUE(Create().ok()) << pattern;
  }
}

}  // namespace
}  // namespace sloburn::cli
