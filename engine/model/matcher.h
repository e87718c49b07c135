// SPDX-License-Identifier: Apache-2.0
// A label matcher ready to be applied: regular expressions are compiled once, anchored, with '.'
// matching newlines, and with shortcuts for plain texts and alternations of plain texts.
//
// Threads: immutable; copies share the compiled expression.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "parser/ast.h"

namespace re2 {
class RE2;
}

namespace sloburn {

// Compiles `pattern` with Go's rules: leftmost-first, Unicode, '.' matches newline, \C refused.
// Errors: InvalidArgument with "error parsing regexp: ...".
// `max_bytes` bounds the pattern.
absl::StatusOr<std::shared_ptr<const re2::RE2>> CompileRegex(std::string_view pattern,
                                                             size_t max_bytes = 1 << 20);

// Expressions by pattern: those that stand in many queries of a file are compiled once.
// Not thread-safe.
class RegexCache {
 public:
  // Asked before each expression is compiled: large ones take up to a second. Its error is returned.
  void SetInterrupt(std::function<absl::Status()> check) { check_ = std::move(check); }

  absl::StatusOr<std::shared_ptr<const re2::RE2>> Compile(std::string_view pattern);

 private:
  std::function<absl::Status()> check_;
  std::unordered_map<std::string, std::shared_ptr<const re2::RE2>> compiled_;
};

class Matcher {
 public:
  // `regexes` may be null.
  static absl::StatusOr<Matcher> Create(parser::MatchType type, std::string_view name,
                                        std::string_view value, RegexCache* regexes = nullptr);
  // REQUIRES: type is kEqual or kNotEqual (these cannot fail).
  static Matcher Plain(parser::MatchType type, std::string_view name, std::string_view value);

  parser::MatchType type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }

  // Absent labels are given as "".
  bool Matches(std::string_view value) const;
  bool matches_empty() const { return matches_empty_; }

  // The only values the matcher accepts, when these are few and known: `=`, and `=~` over plain
  // For kEqual and kRegex: the only values accepted, sorted, where these are few and known (`=`,
  // and `=~` over plain alternatives). Empty where not known. Without meaning for the negations.
  const std::vector<std::string>& accepted_values() const { return accepted_; }

  std::string ToString() const;  // name=~"value"

 private:
  Matcher() = default;
  parser::MatchType type_ = parser::MatchType::kEqual;
  std::string name_, value_;
  std::shared_ptr<const re2::RE2> regex_;  // null where a shortcut serves
  std::vector<std::string> accepted_;      // sorted
  std::string prefix_;                     // every match starts with this
  bool matches_empty_ = false;
};

using Matchers = std::vector<Matcher>;

// "{a=\"b\",c=~\"d\"}": PromQL, and equal for equal sets of matchers.
std::string SelectorText(const Matchers& matchers);

}  // namespace sloburn
