// SPDX-License-Identifier: Apache-2.0
// Configurations of tests, as if they stood in /etc/s/c.yml.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "cli/config.h"

namespace sloburn::cli {

inline std::string ErrorOf(std::string_view text) {
  const auto config = ParseConfig("/etc/s/c.yml", text);
  return config.ok() ? "no error" : std::string(config.status().message());
}

inline Config Parsed(std::string_view text, std::string_view path = "/etc/s/c.yml") {
  const auto config = ParseConfig(path, text);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *config : Config();
}

}  // namespace sloburn::cli
