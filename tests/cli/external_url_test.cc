// SPDX-License-Identifier: Apache-2.0
#include "cli/external_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sloburn::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

ExternalUrl Of(const std::string& url, const std::string& prefix = "", bool uses_tls = false) {
  const auto external = ComputeExternalUrl(url, prefix, "127.0.0.1:9099", uses_tls);
  EXPECT_TRUE(external.ok()) << external.status();
  return external.value_or(ExternalUrl());
}

TEST(ExternalUrl, HasPrometheusDefaults) {
  EXPECT_THAT(Of("").url, MatchesRegex("http://[^/]+:9099"));
  EXPECT_THAT(Of("", "", true).url, MatchesRegex("https://[^/]+:9099"));
  EXPECT_EQ(Of("").route_prefix, "");
  EXPECT_EQ(Of("https://a.example/").url, "https://a.example");
  EXPECT_EQ(Of("https://a.example/x/y//").url, "https://a.example/x/y");
  EXPECT_EQ(Of("https://a.example/x/y/").route_prefix, "/x/y");
  EXPECT_EQ(Of("/x/").url, "/x");
  EXPECT_EQ(Of("https://a.example/x", "/").route_prefix, "");
  EXPECT_EQ(Of("https://a.example/x", "y/").route_prefix, "/y");
  EXPECT_EQ(Of("", "/ruler").route_prefix, "/ruler");
}

TEST(ExternalUrl, BadOnesNameTheFlag) {
  for (const char* url : {"'http://a'", "\"http://a", "http://", "a.example", "://x", "http://a b",
                          "http://a/?q", "http://a/#x", "http://u:hunter2@a"}) {
    const auto external = ComputeExternalUrl(url, "", "127.0.0.1:9099", false);
    const std::string message(external.status().message());
    EXPECT_THAT(message, HasSubstr("--web.external-url")) << url;
    EXPECT_THAT(message, testing::Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace sloburn::cli
