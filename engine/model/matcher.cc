// SPDX-License-Identifier: Apache-2.0
#include "engine/model/matcher.h"

#include <re2/re2.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/model/go_regexp.h"
#include "parser/printer.h"

namespace sloburn {
namespace {

using parser::MatchType;

// What nearly all patterns need; also what the automaton of each may grow to while it matches.
constexpr int64_t kUsualRegexMemory = 8 << 20;
// Go has no bound: \pL{500} must compile.
constexpr int64_t kMostRegexMemory = 64 << 20;

std::shared_ptr<const re2::RE2> CompileWithin(const std::string& text, int64_t memory) {
  re2::RE2::Options options;
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(memory);
  return std::make_shared<const re2::RE2>(text, options);
}

bool IsPlainText(std::string_view pattern) {
  return pattern.find_first_of("\\.+*?()[]{}^$|") == std::string_view::npos;
}

// The alternatives of `a|b|c` or `(a|b)` when all are plain; empty otherwise.
std::vector<std::string> PlainAlternatives(std::string_view pattern) {
  if (pattern.size() >= 2 && pattern.front() == '(' && pattern.back() == ')') {
    pattern = pattern.substr(1, pattern.size() - 2);
    if (pattern.substr(0, 2) == "?:") pattern.remove_prefix(2);
  }
  std::vector<std::string> parts;
  while (true) {
    const size_t bar = pattern.find('|');
    const std::string_view part = pattern.substr(0, bar);
    if (!IsPlainText(part)) return {};
    parts.emplace_back(part);
    if (bar == std::string_view::npos) break;
    pattern.remove_prefix(bar + 1);
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  return parts;
}

// The text before the first special character, if what follows cannot make it optional.
std::string PlainPrefix(std::string_view pattern) {
  if (pattern.find('|') != std::string_view::npos) return "";
  const size_t special = pattern.find_first_of("\\.+*?()[]{}^$");
  if (special == std::string_view::npos || special == 0) return "";
  // A quantifier binds the character before it.
  const bool is_quantifier = std::string_view("+*?{").find(pattern[special]) != std::string::npos;
  size_t length = special;
  if (is_quantifier) {
    do {
      --length;
    } while (length > 0 && (static_cast<unsigned char>(pattern[length]) & 0xc0) == 0x80);
  }
  return std::string(pattern.substr(0, length));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const re2::RE2>> CompileRegex(std::string_view pattern,
                                                             size_t max_bytes) {
  if (pattern.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("error parsing regexp: pattern of ",
                                                   pattern.size(), " bytes exceeds the limit of ",
                                                   max_bytes));
  }
  const GoRegexp go = ReadGoRegexp(pattern);
  auto regex = CompileWithin(go.text, kUsualRegexMemory);
  if (regex->error_code() == re2::RE2::ErrorPatternTooLarge) {
    regex = CompileWithin(go.text, kMostRegexMemory);
  }
  if (!regex->ok()) return RegexpError(pattern, *regex);
  RETURN_IF_ERROR(go.status);
  return regex;
}

absl::StatusOr<std::shared_ptr<const re2::RE2>> RegexCache::Compile(std::string_view pattern) {
  std::shared_ptr<const re2::RE2>& entry = compiled_[std::string(pattern)];
  if (entry == nullptr) {
    if (check_ != nullptr) RETURN_IF_ERROR(check_());
    ASSIGN_OR_RETURN(entry, CompileRegex(pattern));
  }
  return entry;
}

Matcher Matcher::Plain(MatchType type, std::string_view name, std::string_view value) {
  Matcher matcher;
  matcher.type_ = type;
  matcher.name_ = name;
  matcher.value_ = value;
  if (type == MatchType::kEqual) matcher.accepted_.push_back(matcher.value_);
  matcher.matches_empty_ = matcher.Matches("");
  return matcher;
}

absl::StatusOr<Matcher> Matcher::Create(MatchType type, std::string_view name,
                                        std::string_view value, RegexCache* regexes) {
  if (type == MatchType::kEqual || type == MatchType::kNotEqual) return Plain(type, name, value);
  Matcher matcher;
  matcher.type_ = type;
  matcher.name_ = name;
  matcher.value_ = value;
  matcher.accepted_ = PlainAlternatives(value);
  if (matcher.accepted_.empty()) {
    matcher.prefix_ = PlainPrefix(value);
    ASSIGN_OR_RETURN(matcher.regex_,
                     regexes != nullptr ? regexes->Compile(value) : CompileRegex(value));
  }
  matcher.matches_empty_ = matcher.Matches("");
  return matcher;
}

bool Matcher::Matches(std::string_view value) const {
  switch (type_) {
    case MatchType::kEqual: return value == value_;
    case MatchType::kNotEqual: return value != value_;
    default: break;
  }
  bool is_match;
  if (regex_ == nullptr) {
    is_match = std::binary_search(accepted_.begin(), accepted_.end(), value);
  } else {
    is_match = value.substr(0, prefix_.size()) == prefix_ &&
               re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
  }
  return is_match == (type_ == MatchType::kRegex);
}

std::string Matcher::ToString() const {
  parser::LabelMatcher written;
  written.type = type_;
  written.name = name_;
  written.value = value_;
  return parser::PrintMatcher(written);
}

std::string SelectorText(const Matchers& matchers) {
  std::vector<std::string> parts;
  for (const Matcher& matcher : matchers) parts.push_back(matcher.ToString());
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  std::string text = "{";
  for (const std::string& part : parts) absl::StrAppend(&text, text.size() > 1 ? "," : "", part);
  return text + "}";
}

}  // namespace sloburn
