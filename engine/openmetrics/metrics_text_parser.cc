// SPDX-License-Identifier: Apache-2.0
#include "engine/openmetrics/metrics_text_parser.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/stale.h"
#include "engine/model/time_range.h"

namespace sloburn::openmetrics {
namespace {

constexpr size_t kShownBytes = 64;  // of the input, in messages

bool IsNameStart(char c, bool colon) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
}

std::string Shown(std::string_view text) {
  return StrCat(GoQuote(text.substr(0, kShownBytes)), text.size() > kShownBytes ? "..." : "");
}

// Decimal digits, or the words for infinity and NaN; no hex and no underscores.
std::optional<double> ParseNumber(std::string_view text, bool* out_of_range) {
  const bool is_decimal = text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  const bool is_word = text.find_first_not_of("+-infatyINFATY") == std::string_view::npos;
  if (!is_decimal && !is_word) return std::nullopt;
  return ParseGoFloat(text, out_of_range);
}

}  // namespace

class MetricsTextParser::Scanner {
 public:
  Scanner(std::string_view line, bool is_strict) : line_(line), is_strict_(is_strict) {}

  size_t at() const { return at_; }
  void MoveTo(size_t at) { at_ = at; }
  bool done() const { return at_ >= line_.size(); }
  std::string_view rest() const { return line_.substr(at_); }
  std::string_view Since(size_t from) const { return line_.substr(from, at_ - from); }
  bool is_strict() const { return is_strict_; }

  static absl::Status FailAt(size_t at, std::string_view cause) {
    return absl::InvalidArgumentError(StrCat(at + 1, ": ", cause));
  }
  absl::Status Fail(std::string_view cause) const { return FailAt(at_, cause); }
  absl::Status Expected(std::string_view what) const {
    if (done()) return Fail(StrCat("expected ", what, ", but the line ends"));
    return Fail(StrCat("expected ", what, ", not ", Shown(rest())));
  }

  bool NextIs(char c) const { return !done() && line_[at_] == c; }
  bool Take(char c) {
    if (!NextIs(c)) return false;
    ++at_;
    return true;
  }
  void SkipSpace() {
    while (!is_strict_ && (Take(' ') || Take('\t'))) {
    }
  }
  // Exactly one space; some spaces and tabs where not strict.
  absl::Status Space() {
    const size_t from = at_;
    if (is_strict_) {
      if (Take(' ')) return absl::OkStatus();
    } else {
      SkipSpace();
      if (at_ > from) return absl::OkStatus();
    }
    return Expected("a space");
  }

  std::string_view Word() {
    const size_t from = at_;
    while (!done() && line_[at_] != ' ' && (is_strict_ || line_[at_] != '\t')) ++at_;
    return Since(from);
  }

  absl::StatusOr<std::string> Name(bool colon, std::string_view what) {
    const size_t from = at_;
    if (NextIs('"')) return Quoted(what);
    while (!done() && (IsNameStart(line_[at_], colon) ||
                       (at_ > from && line_[at_] >= '0' && line_[at_] <= '9'))) {
      ++at_;
    }
    if (at_ == from) return Expected(what);
    return std::string(Since(from));
  }

  absl::StatusOr<std::string> Quoted(std::string_view what) {
    const size_t from = at_;
    if (!Take('"')) return Expected(StrCat(what, " in double quotes"));
    std::string text;
    while (true) {
      if (done()) return FailAt(from, "the quotes are not closed");
      const char c = line_[at_++];
      if (c == '"') break;
      if (c != '\\') {
        text += c;
        continue;
      }
      const char escaped = done() ? '\0' : line_[at_++];
      if (escaped != 'n' && escaped != '\\' && escaped != '"') {
        return FailAt(at_ - 2, R"(after a backslash comes \, " or n)");
      }
      text += escaped == 'n' ? '\n' : escaped;
    }
    const size_t invalid = FindInvalidUtf8(Since(from));
    if (invalid != std::string_view::npos) return FailAt(from + invalid, "invalid UTF-8");
    return text;
  }

  absl::StatusOr<double> Number(std::string_view what) {
    const size_t from = at_;
    const std::string_view word = Word();
    if (word.empty()) return Expected(what);
    bool out_of_range = false;
    const std::optional<double> number = ParseNumber(word, &out_of_range);
    if (!number) return FailAt(from, StrCat(Shown(word), " is no number"));
    if (out_of_range) return FailAt(from, StrCat(Shown(word), " is out of range"));
    return std::isnan(*number) ? NormalNan() : *number;
  }

  absl::StatusOr<int64_t> Seconds() {
    const size_t from = at_;
    ASSIGN_OR_RETURN(const double seconds, Number("a timestamp"));
    const double ms = std::round(seconds * 1000);
    if (!(std::abs(ms) < static_cast<double>(kMaxTimeMs))) {
      return FailAt(from, StrCat(Shown(Since(from)), " is no time"));
    }
    return static_cast<int64_t>(ms);
  }

  absl::StatusOr<int64_t> Milliseconds() {
    const size_t from = at_;
    const std::string_view word = Word();
    int64_t ms = 0;
    if (!absl::SimpleAtoi(ToAbsl(word), &ms) || ms < kMinTimeMs || ms > kMaxTimeMs) {
      return FailAt(from, StrCat(Shown(word), " is no timestamp in milliseconds"));
    }
    return ms;
  }

 private:
  const std::string_view line_;
  const bool is_strict_;
  size_t at_ = 0;
};

absl::StatusOr<LineKind> MetricsTextParser::Parse(std::string_view line) {
  Scanner in(line, format_ == MetricsTextFormat::kOpenMetrics);
  if (has_ended_) return in.Fail("text after # EOF");
  in.SkipSpace();
  if (in.done()) {
    if (in.is_strict()) return in.Fail("an empty line");
    return LineKind::kOther;
  }
  if (in.NextIs('#')) return ParseComment(in);
  RETURN_IF_ERROR(ParseSample(in));
  return LineKind::kSample;
}

absl::Status MetricsTextParser::Finish() const {
  if (has_ended_ || format_ == MetricsTextFormat::kPrometheus) return absl::OkStatus();
  return absl::InvalidArgumentError("the text does not end with # EOF; is it cut?");
}

absl::StatusOr<LineKind> MetricsTextParser::ParseComment(Scanner& in) {
  if (in.is_strict() && in.rest() == "# EOF") {
    has_ended_ = true;
    return LineKind::kEnd;
  }
  const size_t from = in.at();
  in.Take('#');
  if (in.is_strict()) {
    RETURN_IF_ERROR(in.Space());
  } else {
    in.SkipSpace();
  }
  const std::string_view keyword = in.Word();
  const bool is_metadata =
      keyword == "TYPE" || keyword == "HELP" || (in.is_strict() && keyword == "UNIT");
  if (is_metadata) {
    RETURN_IF_ERROR(ParseMetadata(in, keyword));
  } else if (in.is_strict()) {
    return Scanner::FailAt(from, "expected # TYPE, # HELP, # UNIT, # EOF or a sample: OpenMetrics "
                                 "has no comments");
  }
  return LineKind::kOther;
}

absl::Status MetricsTextParser::ParseMetadata(Scanner& in, std::string_view keyword) {
  RETURN_IF_ERROR(in.Space());
  const size_t name_at = in.at();
  ASSIGN_OR_RETURN(const std::string name, in.Name(/*colon=*/true, "the name of a family"));
  // A help text may be missing, with its space.
  if (!in.done() || keyword != "HELP") RETURN_IF_ERROR(in.Space());
  const size_t text_at = in.at();
  std::string_view text = in.rest();
  if (!in.is_strict()) {
    while (keyword == "TYPE" && !text.empty() && (text.back() == ' ' || text.back() == '\t')) {
      text.remove_suffix(1);
    }
    const bool is_known = text == "untyped" || ParseFamilyType(text);
    if (keyword == "TYPE" && !is_known) return in.Fail(StrCat(Shown(text), " is no type"));
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(EnterFamily(name_at, name, /*is_sample=*/false));
  return ApplyMetadata(in, name_at, keyword, text, text_at);
}

absl::Status MetricsTextParser::ApplyMetadata(Scanner& in, size_t name_at,
                                              std::string_view keyword, std::string_view text,
                                              size_t text_at) {
  bool& has_it = keyword == "TYPE"   ? family_.has_type
                 : keyword == "HELP" ? family_.has_help
                                     : family_.has_unit;
  if (has_it) {
    return Scanner::FailAt(name_at, StrCat("a second ", keyword, " of ", Shown(family_.name)));
  }
  has_it = true;
  if (keyword == "TYPE") {
    const auto type = ParseFamilyType(text);
    if (!type) return in.Fail(StrCat(Shown(text), " is no type of OpenMetrics"));
    family_.type = *type;
  } else if (const size_t invalid = FindInvalidUtf8(text); invalid != std::string_view::npos) {
    return Scanner::FailAt(text_at + invalid, "invalid UTF-8");
  } else if (keyword == "UNIT" && !text.empty() && !family_.name.ends_with(StrCat("_", text))) {
    return in.Fail(StrCat("the name ", Shown(family_.name), " does not end with its unit"));
  }
  return absl::OkStatus();
}

absl::Status MetricsTextParser::EnterFamily(size_t at, std::string_view name, bool is_sample) {
  if (is_sample && !family_.name.empty() && IsSampleOf(name, family_.name, family_.type)) {
    family_.has_samples = true;
    return absl::OkStatus();
  }
  if (name == family_.name) {
    if (is_sample) {
      return Scanner::FailAt(
          at, StrCat("samples of the ", ToText(family_.type), " ", Shown(name), " are named ",
                     SampleNames(family_.name, family_.type)));
    }
    if (!family_.has_samples) return absl::OkStatus();
    return Scanner::FailAt(at, StrCat("metadata of ", Shown(name), " after its samples"));
  }
  if (!families_.insert(std::string(name)).second) {
    return Scanner::FailAt(
        at, StrCat("the family ", Shown(name), " begins again; all of it must stand together"));
  }
  family_ = Family();
  family_.name = name;
  family_.has_samples = is_sample;
  series_text_.clear();
  return absl::OkStatus();
}

absl::Status MetricsTextParser::ParseSample(Scanner& in) {
  const size_t size = series_text_.size();
  // Where spaces are free, a name alone may go on.
  const bool may_know = size > 0 && (in.is_strict() || series_text_.back() == '}');
  const bool is_known = may_know && in.rest().size() > size && in.rest()[size] == ' ' &&
                        in.rest().starts_with(series_text_);
  const int64_t last_ms = sample_.timestamp_ms;
  if (is_known) {
    in.MoveTo(in.at() + size);
  } else {
    RETURN_IF_ERROR(ParseSeries(in));
  }
  RETURN_IF_ERROR(in.Space());
  ASSIGN_OR_RETURN(sample_.value, in.Number("a value"));
  const size_t end = in.at();
  in.SkipSpace();
  if (in.done() || in.rest().starts_with(" #")) {
    return Scanner::FailAt(end, "a sample without timestamp: what is imported needs one");
  }
  if (in.is_strict()) RETURN_IF_ERROR(in.Space());
  const size_t time_at = in.at();
  ASSIGN_OR_RETURN(sample_.timestamp_ms, in.is_strict() ? in.Seconds() : in.Milliseconds());
  if (in.is_strict() && is_known && sample_.timestamp_ms <= last_ms) {
    return Scanner::FailAt(time_at, "the timestamp is not after the one before of this series");
  }
  in.SkipSpace();
  if (in.done()) return absl::OkStatus();
  if (!in.is_strict()) return in.Expected("the end of the line");
  return ParseExemplar(in);
}

absl::Status MetricsTextParser::ParseSeries(Scanner& in) {
  const size_t from = in.at();
  std::vector<Label> labels;
  std::string name;
  if (!in.NextIs('{')) {
    if (in.NextIs('"')) return in.Expected("the name of a metric");
    ASSIGN_OR_RETURN(name, in.Name(/*colon=*/true, "the name of a metric"));
  }
  size_t end = in.at();
  in.SkipSpace();
  if (in.Take('{')) {
    in.SkipSpace();
    while (!in.Take('}')) {
      const size_t label_at = in.at();
      const bool is_quoted = in.NextIs('"');
      ASSIGN_OR_RETURN(std::string label, in.Name(/*colon=*/false, "the name of a label"));
      in.SkipSpace();
      if (is_quoted && name.empty() && !in.NextIs('=')) {
        name = std::move(label);  // {"a name in quotes", ...}
      } else {
        const bool is_double = std::any_of(labels.begin(), labels.end(),
                                           [&](const Label& one) { return one.name == label; });
        if (label == kMetricName || label.empty() || is_double) {
          return Scanner::FailAt(label_at, StrCat("the label ", Shown(label), is_double
                                                                    ? " stands twice"
                                                                    : " is not allowed"));
        }
        if (!in.Take('=')) return in.Expected("=");
        in.SkipSpace();
        ASSIGN_OR_RETURN(std::string value, in.Quoted("the value of a label"));
        labels.push_back({std::move(label), std::move(value)});
        in.SkipSpace();
      }
      if (!in.NextIs('}') && !in.Take(',')) return in.Expected(", or }");
      in.SkipSpace();
    }
    end = in.at();
  } else {
    in.MoveTo(end);
  }
  if (name.empty()) return Scanner::FailAt(from, "a sample without the name of its metric");
  if (in.is_strict()) RETURN_IF_ERROR(EnterFamily(from, name, /*is_sample=*/true));
  labels.push_back({std::string(kMetricName), std::move(name)});
  sample_.labels = Labels::FromPairs(std::move(labels));
  series_text_ = in.Since(from);
  return absl::OkStatus();
}

// # {label="value",...} number [timestamp]
absl::Status MetricsTextParser::ParseExemplar(Scanner& in) {
  RETURN_IF_ERROR(in.Space());
  if (!in.Take('#')) return in.Expected("an exemplar or the end of the line");
  RETURN_IF_ERROR(in.Space());
  if (!in.Take('{')) return in.Expected("{");
  while (!in.Take('}')) {
    RETURN_IF_ERROR(in.Name(/*colon=*/false, "the name of a label").status());
    if (!in.Take('=')) return in.Expected("=");
    RETURN_IF_ERROR(in.Quoted("the value of a label").status());
    if (!in.NextIs('}') && !in.Take(',')) return in.Expected(", or }");
  }
  RETURN_IF_ERROR(in.Space());
  RETURN_IF_ERROR(in.Number("a value").status());
  if (in.done()) return absl::OkStatus();
  RETURN_IF_ERROR(in.Space());
  RETURN_IF_ERROR(in.Seconds().status());
  return in.done() ? absl::OkStatus() : in.Expected("the end of the line");
}

}  // namespace sloburn::openmetrics
