// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/natural_order.h"

#include <charconv>
#include <cstdint>
#include <optional>

namespace sloburn::engine {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Cuts the first run of digits, or of anything else, off `text`.
std::string_view TakeRun(std::string_view& text) {
  size_t size = 1;
  while (size < text.size() && IsDigit(text[size]) == IsDigit(text[0])) ++size;
  const std::string_view run = text.substr(0, size);
  text.remove_prefix(size);
  return run;
}

std::optional<int64_t> ToNumber(std::string_view run) {
  int64_t number = 0;
  const char* const end = run.data() + run.size();
  const auto [rest, error] = std::from_chars(run.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

}  // namespace

bool PrecedesNaturally(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return false;
  while (true) {
    const std::string_view run_a = TakeRun(a), run_b = TakeRun(b);
    const auto number_a = ToNumber(run_a), number_b = ToNumber(run_b);
    const bool are_numbers = number_a && number_b;
    const bool are_equal = are_numbers ? *number_a == *number_b : run_a == run_b;
    if (!are_equal) return are_numbers ? *number_a < *number_b : run_a < run_b;
    if (a.empty()) return true;
    if (b.empty()) return false;
  }
}

}  // namespace sloburn::engine
