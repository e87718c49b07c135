// SPDX-License-Identifier: Apache-2.0
#include "parser/series_description.h"

#include <bit>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "parser/literals.h"

namespace sloburn::parser {
namespace {

constexpr uint64_t kStaleNanBits = 0x7ff0000000000002;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The end of the metric: the first space outside braces and quotes.
size_t MetricEnd(std::string_view line) {
  bool in_braces = false;
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '{') {
      in_braces = true;
    } else if (c == '}') {
      return i + 1;
    } else if (IsSpace(c) && !in_braces) {
      // `name {..}` is one metric.
      const size_t next = line.find_first_not_of(" \t", i);
      if (next == std::string_view::npos || line.substr(next, 1) != "{" ||
          line.substr(next, 2) == "{{") {
        return i;
      }
    }
  }
  return line.size();
}

class ValueReader {
 public:
  ValueReader(std::string_view text, size_t max_values) : rest_(text), max_values_(max_values) {}

  absl::StatusOr<std::vector<SeriesValue>> Run() {
    while (true) {
      while (!rest_.empty() && IsSpace(rest_[0])) rest_.remove_prefix(1);
      if (rest_.empty()) return std::move(values_);
      RETURN_IF_ERROR(Item());
      if (!rest_.empty() && !IsSpace(rest_[0])) {
        return Bad(absl::StrCat("unexpected ", GoQuote(rest_.substr(0, 10)),
                                " in series values"));
      }
    }
  }

 private:
  static absl::Status Bad(std::string message) {
    return absl::InvalidArgumentError("parse error: " + message);
  }

  absl::Status Item() {
    if (rest_[0] == '_') {
      rest_.remove_prefix(1);
      SeriesValue gap;
      gap.is_omitted = true;
      ASSIGN_OR_RETURN(const uint64_t count, Repetition(1));
      return Push(gap, count);
    }
    if (rest_.substr(0, 2) == "{{") return Histogram();
    if (TakeWord("stale")) {
      SeriesValue stale;
      stale.value = std::bit_cast<double>(kStaleNanBits);
      ASSIGN_OR_RETURN(const uint64_t repeats, Repetition(0));
      return Push(stale, repeats + 1);
    }
    return Floats();
  }

  absl::Status Floats() {
    SeriesValue value;
    ASSIGN_OR_RETURN(value.value, Number());
    double step = 0;
    if (!rest_.empty() && (rest_[0] == '+' || rest_[0] == '-')) {
      const bool is_minus = rest_[0] == '-';
      rest_.remove_prefix(1);
      ASSIGN_OR_RETURN(step, Number());
      if (is_minus) step = -step;
      if (rest_.empty() || rest_[0] != 'x') return Bad("expected x after an increment");
    }
    ASSIGN_OR_RETURN(const uint64_t repeats, Repetition(0));
    RETURN_IF_ERROR(CheckRoom(repeats + 1));
    for (uint64_t i = 0; i <= repeats; ++i) {
      values_.push_back(value);
      // Added step by step, as the reference does it: rounding included.
      value.value += step;
    }
    return absl::OkStatus();
  }

  absl::Status Histogram() {
    const size_t close = rest_.find("}}");
    if (close == std::string_view::npos) return Bad("unexpected end of histogram series");
    SeriesValue value;
    value.is_histogram = true;
    value.histogram = std::string(rest_.substr(0, close + 2));
    rest_.remove_prefix(close + 2);
    if (!rest_.empty() && (rest_[0] == '+' || rest_[0] == '-')) {
      const size_t end = rest_.find("}}");
      if (end == std::string_view::npos) return Bad("unexpected end of histogram series");
      rest_.remove_prefix(end + 2);
    }
    ASSIGN_OR_RETURN(const uint64_t repeats, Repetition(0));
    return Push(value, repeats + 1);
  }

  absl::Status CheckRoom(uint64_t count) {
    if (count > max_values_ - values_.size()) {
      return Bad(absl::StrCat("more than ", max_values_, " values in one series"));
    }
    return absl::OkStatus();
  }

  absl::Status Push(const SeriesValue& value, uint64_t count) {
    RETURN_IF_ERROR(CheckRoom(count));
    values_.insert(values_.end(), count, value);
    return absl::OkStatus();
  }

  bool TakeWord(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  // `xN`, or `otherwise` where there is none.
  absl::StatusOr<uint64_t> Repetition(uint64_t otherwise) {
    if (rest_.empty() || rest_[0] != 'x') return otherwise;
    rest_.remove_prefix(1);
    size_t digits = 0;
    while (digits < rest_.size() && absl::ascii_isdigit(rest_[digits])) ++digits;
    uint64_t count = 0;
    if (!absl::SimpleAtoi(std::string(rest_.substr(0, digits)), &count)) {
      return Bad(absl::StrCat("invalid repetition in series values: ",
                              GoQuote(rest_.substr(0, 10))));
    }
    rest_.remove_prefix(digits);
    return count;
  }

  absl::StatusOr<double> Number() {
    bool is_negative = false;
    if (!rest_.empty() && (rest_[0] == '-' || rest_[0] == '+')) {
      is_negative = rest_[0] == '-';
      rest_.remove_prefix(1);
    }
    size_t end = 0;
    while (end < rest_.size() && !IsSpace(rest_[end]) && rest_[end] != 'x') {
      const bool is_sign = rest_[end] == '+' || rest_[end] == '-';
      const bool after_exponent =
          end > 0 && (rest_[end - 1] == 'e' || rest_[end - 1] == 'E');
      if (is_sign && !after_exponent) break;
      ++end;
    }
    const std::string_view text = rest_.substr(0, end);
    const auto number = ParseNumber(text);
    if (!number.ok()) return Bad(absl::StrCat("bad number syntax: ", GoQuote(text)));
    rest_.remove_prefix(end);
    return is_negative ? -*number : *number;
  }

  std::string_view rest_;
  const size_t max_values_;
  std::vector<SeriesValue> values_;
};

}  // namespace

absl::StatusOr<std::vector<SeriesValue>> ParseSeriesValues(std::string_view text,
                                                           size_t max_values) {
  return ValueReader(text, max_values).Run();
}

absl::StatusOr<SeriesDescription> ParseSeriesDescription(std::string_view line,
                                                         size_t max_values) {
  const size_t end = MetricEnd(line);
  SeriesDescription series;
  ASSIGN_OR_RETURN(series.labels, ParseMetric(line.substr(0, end)));
  ASSIGN_OR_RETURN(series.values, ParseSeriesValues(line.substr(end), max_values));
  return series;
}

}  // namespace sloburn::parser
