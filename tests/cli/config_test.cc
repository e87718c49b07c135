// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "cli/config_text.h"
#include "tests/cli/parsed_config.h"

namespace sloburn::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Config, EmptyIsAllDefaults) {
  for (const char* text : {"", "# nothing\n", "global:\n", "{}"}) {
    const Config config = Parsed(text);
    EXPECT_EQ(config.global.evaluation_interval, absl::Minutes(1)) << text;
    EXPECT_EQ(config.global.rule_query_offset, absl::ZeroDuration());
    EXPECT_TRUE(config.rule_files.empty());
    EXPECT_TRUE(config.remote_write.empty());
    EXPECT_EQ(config.source.url, "");
  }
}

TEST(Config, ReadsEveryKey) {
  const Config config = Parsed(R"(
global:
  evaluation_interval: 30s
  rule_query_offset: 1m30s
  external_labels: {region: eu, replica: 5}
rule_files: [rules/*.yml, /abs/one.yml]
slo_files:
  - ../slo/*.yaml
remote_write:
  - url: https://mimir:9009/api/v1/push
    name: mimir
    remote_timeout: 10s
    headers: {X-Scope-OrgID: team}
    basic_auth: {username: u, password: hunter2}
    tls_config:
      ca_file: ca.pem
      cert_file: /certs/c.pem
      key_file: k.pem
      server_name: mimir
      insecure_skip_verify: yes
    queue_config:
      capacity: 50
      max_samples_per_send: 10
      batch_send_deadline: 1s
      min_backoff: 10ms
      max_backoff: 2s
      retry_on_http_429: false
      sample_age_limit: 2h
    protobuf_message: io.prometheus.write.v2.Request
    send_native_histograms: true
source:
  url: http://localhost:9090/prom
  mode: remote_read
  timeout: 1m
  concurrency: 5
  max_samples_per_second: 250000
  authorization: {type: Token, credentials_file: token}
)");
  EXPECT_EQ(config.global.evaluation_interval, absl::Seconds(30));
  EXPECT_EQ(config.global.rule_query_offset, absl::Seconds(90));
  EXPECT_EQ(config.global.external_labels.at("replica"), "5");
  EXPECT_THAT(config.rule_files, ElementsAre("/etc/s/rules/*.yml", "/abs/one.yml"));
  EXPECT_THAT(config.slo_files, ElementsAre("/etc/slo/*.yaml"));
  ASSERT_EQ(config.remote_write.size(), 1u);
  const RemoteWriteConfig& write = config.remote_write[0];
  EXPECT_EQ(write.url, "https://mimir:9009/api/v1/push");
  EXPECT_EQ(write.name, "mimir");
  EXPECT_EQ(write.remote_timeout, absl::Seconds(10));
  EXPECT_EQ(write.headers.at("X-Scope-OrgID").reveal(), "team");
  EXPECT_EQ(write.http.basic_auth.username, "u");
  EXPECT_EQ(write.http.basic_auth.password.reveal(), "hunter2");
  EXPECT_EQ(write.http.tls_config.ca_file, "/etc/s/ca.pem");
  EXPECT_EQ(write.http.tls_config.cert_file, "/certs/c.pem");
  EXPECT_TRUE(write.http.tls_config.insecure_skip_verify);
  EXPECT_EQ(write.queue_config.capacity, 50);
  EXPECT_EQ(write.queue_config.max_samples_per_send, 10);
  EXPECT_EQ(write.queue_config.batch_send_deadline, absl::Seconds(1));
  EXPECT_EQ(write.queue_config.min_backoff, absl::Milliseconds(10));
  EXPECT_EQ(write.queue_config.max_backoff, absl::Seconds(2));
  EXPECT_FALSE(write.queue_config.retry_on_http_429);
  EXPECT_EQ(write.queue_config.sample_age_limit, absl::Hours(2));
  EXPECT_EQ(write.protobuf_message, remote::WriteMessage::kVersion2);
  EXPECT_TRUE(write.send_native_histograms);
  EXPECT_EQ(config.source.url, "http://localhost:9090/prom");
  EXPECT_EQ(config.source.mode, SourceMode::kRemoteRead);
  EXPECT_EQ(config.source.timeout, absl::Minutes(1));
  EXPECT_EQ(config.source.concurrency, 5);
  EXPECT_EQ(config.source.max_samples_per_second, 250'000);
  EXPECT_EQ(config.source.http.authorization.type, "Token");
  EXPECT_EQ(config.source.http.authorization.credentials_file, "/etc/s/token");
}

TEST(Config, DefaultsAreThoseOfPrometheus) {
  const Config config = Parsed("remote_write: [{url: 'http://x/w'}]");
  const RemoteWriteConfig& write = config.remote_write[0];
  EXPECT_EQ(write.remote_timeout, absl::Seconds(30));
  EXPECT_EQ(write.http.authorization.type, "Bearer");
  EXPECT_FALSE(write.http.tls_config.insecure_skip_verify);
  EXPECT_EQ(write.queue_config.capacity, 10'000);
  EXPECT_EQ(write.queue_config.max_samples_per_send, 2'000);
  EXPECT_EQ(write.queue_config.batch_send_deadline, absl::Seconds(5));
  EXPECT_EQ(write.queue_config.min_backoff, absl::Milliseconds(30));
  EXPECT_EQ(write.queue_config.max_backoff, absl::Seconds(5));
  EXPECT_TRUE(write.queue_config.retry_on_http_429);  // Prometheus: false
  EXPECT_EQ(write.queue_config.sample_age_limit, absl::ZeroDuration());
  EXPECT_EQ(write.protobuf_message, remote::WriteMessage::kVersion1);
  EXPECT_FALSE(write.send_native_histograms);
  EXPECT_EQ(Parsed("global: {evaluation_interval: 0s}").global.evaluation_interval,
            absl::Minutes(1));
}

TEST(Config, RelativePathsOfARelativeFile) {
  EXPECT_THAT(Parsed("rule_files: [a.yml]", "conf/c.yml").rule_files, ElementsAre("conf/a.yml"));
  EXPECT_THAT(Parsed("rule_files: [./a.yml]", "c.yml").rule_files, ElementsAre("a.yml"));
}

TEST(Config, ReportsAllProblemsWithTheirPlaces) {
  EXPECT_EQ(ErrorOf(R"(global:
  evaluation_intervall: 1m
  scrape_interval: 15s
  query_offset: 1m
rule_file: [a]
scrape_configs: []
remote_write:
  - urll: http://x
    queue_config: {capacity: 0, max_shards: 5}
)"),
            "/etc/s/c.yml:2:3: unknown key \"evaluation_intervall\" in global; did you mean "
            "\"evaluation_interval\"?\n"
            "/etc/s/c.yml:3:3: \"scrape_interval\" in global has no meaning here: this program "
            "does not scrape\n"
            "/etc/s/c.yml:4:3: \"query_offset\" in global is a key of rule groups; the default of "
            "all is rule_query_offset\n"
            "/etc/s/c.yml:5:1: unknown key \"rule_file\" in the configuration; did you mean "
            "\"rule_files\"?\n"
            "/etc/s/c.yml:6:1: \"scrape_configs\" in the configuration has no meaning here: this "
            "program does not scrape\n"
            "/etc/s/c.yml:8:5: url for remote_write is empty\n"
            "/etc/s/c.yml:8:5: unknown key \"urll\" in remote_write; did you mean \"url\"?\n"
            "/etc/s/c.yml:9:30: capacity in queue_config must be at least 1\n"
            "/etc/s/c.yml:9:33: \"max_shards\" in queue_config has no meaning here: one connection "
            "keeps the order of samples");
}

struct BadCase {
  const char* text;
  const char* error;
};

class BadConfig : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadConfig, IsRefused) {
  EXPECT_EQ(ErrorOf(GetParam().text), std::string("/etc/s/c.yml:") + GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Config, BadConfig,
    ::testing::Values(
        BadCase{"[a]", "1:1: the configuration must be a mapping"},
        BadCase{"a: [",
                "2:1: yaml: did not find expected node content (while parsing a flow node "
                "that starts at 2:1)"},
        BadCase{"global: {}\nglobal: {}", "2:1: mapping key \"global\" already defined at line 1"},
        BadCase{"{}\n---\n{}", "3:1: only one YAML document is allowed"},
        BadCase{"global: {evaluation_interval: 5x}",
                "1:31: evaluation_interval in global: unknown unit \"x\" in duration \"5x\""},
        BadCase{"global: {external_labels: [a]}",
                "1:27: external_labels in global must be a mapping, not a list"},
        BadCase{"rule_files: ['a/*/b.yml']",
                "1:13: invalid rule file path \"a/*/b.yml\": * is allowed in the last part only"},
        BadCase{"slo_files: ['a/*/b.yml']",
                "1:12: invalid SLO file path \"a/*/b.yml\": * is allowed in the last part only"},
        BadCase{"rule_files: a.yml",
                "1:13: rule_files in the configuration must be a list, not "
                "this value"},
        BadCase{"remote_write: {}", "1:15: remote_write must be a list"},
        BadCase{"remote_write: [null]", "1:16: empty or null remote write config section"},
        BadCase{"remote_write: [{url: 'ftp://x'}]",
                "1:22: url must be http://HOST[:PORT][/PATH] or https://..."},
        BadCase{"remote_write: [{url: 'http://u:p@x'}]",
                "1:22: url must not hold a user or a password; use basic_auth"},
        BadCase{"remote_write: [{url: 'http://x', name: a}, {url: 'http://y', name: a}]",
                "1:44: found multiple remote write configs with job name \"a\""},
        BadCase{"remote_write: [{url: 'http://x', protobuf_message: v2}]",
                "1:52: invalid protobuf_message value: unknown remote write protobuf message v2, "
                "supported: prometheus.WriteRequest, io.prometheus.write.v2.Request"},
        BadCase{"remote_write: [{url: 'http://x', send_exemplars: true}]",
                "1:34: \"send_exemplars\" in remote_write has no meaning here: rules have no "
                "exemplars"},
        BadCase{"remote_write: [{url: 'http://x', headers: {Host: y}}]",
                "1:43: Host is a reserved header. It must not be changed"},
        BadCase{"remote_write: [{url: 'http://x', headers: {Authorization: y}}]",
                "1:43: authorization header must be changed via the basic_auth or authorization "
                "parameter"},
        BadCase{"remote_write: [{url: 'http://x', headers: {\"a b\": y}}]",
                "1:43: \"a...\" is not a valid header name"},
        BadCase{"remote_write: [{url: 'http://x', headers: {a: \"y\\nB: z\"}}]",
                "1:43: the value of header a holds a line break"},
        BadCase{"source: {}", "1:9: url for source is empty"},
        BadCase{"source: {url: 'http://x', mode: pushdown}",
                "1:33: mode \"pushdown\" is not supported in this version"},
        BadCase{"source: {url: 'http://x', mode: fast}",
                "1:33: unknown mode \"fast\"; use auto, remote_read or query"},
        BadCase{"source: {url: 'http://x', basic_auth: {}, authorization: {}}",
                "1:58: at most one of basic_auth and authorization must be configured"},
        BadCase{"source: {url: 'http://x', basic_auth: {password: a, password_file: b}}",
                "1:68: at most one of basic_auth password & password_file must be configured"},
        BadCase{"source: {url: 'http://x', authorization: {type: Basic}}",
                "1:49: authorization type cannot be set to \"basic\", use \"basic_auth\" instead"},
        BadCase{"source: {url: 'http://x', tls_config: {cert_file: a}}",
                "1:51: cert_file and key_file must be configured together"},
        BadCase{"source: {url: 'http://x', tls_config: {insecure_skip_verify: 5}}",
                "1:62: insecure_skip_verify in tls_config must be true or false, not this value"},
        BadCase{"source: {url: 'http://x', concurrency: 65}",
                "1:40: concurrency in source must be at most 64"},
        BadCase{"source: {url: 'http://x', timeout: 0s}",
                "1:36: timeout in source must be at least 1ms"}));

TEST(Config, SecretsAreNeverShown) {
  std::ostringstream out;
  out << Secret("hunter2") << Secret();
  EXPECT_EQ(out.str(), "<secret>");
  EXPECT_EQ(Secret("hunter2").ToString(), "<secret>");
  // Secrets in wrong places or of wrong types do not leak through messages.
  for (const char* text :
       {"source: {url: 'http://u:hunter2@x'}", "source: {url: 'http://x', basic_auth: hunter2}",
        "source: {url: 'http://x', basic_auth: {password: [hunter2]}}",
        "source: {url: 'http://x', basic_auth: {password: !!int hunter2}}",
        "source: {url: 'http://x', headers: hunter2}",
        "source: {url: 'http://x', tls_config: hunter2}",
        "source: {url: 'http://x', headers: {a: \"hunter2\\n\"}}",
        "source: {url: 'http://x', authorization: {credentials: {a: hunter2}}}"}) {
    EXPECT_THAT(ErrorOf(text), Not(HasSubstr("hunter2"))) << text;
    EXPECT_THAT(ErrorOf(text), HasSubstr("/etc/s/c.yml:1:")) << text;
  }
}

TEST(Config, ExpandsVariablesInExternalLabels) {
  ASSERT_EQ(setenv("SLOBURN_TEST_POD", "pod-1", 1), 0);
  ASSERT_EQ(unsetenv("SLOBURN_TEST_UNSET"), 0);
  const Config config = Parsed(
      "global:\n  external_labels: {a: '${SLOBURN_TEST_POD}', b: 'x$SLOBURN_TEST_POD-y', c: '$$5', "
      "d: '[$SLOBURN_TEST_UNSET]', e: 'end$', f: '${open'}\n");
  const auto& labels = config.global.external_labels;
  EXPECT_EQ(labels.at("a"), "pod-1");
  EXPECT_EQ(labels.at("b"), "xpod-1-y");
  EXPECT_EQ(labels.at("c"), "$5");
  EXPECT_EQ(labels.at("d"), "[]");
  EXPECT_EQ(labels.at("e"), "end$");
  EXPECT_EQ(labels.at("f"), "${open");
}

TEST(Config, TextOfItReadsBackWithSecretsHidden) {
  const char* text = R"(
global:
  evaluation_interval: 30s
  external_labels: {region: "e\"u"}
rule_files: ['a b.yml']
source:
  url: http://p:9090
  authorization: {credentials: hunter1}
remote_write:
- url: http://m/push
  headers: {X-Scope-OrgID: hunter2}
  basic_auth: {username: u, password: hunter3}
  protobuf_message: io.prometheus.write.v2.Request
  send_native_histograms: true
  queue_config: {capacity: 7, retry_on_http_429: false, sample_age_limit: 90m}
- url: http://n/push
  http_headers: {X-A: {values: [b], secrets: [hunter4], files: [c.txt]}}
)";
  const std::string shown = ToYaml(Parsed(text));
  EXPECT_THAT(shown, Not(HasSubstr("hunter")));
  EXPECT_THAT(shown, HasSubstr("    password: <secret>\n"));
  EXPECT_THAT(shown, HasSubstr("    \"X-Scope-OrgID\": <secret>\n"));
  EXPECT_THAT(shown, HasSubstr("global:\n  evaluation_interval: 30s\n  rule_query_offset: 0s\n"));
  const Config again = Parsed(shown);
  EXPECT_EQ(again.global.external_labels.at("region"), "e\"u");
  EXPECT_THAT(again.rule_files, ElementsAre("/etc/s/a b.yml"));
  EXPECT_EQ(again.source.http.authorization.credentials.reveal(), "<secret>");
  ASSERT_EQ(again.remote_write.size(), 2u);
  EXPECT_EQ(again.remote_write[0].protobuf_message, remote::WriteMessage::kVersion2);
  EXPECT_TRUE(again.remote_write[0].send_native_histograms);
  EXPECT_EQ(again.remote_write[0].queue_config, Parsed(text).remote_write[0].queue_config);
  EXPECT_EQ(again.remote_write[1].url, "http://n/push");
  const HttpHeaderConfig& header = again.remote_write[1].http.http_headers.at("X-A");
  EXPECT_THAT(header.values, ElementsAre("b"));
  EXPECT_EQ(header.secrets.at(0).reveal(), "<secret>");
  EXPECT_THAT(header.files, ElementsAre("/etc/s/c.txt"));
  EXPECT_EQ(ToYaml(again), shown);
}

TEST(Config, MissingFileIsNotFound) {
  const auto config = LoadConfigFile("/nonexistent/c.yml");
  EXPECT_TRUE(absl::IsNotFound(config.status())) << config.status();
  EXPECT_EQ(config.status().message(), "open /nonexistent/c.yml: no such file or directory");
}

TEST(Config, SizeIsLimited) {
  const auto config = ParseConfig("c.yml", "global: {}  # long", {.max_bytes = 10});
  EXPECT_TRUE(absl::IsResourceExhausted(config.status())) << config.status();
}

}  // namespace
}  // namespace sloburn::cli
