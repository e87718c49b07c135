// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/float_text.h"
#include "base/str_cat.h"

namespace sloburn {
namespace {

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool IsDigit(char c) { return absl::ascii_isdigit(c); }

// Consumes `min` to `max` digits.
bool TakeDigits(std::string_view& text, size_t min, size_t max) {
  size_t n = 0;
  while (n < max && n < text.size() && IsDigit(text[n])) ++n;
  text.remove_prefix(n);
  return n >= min;
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// 2001-01-02, optionally with a time of day.
bool IsTimestamp(std::string_view text) {
  if (!TakeDigits(text, 4, 4) || !TakeChar(text, "-")) return false;
  if (!TakeDigits(text, 1, 2) || !TakeChar(text, "-") || !TakeDigits(text, 1, 2)) return false;
  if (text.empty()) return true;
  if (!TakeChar(text, "Tt ")) return false;
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && !TakeChar(text, ":")) return false;
    if (!TakeDigits(text, 1, 2)) return false;
  }
  if (TakeChar(text, ".") && !TakeDigits(text, 1, 9)) return false;
  return text.empty() || text == "Z" || text[0] == '+' || text[0] == '-';
}

std::string WithoutUnderscores(std::string_view text) {
  std::string plain(text);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  return plain;
}

struct Integer {
  bool is_negative = false;
  uint64_t magnitude = 0;
};

// Decimal, 0x, 0o, 0b, and a leading 0 for octal.
std::optional<Integer> ParseInteger(std::string_view written) {
  const std::string plain = WithoutUnderscores(written);
  std::string_view text = plain;
  Integer result;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    result.is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char kind = absl::ascii_tolower(text[1]);
    base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
    text.remove_prefix(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
  }
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, result.magnitude, base);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  const uint64_t limit = uint64_t{1} << 63;
  if (result.is_negative && result.magnitude > limit) return std::nullopt;
  return result;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool IsFloat(std::string_view text) {
  TakeChar(text, "+-");
  const size_t no_limit = text.size();
  if (TakeChar(text, ".")) {
    if (!TakeDigits(text, 1, no_limit)) return false;
  } else {
    if (!TakeDigits(text, 1, no_limit)) return false;
    if (TakeChar(text, ".")) TakeDigits(text, 0, no_limit);
  }
  if (TakeChar(text, "eE")) {
    TakeChar(text, "+-");
    if (!TakeDigits(text, 1, no_limit)) return false;
  }
  return text.empty();
}

}  // namespace

YamlTag ResolvePlainScalar(std::string_view text) {
  // Most texts are decided by their first character.
  if (!text.empty() && std::string_view("~nNtTfF<.+-0123456789").find(text[0]) == text.npos) {
    return YamlTag::kString;
  }
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) return YamlTag::kNull;
  if (IsOneOf(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return YamlTag::kBool;
  if (text == "<<") return YamlTag::kMerge;
  if (IsOneOf(text, {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
                     "-.inf", "-.Inf", "-.INF"})) {
    return YamlTag::kFloat;
  }
  const char first = text[0];
  if (!IsDigit(first) && first != '+' && first != '-' && first != '.') return YamlTag::kString;
  if (IsTimestamp(text)) return YamlTag::kTimestamp;
  if (first != '.' && ParseInteger(text)) return YamlTag::kInt;
  return IsFloat(WithoutUnderscores(text)) ? YamlTag::kFloat : YamlTag::kString;
}

std::string_view YamlTagName(YamlTag tag) {
  switch (tag) {
    case YamlTag::kNull:
      return "!!null";
    case YamlTag::kBool:
      return "!!bool";
    case YamlTag::kInt:
      return "!!int";
    case YamlTag::kFloat:
      return "!!float";
    case YamlTag::kString:
      return "!!str";
    case YamlTag::kTimestamp:
      return "!!timestamp";
    case YamlTag::kBinary:
      return "!!binary";
    case YamlTag::kMerge:
      return "!!merge";
    case YamlTag::kOther:
      return "!!str";
  }
  return "!!str";
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string packed;
  for (const char c : text) {
    if (c != '\n' && c != '\r') packed += c;
  }
  std::string decoded;
  if (packed.size() % 4 != 0 || !absl::Base64Unescape(packed, &decoded)) return std::nullopt;
  return decoded;
}

std::string YamlNode::Describe() const {
  if (is_sequence()) return "!!seq";
  if (is_mapping()) return "!!map";
  constexpr size_t kShown = 7, kLongest = 10;
  const bool is_long = value.size() > kLongest;
  return StrCat(YamlTagName(tag), " `", is_long ? value.substr(0, kShown) : value,
                is_long ? "...`" : "`");
}

std::optional<std::string> YamlNode::AsString() const {
  if (!is_scalar()) return std::nullopt;
  if (is_null()) return "";
  if (tag == YamlTag::kBinary) return DecodeBase64(value);
  return value;
}

std::optional<int64_t> YamlNode::AsInt() const {
  if (!is_scalar()) return std::nullopt;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (tag == YamlTag::kInt) {
    const std::optional<Integer> parsed = ParseInteger(value);
    if (!parsed || (!parsed->is_negative && parsed->magnitude > kMax)) return std::nullopt;
    // Negation in unsigned arithmetic also serves the smallest value.
    return static_cast<int64_t>(parsed->is_negative ? 0 - parsed->magnitude : parsed->magnitude);
  }
  if (tag == YamlTag::kFloat) {
    const std::optional<double> parsed = ParseGoFloat(WithoutUnderscores(value));
    constexpr double kEdge = 9223372036854775808.0;
    if (!parsed || !(*parsed >= -kEdge && *parsed < kEdge)) return std::nullopt;
    return static_cast<int64_t>(*parsed);
  }
  return std::nullopt;
}

std::optional<bool> YamlNode::AsBool() const {
  if (!is_scalar() || is_quoted) return std::nullopt;
  if (IsOneOf(value, {"true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON"})) {
    return true;
  }
  if (IsOneOf(value,
              {"false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF"})) {
    return false;
  }
  return std::nullopt;
}

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [name, child] : entries) {
    if (name->is_scalar() && name->value == key) return child;
  }
  return nullptr;
}

}  // namespace sloburn
