// SPDX-License-Identifier: Apache-2.0
#include "base/float_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sloburn {
namespace {

// Enough for 'f' of the largest and of the smallest double.
constexpr int kMaxFixed = 1100;
// Doubles from here on are whole numbers with more digits than the shortest form needs.
constexpr double kExactIntegers = 9007199254740992.0;

bool AppendSpecial(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    return false;
  }
  return true;
}

// to_chars writes every digit of a whole number in fixed form, Go the shortest ones and zeros.
void AppendLargeFixed(std::string& out, double value) {
  char buffer[32];
  const auto result =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text(buffer, result.ptr - buffer);
  const size_t e = text.find('e');
  const size_t point = text.find('.');
  size_t decimals = 0;
  out.append(text.substr(0, std::min(point, e)));
  if (point != std::string_view::npos) {
    decimals = e - point - 1;
    out.append(text.substr(point + 1, decimals));
  }
  const size_t exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  out.append(exponent - decimals, '0');
}

void AppendShortest(std::string& out, double value, std::chars_format format) {
  if (format == std::chars_format::fixed && std::fabs(value) >= kExactIntegers) {
    return AppendLargeFixed(out, value);
  }
  char buffer[kMaxFixed];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, format);
  out.append(buffer, result.ptr);
}

bool IsDecimalShape(std::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isdigit(c) && c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-') {
      return false;
    }
  }
  return true;
}

}  // namespace

void AppendFloatF(std::string& out, double value) {
  if (!AppendSpecial(out, value)) AppendShortest(out, value, std::chars_format::fixed);
}

std::string FormatFloatF(double value) {
  std::string out;
  AppendFloatF(out, value);
  return out;
}

std::string FormatFloatE(double value) {
  std::string out;
  if (!AppendSpecial(out, value)) AppendShortest(out, value, std::chars_format::scientific);
  return out;
}

std::string FormatFloatG(double value) {
  std::string out;
  if (AppendSpecial(out, value)) return out;
  // The exponent that decides is that of the shortest decimal form.
  const std::string scientific = FormatFloatE(value);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  if (value != 0 && (exponent < -4 || exponent >= 6)) return scientific;
  AppendShortest(out, value, std::chars_format::fixed);
  return out;
}

std::string FormatOpenMetricsFloat(double value) {
  std::string text = FormatFloatG(value);
  if (std::isfinite(value) && text.find_first_of("e.") == std::string::npos) text += ".0";
  return text;
}

void AppendSampleValue(std::string& out, double value) {
  if (AppendSpecial(out, value)) return;
  const double magnitude = std::fabs(value);
  const bool use_exponent = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21);
  AppendShortest(out, value,
                 use_exponent ? std::chars_format::scientific : std::chars_format::fixed);
}

bool HasGoodUnderscores(std::string_view text) {
  const bool is_hex = text.size() > 1 && text[0] == '0' && absl::ascii_tolower(text[1]) == 'x';
  if (is_hex) text.remove_prefix(2);
  bool follows_digit = is_hex, follows_underscore = false;
  for (const char c : text) {
    const bool is_digit = absl::ascii_isdigit(c) || (is_hex && absl::ascii_isxdigit(c));
    if (c == '_' ? !follows_digit : (follows_underscore && !is_digit)) return false;
    follows_digit = is_digit;
    follows_underscore = c == '_';
  }
  return !follows_underscore;
}

std::optional<double> ParseGoFloat(std::string_view text, bool* out_of_range) {
  if (out_of_range != nullptr) *out_of_range = false;
  std::string plain;
  if (text.find('_') != std::string_view::npos) {
    const bool has_sign = text[0] == '+' || text[0] == '-';
    if (!HasGoodUnderscores(text.substr(has_sign))) return std::nullopt;
    std::copy_if(text.begin(), text.end(), std::back_inserter(plain),
                 [](char c) { return c != '_'; });
    text = plain;
  }
  bool is_negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text[0] == '+' || text[0] == '-') return std::nullopt;
  const absl::string_view view(text.data(), text.size());
  double value = 0;
  if (absl::EqualsIgnoreCase(view, "inf") || absl::EqualsIgnoreCase(view, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (absl::EqualsIgnoreCase(view, "nan")) {
    return std::numeric_limits<double>::quiet_NaN();
  } else {
    const bool is_hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (is_hex) {
      // Go demands the binary exponent on hex floats.
      if (text.find_first_of("pP") == std::string_view::npos) return std::nullopt;
      text.remove_prefix(2);
    } else if (!IsDecimalShape(text)) {
      return std::nullopt;
    }
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(
        text.data(), end, value, is_hex ? std::chars_format::hex : std::chars_format::general);
    if (result.ptr != end || result.ec == std::errc::invalid_argument) return std::nullopt;
    if (result.ec == std::errc::result_out_of_range) {
      // from_chars leaves the value alone; strtod tells overflow from underflow.
      value = std::strtod(std::string(is_hex ? "0x" : "").append(text).c_str(), nullptr);
      if (out_of_range != nullptr) *out_of_range = std::isinf(value);
    }
  }
  return is_negative ? -value : value;
}

}  // namespace sloburn
