// SPDX-License-Identifier: Apache-2.0
#include "parser/series_description.h"

#include <bit>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "parser/literals.h"
#include "parser/series_lexer.h"

namespace sloburn::parser {
namespace {

using Kind = SeriesTokenKind;

constexpr uint64_t kStaleNanBits = 0x7ff0000000000002;

// The end of the metric: its closing brace, or the first character that is not of its name.
size_t MetricEnd(std::string_view line) {
  size_t i = 0;
  while (i < line.size() && absl::ascii_isspace(line[i])) ++i;
  while (i < line.size() && (absl::ascii_isalnum(line[i]) || line[i] == '_' || line[i] == ':')) {
    ++i;
  }
  if (i >= line.size() || line[i] != '{') return i;
  char quote = 0;
  for (; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0) {
      if (c == '}') return i + 1;
      if (c == '"' || c == '\'' || c == '`') quote = c;
    } else if (c == '\\' && quote != '`') {
      ++i;
    } else if (c == quote) {
      quote = 0;
    }
  }
  return line.size();
}

class ValueReader {
 public:
  ValueReader(std::string_view line, size_t begin, size_t max_values)
      : line_(line), tokens_(LexSeriesValues(line, begin)), max_values_(max_values) {}

  // Values stand behind spaces. `is_bare`: the first one needs none.
  absl::StatusOr<std::vector<SeriesValue>> Run(bool is_bare) {
    bool is_value_next = is_bare;
    while (!Is(Kind::kEnd)) {
      if (TakeIf(Kind::kSpace)) {
        is_value_next = true;
        continue;
      }
      if (!is_value_next) return Unexpected();
      is_value_next = false;
      RETURN_IF_ERROR(Item());
    }
    return std::move(values_);
  }

 private:
  const SeriesToken& Peek() const { return tokens_[next_]; }
  bool Is(Kind kind) const { return Peek().kind == kind; }
  bool TakeIf(Kind kind) {
    if (!Is(kind)) return false;
    ++next_;
    return true;
  }

  absl::Status Bad(const SeriesToken& token, std::string_view message) const {
    return ParseErrorAt(line_, token.range, message);
  }
  absl::Status Unexpected(std::string_view expected = "") const {
    const SeriesToken& token = Peek();
    if (token.kind == Kind::kError) return Bad(token, token.message);
    std::string message = absl::StrCat("unexpected ", Describe(token), " in series values");
    if (!expected.empty()) message.append(", expected ").append(expected);
    return Bad(token, message);
  }

  absl::Status Item() {
    if (TakeIf(Kind::kBlank)) {
      SeriesValue gap;
      gap.is_omitted = true;
      // Unlike values: `_x3` are three.
      if (!Is(Kind::kTimes)) return Push(gap, 1);
      ASSIGN_OR_RETURN(const uint64_t count, Repeats());
      return Push(gap, count);
    }
    if (Is(Kind::kHistogram)) return Histogram();
    return Floats();
  }

  absl::Status Floats() {
    SeriesValue value;
    ASSIGN_OR_RETURN(value.value, FirstValue());
    double increment = 0;
    if (Is(Kind::kPlus) || Is(Kind::kMinus)) {
      ASSIGN_OR_RETURN(increment, SignedNumber());
      if (!Is(Kind::kTimes)) return Unexpected();
    }
    ASSIGN_OR_RETURN(const uint64_t repeats, Repeats());
    RETURN_IF_ERROR(CheckRoom(repeats, 1));
    for (uint64_t i = 0; i <= repeats; ++i) {
      values_.push_back(value);
      // Added step by step, as the reference does it: rounding included.
      value.value += increment;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<double> FirstValue() {
    if (Is(Kind::kWord)) {
      if (Peek().text != "stale") return Unexpected("number or \"stale\"");
      ++next_;
      return std::bit_cast<double>(kStaleNanBits);
    }
    return SignedNumber();
  }

  // With or without a sign.
  absl::StatusOr<double> SignedNumber() {
    const bool is_negative = TakeIf(Kind::kMinus);
    if (!is_negative) TakeIf(Kind::kPlus);
    if (!Is(Kind::kNumber)) return Unexpected();
    const SeriesToken& token = tokens_[next_++];
    const auto number = ParseNumber(token.text);
    if (!number.ok()) return Bad(token, std::string(number.status().message()));
    return is_negative ? -*number : *number;
  }

  absl::Status Histogram() {
    SeriesValue value;
    value.is_histogram = true;
    value.histogram = std::string(tokens_[next_++].text);
    value.subtracts = Is(Kind::kMinus);
    if (TakeIf(Kind::kPlus) || TakeIf(Kind::kMinus)) {
      if (!Is(Kind::kHistogram)) return Unexpected();
      value.increment = std::string(tokens_[next_++].text);
      if (!Is(Kind::kTimes)) return Unexpected();
    }
    ASSIGN_OR_RETURN(const uint64_t repeats, Repeats());
    RETURN_IF_ERROR(CheckRoom(repeats, 1));
    for (value.step = 0; value.step <= repeats; ++value.step) values_.push_back(value);
    return absl::OkStatus();
  }

  // N of `xN`; 0 where there is none.
  absl::StatusOr<uint64_t> Repeats() {
    if (!TakeIf(Kind::kTimes)) return 0;
    if (!Is(Kind::kNumber)) return Unexpected();
    const SeriesToken& token = tokens_[next_++];
    uint64_t count = 0;
    const char* const end = token.text.data() + token.text.size();
    const auto result = std::from_chars(token.text.data(), end, count);
    if (result.ec == std::errc() && result.ptr == end) return count;
    const bool is_too_large = result.ec == std::errc::result_out_of_range;
    return Bad(token, absl::StrCat("invalid repetition in series values: strconv.ParseUint: ",
                                   "parsing ", GoQuote(token.text), ": ",
                                   is_too_large ? "value out of range" : "invalid syntax"));
  }

  absl::Status CheckRoom(uint64_t count, uint64_t more = 0) {
    const uint64_t room = max_values_ - values_.size();
    if (count <= room && more <= room - count) return absl::OkStatus();
    return Bad(Peek(), absl::StrCat("more than ", max_values_, " values in one series"));
  }

  absl::Status Push(const SeriesValue& value, uint64_t count) {
    RETURN_IF_ERROR(CheckRoom(count));
    values_.insert(values_.end(), count, value);
    return absl::OkStatus();
  }

  const std::string_view line_;
  const std::vector<SeriesToken> tokens_;
  size_t next_ = 0;
  const size_t max_values_;
  std::vector<SeriesValue> values_;
};

}  // namespace

absl::StatusOr<std::vector<SeriesValue>> ParseSeriesValues(std::string_view text,
                                                           size_t max_values) {
  return ValueReader(text, 0, max_values).Run(/*is_bare=*/true);
}

absl::StatusOr<SeriesDescription> ParseSeriesDescription(std::string_view line,
                                                         size_t max_values) {
  const size_t end = MetricEnd(line);
  SeriesDescription series;
  ASSIGN_OR_RETURN(series.labels, ParseMetric(line.substr(0, end)));
  ASSIGN_OR_RETURN(series.values,
                   ValueReader(line, end, max_values).Run(/*is_bare=*/false));
  return series;
}

}  // namespace sloburn::parser
