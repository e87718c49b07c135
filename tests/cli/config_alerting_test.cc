// SPDX-License-Identifier: Apache-2.0
#include "cli/config_alerting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "cli/alertmanager_targets.h"
#include "cli/config_text.h"
#include "tests/cli/parsed_config.h"

namespace sloburn::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// One entry of alertmanagers, in line 3 from column 5 on.
std::string WithAlertmanager(std::string_view text) {
  return StrCat("alerting:\n  alertmanagers:\n  - ", text, "\n");
}

AlertmanagerUrls UrlsOf(std::string_view text) {
  const Config config = Parsed(WithAlertmanager(text));
  if (config.alerting.alertmanagers.empty()) return {};
  const auto urls = ResolveTargets(config.alerting.alertmanagers[0]);
  EXPECT_TRUE(urls.ok()) << urls.status();
  return urls.ok() ? *urls : AlertmanagerUrls();
}

TEST(ConfigAlerting, DefaultsAreThoseOfPrometheus) {
  const Config config = Parsed(WithAlertmanager("static_configs: [{targets: ['am:9093']}]"));
  ASSERT_EQ(config.alerting.alertmanagers.size(), 1u);
  const AlertmanagerConfig& alertmanager = config.alerting.alertmanagers[0];
  EXPECT_EQ(alertmanager.scheme, "http");
  EXPECT_EQ(alertmanager.path_prefix, "");
  EXPECT_EQ(alertmanager.timeout, absl::Seconds(10));
  EXPECT_THAT(alertmanager.static_configs.at(0).targets, ElementsAre("am:9093"));
  EXPECT_THAT(Parsed("alerting:\n").alerting.alertmanagers, IsEmpty());
}

TEST(ConfigAlerting, ReadsEveryKey) {
  const Config config = Parsed(R"(
alerting:
  alert_relabel_configs:
  - {regex: replica, action: labeldrop}
  alertmanagers:
  - scheme: https
    path_prefix: /am
    timeout: 3s
    api_version: v2
    headers: {X-Team: core}
    basic_auth: {username: u, password_file: pw}
    tls_config: {ca_file: ca.pem}
    alert_relabel_configs: [{target_label: to, replacement: pager}]
    relabel_configs: [{source_labels: [zone], target_label: __address__}]
    static_configs:
    - targets: [a, b]
      labels: {zone: 'z:1'}
)");
  const AlertingConfig& alerting = config.alerting;
  EXPECT_EQ(alerting.alert_relabel_configs.at(0).config().regex, "replica");
  const AlertmanagerConfig& alertmanager = alerting.alertmanagers.at(0);
  EXPECT_EQ(alertmanager.timeout, absl::Seconds(3));
  EXPECT_EQ(alertmanager.headers.at("X-Team").reveal(), "core");
  EXPECT_EQ(alertmanager.http.basic_auth.password_file, "/etc/s/pw");
  EXPECT_EQ(alertmanager.http.tls_config.ca_file, "/etc/s/ca.pem");
  EXPECT_EQ(alertmanager.alert_relabel_configs.at(0).config().replacement, "pager");
  const auto urls = ResolveTargets(alertmanager);
  ASSERT_TRUE(urls.ok()) << urls.status();
  EXPECT_THAT(urls->active, ElementsAre("https://z:1/am/api/v2/alerts"));
}

TEST(ConfigAlerting, Urls) {
  EXPECT_THAT(UrlsOf("static_configs: [{targets: [am]}, {targets: ['[::1]:1', am]}]").active,
              ElementsAre("http://am/api/v2/alerts", "http://[::1]:1/api/v2/alerts"));
  EXPECT_THAT(UrlsOf("{path_prefix: a//b/, static_configs: [{targets: [am]}]}").active,
              ElementsAre("http://am/a/b/api/v2/alerts"));
  const AlertmanagerUrls urls = UrlsOf(
      "{static_configs: [{targets: [am, bm], labels: {__scheme__: https}}], relabel_configs: "
      "[{source_labels: [__address__], regex: b.*, action: drop}, {target_label: __alerts_path__, "
      "replacement: /x}]}");
  EXPECT_THAT(urls.active, ElementsAre("https://am/x"));
  EXPECT_THAT(urls.dropped, ElementsAre("https://bm/api/v2/alerts"));
  EXPECT_THAT(UrlsOf("{}").active, IsEmpty());
}

TEST(ConfigAlerting, ErrorsNameTheirPlace) {
  const auto error = [](std::string_view text) { return ErrorOf(WithAlertmanager(text)); };
  EXPECT_EQ(error("api_version: v1"),
            "/etc/s/c.yml:3:18: expected Alertmanager api version to be one of [v2] but got v1");
  EXPECT_EQ(error("static_configs: [{targets: ['http://am/']}]"),
            "/etc/s/c.yml:3:33: \"http://am/\" is not a valid hostname");
  EXPECT_EQ(error("{static_configs: [{targets: [a/b]}], relabel_configs: [{action: labelmap}]}"),
            "/etc/s/c.yml:3:5: \"a/b\" is not a valid hostname");
  EXPECT_EQ(error("static_configs: [null]"),
            "/etc/s/c.yml:3:22: empty or null section in static_configs");
  EXPECT_EQ(error("static_configs: [{targets: [a], labels: {'': b}}]"),
            "/etc/s/c.yml:3:45: \"\" is not a valid label name");
  EXPECT_EQ(error("alert_relabel_configs: [null]"),
            "/etc/s/c.yml:3:29: empty or null Alertmanager alert relabeling rule");
  EXPECT_EQ(error("scheme: ftp"), "/etc/s/c.yml:3:13: unknown scheme \"ftp\"; use http or https");
  EXPECT_EQ(error("dns_sd_configs: []"),
            "/etc/s/c.yml:3:5: \"dns_sd_configs\" in alertmanagers is not supported; name the "
            "Alertmanagers in static_configs");
  EXPECT_EQ(error("{path_prefix: 'a?b', static_configs: [{targets: [a]}]}"),
            "/etc/s/c.yml:3:5: \"/a?b/api/v2/alerts\" is no path to POST alerts to: it must begin "
            "with / and be without ? and #");
  EXPECT_EQ(ErrorOf("alerting: {alertmanager: []}"),
            "/etc/s/c.yml:1:12: unknown key \"alertmanager\" in alerting; did you mean "
            "\"alertmanagers\"?");
  EXPECT_EQ(ErrorOf("alerting: {alert_relabel_configs: [null], alertmanagers: 7}"),
            "/etc/s/c.yml:1:36: empty or null alert relabeling rule\n"
            "/etc/s/c.yml:1:58: alertmanagers must be a list");
}

TEST(ConfigAlerting, PasswordsInTargetsAreNotRepeated) {
  const std::string message =
      ErrorOf(WithAlertmanager("static_configs: [{targets: ['u:hunter2@am:1']}]"));
  EXPECT_EQ(message,
            "/etc/s/c.yml:3:33: a target must not hold a user or a password; use basic_auth");
}

TEST(ConfigAlerting, TextReadsBackWithSecretsHidden) {
  const std::string text = WithAlertmanager(
      "{basic_auth: {username: u, password: hunter1}, headers: {X-Key: hunter2}, timeout: 3s, "
      "path_prefix: /am, relabel_configs: [{target_label: a, replacement: b}], static_configs: "
      "[{targets: [am, 'bm:1'], labels: {c: d}}, {targets: []}]}");
  const std::string shown = ToYaml(Parsed(text));
  EXPECT_THAT(shown, Not(HasSubstr("hunter")));
  EXPECT_THAT(shown, HasSubstr("      password: <secret>\n"));
  const Config again = Parsed(shown);
  EXPECT_EQ(again.alerting.alertmanagers.at(0).static_configs,
            Parsed(text).alerting.alertmanagers.at(0).static_configs);
  EXPECT_EQ(ToYaml(again), shown);
}

}  // namespace
}  // namespace sloburn::cli
