// SPDX-License-Identifier: Apache-2.0
// The shipped rule packs, built into the binary.
#pragma once

#include <string_view>
#include <vector>

namespace sloburn::rules {

struct PackFile {
  std::string_view pack;  // "stoa"
  std::string_view name;  // "packs/stoa/slo.rules.yaml"
  std::string_view text;
  bool is_rules;          // else an SLO file
};

std::vector<PackFile> PackFiles(std::string_view pack);

}  // namespace sloburn::rules
