// SPDX-License-Identifier: Apache-2.0
#include "rules/file_patterns.h"

#include <glob.h>

#include "absl/cleanup/cleanup.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn::rules {
namespace {

// Go's filepath.Glob has errors where POSIX takes the characters as they are.
bool IsGoodRange(std::string_view pattern, size_t& at) {
  const auto skip_one = [&] {
    if (at >= pattern.size() || pattern[at] == '-' || pattern[at] == ']') return false;
    if (pattern[at] == '\\') ++at;
    if (at >= pattern.size()) return false;
    ++at;  // of a rune's bytes, those after the first are ranges of their own
    return at < pattern.size();
  };
  if (at < pattern.size() && pattern[at] == '^') ++at;
  bool is_empty = true;
  while (is_empty || at >= pattern.size() || pattern[at] != ']') {
    if (!skip_one()) return false;
    is_empty = false;
    if (pattern[at] != '-') continue;
    ++at;
    if (!skip_one()) return false;
  }
  ++at;
  return true;
}

bool IsGoodPattern(std::string_view pattern) {
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at++];
    if (c == '\\' && at++ >= pattern.size()) return false;
    if (c == '[' && !IsGoodRange(pattern, at)) return false;
  }
  return true;
}

absl::StatusOr<std::vector<std::string>> ExpandPattern(const std::string& pattern,
                                                       std::string_view what) {
  if (!IsGoodPattern(pattern)) {
    return absl::InvalidArgumentError(
        StrCat("error retrieving ", what, " for ", pattern, ": syntax error in pattern"));
  }
  glob_t matches{};
  const absl::Cleanup free_matches = [&] { globfree(&matches); };
  const int result = glob(pattern.c_str(), 0, nullptr, &matches);
  if (result == GLOB_NOMATCH) return std::vector<std::string>();
  if (result != 0) {
    return absl::UnavailableError(StrCat("failed retrieving ", what, " for \"", pattern, "\""));
  }
  return std::vector<std::string>(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
}

}  // namespace

absl::StatusOr<std::set<std::string>> ExpandFilePatterns(const std::vector<std::string>& patterns,
                                                         size_t max_files, std::string_view what) {
  std::set<std::string> paths;
  for (const std::string& pattern : patterns) {
    ASSIGN_OR_RETURN(const std::vector<std::string> found, ExpandPattern(pattern, what));
    paths.insert(found.begin(), found.end());
  }
  if (paths.size() > max_files) {
    return absl::ResourceExhaustedError(StrCat("the patterns match ", paths.size(), " ", what,
                                               "; at most ", max_files, " are loaded"));
  }
  return paths;
}

}  // namespace sloburn::rules
