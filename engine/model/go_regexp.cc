// SPDX-License-Identifier: Apache-2.0
#include "engine/model/go_regexp.h"

#include <re2/re2.h>

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace sloburn {
namespace {

// Capturing groups within each other. Go counts the nodes of the syntax tree, of which these are
// some, and the parts that matchers put around the pattern.
constexpr size_t kMaxGroupDepth = 998;
// From here on RE2 takes the braces for text.
constexpr size_t kHugeCountDigits = 9;

absl::Status Refuse(std::string_view what, std::string_view part) {
  return absl::InvalidArgumentError(
      absl::StrCat("error parsing regexp: ", std::string(what), ": `", std::string(part), "`"));
}

// The length of {n}, {n,} or {n,m} at the start of `text`, 0 if there is none; `*is_huge`: a count
// has too many digits to be one.
size_t RepeatLength(std::string_view text, bool* is_huge) {
  size_t at = 1;
  *is_huge = false;
  const auto skip_digits = [&] {
    const size_t begin = at;
    while (at < text.size() && absl::ascii_isdigit(text[at])) ++at;
    *is_huge |= at - begin >= kHugeCountDigits;
    const bool has_leading_zero = at - begin > 1 && text[begin] == '0';
    return has_leading_zero ? size_t{0} : at - begin;
  };
  if (skip_digits() == 0) return 0;
  if (at < text.size() && text[at] == ',') {
    ++at;
    if (at < text.size() && text[at] != '}' && skip_digits() == 0) return 0;
  }
  return at < text.size() && text[at] == '}' ? at + 1 : 0;
}

class Reader {
 public:
  explicit Reader(std::string_view pattern) : rest_(pattern), pattern_(pattern) {
    result_.text.reserve(pattern.size());
  }

  GoRegexp Read() {
    while (!rest_.empty()) {
      switch (rest_[0]) {
        case '\\':
          ReadEscape();
          break;
        case '[':
          ReadClass();
          break;
        case '(':
          ReadGroup();
          break;
        case ')':
          if (!captures_.empty()) CloseGroup();
          Take(1);
          break;
        case '{':
          ReadBraces();
          break;
        default:
          Take(1);
      }
    }
    NoteDepth();
    return std::move(result_);
  }

 private:
  void Take(size_t count) {
    count = std::min(count, rest_.size());
    result_.text.append(rest_.substr(0, count));
    rest_.remove_prefix(count);
  }
  // Through the end of `last`, or of the pattern.
  void TakeThrough(std::string_view last, size_t from) {
    const size_t at = rest_.find(last, from);
    Take(at == std::string_view::npos ? rest_.size() : at + last.size());
  }
  void Note(absl::Status status) {
    if (result_.status.ok()) result_.status = std::move(status);
  }

  void ReadEscape() {
    const char kind = rest_.size() > 1 ? rest_[1] : '\0';
    if (kind == 'Q') return TakeThrough("\\E", 2);
    if (kind == 'C') Note(Refuse("invalid escape sequence", "\\C"));  // RE2: any byte
    const bool has_braces =
        (kind == 'p' || kind == 'P' || kind == 'x') && rest_.size() > 2 && rest_[2] == '{';
    has_braces ? TakeThrough("}", 3) : Take(2);
  }

  void ReadClass() {
    Take(rest_.substr(1, 1) == "^" ? 2 : 1);
    if (rest_.substr(0, 1) == "]") Take(1);
    while (!rest_.empty() && rest_[0] != ']') {
      if (rest_[0] == '\\') {
        ReadEscape();
      } else if (rest_.substr(0, 2) == "[:") {
        const size_t end = rest_.find(":]", 2);
        Take(end == std::string_view::npos ? 1 : end + 2);
      } else {
        Take(1);
      }
    }
    Take(1);
  }

  void ReadGroup() {
    if (rest_.substr(0, 2) != "(?") {
      OpenGroup(/*captures=*/true);
      return Take(1);
    }
    const bool is_short_name = rest_.size() > 3 && rest_[2] == '<';
    if (is_short_name || (rest_.size() > 4 && rest_.substr(2, 2) == "P<")) {
      return ReadNamedGroup(is_short_name ? 3 : 4);
    }
    // Flags alone, or those of a group.
    const size_t end = rest_.find_first_of(":)", 2);
    if (end != std::string_view::npos && rest_[end] == ':') OpenGroup(/*captures=*/false);
    Take(end == std::string_view::npos ? rest_.size() : end + 1);
  }

  void ReadNamedGroup(size_t name_begin) {
    const size_t end = rest_.find('>', name_begin);
    if (end != std::string_view::npos) {
      const std::string_view name = rest_.substr(name_begin, end - name_begin);
      const bool is_good = std::all_of(name.begin(), name.end(), [](char c) {
        return c == '_' || absl::ascii_isalnum(static_cast<unsigned char>(c));
      });
      // RE2 takes letters of all scripts.
      if (!is_good) Note(Refuse("invalid named capture", rest_.substr(0, end + 1)));
    }
    OpenGroup(/*captures=*/true);
    result_.text += "(?P<";
    rest_.remove_prefix(name_begin);
  }

  void NoteDepth() {
    constexpr std::string_view kWhat = "expression nests too deeply";
    if (deepest_ <= kMaxGroupDepth) return;
    // Go reads the pattern as it is first, and then with what anchors it, which is one level more.
    if (deepest_ > kMaxGroupDepth + 1) return Note(Refuse(kWhat, pattern_));
    Note(Refuse(kWhat, absl::StrCat("^(?s:", std::string(pattern_), ")$")));
  }

  void OpenGroup(bool captures) {
    captures_.push_back(captures);
    depth_ += captures;
    deepest_ = std::max(deepest_, depth_);
  }
  void CloseGroup() {
    depth_ -= captures_.back();
    captures_.pop_back();
  }

  void ReadBraces() {
    bool is_huge = false;
    const size_t length = RepeatLength(rest_, &is_huge);
    if (length > 0 && is_huge) Note(Refuse("invalid repeat count", rest_.substr(0, length)));
    Take(std::max<size_t>(length, 1));
  }

  std::string_view rest_;
  const std::string_view pattern_;
  GoRegexp result_;
  std::vector<bool> captures_;  // of the groups that are open
  size_t depth_ = 0;            // those of them that capture
  size_t deepest_ = 0;
};

std::string_view GoWords(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case re2::RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "regexp/syntax: internal error";
  }
}

size_t FirstInvalid(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Rune rune = DecodeUtf8(text.substr(at));
    if (!rune.is_valid) return at;
    at += rune.size;
  }
  return at;
}

}  // namespace

GoRegexp ReadGoRegexp(std::string_view pattern) { return Reader(pattern).Read(); }

absl::Status RegexpError(std::string_view pattern, const re2::RE2& regex) {
  std::string part = regex.error_arg();
  // As it was written: see GoRegexp::text.
  if (pattern.find(part) == std::string_view::npos) {
    for (size_t at = 0; (at = part.find("(?P<", at)) != std::string::npos; ++at) {
      if (pattern.find(part.substr(at, 8)) == std::string_view::npos) part.erase(at + 2, 1);
    }
  }
  if (regex.error_code() == re2::RE2::ErrorPatternTooLarge) part = pattern;
  if (regex.error_code() == re2::RE2::ErrorBadUTF8) {
    const size_t invalid = FirstInvalid(pattern);
    const size_t escape = pattern.rfind("\\x{");
    // RE2 says so too where the pattern ends within an escape.
    if (invalid == pattern.size() && escape != std::string_view::npos) {
      return Refuse("invalid escape sequence", pattern.substr(escape));
    }
    part = pattern.substr(invalid);
  }
  return Refuse(GoWords(regex.error_code()), part);
}

}  // namespace sloburn
