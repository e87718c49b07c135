// SPDX-License-Identifier: Apache-2.0
// What one template may take. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sloburn::rules {

struct TemplateLimits {
  size_t max_text_bytes = 64 << 10;
  // Parentheses and control structures in one another.
  int max_nesting = 200;
  // Of the result, and of any text on the way to it.
  size_t max_output_bytes = 1 << 20;
  // What is executed: each node, each round of a range, each 64 bytes a function reads.
  int64_t max_steps = 1'000'000;
  // {{template}} within {{template}}.
  int max_template_depth = 100;
  int max_queries = 100;
};

}  // namespace sloburn::rules
